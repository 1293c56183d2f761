/** Files that are made of a certificate and its key and are written together with them. */
import type { FileToWrite } from '../files.ts';
import { encodePrivateKey } from '../keys.ts';
import type { ExistingPair } from './output.ts';

/** Files that are made of a pair and lie beside it: written with it, or not at all. */
export interface Companions {
  /** True if they are there and fit the pair that lies there, so that nothing is to write. */
  fit(pair: PairText): boolean;
  /**
   * Called under the lock, before anything is written.
   *
   * @throws DevcertError `file` if one that lies there is not ours to replace.
   */
  make(pair: PairText): { readonly files: readonly FileToWrite[]; readonly record: () => void };
}

/** PEM. */
export interface PairText {
  /** Leaf and issuer. */
  readonly certPem: string;
  /** Secret. */
  readonly keyPem: string;
}

/** What lies there, as companions take it. */
export function textOf({ certText = '', key }: ExistingPair): PairText {
  return { certPem: certText, keyPem: key === undefined ? '' : encodePrivateKey(key) };
}
