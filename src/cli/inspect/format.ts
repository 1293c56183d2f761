/** Facts of certificates in words that fit a table. Pure. */
import { oneLine } from '../../errors.ts';
import { formatName } from '../../names/names.ts';
import type { Foreign } from '../../keystore/foreign.ts';
import { UNNAMED_CURVE } from '../../x509/ec-key.ts';
import type { CertificateDetails } from '../../x509/details.ts';
import type { ConstraintLists, GeneralName } from '../../x509/general-names.ts';
import { roleOf } from '../../inspect/problems.ts';
import type { FileKind, InspectedCertificate, InspectedFile } from '../../inspect/types.ts';
import { date, counted } from '../lines.ts';

/** One line of foreign text: nothing that steers a terminal or hides, at most `limit` characters. */
export function shown(text: string, limit = 200): string {
  return oneLine(text, limit);
}

const kinds: Readonly<Record<FileKind, string>> = {
  certificate: 'certificate',
  chain: 'certificate chain',
  certificates: 'certificates',
  key: 'private key',
  'public-key': 'public key',
  'key-and-certificate': 'private key and certificate',
  'key-store': 'key store',
  'trust-store': 'trust store',
  csr: 'certificate signing request',
  crl: 'list of revoked certificates (CRL)',
  other: 'no certificate and no key that devcert reads',
  empty: 'nothing in it',
};

const formats: Readonly<Record<InspectedFile['format'], string>> = {
  pem: 'PEM',
  der: 'DER',
  pkcs12: 'PKCS#12',
  jks: 'JKS',
  pkcs7: 'PKCS#7',
};

/** `certificate chain, PEM, 2 certificates`. */
export function fileText({ kind, format, certificates, keys }: InspectedFile): string {
  const counts = [
    ...(keys.length > 1 ? [`${keys.length} keys`] : []),
    ...(certificates.length > 1 ? [`${certificates.length} certificates`] : []),
  ];
  const [first] = certificates;
  const isAuthority = kind === 'certificate' && first !== undefined && roleOf(first) === 'anchor';
  return [isAuthority ? 'CA certificate' : kinds[kind], formats[format], ...counts].join(', ');
}

/** `P-256`, `RSA, 2048 bits`. */
export function keyText(type: string): string {
  const [, kind = '', bits = ''] = /^(rsa|rsa-pss|dsa)(\d+)$/.exec(type) ?? [];
  if (bits !== '') return `${kind.toUpperCase()}, ${bits} bits`;
  if (/^(?:ml|slh|sm|gost|hss|dh)/.test(type)) return type.toUpperCase();
  if (type === UNNAMED_CURVE) return 'elliptic curve without a name';
  const curve = /^p(\d{3})$/.exec(type)?.[1];
  if (curve !== undefined) return `P-${curve} (elliptic curve)`;
  return type.replace(/^(?:ed|x)(?=\d+$)/, (it) => `${it.charAt(0).toUpperCase()}${it.slice(1)}`);
}

/** `ECDSA with SHA-256`. */
export function signatureText(signature: string): string {
  const [, hash = '', kind = ''] = /^(sha\d+|md\d)With([A-Z][a-z]+)$/.exec(signature) ?? [];
  if (kind !== '') return `${kind.toUpperCase()} with ${hashText(hash)}`;
  const pss = /^(\w+)WithRsaPss$/.exec(signature)?.[1];
  if (pss !== undefined) return `RSA-PSS with ${hashText(pss)}`;
  const ecdsa = /^ecdsaWithSha(\d+)$/.exec(signature)?.[1];
  if (ecdsa !== undefined) return `ECDSA with SHA-${ecdsa}`;
  if (signature === 'sm2WithSm3') return 'SM2 with SM3';
  return signature.replace(/^ed(\d+)$/, 'Ed$1').replace(/^ml-dsa/, 'ML-DSA');
}

const purposes: Readonly<Record<string, string>> = {
  serverAuth: 'servers',
  clientAuth: 'clients',
  codeSigning: 'code signing',
  emailProtection: 'mail',
  timeStamping: 'time stamps',
  ocspSigning: 'OCSP answers',
  anyExtendedKeyUsage: 'any purpose',
};

