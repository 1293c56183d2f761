/** Files that are made of a certificate and its key, and are written with them or not at all. */
import { encodePrivateKey } from '../keys.ts';
import type { LedgerEntry } from '../ledger/ledger.ts';
import type { Batch, Target } from '../ledger/place.ts';
import type { ExistingPair } from './output.ts';

export interface DerivedFiles {
  readonly targets: readonly Target[];
  /** True if they are there and made of this pair. */
  isUpToDate(pair: PairText, entries: readonly LedgerEntry[]): boolean;
  /**
   * What is to be written for this pair; nothing if they are there and fit. Called once, under the lock.
   *
   * @throws DevcertError `file` if something is there that devcert did not write.
   */
  batches(pair: PairText, entries: () => readonly LedgerEntry[]): readonly Batch[];
}

/** PEM. */
export interface PairText {
  /** Leaf and issuer. */
  readonly certPem: string;
  /** Secret. */
  readonly keyPem: string;
}

/** PEM of the pair that is there, or that was made. */
export function textOf(
  pair: ExistingPair | { readonly certPem: string; readonly keyPem?: string },
): PairText {
  if ('certPem' in pair) return { certPem: pair.certPem, keyPem: pair.keyPem ?? '' };
  const { certText = '', key } = pair;
  return { certPem: certText, keyPem: key === undefined ? '' : encodePrivateKey(key) };
}
