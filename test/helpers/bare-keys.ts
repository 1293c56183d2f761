/** Private keys on the disk, in whatever form somebody may have written them. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publicKeyHash } from '../../src/keys.ts';

/** Relative paths of all files below a folder; none if it is not there. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => lstatSync(join(folder, name)).isFile())
    .map((name) => name.replaceAll('\\', '/'));
}

/** Files below a folder that hold a private key in PEM that opens without a password. */
export function openKeysIn(folder: string): string[] {
  return filesBelow(folder).filter((name) =>
    /BEGIN (?!ENCRYPTED )[A-Z ]*PRIVATE KEY/.test(readFileSync(join(folder, name), 'latin1')),
  );
}

/** Of each whole key in {@link openKeysIn} the hash of its public half, once. */
export function openKeyHashesIn(folder: string): string[] {
  const pem = /-----BEGIN ((?!ENCRYPTED )[A-Z ]*PRIVATE KEY)-----[^-]+-----END \1-----/g;
  const hashes = openKeysIn(folder).flatMap((name) => {
    // JSON has a text with its line breaks written as \\n.
    const text = readFileSync(join(folder, name), 'latin1').replaceAll('\\n', '\n');
    return [...text.matchAll(pem)].map(([key]) => publicKeyHash(createPublicKey(key)));
  });
  return [...new Set(hashes)];
}

/**
 * The keys of the authorities in a state folder, of one that waits, and of what is on its way there; opened
 * with a passphrase if they are encrypted.
 */
export function authorityKeysIn(
  stateFolder: string,
  passphrase: string,
  { onlyEncrypted = false }: { onlyEncrypted?: boolean } = {},
): KeyObject[] {
  const label = `-----END ${onlyEncrypted ? 'ENCRYPTED ' : ''}`;
  return filesBelow(stateFolder)
    .map((name) => readFileSync(join(stateFolder, name), 'latin1'))
    .filter((text) => text.includes(label) && text.includes('PRIVATE KEY'))
    .map((key) => open(key, passphrase));
}

// Each opening takes as long as a guess at the passphrase does, and many tests look at the same file again.
const known = new Map<string, KeyObject>();

function open(key: string, passphrase: string): KeyObject {
  const id = JSON.stringify([key, passphrase]);
  const opened = known.get(id) ?? createPrivateKey({ key, passphrase });
  known.set(id, opened);
  return opened;
}

/**
 * Files below a folder in which the secret number of a key on a curve stands: as bytes (as in every DER), in
 * hexadecimal, or in base64 with any line breaks and at any place in what was encoded.
 */
export function filesWithKey(folder: string, key: KeyObject): string[] {
  const secret = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
  if (secret.length < 32) throw new Error('not a key on a curve');
  const hex = secret.toString('hex');
  const encoded = [0, 1, 2].map((before) => base64Within(secret, before));
  return filesBelow(folder).filter((name) => {
    const bytes = readFileSync(join(folder, name));
    // JSON may hold a text with its line breaks written as \\n.
    const text = bytes.toString('latin1').replace(/\\[nr]|[\s:]/g, '');
    return (
      bytes.includes(secret) ||
      text.toLowerCase().includes(hex) ||
      encoded.some((it) => text.replaceAll('-', '+').replaceAll('_', '/').includes(it))
    );
  });
}

/** What base64 of the bytes is for sure, if `before` (modulo 3) others stand in front of them. */
function base64Within(bytes: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const from = Math.ceil((before * 4) / 3);
  const whole = Math.floor(((before + bytes.length) * 8) / 6);
  return text.slice(from, whole);
}
