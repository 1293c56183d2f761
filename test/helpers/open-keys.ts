/** Private keys that lie open in files. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { publicKeyHash } from '../../src/keys.ts';
import { decodePrivateKeyPem } from '../../src/keystore/private-key.ts';

/** Paths of all files below a folder. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

/** The keys in files below a folder that open without a password: of each the hash of its public half. */
export function openKeysBelow(folder: string): string[] {
  return filesBelow(folder).flatMap((path) => {
    const key = decodePrivateKeyPem(readFileSync(path, 'latin1'));
    return key === undefined ? [] : [publicKeyHash(key)];
  });
}
