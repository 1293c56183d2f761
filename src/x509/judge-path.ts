/** A chain judged as clients do: RFC 5280 6.1, and what they do beyond it. Pure. */
import type { X509Certificate } from 'node:crypto';
import type { Usage } from '../names/usage.ts';
import { attributesOf } from './distinguished-name.ts';
import {
  type CertificateDetails,
  certificateDetails,
  type KeyDetails,
  titleOf,
} from './details.ts';
import { at, type Finding, finding } from './finding.ts';
import { type GeneralName, isForbidden } from './general-names.ts';
import { isSignedBy } from './judge.ts';
import { formFindings, useFindings } from './lint.ts';
import { holdsHost } from './lint-names.ts';
import { oidName } from './oids.ts';
import {
  partsOf,
  readAuthorityKeyIdentifier,
  readExtensions,
  readSubjectKeyIdentifier,
} from './read.ts';
import { orUndefined } from '../errors.ts';

export interface PathQuestion {
  readonly now: Date;
  /** The host or address that is asked for; undefined: any. */
  readonly name?: string;
  /** What the first certificate is to be used for; undefined: anything. */
  readonly purpose?: Usage;
}

/**
 * Everything for which a client refuses the chain, or might: fail-closed, so that no `error` means that every
 * client measured takes it. The last certificate is trusted, and still has to be in date and within what it may do,
 * as most clients have it (RFC 5280 leaves that open).
 *
 * @param chain the first one is judged for the question, each is to be signed by the next.
 */
export function judgePath(chain: readonly X509Certificate[], question: PathQuestion): Finding[] {
  const { now, name, purpose } = question;
  const findings = chain.flatMap((certificate, index) =>
    [
      ...dateFindings(certificate, now),
      ...formFindings(certificate),
      ...keyFindings(certificateDetails(certificate), index === chain.length - 1),
      ...policyFindings(certificate),
    ].map((it) => at(index, strict(it))),
  );
  findings.push(...chainFindings(chain, purpose));
  const [leaf] = chain;
  if (leaf === undefined) return findings;
  const details = certificateDetails(leaf);
  const own = [
    ...useFindings(details, purpose !== 'clientAuth'),
    ...(purpose !== undefined && details.isAuthority && chain.length > 1
      ? [finding('error', 'authority-as-leaf')]
      : []),
    ...(name !== undefined && !holdsHost(details.names, name)
      ? [finding('error', 'name-mismatch', { name })]
      : []),
    ...purposeFindings(details, purpose),
  ];
  return [...findings, ...own.map((it) => at(0, it))];
}

// What cannot be read is no ground for trust.
function strict(found: Finding): Finding {
  return found.code === 'damaged' ? { ...found, severity: 'error' } : found;
}

/**
 * What is wrong between the certificates of a chain, leaf first, dates and names asked for apart.
 *
 * @param purpose what the leaf is to be used for; left out, what it says itself.
 */
export function chainFindings(chain: readonly X509Certificate[], purpose?: Usage): Finding[] {
  return chain.flatMap((own, index) => {
    const above = chain.slice(index + 1);
    const [issuer] = above;
    return [
      ...(issuer === undefined ? [] : linkFindings(own, issuer)),
      ...(index === 0 ? [] : pathLengthFindings(chain, index)),
      ...constraintFindings(own, above, index === 0),
      ...(index === 0 ? [] : issuerPurposeFindings(chain, index, purpose)),
    ].map((it) => (it.certificate === undefined ? at(index, it) : it));
  });
}

/** One certificate and the one that is said to have signed it. */
function linkFindings(own: X509Certificate, issuer: X509Certificate): Finding[] {
  const above = certificateDetails(issuer);
  const findings: Finding[] = [];
  const name = titleOf(above);
  if (!isSignedBy(own, issuer))
    findings.push(finding('error', 'wrong-signature', { issuer: name }));
  if (!above.isAuthority) findings.push(finding('error', 'issuer-not-authority', { issuer: name }));
  else if (above.keyUsages?.includes('keyCertSign') === false)
    findings.push(finding('error', 'issuer-key-usage', { issuer: name }));
  // Compared byte for byte by Go: the same letters in another string type are another name.
  if (!partsOf(own.raw).issuer.raw.equals(partsOf(issuer.raw).subject.raw))
    findings.push(finding('error', 'issuer-name', { issuer: name }));
  const wanted = orUndefined(() => readAuthorityKeyIdentifier(own.raw));
  const identifier = orUndefined(() => readSubjectKeyIdentifier(issuer.raw));
  if (wanted !== undefined && identifier !== undefined && !wanted.equals(identifier))
    findings.push(finding('error', 'key-identifier', { issuer: name }));
  const until = above.notAfter;
  const end = certificateDetails(own).notAfter;
  if (end !== undefined && until !== undefined && end > until)
    findings.push(finding('warning', 'outlives-issuer', { until: until.toISOString() }));
  return findings;
}

/** RFC 5280 6.1.4 (l), (m): authorities between this one and the leaf, those that issued themselves not counted. */
function pathLengthFindings(chain: readonly X509Certificate[], index: number): Finding[] {
  const own = chain[index];
  const limit = own === undefined ? undefined : certificateDetails(own).pathLength;
  const below = chain.slice(1, index).filter((it) => it.subject !== it.issuer).length;
  return limit === undefined || below <= limit
    ? []
    : [finding('error', 'path-length', { limit, below })];
}

