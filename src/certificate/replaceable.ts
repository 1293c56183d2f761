/** Whether what is there where a certificate is to go is devcert's, and may give way to it. */
import type { X509Certificate } from 'node:crypto';
import { DevcertError, say } from '../errors.ts';
import { certificateKeyHash, publicKeyHash } from '../keys.ts';
import { findEntries, isRecorded, type LedgerEntry } from '../ledger/ledger.ts';
import { assertWritten, foreignFile } from '../ledger/place.ts';
import { readUsages } from '../x509/read.ts';
import { type CertificateRequest, isKeyOf } from './reusable.ts';
import { type CertificatePaths, type ExistingPair, tryCertificate } from './output.ts';
import { AUTHORITY_ORGANIZATION, LEAF_ORGANIZATION } from '../policy.ts';

/** What tells whose the files are that are there, where the ledger does not. */
export interface Whose {
  /** Whose ledger it is. */
  readonly stateFolder: string;
  /** The issuers of all authorities whose files may be replaced. */
  readonly issuers: () => readonly X509Certificate[];
  /** Who works here, `user@host` from `identityOf()`. Undefined: what was left behind is not looked for. */
  readonly identity?: string | undefined;
  readonly now: Date;
}

/**
 * Makes sure that what is there may give way to the certificate for a request: it is devcert's, for the same
 * key and the same purpose. Reads only.
 *
 * @param entries of the ledger that mention the paths; those of now if left out.
 * @throws DevcertError `file`.
 */
export function assertReplaceable(
  existing: ExistingPair,
  request: CertificateRequest,
  paths: CertificatePaths,
  whose: Whose,
  entries?: readonly LedgerEntry[],
): void {
  const { certFile, keyFile, caFile } = paths;
  const files = [certFile, keyFile, caFile].filter((it) => it !== undefined);
  assertIssuedByDevcert(existing, paths, entries ?? findEntries(whose.stateFolder, files), whose);
  assertSameKey(existing, request, paths);
  assertSamePurpose(existing, request, paths, whose.now);
}

/**
 * Makes sure that all that is there came from devcert: by path and hash; for a folder that was moved, by
 * the signature of one of the user's authorities; for what is left of one that is gone, by {@link isLeftBehind}.
 *
 * @throws DevcertError `file` if something there is not devcert's to replace.
 */
export function assertIssuedByDevcert(
  existing: ExistingPair,
  { certFile, keyFile, caFile }: CertificatePaths,
  entries: readonly LedgerEntry[],
  whose: Whose,
): void {
  const { certificate, certText, key, keyText, caText } = existing;
  const recorded = (path: string, text: string | undefined) =>
    text === undefined || isRecorded(entries, path, text);
  const isIssued =
    certificate !== undefined &&
    (recorded(certFile, certText) ||
      whose.issuers().some(({ publicKey }) => certificate.verify(publicKey)) ||
      isLeftBehind(existing, whose.identity));
  if (!isIssued && certificate !== undefined && hasLine(certificate, `O=${LEAF_ORGANIZATION}`))
    throw foreignFile(certFile, 'a CA that is not here issued it');
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

/** Makes sure that a certificate which is there is for the same key, if the request brings one. */
function assertSameKey(
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
 */
function assertSamePurpose(
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
 * True for a pair with the copy of its root that this very user made on this machine, though the CA was deleted
 * since and the ledger with it. Not for one that came here from a colleague, or into a container with a folder:
 * where it came from its CA may well be in use.
 *
 * @param identity `user@host`, as the root and the leaf say who made them.
 */
export function isLeftBehind(
  { certificate, certText = '', key, caText = '' }: ExistingPair,
  identity: string | undefined,
): boolean {
  const root = tryCertificate(caText);
  if (certificate === undefined || root === undefined || identity === undefined) return false;
  const isOurs = (it: X509Certificate, organization: string) =>
    hasLine(it, `O=${organization}`) && hasLine(it, `OU=${identity}`);
  if (!isOurs(certificate, LEAF_ORGANIZATION) || !isOurs(root, AUTHORITY_ORGANIZATION))
    return false;
  if (key === undefined || !isKeyOf(certificate, key)) return false;
  // Not decodePem(), which issuing would load for this alone.
  const blocks = certText.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const chain = [...blocks.map((block) => tryCertificate(block)), root];
  return chain.every((it, index) => {
    const next = chain[Math.min(index + 1, chain.length - 1)];
    return it !== undefined && next?.ca === true && it.verify(next.publicKey);
  });
}

function hasLine({ subject }: X509Certificate, line: string): boolean {
  return subject.split('\n').includes(line);
}

function holdsKey({ certificate }: LedgerEntry): boolean {
  return certificate?.keyFile !== undefined;
}

/** A copy of a root that devcert made, by its shape: it may be of an authority that is gone. */
function isDevcertRoot(text: string | undefined): boolean {
  if (text === undefined) return true;
  const certificate = tryCertificate(text);
  return certificate !== undefined && hasLine(certificate, `O=${AUTHORITY_ORGANIZATION}`);
}

function bytesOf(text: string | undefined): Buffer | undefined {
  return text === undefined ? undefined : Buffer.from(text);
}