/** What it may be used for. */
export function usageText(certificate: CertificateDetails): string {
  const named = certificate.purposes?.map((purpose) => purposes[purpose] ?? purpose);
  if (!certificate.isAuthority)
    return named === undefined ? 'any purpose: it names none' : and(named);
  const below =
    certificate.pathLength === undefined
      ? ''
      : certificate.pathLength === 0
        ? ', and no CA below it'
        : `, and at most ${certificate.pathLength} ${certificate.pathLength === 1 ? 'authority' : 'authorities'} below it`;
  const what = named === undefined ? 'certificates' : `certificates for ${and(named)}`;
  return `signing ${what}${below}`;
}

/** What an authority may certify, in words. */
export function constraintListsText({ permitted, excluded }: ConstraintLists): string[] {
  return [
    ...(permitted.length === 0 ? [] : [`only ${permitted.map(subtreeText).join(', ')}`]),
    ...(excluded.length === 0 ? [] : [`not ${excluded.map(subtreeText).join(', ')}`]),
  ];
}

/** A name; other forms than hosts with what they are in front. */
export function nameText({ type, value }: GeneralName): string {
  if (type === 'directory' || type === 'other') return shown(`${type}: ${value}`);
  return shown(formatName({ type, value }), 300);
}

/** `2026-11-24 to 2027-12-26, 396 days left`. */
export function datesText({ notBefore, notAfter, daysLeft }: InspectedCertificate): string {
  return `${dateText(notBefore)} to ${dateText(notAfter)}${daysLeft === undefined ? '' : `, ${leftText(daysLeft)}`}`;
}

/** A date, or that it cannot be read. */
export function dateText(when: Date | undefined): string {
  return when === undefined ? 'unreadable' : date(when);
}

export function leftText(daysLeft: number | undefined): string {
  if (daysLeft === undefined) return '';
  if (daysLeft < 0)
    return `expired ${counted(-daysLeft - 1, 'day')} ago`.replace('0 days ago', 'today');
  return `${counted(daysLeft, 'day')} left`;
}

/** What people call it: what its subject says, else its first name. */
export function titleOf({ alias, label, subject, names }: InspectedCertificate): string {
  const first = names[0] === undefined ? undefined : nameText(names[0]);
  // A leaf of devcert's has the same subject as all others.
  const name = names.some(({ type }) => type === 'dns' || type === 'ip') ? first : (label ?? first);
  return shown(name ?? (subject === '' ? (alias ?? 'without a name') : subject), 60);
}

/** `a`, `a and b`, `a, b and c`. */
export function and(words: readonly string[]): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} and ${last}`;
}

function subtreeText({ type, value }: GeneralName): string {
  if (type === 'dns' || type === 'ip') return shown(value === '' ? 'every DNS name' : value);
  return shown(`${type} ${value === '' ? '(all)' : value}`);
}

function hashText(hash: string): string {
  return hash.toUpperCase().replace(/^SHA(?=\d)/, 'SHA-');
}

/** True if all that is locked in the file are keys with a password of their own. */
export function hasOwnPassword({ keys }: InspectedFile): boolean {
  const locked = keys.filter(({ encrypted }) => encrypted);
  return locked.length > 0 && locked.every((it) => it.hasOwnPassword === true);
}

/** What a file holds that devcert only names, in a line each. */
export function foreignText({ kind, detail = '', encrypted }: Foreign): string {
  const locked = encrypted === undefined ? '' : encrypted ? ', encrypted' : ', not encrypted';
  const name = shown(detail, 60);
  const of = detail === '' ? '' : ` (${name})`;
  return {
    'openssh-private-key': `private key in the format of OpenSSH${of}${locked}`,
    'openssh-public-key': `public key in the format of OpenSSH${of}${locked}`,
    'putty-key': `private key in the format of PuTTY${of}${locked}`,
    pgp: `of OpenPGP: ${name}`,
    'pem-block': `PEM block ${name}`,
    'secret-key': `secret key${of}, which no certificate belongs to`,
    'damaged-entry': `certificate${of}, damaged`,
    damaged: `PEM block ${name}, damaged`,
  }[kind];
}

/** That something comes after the end, and who minds: measured with these programs. */
export function trailingText(trailing: number, format: InspectedFile['format']): string {
  const who =
    format === 'jks'
      ? 'Java passes over'
      : format === 'pkcs12'
        ? 'OpenSSL, Java and NSS pass over; GnuTLS does not read the file'
        : 'OpenSSL and Java pass over; GnuTLS and Go do not read the file';
  return `${counted(trailing, 'byte')} after its end, which ${who}`;
}
