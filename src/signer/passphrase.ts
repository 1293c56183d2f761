/** Keys in a file that a passphrase opens: encrypted PKCS#8, as OpenSSL reads and writes it. */
import type { KeyObject } from 'node:crypto';
import { DevcertError } from '../errors.ts';
import { decryptOwnKey } from '../keystore/encrypted-key.ts';
import { decodePem } from '../keystore/pem.ts';
import { MAX_PASSPHRASE_BYTES, MIN_CA_PASSWORD } from '../policy.ts';

/** The PEM label of an encrypted key (RFC 5958). */
const LABEL = 'ENCRYPTED PRIVATE KEY';

/**
 * The bytes that count are the UTF-8 of its NFC (RFC 8265 4.2): the same on every keyboard and system, where
 * a letter with an accent may come as one character or as two.
 *
 * @param what it opens, for people.
 * @param isNew it is to encrypt a key: then it must not be easy to guess.
 * @throws DevcertError `password` for one that is empty, too long or no text; if it is new, too short.
 */
export function parsePassphrase(text: string, what: string, isNew: boolean): string {
  const passphrase = text.normalize('NFC');
  const problem = !passphrase.isWellFormed()
    ? 'is no text: half a character is in it'
    : /\p{Cc}/u.test(passphrase)
      ? 'has a control character in it'
      : passphrase === ''
        ? 'is empty'
        : Buffer.byteLength(passphrase) > MAX_PASSPHRASE_BYTES
          ? `is longer than ${MAX_PASSPHRASE_BYTES} bytes`
          : isNew && Array.from(passphrase).length < MIN_CA_PASSWORD
            ? `is shorter than ${MIN_CA_PASSWORD} characters`
            : undefined;
  if (problem === undefined) return passphrase;
  throw new DevcertError('password', `the passphrase of ${what} ${problem}`, {
    hint: isNew
      ? 'take a few words that do not belong together: "correct horse battery" is taken'
      : 'give the one that the key was encrypted with',
  });
}

/**
 * The key in the encrypted block of a PEM text.
 *
 * @param passphrase as it was given.
 * @throws DevcertError `password` for a wrong one, `invalid-input` for a damaged block.
 */
export function decryptKeyPem(pem: string, passphrase: string, what: string): KeyObject {
  const text = parsePassphrase(passphrase, what, false);
  const block = decodePem(pem).find(({ label }) => label === LABEL);
  try {
    return decryptOwnKey(block?.der ?? Buffer.alloc(0), text);
  } catch (error) {
    if (!(error instanceof DevcertError) || error.code !== 'password') throw error;
    // Without the cause: what a wrong passphrase makes of the key is nobody's business.
    throw new DevcertError('password', `this is not the passphrase of ${what}`, {
      hint: 'type it again: upper and lower case count',
    });
  }
}
