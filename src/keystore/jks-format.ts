/** What writing and reading of JKS share: its numbers, its digest, and Sun's protection of keys. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export const JKS_MAGIC = 0xfeedfeed;
/** Of JCEKS, its cousin with secret keys. */
export const JCEKS_MAGIC = 0xcececece;
export const KEY_ENTRY = 1;
export const CERTIFICATE_ENTRY = 2;
/** Bytes of a SHA-1. */
export const DIGEST_LENGTH = 20;

/** The digest at the end of a store, over everything before it. */
export function digestOf(body: Buffer, password: string): Buffer {
  const hash = createHash('sha1').update(utf16(password)).update('Mighty Aphrodite');
  return hash.update(body).digest();
}

/** Sun's protector: a salt, the key under a keystream of chained SHA-1, a digest of the key. */
export function protectKey(key: Buffer, password: string): Buffer {
  const salt = randomBytes(DIGEST_LENGTH);
  return Buffer.concat([salt, keystream(key, salt, password), keyDigest(key, password)]);
}

/** The inverse of {@link protectKey}; undefined if the password is wrong. */
export function unprotectKey(data: Buffer, password: string): Buffer | undefined {
  if (data.length < 2 * DIGEST_LENGTH) return undefined;
  const salt = data.subarray(0, DIGEST_LENGTH);
  const key = keystream(data.subarray(DIGEST_LENGTH, -DIGEST_LENGTH), salt, password);
  const digest = data.subarray(-DIGEST_LENGTH);
  return timingSafeEqual(keyDigest(key, password), digest) ? key : undefined;
}

function keystream(data: Buffer, salt: Buffer, password: string): Buffer {
  const secret = utf16(password);
  const result = Buffer.from(data);
  let block = salt;
  for (let at = 0; at < result.length; at += DIGEST_LENGTH) {
    block = createHash('sha1').update(secret).update(block).digest();
    for (let i = 0; i < DIGEST_LENGTH && at + i < result.length; i++)
      result[at + i] = (result[at + i] ?? 0) ^ (block[i] ?? 0);
  }
  return result;
}

function keyDigest(key: Buffer, password: string): Buffer {
  return createHash('sha1').update(utf16(password)).update(key).digest();
}

function utf16(password: string): Buffer {
  return Buffer.from(password, 'utf16le').swap16();
}
