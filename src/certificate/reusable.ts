/** Whether a certificate that is there already is the one that is asked for. */
import type { KeyObject, X509Certificate } from 'node:crypto';
import type { Authority } from '../authority/authority.ts';
import { commonNameOf } from '../names/common-name.ts';
import { certificateKeyHash, keyTypeOf, publicKeyHash } from '../keys.ts';
import type { LeafRequest } from '../names/request.ts';
import type { CertificateFields } from '../x509/certificate.ts';
import { readCommonName, readNames, readUsages } from '../x509/read.ts';
import type { ExistingPair } from './output.ts';
import { BACKDATE_MS, DAY_MS, dueDays, MAX_LEAF_DAYS } from '../policy.ts';

/** A request with the public key that it is for; without one a new key is made. */
export type CertificateRequest = LeafRequest & { readonly publicKey?: KeyObject };

/** When a certificate is valid. */
export type Dates = Pick<CertificateFields, 'notBefore' | 'notAfter'>;

export type ReusablePair = ExistingPair & {
  readonly certificate: NonNullable<ExistingPair['certificate']>;
};

/** True if the certificate that is there has the names, usages, common name, key and issuer of the request, and days enough left. */
export function isReusable(
  existing: ExistingPair,
  authority: Authority,
  request: CertificateRequest,
  now: Date,
): existing is ReusablePair {
  const { certificate, certText } = existing;
  if (certificate === undefined || certText === undefined) return false;
  const days = lifetimeDays(certificate);
  return (
    hasKey(certificate, existing.key, request) &&
    certificate.verify(authority.issuer.publicKey) &&
    certText.startsWith(certificate.toString() + authority.chainPem) &&
    hasDaysEnough(certificate, now) &&
    sameSet(
      readNames(certificate.raw),
      request.names.map(({ value }) => value),
    ) &&
    sameSet(readUsages(certificate.raw), request.usages) &&
    readCommonName(certificate.raw) === commonNameOf(request) &&
    (request.keyType === undefined || request.keyType === keyTypeOf(certificate.publicKey)) &&
    (request.validityDays === undefined || leafDays(request.validityDays) === days)
  );
}

/** True for a certificate that is valid and not due to be made anew. */
export function hasDaysEnough(certificate: X509Certificate, now: Date): boolean {
  return areDaysEnough(datesOf(certificate), now);
}

/** The same of one of which only the dates are at hand. */
export function areDaysEnough(dates: Dates, now: Date): boolean {
  const left = dates.notAfter.getTime() - now.getTime();
  return dates.notBefore <= now && left > dueDays(daysIn(dates)) * DAY_MS;
}

/** For how many days a certificate of devcert's was issued. */
export function lifetimeDays(certificate: X509Certificate): number {
  return daysIn(datesOf(certificate));
}

/** The last second of a leaf that is to be valid for so many days. RFC 5280 4.1.2.5: that second counts, too. */
export function leafEnd(days: number, now: Date): Date {
  return new Date(now.getTime() + leafDays(days) * DAY_MS - 1000);
}

/** Of so many days those after now: with those before it they are {@link MAX_LEAF_DAYS} at most. */
function leafDays(days: number): number {
  return Math.min(days, MAX_LEAF_DAYS - BACKDATE_MS / DAY_MS);
}

/** When a certificate is valid. */
export function datesOf({ validFrom, validTo }: X509Certificate): Dates {
  return { notBefore: new Date(validFrom), notAfter: new Date(validTo) };
}

function daysIn({ notBefore, notAfter }: Dates): number {
  return Math.round((notAfter.getTime() - notBefore.getTime() - BACKDATE_MS) / DAY_MS);
}

function hasKey(
  certificate: ReusablePair['certificate'],
  key: KeyObject | undefined,
  request: CertificateRequest,
): boolean {
  if (request.publicKey === undefined) return key !== undefined && isKeyOf(certificate, key);
  return certificateKeyHash(certificate) === publicKeyHash(request.publicKey);
}

/** True if the key is that of the certificate. */
export function isKeyOf(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return certificate.checkPrivateKey(key);
  } catch {
    return false; // a certificate whose key OpenSSL cannot read
  }
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && new Set([...a, ...b]).size === new Set(a).size;
}
