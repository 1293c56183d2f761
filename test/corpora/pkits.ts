/** NIST's PKITS, as PyPI's cryptography_vectors ships it: the chains of RFC 3280, which 5280 kept. */
import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../helpers/run.ts';
import type { Case } from './cases.ts';

/** The version that was scored; any other has the same files. */
export const VECTORS = 'cryptography_vectors==50.0.2';

/**
 * Each leaf of which the name says what is to come of it, with every authority that has the name of one above it; undefined if the
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
  const isLeaf = (file: string) => file.endsWith('EE.crt');
  const authorities = files
    .filter((file) => !isLeaf(file))
    .map((file) => new X509Certificate(read(file)));
  const root = read('TrustAnchorRootCertificate.crt');
  return files
    .filter((file) => isLeaf(file) && /^(?:Valid|Invalid)/.test(file))
    .map((file) => ({
      id: `pkits/${file.replace(/\.crt$/, '')}`,
      sent: [read(file), ...above(new X509Certificate(read(file)), authorities)],
      roots: [root],
      purpose: 'client',
      // Most are valid from 2010 to 2030.
      at: new Date('2026-01-01T00:00:00Z'),
      expected: file.startsWith('Valid') ? 'accept' : 'reject',
    }));
}

/** Whoever has the name of the issuer, and of whoever issued those: right ones and wrong ones. */
function above(leaf: X509Certificate, authorities: readonly X509Certificate[]): Buffer[] {
  const found = new Set<X509Certificate>();
  const names = [leaf.issuer];
  for (const name of names)
    for (const it of authorities)
      if (plain(it.subject) === plain(name) && !found.has(it)) {
        found.add(it);
        names.push(it.issuer);
      }
  return [...found].map(({ raw }) => raw);
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/\s+/g, ' ');
}
