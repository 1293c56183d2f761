/** Stores that can only be told of: nothing in them can be asked or changed here. */
import type { Root, StoreState, TrustStore } from './types.ts';

type Unavailable = Extract<StoreState, { state: 'unavailable' }>;

/** @param why it cannot be asked; `needed` is false if left out. */
export function reportStore(
  about: Pick<TrustStore, 'kind' | 'name' | 'location'>,
  why: (root: Root) => Omit<Unavailable, 'state' | 'needed'> & Partial<Unavailable>,
): TrustStore {
  return {
    ...about,
    inspect: (root) => Promise.resolve({ needed: false, ...why(root), state: 'unavailable' }),
    planInstall: () => Promise.resolve([]),
    planUninstall: () => Promise.resolve([]),
  };
}
