/** Files that are made of a certificate and its key, and are written with them or not at all. */
import { encodePrivateKey } from '../keys.ts';
import type { LedgerEntry } from '../ledger/ledger.ts';
import { assertWritten, type Batch, contentOf, type Target } from '../ledger/place.ts';
import type { ExistingPair } from './output.ts';

export interface DerivedFiles {
  readonly targets: readonly Target[];
  /** What they are for this pair. */
  of(pair: PairText): {
    /** True if they are there and fit. */
    isUpToDate(entries: readonly LedgerEntry[]): boolean;
    /** Their contents. Called at most once, under the lock. */
    encode(): Batch;
  };
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

/**
 * What is to be written for a pair; nothing if it is there and fits.
 *
 * @throws DevcertError `file` if something is there that devcert did not write.
 */
export function batchOfDerivedFiles(
  companion: DerivedFiles,
  pair: PairText,
  force: boolean,
  entries: () => readonly LedgerEntry[],
): Batch[] {
  const made = companion.of(pair);
  if (force) return [made.encode()];
  for (const { path } of companion.targets) assertWritten(path, contentOf(path), entries());
  return made.isUpToDate(entries()) ? [] : [made.encode()];
}
