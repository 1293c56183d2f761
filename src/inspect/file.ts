/** Bytes of a file → what it is, holds, and suffers from. Pure. */
import { createHash, type X509Certificate } from 'node:crypto';
import type { AuthorityCertificates } from '../authority/certificates.ts';
import { orUndefined } from '../errors.ts';
import { type KeyStoreEntry, parseCertificate } from '../keystore/entries.ts';
import { crlDetails } from '../x509/crl.ts';
import {
  certificateDetails,
  isHost,
  type KeyDetails,
  keyDetails,
  otherKeyDetails,
  publicKeyDetails,
} from '../x509/details.ts';
import { isIssuedBy } from '../x509/judge.ts';
import { at, errorsFirst, type Finding, finding } from '../x509/finding.ts';
import { constraintFindings } from '../x509/judge-path.ts';
import { chainFindings, findChain, serialFindings, type Told } from './chain.ts';
import { inspectCsr } from './csr.ts';
import { certificateFindings, roleOf } from './problems.ts';
import { certificatesOf, hasOpenKey, type InspectInput, openFile } from './open.ts';
import { storeProblems } from './store-problems.ts';
import type {
  FileKind,
  InspectedCertificate,
  InspectedChain,
  InspectedFile,
  InspectedKey,
} from './types.ts';
import { daysUntil } from '../policy.ts';

export interface InspectSurroundings {
  readonly now: Date;
  readonly authorities: readonly AuthorityCertificates[];
}

/**
 * Everything the file tells. Without a password that it needs, what is visible without one.
 *
 * @throws DevcertError `invalid-input` for what cannot be read, `password` for a wrong one.
 */
export function inspectFile(input: InspectInput, around: InspectSurroundings): InspectedFile {
  return readFile(input, around).file;
}

/** As {@link inspectFile}, with the certificates themselves. */
export function readFile(
  input: InspectInput,
  around: InspectSurroundings,
): { file: InspectedFile; certificates: readonly Told[] } {
  const opened = openFile(input);
  const { store, protection, isLocked } = opened;
  const aliases = aliasesOf(store.entries);
  const others = [...store.others];
  const shownOf = <T>(detail: string, show: () => T) =>
    orUndefined(show, (error) => {
      // Alone, it is the file that cannot be read.
      if (store.entries.length === 1) throw error;
      const { message, hint } = error;
      others.push({ kind: 'damaged', detail, reason: { message, hint } });
    }) ?? [];
  const certificates = certificatesOf(opened, input.bytes).flatMap((der) =>
    shownOf('CERTIFICATE', (): Told => {
      const x509 = parseCertificate(der);
      return { x509, details: tell(x509, aliases.get(der.toString('latin1')), around) };
    }),
  );
  const details = certificates.map((it) => it.details);
  const chain = findChain(certificates);
  const keys = keysOf(store.entries, details);
  const csrs = store.entries.flatMap(({ csr }) =>
    csr === undefined ? [] : shownOf('CERTIFICATE REQUEST', () => inspectCsr(csr)),
  );
  const crls = store.entries.flatMap(({ crl }) =>
    crl === undefined ? [] : shownOf('X509 CRL', () => crlDetails(crl)),
  );
  const contents: Omit<InspectedFile, 'problems' | 'notes' | 'kind'> = {
    file: input.file,
    format: store.format,
    isLocked,
    isVerified: store.isVerified,
    hasOpenKey: hasOpenKey(input, opened),
    protection,
    certificates: details,
    chain,
    keys,
    publicKeys: store.entries.flatMap((it) => publicKeyIn(it) ?? []),
    csrs: csrs.map(({ csr }) => csr),
    crls,
    others,
    trailing: store.trailing,
  };
  const file = { ...contents, kind: kindOf(contents) };
  // Only in PEM does the order mean anything: in PKCS#7 certificates are a set (RFC 5652 5.1).
  const isSent = store.format === 'pem';
  const findings = [
    ...ownFindings(certificates, chain, file.kind, around),
    ...(chain === undefined ? [] : chainFindings(certificates, chain, isSent)),
    ...(chain === undefined ? [] : incompleteFindings(certificates, store.format, chain, around)),
    ...serialFindings(certificates),
  ];
  const problems = [
    ...findings.filter(({ severity }) => severity !== 'note'),
    ...storeProblems(file, input.bytes),
    ...csrs.flatMap(({ problems }) => problems),
  ];
  const notes = findings.filter(({ severity }) => severity === 'note');
  return { file: { ...file, problems: errorsFirst(problems), notes }, certificates };
}

/** What a file is, by what it holds. */
function kindOf(file: Omit<InspectedFile, 'problems' | 'notes' | 'kind'>): FileKind {
  const { format, certificates, keys, chain, protection } = file;
  if (format === 'pkcs12' || format === 'jks') {
    // A PKCS#12 tells something even where the contents are locked.
    if (keys.length > 0 || (protection?.keys.length ?? 0) > 0) return 'key-store';
    const hasCertificates = certificates.length > 0 || (protection?.certificates.length ?? 0) > 0;
    if (hasCertificates) return 'trust-store';
    return file.others.length > 0 ? 'other' : 'empty';
  }
  if (keys.length > 0) return certificates.length > 0 ? 'key-and-certificate' : 'key';
  if (certificates.length === 1) return 'certificate';
  if (certificates.length > 1) {
    if (chain !== undefined) return 'chain';
    // Intermediates alone are sent by servers: trust starts at a root.
    const areAnchors =
      certificates.every((it) => roleOf(it) === 'anchor') &&
      certificates.some(({ isSelfSigned }) => isSelfSigned);
    return areAnchors ? 'trust-store' : 'certificates';
  }
  if (file.csrs.length > 0) return 'csr';
  if (file.crls.length > 0) return 'crl';
  if (file.publicKeys.length > 0) return 'public-key';
  return file.others.length > 0 ? 'other' : 'empty';
}

