/**
 * Everything a certificate says, in words: for people and for `--json`. Pure, and lenient where it can be: a
 * part that cannot be read is left out and named, so that the rest is still shown.
 */
import { createHash, type KeyObject, type X509Certificate } from 'node:crypto';
import { keyTypeOf, publicKeyHash } from '../keys.ts';
import { type Element, fieldsOf, readElement } from './asn1.ts';
import { decodeOid, decodeTime } from './asn1-values.ts';
import { attributesOf, nameText } from './distinguished-name.ts';
import {
  type ConstraintLists,
  type GeneralName,
  generalNames,
  readConstraintLists,
} from './general-names.ts';
import { algorithmIn, isSelfSigned, keyUsageNames, keyWeakness, signatureName } from './judge.ts';
import { otherPublicKind } from './key-kinds.ts';
import { OID, oidName } from './oids.ts';
import { shownAs } from './wording.ts';
import {
  basicConstraintsIn,
  type ExtensionValue,
  partsOf,
  purposesIn,
  readExtensions,
} from './read.ts';
import { orUndefined } from '../errors.ts';

/** What a certificate says. Texts are unchanged and may hold any character. */
export interface CertificateDetails {
  /** `CN=leaf, O=Example`, in the certificate's order; empty if it has no attribute. */
  readonly subject: string;
  readonly issuer: string;
  readonly commonName?: string;
  /** What people call it: its common name, else its unit or organization; undefined without any of them. */
  readonly label?: string;
  /** Of the subjectAltName, in order. */
  readonly names: readonly GeneralName[];
  /** Hex, upper case, as OpenSSL writes it. */
  readonly serial: string;
  /** Undefined if it cannot be read; then `damaged` has `dates`. */
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly isAuthority: boolean;
  /** How many authorities may stand below it; undefined: any number. */
  readonly pathLength?: number;
  /** Signed by its own key. */
  readonly isSelfSigned: boolean;
  /** `digitalSignature`, …; undefined without the extension: anything. */
  readonly keyUsages?: readonly string[];
  /** Of the extendedKeyUsage: `serverAuth`, …, dotted if not known here; undefined without it. */
  readonly purposes?: readonly string[];
  readonly constraints?: ConstraintLists;
  readonly key: KeyDetails;
  /** `ecdsaWithSha256`; dotted if not known here. */
  readonly signature: string;
  /** Hashes of the DER: 64 and 40 hex digits. */
  readonly sha256: string;
  readonly sha1: string;
  /** It says where its issuer's certificate can be fetched, as those of public authorities do. */
  readonly hasIssuerUrl: boolean;
  /** What could not be read: names of extensions, `dates`. */
  readonly damaged: readonly string[];
}

/** A key, without its secret. */
export interface KeyDetails {
  /** `p256`, `rsa2048`, `ed25519`, `ml-dsa-65`, …; `unknown` if nobody here knows the kind. */
  readonly type: string;
  /** SHA-256 of the SubjectPublicKeyInfo: the same for a private key, its certificate and its CSR. */
  readonly sha256?: string;
  /** Why no certificate should be made for it; undefined for a good one. */
  readonly weakness?: string;
}

/** What the certificate says. @throws DevcertError `invalid-input` if its frame cannot be read. */
export function certificateDetails(x509: X509Certificate): CertificateDetails {
  const known = told.get(x509);
  if (known !== undefined) return known;
  const details = readDetails(x509);
  told.set(x509, details);
  return details;
}

// Several judges ask for the same certificate, each time with its signature and two hashes.
const told = new WeakMap<X509Certificate, CertificateDetails>();

