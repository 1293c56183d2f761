/** The key derivation of PKCS#12 (RFC 7292 appendix B). */
import { createHash } from 'node:crypto';

/** A password in the forms that encryption schemes take. */
export interface Password {
  /** For PBES2 and PBMAC1. */
  readonly utf8: string;
  /** For what RFC 7292 itself defines: big-endian UTF-16 with a zero character at the end (B.1). */
  readonly bmp: Buffer;
}

/**
 * The forms of a password; the first is the one to write. An empty one has two, as RFC 7292 B.1
 * leaves open whether "no password" is a lone zero character or nothing at all, and programs have
 * written either.
 */
export function passwordForms(password: string): [Password, ...Password[]] {
  const form = { utf8: password, bmp: Buffer.from(`${password}\0`, 'utf16le').swap16() };
  return password === '' ? [form, { ...form, bmp: Buffer.alloc(0) }] : [form];
}

// RFC 7292 B.3: what the derived bytes are for.
export const KEY_ID = 1;
export const IV_ID = 2;
export const MAC_ID = 3;

/**
 * `length` bytes derived from a password (RFC 7292 B.2).
 *
 * @param hash `sha1`, `sha224`, `sha256`, `sha384` or `sha512`.
 */
export function derivePkcs12(
  hash: string,
  password: Password,
  wanted: { salt: Buffer; iterations: number; id: number; length: number },
): Buffer {
  const { salt, iterations, id, length } = wanted;
  // The block size of SHA-384 and SHA-512 is 128 bytes, of the others 64.
  const block = hash === 'sha384' || hash === 'sha512' ? 128 : 64;
  const diversifier = Buffer.alloc(block, id);
  const input = Buffer.concat([repeatToBlocks(salt, block), repeatToBlocks(password.bmp, block)]);
  const parts: Buffer[] = [];
  for (let have = 0; have < length;) {
    let digest = createHash(hash).update(diversifier).update(input).digest();
    for (let i = 1; i < iterations; i++) digest = createHash(hash).update(digest).digest();
    parts.push(digest);
    have += digest.length;
    const addend = repeatToBlocks(digest, block).subarray(0, block);
    for (let at = 0; at < input.length; at += block)
      addWithOne(input.subarray(at, at + block), addend);
  }
  return Buffer.concat(parts).subarray(0, length);
}

function repeatToBlocks(bytes: Buffer, block: number): Buffer {
  const length = Math.ceil(bytes.length / block) * block;
  return length === 0 ? Buffer.alloc(0) : Buffer.alloc(length, bytes);
}

function addWithOne(target: Buffer, addend: Buffer): void {
  let carry = 1;
  for (let i = target.length - 1; i >= 0; i--) {
    carry += (target[i] ?? 0) + (addend[i] ?? 0);
    target[i] = carry & 0xff;
    carry >>= 8;
  }
}
