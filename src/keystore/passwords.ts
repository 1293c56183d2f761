/** What opens a file of keys, and the errors where it does not. */
import { DevcertError, say } from '../errors.ts';
import type { KeyStoreEntry } from './entries.ts';

/** Passwords, as far as they are known. */
export interface Passwords {
  /** Of the file, and of what is in it. */
  readonly password?: string;
  /** Of keys in a store that the other one does not open, as a JKS may have them. */
  readonly keyPassword?: string;
}

/**
 * Makes sure that no key is left locked.
 *
 * @param what the key, for people: `the private key in "store.jks"`.
 * @throws DevcertError `password`; `key-password` for a key that the password of its store does not open.
 */
export function assertUnlocked(entries: readonly KeyStoreEntry[], what: string): void {
  const locked = entries.find(({ kind }) => kind === 'encrypted-key');
  if (locked === undefined) return;
  if (locked.hasOwnPassword !== true) throw missingPassword(what);
  throw new DevcertError('key-password', `${what} has a password of its own`, {
    hint: say`give it beside that of the store: ${{ keyPasswordFile: 'FILE' }}`,
  });
}

/** The error for a password that does not open the `private key` or `key store`. */
export function wrongPassword(what: string, cause?: unknown): DevcertError {
  return new DevcertError('password', `the password does not open the ${what}`, {
    hint: 'try again with its own password: upper and lower case count',
    cause,
  });
}

/** The error for a file that says nothing without its password. */
export function missingPassword(what: string): DevcertError {
  return new DevcertError('password', `${what} needs its password`, {
    hint: say`give the password: ${{ passwordStdin: true }}`,
  });
}
