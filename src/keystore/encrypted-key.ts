/** Private keys as encrypted PKCS#8 (RFC 5958): as devcert writes them, and what it needs to read those again. */
import type { KeyObject } from 'node:crypto';
import { DevcertError } from '../errors.ts';
import { type Element, fieldsOf, readElement, TAG } from '../x509/asn1.ts';
import { decodeOctets, decodeOid } from '../x509/asn1-values.ts';
import { octetString, sequence } from '../x509/der.ts';
import { OtherKindError } from '../x509/key-kinds.ts';
import { PBES2 } from './oids.ts';
import { wrongPassword } from './passwords.ts';
import { decryptPbes2, type Encrypted, encryptPbes2, unsupported, WorkLimit } from './pbes2.ts';
import { encodePem } from './pem.ts';
import { decodePrivateKey } from './private-key.ts';
import { KEY_FILE_ITERATIONS } from '../policy.ts';

/**
 * An `ENCRYPTED PRIVATE KEY` PEM block: PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA-256. Takes some
 * 0.2 s. OpenSSL's own programs ask for at least four characters of password.
 */
export function encodeEncryptedKey(key: KeyObject, password: string): string {
  const encrypted = encryptPbes2(pkcs8Of(key), password, KEY_FILE_ITERATIONS);
  return encodePem('ENCRYPTED PRIVATE KEY', encodeEncryptedPrivateKeyInfo(encrypted));
}

/** DER of an EncryptedPrivateKeyInfo (RFC 5958 section 3). */
export function encodeEncryptedPrivateKeyInfo({ algorithm, data }: Encrypted): Buffer {
  return sequence(algorithm, octetString(data));
}

/** DER of a private key as PKCS#8, not encrypted. */
export function pkcs8Of(key: KeyObject): Buffer {
  return key.export({ type: 'pkcs8', format: 'der' });
}

/**
 * The key in a DER EncryptedPrivateKeyInfo that is encrypted by PBES2, as {@link encodeEncryptedKey} does it. Throws
 * `password` for a wrong one, and `invalid-input`.
 */
export function decryptOwnKey(der: Buffer, password: string): KeyObject {
  return decryptedKey(readElement(der), (algorithm, data) => {
    const fields = fieldsOf(algorithm);
    const scheme = decodeOid(fields.next(TAG.oid));
    if (scheme !== PBES2.pbes2) throw unsupported('encryption', scheme);
    return decryptPbes2(fieldsOf(fields.next()), data, password, new WorkLimit());
  });
}

/** The key in an EncryptedPrivateKeyInfo. @param decrypt the plain bytes; undefined if the password is wrong. */
export function decryptedKey(
  element: Element,
  decrypt: (algorithm: Element, data: Buffer) => Buffer | undefined,
): KeyObject {
  const fields = fieldsOf(element);
  const algorithm = fields.next(TAG.sequence);
  const data = decodeOctets(fields.next());
  fields.end();
  const plain = decrypt(algorithm, data);
  if (plain === undefined) throw wrongPassword('private key');
  try {
    return decodePrivateKey(plain, 'pkcs8');
  } catch (error) {
    if (error instanceof DevcertError && error.code === 'weak-key') throw error;
    if (error instanceof OtherKindError) throw error;
    // A wrong password can pass the padding by chance, and gives noise.
    throw wrongPassword('private key', error);
  }
}
