/** What issuing a certificate came to: for whoever asked, and for the ledger. */
import type { Authority } from '../authority/authority.ts';
import { sha256Of } from '../authority/origin.ts';
import { keyTypeOf, publicKeyHash } from '../keys.ts';
import type { IssuedCertificate } from '../ledger/ledger.ts';
import type { Usage } from '../names/usage.ts';
import { LEAF_DAYS } from '../policy.ts';
import { readCommonName, readNames, readUsages } from '../x509/read.ts';
import type { Certified, Leaf } from './issue.ts';
import type { CertificateRequest } from './reusable.ts';
import type { CertificatePaths, ExistingPair } from './output.ts';

/** A certificate that was issued; without its key where that is somebody else's. */
export type NewLeaf = Certified & Partial<Leaf>;

/** What writing a certificate came to. */
export interface WrittenCertificate {
  /** False if a valid one was there already and nothing was issued. */
  readonly issued: boolean;
  readonly names: readonly string[];
  readonly usages: readonly Usage[];
  /** Of a client or peer. */
  readonly commonName?: string;
  readonly certFile: string;
  readonly caFile?: string;
  readonly notAfter: Date;
  readonly sha256: string;
  readonly keyType: string;
  /** Names of the certificate that it replaced which are not in it. */
  readonly lost: readonly string[];
  /** One line each, for the user. */
  readonly notes: readonly string[];
}

/** The same with its key. */
export interface WrittenLeaf extends WrittenCertificate {
  readonly keyFile: string;
}

/** What a result says of a certificate, without its files. */
export function describeCertificate(
  certificate: Leaf['certificate'],
  issued: boolean,
): Omit<WrittenCertificate, 'certFile'> {
  const commonName = readCommonName(certificate.raw);
  return {
    issued,
    names: readNames(certificate.raw),
    usages: readUsages(certificate.raw),
    commonName,
    notAfter: new Date(certificate.validTo),
    sha256: sha256Of(certificate),
    keyType: keyTypeOf(certificate.publicKey),
    lost: [],
    notes: [],
  };
}

/** What the ledger keeps of a certificate. */
export function recordOf(
  { certificate, publicKey }: NewLeaf,
  authority: Authority,
  request: CertificateRequest,
  { certFile, keyFile, caFile }: CertificatePaths,
  now: Date,
): IssuedCertificate {
  return {
    names: request.names.map(({ value }) => value),
    usages: request.usages,
    commonName: request.commonName,
    keyType: publicKey.type,
    validityDays: request.validityDays ?? LEAF_DAYS,
    certFile,
    keyFile,
    caFile,
    sha256: sha256Of(certificate),
    publicKey: publicKeyHash(publicKey),
    issuer: sha256Of(authority.issuer),
    issuedAt: now.toISOString(),
    notAfter: new Date(certificate.validTo).toISOString(),
  };
}

/** Names of the certificate that was there which are not in the new one. */
export function lostNames({ certificate: old }: ExistingPair, { certificate }: NewLeaf): string[] {
  const kept = readNames(certificate.raw);
  return old === undefined ? [] : readNames(old.raw).filter((name) => !kept.includes(name));
}
