/** Private keys as bytes: PKCS#8 (RFC 5958), plain and encrypted, and the older forms that OpenSSL wrote. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { DevcertError, say } from '../errors.ts';
import { type Element, readElement, unreadable } from '../x509/asn1.ts';
import { integer, octetString, oid, sequence } from '../x509/der.ts';
import { decryptedKey, pkcs8Of } from './encrypted-key.ts';
import { decryptPbe } from './pbe.ts';
import type { WorkLimit } from './pbes2.ts';
import { encodePem, type PemBlock } from './pem.ts';
import { wrongPassword } from './passwords.ts';
import type { Password } from './pkcs12-kdf.ts';
import { decodePrivateKey, DSA } from './private-key.ts';

/** The key in an EncryptedPrivateKeyInfo. Throws `password` for a wrong one, and `invalid-input`. */
export function decryptPrivateKey(
  element: Element,
  password: Password,
  limit: WorkLimit,
): KeyObject {
  return decryptedKey(element, (algorithm, data) => decryptPbe(algorithm, data, password, limit));
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
