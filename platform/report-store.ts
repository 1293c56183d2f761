/** What stores say, where several say it alike. */
import type { CommandResult, Explanation, Root, StoreState, TrustStore } from './types.ts';

type Unavailable = Extract<StoreState, { state: 'unavailable' }>;

/** What a root is called where it needs a name: different even for roots with one subject. */
export function entryName({ sha256 }: Pick<Root, 'sha256'>): string {
  return `devcert-${sha256.slice(0, 16)}`;
}

/** The root is there, yet not as it should be. @param reason says what */
export function partial(reason: string): StoreState {
  return { state: 'partial', reason };
}

/**
 * A store that can only be told of: nothing in it can be asked or changed here.
 *
 * @param why it cannot be asked; `needed` is false if left out.
 */
export function reportStore(
  about: Pick<TrustStore, 'kind' | 'name' | 'location' | 'scope'>,
  why: (root: Root) => Omit<Unavailable, 'state' | 'needed'> & Partial<Unavailable>,
): TrustStore {
  return {
    ...about,
    inspect: (root) => Promise.resolve({ needed: false, ...why(root), state: 'unavailable' }),
    planInstall: () => Promise.resolve([]),
    planUninstall: () => Promise.resolve([]),
  };
}

/** What a failure means of which a tool says such a thing. */
export interface Meaning extends Explanation {
  readonly said: RegExp;
}

/** The first that fits. */
export function explainBy(
  meanings: readonly Meaning[],
  { stdout, stderr }: CommandResult,
): Explanation | undefined {
  const found = meanings.find(({ said }) => said.test(`${stderr}\n${stdout}`));
  return found && { reason: found.reason, hint: found.hint, cancelled: found.cancelled };
}
