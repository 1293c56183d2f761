/** NIST's PKITS, as PyPI's cryptography_vectors ships it: the chains of RFC 3280, which 5280 kept. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../helpers/run.ts';
import type { Case } from './cases.ts';

/** The version that was scored; any other has the same files. */
export const VECTORS = 'cryptography_vectors==50.0.2';

/**
 * Each leaf of which the name says what is to come of it, with all the authorities in any order; undefined if the
 * package cannot be had.
 */
export async function pkits(folder: string): Promise<Case[] | undefined> {
  const made = await run(
    'python3',
    ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', folder, VECTORS],
    { timeoutMs: 200_000 },
  );
  if (made.status !== 0) return undefined;
  const certs = join(folder, 'cryptography_vectors/x509/PKITS_data/certs');
  const files = readdirSync(certs).filter((file) => file.endsWith('.crt'));
  const read = (file: string) => readFileSync(join(certs, file));
  const isLeaf = (file: string) => /EE\.crt$/.test(file);
  const authorities = files.filter((file) => !isLeaf(file)).map(read);
  const root = read('TrustAnchorRootCertificate.crt');
  return files
    .filter((file) => isLeaf(file) && /^(?:Valid|Invalid)/.test(file))
    .map((file) => ({
      id: `pkits/${file.replace(/\.crt$/, '')}`,
      sent: [read(file), ...authorities],
      roots: [root],
      purpose: 'client',
      // Most are valid from 2010 to 2030.
      at: new Date('2026-01-01T00:00:00Z'),
      expected: file.startsWith('Valid') ? 'accept' : 'reject',
    }));
}
