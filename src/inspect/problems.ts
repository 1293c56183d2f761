/** What is wrong with one certificate, as the programs that have to take it see it. Pure. */
import type { X509Certificate } from 'node:crypto';
import { formatText, type Text } from '../errors.ts';
import { type CertificateDetails, isHost } from '../x509/details.ts';
import { type Finding, finding } from '../x509/finding.ts';
import { keyFindings } from '../x509/judge-path.ts';
import { formFindings, useFindings } from '../x509/lint.ts';
import type { FileProblemCode } from './types.ts';
import { DAY_MS, MAX_LEAF_DAYS, SOON_DAYS, daysUntil } from '../policy.ts';

/**
 * `leaf`: for a server or client. `authority`: in a chain above one. `anchor`: a root or issuer by itself.
 * `trusted`: one of a store.
 */
export type Role = 'leaf' | 'authority' | 'anchor' | 'trusted';

/** The role of a certificate that stands alone or first. */
export function roleOf(details: CertificateDetails): Role {
  return details.isAuthority && !isMeantForHost(details) ? 'anchor' : 'leaf';
}

/** A host among its names, or what `openssl req -x509 -subj /CN=localhost` makes: an authority by oversight. */
function isMeantForHost(details: CertificateDetails): boolean {
  const { names, commonName = '', isSelfSigned, keyUsages } = details;
  if (names.some(isHost)) return true;
  const isHostName = /^(?:localhost|(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)+)$/i.test(commonName);
  return isHostName && isSelfSigned && keyUsages?.includes('keyCertSign') !== true;
}

/** Everything that is to be said of the certificate itself. */
export function certificateFindings(
  x509: X509Certificate,
  details: CertificateDetails,
  role: Role,
  now: Date,
): Finding[] {
  const form = formFindings(x509);
  return [
    ...dateFindings(details, role, now),
    // Who only lies in a store is trusted as it is: clients do not look at its form.
    ...(role === 'trusted' ? form.filter(({ severity }) => severity === 'error') : form),
    ...keyFindings(details, details.isSelfSigned && details.isAuthority),
    ...unusualKeyFindings(details, role),
    ...(role === 'leaf' ? leafFindings(details) : []),
  ];
}

function dateFindings(details: CertificateDetails, role: Role, now: Date): Finding[] {
  const { notBefore, notAfter } = details;
  if (notBefore === undefined || notAfter === undefined) return [];
  const left = daysUntil(notAfter, now);
  const days = Math.floor((notAfter.getTime() - notBefore.getTime()) / DAY_MS);
  const findings: Finding[] = [];
  if (now > notAfter)
    findings.push(
      finding(role === 'trusted' ? 'warning' : 'error', 'expired', { days: -left - 1, role }),
    );
  else if (role === 'leaf' && left < SOON_DAYS && days > SOON_DAYS)
    findings.push(finding('warning', 'expires-soon', { days: left }));
  if (now < notBefore)
    findings.push(finding('error', 'not-yet-valid', { from: notBefore.toISOString() }));
  if (role === 'leaf' && days > MAX_LEAF_DAYS)
    findings.push(finding('warning', 'too-long', { days, most: MAX_LEAF_DAYS }));
  return findings;
}

function unusualKeyFindings({ key: { type } }: CertificateDetails, role: Role): Finding[] {
  const isUnusual = type === 'ed25519' || (type === 'p521' && role === 'leaf');
  return isUnusual ? [finding('warning', 'unusual-key', { type })] : [];
}

function leafFindings(details: CertificateDetails): Finding[] {
  const { names, purposes, commonName, isSelfSigned, isAuthority } = details;
  const forClients = purposes?.includes('clientAuth') === true && !isServer(details);
  const isForHost = names.some(isHost) && !forClients;
  const findings: Finding[] = [];
  if (isAuthority) findings.push(finding('error', 'authority-as-leaf'));
  else if (isSelfSigned) findings.push(finding('warning', 'self-signed'));
  if (names.length === 0 && (purposes === undefined || isServer(details)))
    findings.push(
      finding('error', 'no-names', commonName === undefined ? {} : { name: commonName }),
    );
  const isForAny = purposes?.includes('anyExtendedKeyUsage') === true;
  if (isForHost && !isServer(details) && !isForAny)
    findings.push(
      purposes === undefined
        ? finding('warning', 'no-server-purpose')
        : finding('error', 'no-server-purpose', { purposes: purposes.join(', ') }),
    );
  if (isForAny) findings.push(finding('warning', 'any-purpose'));
  // Neither for a server nor for a client: mail, code and the like have rules of their own.
  const isForTls = purposes === undefined || forClients || isServer(details);
  return isForTls ? [...findings, ...useFindings(details, !forClients)] : findings;
}

/** True if a server may use it: it says so, or does not say what it is for. */
function isServer({ purposes }: CertificateDetails): boolean {
  return purposes?.includes('serverAuth') === true;
}

/** A problem of the file, in words. */
export function error(code: FileProblemCode, message: string, hint: Text) {
  return { code, severity: 'error', message, hint: formatText(hint) } as const;
}

/** As {@link error}, for what few refuse. */
export function warning(code: FileProblemCode, message: string, hint: Text) {
  return { code, severity: 'warning', message, hint: formatText(hint) } as const;
}
