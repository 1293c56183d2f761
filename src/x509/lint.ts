/** What one certificate suffers from by itself, by its bytes: RFC 5280 4.1 and 4.2. Pure. */
import type { X509Certificate } from 'node:crypto';
import { fieldsOf, TAG } from './asn1.ts';
import { decodeBoolean, decodeOid } from './asn1-values.ts';
import { type CertificateDetails, certificateDetails } from './details.ts';
import { type Finding, finding } from './finding.ts';
import { nameFindings } from './lint-names.ts';
import { OID, oidName } from './oids.ts';
import { type CertificateParts, partsOf, readExtensions } from './read.ts';

/** Findings on the form of a certificate, whatever it is for. */
export function formFindings(x509: X509Certificate): Finding[] {
  const details = certificateDetails(x509);
  const parts = partsOf(x509.raw);
  const extensions = readExtensions(x509.raw);
  const types = extensions.map(({ type }) => type);
  const findings = [
    ...details.damaged.map((part) => finding('warning', 'damaged', { part })),
    ...writtenOut(parts).map((part) => finding('error', 'damaged', { part })),
    ...[...new Set(types.filter((type, index) => types.indexOf(type) !== index))].map((type) =>
      finding('error', 'duplicate-extension', { extension: oidName(type) }),
    ),
    ...extensions
      .filter(({ type, critical }) => critical && !understood.has(type))
      .map(({ type }) => finding('error', 'critical-unknown', { extension: oidName(type) })),
  ];
  if (parts.version !== 2 && extensions.length > 0)
    findings.push(finding('error', 'extensions-version', { version: parts.version + 1 }));
  if ((parts.serial.content[0] ?? 0) >= 0x80) findings.push(finding('error', 'negative-serial'));
  if (!parts.algorithm.raw.equals(parts.innerAlgorithm.raw))
    findings.push(finding('error', 'signature-mismatch'));
  const criticals = new Map(extensions.map(({ type, critical }) => [type, critical]));
  const subject = parts.subject.content.length > 0;
  if (!subject && !details.isAuthority && criticals.get(OID.subjectAltName) === false)
    findings.push(finding('error', 'empty-subject'));
  return [...findings, ...strictFindings(details, { subject, extensions: criticals })];
}

/** Findings on what a certificate for servers, clients or both says of its use and its names. */
export function useFindings(details: CertificateDetails, isServer: boolean): Finding[] {
  const { keyUsages, isAuthority, key } = details;
  const findings: Finding[] = [];
  if (keyUsages !== undefined && !keyUsages.includes('digitalSignature'))
    findings.push(
      finding('error', 'key-usage', {
        usages: keyUsages.join(', '),
        key: key.type.startsWith('rsa') ? 'RSA' : key.type,
      }),
    );
  if (keyUsages?.includes('keyCertSign') === true && !isAuthority)
    findings.push(finding('error', 'signs-others'));
  return isServer ? [...findings, ...nameFindings(details.names)] : findings;
}

/** Extensions that all clients take critical, or nobody needs to know. Others have to be refused (4.2). */
const understood: ReadonlySet<string> = new Set([
  OID.basicConstraints,
  OID.keyUsage,
  OID.extendedKeyUsage,
  OID.subjectAltName,
  OID.nameConstraints,
  OID.subjectKeyIdentifier,
  OID.authorityKeyIdentifier,
  '2.5.29.32', // certificatePolicies
  '2.5.29.33', // policyMappings
  '2.5.29.36', // policyConstraints
  '2.5.29.54', // inhibitAnyPolicy
]);

/** X.690 11.5: a default is left out. Chromium does not read an extension whose "critical" is written out as false. */
function writtenOut({ extensions }: CertificateParts): string[] {
  return [...(extensions?.children() ?? [])].flatMap((extension) => {
    const fields = fieldsOf(extension);
    const type = oidName(decodeOid(fields.next()));
    const critical = fields.optional(TAG.boolean);
    return critical !== undefined && !decodeBoolean(critical)
      ? [`${type} ("critical" written out as false)`]
      : [];
  });
}

/** What only the strict ask for. */
function strictFindings(
  { keyUsages, isAuthority, isSelfSigned }: CertificateDetails,
  { subject, extensions }: { subject: boolean; extensions: ReadonlyMap<string, boolean> },
): Finding[] {
  const form = [
    ...(isAuthority && !subject ? ['an empty subject'] : []),
    ...(isAuthority && extensions.get(OID.basicConstraints) !== true
      ? ['basicConstraints that are not critical']
      : []),
    ...(isAuthority && keyUsages === undefined ? ['no keyUsage'] : []),
    ...[OID.subjectKeyIdentifier, OID.authorityKeyIdentifier]
      .filter((type) => extensions.get(type) === true)
      .map((type) => `a critical ${oidName(type)}`),
  ];
  const missing = [
    ...(isAuthority && !extensions.has(OID.subjectKeyIdentifier) ? ['subjectKeyIdentifier'] : []),
    ...(!isSelfSigned && !extensions.has(OID.authorityKeyIdentifier)
      ? ['authorityKeyIdentifier']
      : []),
  ];
  return [
    ...(form.length === 0 ? [] : [finding('note', 'strict-form', { part: form.join(' and ') })]),
    ...(missing.length === 0
      ? []
      : [finding('note', 'no-key-identifier', { part: missing.join(' and no ') })]),
  ];
}