function readDetails(x509: X509Certificate): CertificateDetails {
  const der = x509.raw;
  const { issuer, validity, subject, publicKey, algorithm } = partsOf(der);
  const damaged: string[] = [];
  const attributes = orUndefined(() => attributesOf(subject)) ?? [];
  const commonName = attributes.find(({ type }) => type === OID.commonName)?.value;
  const label = [OID.commonName, OID.organizationalUnit, OID.organization]
    .map((wanted) => attributes.findLast(({ type }) => type === wanted)?.value)
    .find((value) => value !== undefined);
  const dates = orUndefined(() => [...validity.children()].map((time) => decodeTime(time)));
  if (dates?.length !== 2) damaged.push('dates');
  const notBefore = dates?.[0] ?? dateOf(x509.validFrom);
  const notAfter = dates?.[1] ?? dateOf(x509.validTo);
  return {
    subject: nameText(subject),
    issuer: nameText(issuer),
    commonName,
    label,
    serial: x509.serialNumber,
    notBefore,
    notAfter,
    isSelfSigned: isSelfSigned(x509),
    ...extensionDetails(readExtensions(der), damaged),
    key: publicKeyDetails(publicKey.raw, () => x509.publicKey),
    signature: orUndefined(() => signatureName(algorithm)) ?? oidName(algorithmIn(algorithm)),
    sha256: hash('sha256', der),
    sha1: hash('sha1', der),
    damaged,
  };
}

/** What people call a certificate. */
export function titleOf({ label, subject }: CertificateDetails): string {
  return label ?? subject;
}

/** A DNS name or an address: what a server is reached by. */
export function isHost({ type }: GeneralName): boolean {
  return type === 'dns' || type === 'ip';
}

/** The type of a public or private key, and what tells that two files hold the same one. */
export function keyDetails(key: KeyObject): KeyDetails {
  const weakness = keyWeakness(key);
  const details = { type: keyTypeOf(key), weakness };
  try {
    return { ...details, sha256: publicKeyHash(key) };
  } catch {
    return details; // Kinds that OpenSSL reads and cannot write again are described by their type alone.
  }
}

/**
 * The same of a public key by its SubjectPublicKeyInfo, of whatever kind: OpenSSL need not know it.
 *
 * @param decode what OpenSSL makes of it; may throw, or give nothing.
 */
export function publicKeyDetails(
  publicKeyInfo: Buffer,
  decode: () => KeyObject | undefined,
): KeyDetails {
  const other = otherPublicKind(publicKeyInfo);
  if (other !== undefined)
    return { ...otherKeyDetails(other), sha256: hash('sha256', publicKeyInfo) };
  try {
    const key = decode();
    if (key !== undefined) return keyDetails(key);
  } catch {
    // OpenSSL knows no such kind.
  }
  return { type: 'unknown', sha256: hash('sha256', publicKeyInfo) };
}

/** Of a key whose kind is only named. */
export function otherKeyDetails(type: string): KeyDetails {
  return { type, weakness: `of type "${type}", which browsers and most other clients do not take` };
}

/** What extensions say; a damaged one is named in `damaged`. */
export function extensionDetails(extensions: readonly ExtensionValue[], damaged: string[]) {
  const read = <T>(type: string, decode: (value: Element) => T): T | undefined => {
    const extension = extensions.find((extension) => extension.type === type);
    if (extension === undefined) return undefined;
    const value = orUndefined(() => decode(readElement(extension.value)));
    if (value === undefined) damaged.push(oidName(type));
    return value;
  };
  const basic = read(OID.basicConstraints, basicConstraintsIn);
  const keyUsages = read(OID.keyUsage, keyUsageNames);
  const purposes = read(OID.extendedKeyUsage, (value) => purposesIn(value).map(oidName));
  const constraints = read(OID.nameConstraints, (value) => readConstraintLists(value, shownAs));
  return {
    names: read(OID.subjectAltName, (value) => generalNames(value, shownAs)) ?? [],
    isAuthority: basic?.isAuthority === true,
    pathLength: basic?.pathLength,
    keyUsages,
    purposes,
    constraints,
    hasIssuerUrl: read(AUTHORITY_INFO_ACCESS, namesIssuer) === true,
  };
}

const AUTHORITY_INFO_ACCESS = '1.3.6.1.5.5.7.1.1';

// AuthorityInfoAccessSyntax, RFC 5280 4.2.2.1.
function namesIssuer(value: Element): boolean {
  return [...value.children()].some(
    (access) => oidName(decodeOid(fieldsOf(access).next())) === 'caIssuers',
  );
}

/** Of what OpenSSL writes, which takes forms that RFC 5280 forbids; undefined for none at all. */
function dateOf(text: string): Date | undefined {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function hash(name: string, bytes: Buffer): string {
  return createHash(name).update(bytes).digest('hex');
}
