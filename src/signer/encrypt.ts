/** Keys that a passphrase is to open. Beside what opens them: hardly any run writes one. */
import type { KeyObject } from 'node:crypto';
import { encodeEncryptedKey } from '../keystore/encrypted-key.ts';

/** An `ENCRYPTED PRIVATE KEY` PEM block. @param passphrase one that `parsePassphrase()` has taken. */
export function encryptKeyPem(key: KeyObject, passphrase: string): string {
  return encodeEncryptedKey(key, passphrase.normalize('NFC'));
}
