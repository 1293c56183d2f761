/** The terminal of a program that uses devcert and leaves it to devcert to ask: `devcert-local/compat`. */
import { canBeAsked } from '../../platform/interactive.ts';
import type { Listener } from '../api/composition.ts';
import { formatText } from '../errors.ts';
import { asking } from './password/asking.ts';
import { confirm } from './confirm.ts';
import { createTerminal } from './terminal.ts';

export interface ProgramTerminal extends Pick<Listener, 'announce' | 'ask' | 'password'> {
  note(text: string): void;
  /** Undefined if nobody is there to be asked, as `password` is. */
  readonly confirmDomains?: (domains: readonly string[]) => Promise<boolean>;
}

export async function programTerminal(env: NodeJS.ProcessEnv): Promise<ProgramTerminal> {
  // What is worked on is for the program to show.
  const terminal = { ...(await createTerminal(false, env)), progress: () => undefined };
  if (!canBeAsked(process, env)) return terminal;
  return { ...(await asking({}, terminal)), confirmDomains };
}

function confirmDomains(domains: readonly string[]): Promise<boolean> {
  const lines = [
    `The CA of devcert on this machine is to issue for ${domains.join(', ')}, and for all names below.`,
    'Whoever copies its key could forge these names, too: say yes only if they are yours.',
  ];
  const hint = formatText({ command: 'install', permit: domains });
  return confirm(lines, 'Permit that?', hint);
}
