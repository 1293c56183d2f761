/**
 * Password-based encryption as it is written today: PBES2 with PBKDF2 (RFC 8018). All that a key of devcert's own
 * takes; what others have written besides is in `pbe.ts`.
 */
import { createCipheriv, createDecipheriv, pbkdf2Sync, randomBytes } from 'node:crypto';
import { DevcertError } from '../errors.ts';
import { type Element, type Fields, fieldsOf, TAG, unreadable } from '../x509/asn1.ts';
import { decodeOctets, decodeOid, decodeSmallInteger } from '../x509/asn1-values.ts';
import { integer, nullValue, octetString, oid, sequence } from '../x509/der.ts';
import { PBES2 } from './oids.ts';
import { MAX_ITERATIONS } from '../policy.ts';

/** Encrypted bytes with the DER of the AlgorithmIdentifier that says how. */
export interface Encrypted {
  readonly algorithm: Buffer;
  readonly data: Buffer;
}

/** Counts the work that one file asks for, so that none can ask for hours of it. */
export class WorkLimit {
  #left = MAX_ITERATIONS;

  /** Throws `invalid-input` once the file has asked for more than {@link MAX_ITERATIONS}. */
  spend(iterations: number): void {
    this.#left -= iterations;
    if (iterations < 1) throw unreadable('an iteration count of 0');
    if (this.#left < 0)
      throw new DevcertError(
        'invalid-input',
        `cannot read a file that asks for more than ${MAX_ITERATIONS} iterations of its password hash`,
        { hint: 'write the file again with fewer iterations, such as 10000' },
      );
  }
}

/** AES-256-CBC under PBKDF2-HMAC-SHA-256 (PBES2) with a 16-byte salt. The password counts as UTF-8. */
export function encryptPbes2(data: Buffer, password: string, iterations: number): Encrypted {
  const salt = randomBytes(16);
  const iv = randomBytes(16);
  const key = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const prf = sequence(oid(PBES2.hmacSha256), nullValue());
  const kdf = sequence(oid(PBES2.pbkdf2), sequence(octetString(salt), integer(iterations), prf));
  const scheme = sequence(oid(PBES2.aes256Cbc), octetString(iv));
  return {
    algorithm: sequence(oid(PBES2.pbes2), sequence(kdf, scheme)),
    data: Buffer.concat([cipher.update(data), cipher.final()]),
  };
}

/**
 * The plain bytes, or undefined if the password is wrong, as {@link readPbkdf2} throws.
 *
 * @param parameters of the AlgorithmIdentifier (RFC 8018 A.4).
 */
export function decryptPbes2(
  parameters: Fields,
  data: Buffer,
  password: string,
  limit: WorkLimit,
): Buffer | undefined {
  const kdf = readPbkdf2(parameters.next(), limit);
  const scheme = fieldsOf(parameters.next());
  const id = decodeOid(scheme.next());
  const cipher = ciphers[id];
  if (cipher === undefined) throw unsupported('cipher', id);
  const iv = decodeOctets(scheme.next());
  const isFitting =
    iv.length === cipher.ivLength && (kdf.keyLength ?? cipher.keyLength) === cipher.keyLength;
  if (!isFitting) throw unreadable('a key or initialization vector that does not fit its cipher');
  const key = pbkdf2Sync(password, kdf.salt, kdf.iterations, cipher.keyLength, kdf.hash);
  return decryptCbc(cipher.name, key, iv, data);
}

/** RFC 8018 A.2; HMAC-SHA-1 where nothing is said. Throws `invalid-input`. */
export function readPbkdf2(algorithm: Element, limit: WorkLimit) {
  const fields = fieldsOf(algorithm);
  const id = decodeOid(fields.next());
  if (id !== PBES2.pbkdf2) throw unsupported('key derivation', id);
  const parameters = fieldsOf(fields.next());
  const salt = readSalt(parameters.next());
  const iterations = decodeSmallInteger(parameters.next());
  const length = parameters.optional(TAG.integer);
  const keyLength = length === undefined ? undefined : decodeSmallInteger(length);
  if (keyLength !== undefined && keyLength > 64) throw unreadable('a key that is too long');
  const prf = parameters.optional(TAG.sequence);
  parameters.end();
  limit.spend(iterations);
  return { salt, iterations, keyLength, hash: prf === undefined ? 'sha1' : readPrf(fieldsOf(prf)) };
}

/** The hash of a pseudo-random function, an HMAC. Throws `invalid-input`. */
export function readPrf(algorithm: Fields): Hash {
  const id = decodeOid(algorithm.next());
  const hash = hmacHashes[id];
  if (hash === undefined) throw unsupported('hash', id);
  return hash;
}

/** Throws `invalid-input` for one that is longer than anybody writes. */
export function readSalt(element: Element): Buffer {
  const salt = decodeOctets(element);
  if (salt.length > MAX_SALT_BYTES) throw unreadable(`a salt of more than ${MAX_SALT_BYTES} bytes`);
  return salt;
}

/** Undefined if the key, and so the password, is wrong. */
export function decryptCbc(
  cipher: string,
  key: Buffer,
  iv: Buffer,
  data: Buffer,
): Buffer | undefined {
  const decipher = createDecipheriv(cipher, key, iv);
  try {
    return Buffer.concat([decipher.update(data), decipher.final()]);
  } catch {
    // Key and IV fit the cipher, so that only the padding can be wrong: so is the password.
    return undefined;
  }
}

/** The error for an algorithm that is not known here. */
export function unsupported(what: string, id: string): DevcertError {
  return new DevcertError(
    'invalid-input',
    `cannot read the file: its ${what} "${id}" is not supported`,
    {
      hint: 'write the file again with AES-256 and SHA-256, such as with a current OpenSSL or keytool',
    },
  );
}

const MAX_SALT_BYTES = 1024;

/** Bytes that each gives. */
export const hashLengths = { sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64 } as const;

export type Hash = keyof typeof hashLengths;

const hmacHashes: Readonly<Record<string, Hash>> = {
  [PBES2.hmacSha1]: 'sha1',
  [PBES2.hmacSha224]: 'sha224',
  [PBES2.hmacSha256]: 'sha256',
  [PBES2.hmacSha384]: 'sha384',
  [PBES2.hmacSha512]: 'sha512',
};

/** By their OIDs, as OpenSSL names them. */
export const ciphers: Readonly<
  Record<string, { name: string; keyLength: number; ivLength: number }>
> = {
  [PBES2.aes128Cbc]: { name: 'aes-128-cbc', keyLength: 16, ivLength: 16 },
  [PBES2.aes192Cbc]: { name: 'aes-192-cbc', keyLength: 24, ivLength: 16 },
  [PBES2.aes256Cbc]: { name: 'aes-256-cbc', keyLength: 32, ivLength: 16 },
  [PBES2.tripleDesCbc]: { name: 'des-ede3-cbc', keyLength: 24, ivLength: 8 },
};
