/** What the checks of `doctor` look at: this machine, and what several of them ask. */
import type { Root, TrustStore } from '../../platform/types.ts';
import type { Context } from '../commands/context.ts';
import type { StoreReport } from '../trust.ts';
import type { Finding } from './finding.ts';
import type { ExaminedProject } from './project.ts';

export interface Machine {
  /** Of the authority that is examined: the project's, else the default one. */
  readonly context: Context;
  /** Undefined if there is none. */
  readonly root: Root | undefined;
  /** The authority has expired: of what fails because of that nothing more is said. */
  readonly isOver: boolean;
  readonly project: ExaminedProject;
  /** Asked once, and answered to whoever waits for it. */
  readonly stores: Promise<AskedStores>;
}

export interface AskedStores {
  readonly found: readonly TrustStore[];
  /** Of those that matter. */
  readonly reports: readonly StoreReport[];
}

/** One family of questions. An implementer changes nothing on the machine and never prompts. */
export interface Check {
  readonly id: string;
  /** What it looks at, for a person who waits. */
  readonly about: string;
  /** A DevcertError that it throws is a finding, too. */
  run(machine: Machine): Promise<readonly Finding[]> | readonly Finding[];
}
