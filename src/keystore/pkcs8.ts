/** Private keys as bytes: PKCS#8 (RFC 5958), plain and encrypted, and the older forms that OpenSSL wrote. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { DevcertError, say } from '../errors.ts';
import { type Element, fieldsOf, readElement, TAG, unreadable } from '../x509/asn1.ts';
import { decodeOctets } from '../x509/asn1-values.ts';
import { integer, octetString, oid, sequence } from '../x509/der.ts';
import { OtherKindError } from '../x509/key-kinds.ts';
import { decryptPbe, type Encrypted, encryptPbes2, WorkLimit } from './pbe.ts';
import { encodePem, type PemBlock } from './pem.ts';
import { wrongPassword } from './passwords.ts';
import { type Password, passwordForms } from './pkcs12-kdf.ts';
import { decodePrivateKey, DSA } from './private-key.ts';
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

/** The key in a DER EncryptedPrivateKeyInfo. Throws `password` for a wrong one, and `invalid-input`. */
export function decryptPrivateKey(
  der: Buffer,
  password: string,
  limit = new WorkLimit(),
): KeyObject {
  return decryptPrivateKeyInfo(readElement(der), passwordForms(password)[0], limit);
}

/** As {@link decryptPrivateKey}, for one that is part of a store. */
export function decryptPrivateKeyInfo(
  element: Element,
  password: Password,
  limit: WorkLimit,
): KeyObject {
  const fields = fieldsOf(element);
  const algorithm = fields.next(TAG.sequence);
  const data = decodeOctets(fields.next());
  fields.end();
  const plain = decryptPbe(algorithm, data, password, limit);
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

/**
 * A DSA key in OpenSSL's own form, p, q, g, the public and the private number; throws as `decodePrivateKey()`.
 * No certificate is made for it: it is read to be told.
 */
export function decodeDsaKey(der: Buffer): KeyObject {
  const [version, p, q, g, , x] = readElement(der).children();
  if (version === undefined || p === undefined || q === undefined || g === undefined || !x)
    throw unreadable('a DSA key in which a number is missing');
  const algorithm = sequence(oid(DSA), sequence(p.raw, q.raw, g.raw));
  return decodePrivateKey(sequence(integer(0), algorithm, octetString(x.raw)), 'pkcs8');
}

/**
 * The key in a PEM block encrypted as RFC 1421 has it (`Proc-Type: 4,ENCRYPTED`), which OpenSSL wrote
 * until 1.0. Throws `password` for a wrong one.
 */
export function decryptPemKey(block: PemBlock, password: string): KeyObject {
  const headers = [
    'Proc-Type: 4,ENCRYPTED',
    `DEK-Info: ${block.headers.get('DEK-Info') ?? ''}`,
    '',
  ];
  const [begin = '', ...rest] = encodePem(block.label, block.der).split('\n');
  let key: KeyObject;
  try {
    key = createPrivateKey({
      key: [begin, ...headers, ...rest].join('\n'),
      passphrase: password,
    });
  } catch (error) {
    throw wrongPassword('private key', error);
  }
  // OpenSSL decrypted it: what it says is judged as that of any other, and before it is asked anything.
  return decodePrivateKey(exported(key), 'pkcs8');
}

function exported(key: KeyObject): Buffer {
  try {
    return pkcs8Of(key);
  } catch (cause) {
    throw new DevcertError('weak-key', 'the private key is none: its number is out of range', {
      hint: say`make a new key on P-256: ${{ command: 'csr', names: 'NAMES…' }}`,
      cause,
    });
  }
}
