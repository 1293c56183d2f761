/** Whose the files are that lie where a certificate is to go, and whether it may take their place. */
import type { X509Certificate } from 'node:crypto';
import type { InventoryEntry } from '../authority/inventory.ts';
import { AUTHORITY_ORGANIZATION } from '../authority/profile.ts';
import { sha256Of } from '../authority/origin.ts';
import type { Ours } from '../authority/siblings.ts';
import { DevcertError } from '../errors.ts';
import { certificateKeyHash, publicKeyHash } from '../keys.ts';
import { readUsages } from '../x509/read.ts';
import type { CertificateRequest } from './fits.ts';
import { type CertificatePaths, type ExistingPair, tryCertificate } from './output.ts';

/**
 * Makes sure that all that lies there came from devcert: from the authority that writes now or, if
 * `stateFolder` is given, from any other one in it.
 *
 * @param own the authority that writes, in `folder`.
 * @throws DevcertError `file` if something there is not ours to replace.
 */
export async function assertOurs(
  existing: ExistingPair,
  paths: CertificatePaths,
  own: Ours,
  { folder, stateFolder }: { readonly folder: string; readonly stateFolder?: string },
): Promise<void> {
  const foreign = foreignFile(existing, paths, [own]);
  if (foreign === undefined) return;
  if (stateFolder !== undefined) {
    const { siblings } = await import('../authority/siblings.ts');
    const all = [own, ...siblings(stateFolder, folder)];
    if (foreignFile(existing, paths, all) === undefined) return;
  }
  throw new DevcertError('file', `"${foreign}" is there already and devcert did not write it`, {
    hint: 'move it away, write elsewhere (--out DIR), or replace it: --force',
  });
}

/**
 * Makes sure that a certificate which is there is for the same key, if the request brings one.
 *
 * @throws DevcertError `file`.
 */
export function assertSameKey(
  { certificate }: ExistingPair,
  { publicKey }: CertificateRequest,
  { certFile }: CertificatePaths,
): void {
  if (publicKey === undefined || certificate === undefined) return;
  if (certificateKeyHash(certificate) === publicKeyHash(publicKey)) return;
  throw new DevcertError('file', `"${certFile}" is there already and is for another key`, {
    hint: 'write elsewhere (--out DIR, --cert-file FILE), or replace it: --force',
  });
}

/**
 * Makes sure that no server's certificate gives way to a client's, or the other way round: whoever uses
 * it would find out at the next start.
 *
 * @throws DevcertError `file`.
 */
export function assertSamePurpose(
  { certificate }: ExistingPair,
  { publicKey, usages }: CertificateRequest,
  { certFile }: CertificatePaths,
  now: Date,
): void {
  // Whoever signs a CSR anew says what it is to be now.
  if (publicKey !== undefined || certificate === undefined) return;
  const before = readUsages(certificate.raw);
  const expired = Date.parse(certificate.validTo) < now.getTime();
  if (expired || before.length === 0 || before.some((usage) => usages.includes(usage))) return;
  const [held, asked] = usages.includes('clientAuth') ? ['server', 'client'] : ['client', 'server'];
  throw new DevcertError('file', `"${certFile}" is the certificate of a ${held}`, {
    hint: `keep both: --out .devcert/${asked}, or replace it: --force`,
  });
}

/** The first file that none of the authorities wrote. */
function foreignFile(
  existing: ExistingPair,
  { certFile, keyFile, caFile }: CertificatePaths,
  authorities: readonly Ours[],
): string | undefined {
  const { certificate, certText, key, hasKeyFile, caText } = existing;
  const inventory = authorities.flatMap(({ inventory }) => inventory);
  const ours = certificate !== undefined && isOurs(certificate, authorities, inventory);
  if (certText !== undefined && !ours) return certFile;
  if (hasKeyFile && keyFile !== undefined) {
    const hash = key === undefined ? undefined : publicKeyHash(key);
    // The key beside a certificate that was made for a CSR is not ours.
    const signed = inventory.some((entry) => entry.publicKey === hash && !('keyFile' in entry));
    const known =
      inventory.some((entry) => entry.publicKey === hash) ||
      (ours && hash !== undefined && hash === certificateKeyHash(certificate));
    if (!known || signed) return keyFile;
  }
  // An imported authority's root has another organization than ours.
  const written = inventory.some((entry) => entry.caFile === caFile);
  return caFile !== undefined && caText !== undefined && !isOurRoot(caText, written)
    ? caFile
    : undefined;
}

function isOurs(
  certificate: X509Certificate,
  authorities: readonly Ours[],
  inventory: readonly InventoryEntry[],
): boolean {
  const sha256 = sha256Of(certificate);
  return (
    inventory.some((entry) => entry.sha256 === sha256) ||
    authorities.some(({ issuer }) => issuer !== undefined && certificate.verify(issuer.publicKey))
  );
}

function isOurRoot(text: string, written: boolean): boolean {
  const certificate = tryCertificate(text);
  if (written && certificate?.ca === true) return true;
  return certificate?.subject.split('\n').includes(`O=${AUTHORITY_ORGANIZATION}`) ?? false;
}