/** Names that an authority above may not certify: RFC 5280 6.1.3 (b), (c). */
export function constraintFindings(
  own: X509Certificate,
  above: readonly X509Certificate[],
  isLeaf: boolean,
): Finding[] {
  const lists = above.flatMap((it) => certificateDetails(it).constraints ?? []);
  // Self-issued authorities are not held to them, but for the last certificate.
  if (lists.length === 0 || (!isLeaf && own.subject === own.issuer)) return [];
  const { names: written, subject, commonName } = certificateDetails(own);
  // RFC 5280 4.2.1.10: constraints on mail bind the addresses in the subject, too.
  const mail = orUndefined(() => attributesOf(partsOf(own.raw).subject)) ?? [];
  const names: GeneralName[] = [
    ...written,
    ...mail
      .filter(({ type }) => type === EMAIL_ADDRESS)
      .map(({ value }): GeneralName => ({ type: 'email', value })),
  ];
  const isOutside = (name: GeneralName) => lists.some((it) => isForbidden(name, it));
  const all: GeneralName[] =
    subject === '' ? [...names] : [...names, { type: 'directory', value: subject }];
  const outside = all
    .filter(isOutside)
    .map(({ value }) => finding('error', 'outside-constraints', { name: value }));
  // Clients that fall back to the common name hold it against the constraints first (OpenSSL, Java).
  const host = names.some(({ type }) => type === 'dns') ? undefined : hostIn(commonName);
  return host !== undefined && isLeaf && isOutside({ type: 'dns', value: host })
    ? [...outside, finding('error', 'common-name-outside', { name: host })]
    : outside;
}

const EMAIL_ADDRESS = '1.2.840.113549.1.9.1'; // PKCS #9, RFC 2985 5.2.1

function hostIn(commonName = ''): string | undefined {
  return /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/i.test(commonName) ? commonName : undefined;
}

/** An authority whose extendedKeyUsage does not hold what the leaf is for: most clients have it bind what is below. */
function issuerPurposeFindings(
  chain: readonly X509Certificate[],
  index: number,
  purpose: Usage | undefined,
): Finding[] {
  const [leaf, own] = [chain[0], chain[index]];
  if (leaf === undefined || own === undefined) return [];
  const { purposes } = certificateDetails(own);
  if (purposes === undefined || purposes.includes('anyExtendedKeyUsage')) return [];
  const said = certificateDetails(leaf).purposes?.filter((it) =>
    /^(?:server|client)Auth$/.test(it),
  );
  const wanted = purpose === undefined ? (said ?? []) : [purpose];
  // One that is for both, below an authority for one of them, is still good for that.
  return wanted.length === 0 || wanted.some((it) => purposes.includes(it))
    ? []
    : [finding('error', 'issuer-purpose', { purpose: wanted.join(', ') })];
}

function purposeFindings({ purposes }: CertificateDetails, wanted: Usage | undefined): Finding[] {
  if (wanted === undefined || purposes === undefined || purposes.includes(wanted)) return [];
  const code = wanted === 'serverAuth' ? 'no-server-purpose' : 'no-client-purpose';
  return [finding('error', code, { purposes: purposes.join(', ') })];
}

function dateFindings(certificate: X509Certificate, now: Date): Finding[] {
  const { notBefore, notAfter } = certificateDetails(certificate);
  if (notBefore === undefined || notAfter === undefined)
    return [finding('error', 'damaged', { part: 'dates' })];
  if (now > notAfter) return [finding('error', 'expired', { until: notAfter.toISOString() })];
  if (now < notBefore)
    return [finding('error', 'not-yet-valid', { from: notBefore.toISOString() })];
  return [];
}

/**
 * Policies are not followed here (RFC 5280 6.1.3 (d) to (f)): whoever has them decide, and says so critically, is
 * not believed for it.
 */
function policyFindings({ raw }: X509Certificate): Finding[] {
  return readExtensions(raw)
    .filter(({ type, critical }) => critical && policies.has(type))
    .map(({ type }) => finding('error', 'critical-unknown', { extension: oidName(type) }));
}

// policyMappings, policyConstraints, inhibitAnyPolicy
const policies: ReadonlySet<string> = new Set(['2.5.29.33', '2.5.29.36', '2.5.29.54']);

/** @param isAnchor nobody looks at its signature: it is trusted for being in the store. */
export function keyFindings({ key, signature }: CertificateDetails, isAnchor: boolean): Finding[] {
  const weakness = weaknessOf(key);
  return [
    ...(weakness === undefined ? [] : [finding('error', 'weak-key', { weakness })]),
    ...(!isAnchor && isWeakSignature(signature)
      ? [finding('error', 'weak-signature', { signature })]
      : []),
  ];
}

/** Why a key will not do; also one that OpenSSL cannot even read, as of RSA-PSS with damaged parameters. */
function weaknessOf({ type, weakness }: KeyDetails): string | undefined {
  return weakness ?? (type === 'unknown' ? 'of a kind that is not known, or damaged' : undefined);
}

/** True for signatures by hashes that can be forged, by the name of the algorithm. */
function isWeakSignature(signature: string): boolean {
  return /^(?:md|sha1|ecdsaWithSha1$)/.test(signature);
}