function aliasesOf(entries: readonly KeyStoreEntry[]) {
  const aliases = new Map<string, { alias?: string; trusted?: boolean }>();
  for (const { kind, alias, trusted, certificates } of entries) {
    const [first] = certificates;
    if (first !== undefined)
      aliases.set(first.toString('latin1'), {
        alias: kind === 'certificate' ? alias : undefined,
        trusted,
      });
  }
  return aliases;
}

function tell(
  x509: X509Certificate,
  entry: { alias?: string; trusted?: boolean } | undefined,
  { now, authorities }: InspectSurroundings,
): InspectedCertificate {
  const details = certificateDetails(x509);
  const devcert = authorities
    .map(({ name, root, issuer }) => {
      const as = relationTo(x509, root, issuer);
      return as === undefined ? undefined : { authority: name, as };
    })
    .find((it) => it !== undefined);
  return {
    ...details,
    daysLeft: details.notAfter && daysUntil(details.notAfter, now),
    ...entry,
    devcert,
  };
}

function relationTo(x509: X509Certificate, root: X509Certificate, issuer: X509Certificate) {
  if (x509.fingerprint256 === root.fingerprint256) return 'root' as const;
  if (x509.fingerprint256 === issuer.fingerprint256) return 'issuer' as const;
  const isOurs = isIssuedBy(x509, issuer);
  return isOurs ? ('leaf' as const) : undefined;
}

function publicKeyIn({ kind, key, keyType, publicKeyInfo }: KeyStoreEntry): KeyDetails | undefined {
  if (kind !== 'public-key') return undefined;
  if (key !== undefined) return keyDetails(key);
  return publicKeyInfo === undefined || keyType === undefined
    ? undefined
    : publicKeyDetails(publicKeyInfo, () => undefined);
}

function keysOf(
  entries: readonly KeyStoreEntry[],
  certificates: readonly InspectedCertificate[],
): InspectedKey[] {
  const byHash = new Map(certificates.map(({ sha256 }, index) => [sha256, index]));
  return entries.flatMap((entry): InspectedKey[] => {
    const { kind, alias, key, keyType, hasOwnPassword } = entry;
    const [first] = entry.certificates;
    const above = first === undefined ? undefined : byHash.get(sha256(first));
    const place = { alias, certificate: above };
    if (kind === 'encrypted-key')
      return [{ type: 'encrypted', encrypted: true, hasOwnPassword, ...place }];
    if (kind === 'other-key')
      return [{ ...otherKeyDetails(keyType ?? 'unknown'), encrypted: false, ...place }];
    if (kind !== 'key' || key === undefined) return [];
    const details = keyDetails(key);
    const own = certificates.findIndex(
      (it) => details.sha256 !== undefined && it.key.sha256 === details.sha256,
    );
    return [{ ...details, encrypted: false, alias, certificate: own === -1 ? undefined : own }];
  });
}

function sha256(der: Buffer): string {
  return createHash('sha256').update(der).digest('hex');
}

/** What is to be said of each certificate by itself. */
function ownFindings(
  certificates: readonly Told[],
  chain: InspectedChain | undefined,
  kind: InspectedFile['kind'],
  { now }: InspectSurroundings,
): Finding[] {
  return certificates.flatMap(({ x509, details }, index) => {
    const isAbove = chain?.order.slice(1).includes(index) === true;
    const isListed = kind === 'trust-store' || kind === 'certificates';
    const role = isAbove
      ? 'authority'
      : isListed && roleOf(details) === 'anchor'
        ? 'trusted'
        : roleOf(details);
    return certificateFindings(x509, details, role, now).map((it) => at(index, it));
  });
}

/** A leaf alone whose issuer has to be sent with it, and names that our own issuer may not certify. */
function incompleteFindings(
  certificates: readonly Told[],
  format: InspectedFile['format'],
  { order }: InspectedChain,
  { authorities }: InspectSurroundings,
): Finding[] {
  const place = order[0] ?? 0;
  const told = certificates[place];
  if (told === undefined || order.length > 1) return [];
  const { x509, details: leaf } = told;
  if (leaf.isSelfSigned || roleOf(leaf) !== 'leaf') return [];
  const own = authorities.find(({ name }) => name === leaf.devcert?.authority);
  const findings = own === undefined ? [] : constraintFindings(x509, [own.issuer, own.root], true);
  // In DER there is no room for another certificate.
  if (format !== 'der') {
    const isNeeded = own !== undefined && own.issuer.fingerprint256 !== own.root.fingerprint256;
    if (isNeeded) findings.push(finding('error', 'chain-incomplete', { own: 1 }));
    else if (leaf.hasIssuerUrl && leaf.names.some(isHost))
      findings.push(finding('warning', 'chain-incomplete'));
  }
  return findings.map((it) => at(place, it));
}
