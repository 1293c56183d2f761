/** What the stores of a machine say of a root, taken together. */
import type { Root, StoreOptions, TrustStore } from '../platform/types.ts';
import { inspectStores, type StoreReport, type TrustOptions } from './trust.ts';

/**
 * Of stores that were found everywhere those that matter for a question about the user's or the machine's:
 * the one that was asked for, and whichever holds the root. The user's does not where the machine's does
 * for it.
 *
 * @param said something of each of the stores, in their order; what is left of it is returned.
 * @param holds whether the root is in that store.
 */
export function relevant<T>(
  stores: readonly TrustStore[],
  said: readonly T[],
  holds: (it: T) => boolean,
  { machine = false }: StoreOptions,
): T[] {
  const held = said.map(holds);
  return said.filter((_, i) => {
    const { kind, scope } = stores[i] ?? {};
    if (scope === undefined || held[i] === true) return true;
    if (scope === 'machine') return machine;
    const isHeld = stores.some((it, j) => it.kind === kind && it.scope === 'machine' && held[j]);
    return !machine && !isHeld;
  });
}

/** Those of the stores that hold the root, whether that is enough for them or not. */
export async function storesHolding(
  stores: readonly TrustStore[],
  root: Root,
  progress?: TrustOptions['progress'],
): Promise<TrustStore[]> {
  const reports = await inspectStores(stores, root, { progress });
  return stores.filter((_, i) => ['trusted', 'partial'].includes(reports[i]?.state ?? ''));
}

/** Asks all stores at the same time, which suits those that need nobody's answer: the reports that matter. */
export async function inspectAtOnce(
  stores: readonly TrustStore[],
  root: Root,
  now: Date,
  options: StoreOptions = {},
): Promise<StoreReport[]> {
  const asked = await Promise.all(stores.map((store) => inspectStores([store], root, { now })));
  return relevant(stores, asked.flat(), ({ state }) => state !== 'absent', options);
}
