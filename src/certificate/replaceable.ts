/** Whether what is there where a certificate is to go is devcert's, and may give way to it. */
import type { X509Certificate } from 'node:crypto';
import { DevcertError, say } from '../errors.ts';
import { certificateKeyHash, publicKeyHash } from '../keys.ts';
import { findEntries, isRecorded, type LedgerEntry } from '../ledger/ledger.ts';
import { assertWritten } from '../ledger/place.ts';
import { readUsages } from '../x509/read.ts';
import type { CertificateRequest } from './reusable.ts';
import type { WriteContext } from './write.ts';
import {
  type CertificatePaths,
  type ExistingPair,
  readExisting,
  tryCertificate,
} from './output.ts';
import { AUTHORITY_ORGANIZATION } from '../policy.ts';

/**
 * Makes sure that all that is there came from devcert: by path and hash or, for a folder that was moved, by
 * the signature of one of the user's authorities.
 *
 * @param issuers of all authorities in the state folder; asked for only where the ledger does not tell.
 * @throws DevcertError `file` if something there is not devcert's to replace.
 */
export function assertIssuedByDevcert(
  existing: ExistingPair,
  { certFile, keyFile, caFile }: CertificatePaths,
  entries: readonly LedgerEntry[],
  issuers: () => readonly X509Certificate[],
): void {
  const { certificate, certText, key, keyText, caText } = existing;
  const recorded = (path: string, text: string | undefined) =>
    text === undefined || isRecorded(entries, path, text);
  const isIssued =
    certificate !== undefined &&
    (recorded(certFile, certText) ||
      issuers().some(({ publicKey }) => certificate.verify(publicKey)));
  if (!isIssued) assertWritten(certFile, bytesOf(certText), entries);
  // One combined file is looked at once.
  if (keyFile !== undefined && keyFile !== certFile) {
    const belongs =
      isIssued &&
      key !== undefined &&
      publicKeyHash(key) === certificateKeyHash(certificate) &&
      // The key beside a certificate that was made for a CSR is somebody else's.
      !entries.some((entry) => entry.certificate?.certFile === certFile && !holdsKey(entry));
    if (!belongs) assertWritten(keyFile, bytesOf(keyText), entries);
  }
  if (caFile !== undefined && !isDevcertRoot(caText))
    assertWritten(caFile, bytesOf(caText), entries);
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
    hint: say`write elsewhere (${{ out: 'DIR' }}, ${{ certFile: 'FILE' }}), or replace it: ${{ force: true }}`,
  });
}

/**
 * Makes sure that no server's certificate gives way to a client's, or the other way round: who uses
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
  // Who signs a CSR anew says what it is to be now.
  if (publicKey !== undefined || certificate === undefined) return;
  const before = readUsages(certificate.raw);
  const expired = Date.parse(certificate.validTo) < now.getTime();
  if (expired || before.length === 0 || before.some((usage) => usages.includes(usage))) return;
  const [held, asked] = usages.includes('clientAuth') ? ['server', 'client'] : ['client', 'server'];
  throw new DevcertError('file', `"${certFile}" is the certificate of a ${held}`, {
    hint: say`keep both: ${{ out: `.devcert/${asked}` }}, or replace it: ${{ force: true }}`,
  });
}

/**
 * All of these, before there is a certificate. Reads only.
 *
 * @throws DevcertError `file`.
 */
export function assertReplaceable(
  { stateFolder, issuers, now }: Pick<WriteContext, 'stateFolder' | 'issuers' | 'now'>,
  request: CertificateRequest,
  paths: CertificatePaths,
): void {
  const existing = readExisting(paths);
  const { certFile, keyFile, caFile } = paths;
  const files = [certFile, keyFile, caFile].filter((it) => it !== undefined);
  assertIssuedByDevcert(existing, paths, findEntries(stateFolder, files), issuers);
  assertSameKey(existing, request, paths);
  assertSamePurpose(existing, request, paths, now);
}

function holdsKey({ certificate }: LedgerEntry): boolean {
  return certificate?.keyFile !== undefined;
}

/** A copy of a root that devcert made, by its shape: it may be of an authority that is gone. */
function isDevcertRoot(text: string | undefined): boolean {
  if (text === undefined) return true;
  const certificate = tryCertificate(text);
  return certificate?.subject.split('\n').includes(`O=${AUTHORITY_ORGANIZATION}`) ?? false;
}

function bytesOf(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : Buffer.from(text);
}
