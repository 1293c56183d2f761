/**
 * What `node:crypto` does not tell of a certificate: its parts as bytes, and the extensions that say
 * what it may do (RFC 5280 4.1, 4.2.1). Every function takes a certificate as DER and throws
 * DevcertError `invalid-input` for anything else.
 */
import type { Constraints } from '../names/constraints.ts';
import type { Usage } from '../names/usage.ts';
import { contextTagOf, type Element, fieldsOf, readElement, TAG, unwrap } from './asn1.ts';
import { decodeBoolean, decodeOctets, decodeOid, decodeSmallInteger } from './asn1-values.ts';
import { attributesOf } from './distinguished-name.ts';
import { constraintsFrom, generalNames, readConstraintLists, unworded } from './general-names.ts';
import { OID } from './oids.ts';

/** One Extension (4.1.2.9). */
export interface ExtensionValue {
  /** Dotted. */
  readonly type: string;
  readonly critical: boolean;
  /** DER of what the OCTET STRING holds. */
  readonly value: Buffer;
}

/** DER of the subject's Name, byte for byte: what a certificate below it names as its issuer. */
export function readSubject(certificate: Buffer): Buffer {
  return partsOf(certificate).subject.raw;
}

/** The first common name of the subject, if it has one. */
export function readCommonName(certificate: Buffer): string | undefined {
  return readAttribute(certificate, OID.commonName);
}

/** The first organizational unit of the subject, if it has one: in a root of devcert `user@host`. */
export function readOrganizationalUnit(certificate: Buffer): string | undefined {
  return readAttribute(certificate, OID.organizationalUnit);
}

function readAttribute(certificate: Buffer, type: string): string | undefined {
  return attributesOf(partsOf(certificate).subject).find((it) => it.type === type)?.value;
}

/** Content of the subjectKeyIdentifier (4.2.1.2), if there is one. */
export function readSubjectKeyIdentifier(certificate: Buffer): Buffer | undefined {
  return readExtension(certificate, OID.subjectKeyIdentifier, (value) => decodeOctets(value));
}

/** The issuer's key identifier in the authorityKeyIdentifier (4.2.1.1), if there is one. */
export function readAuthorityKeyIdentifier(certificate: Buffer): Buffer | undefined {
  return readExtension(
    certificate,
    OID.authorityKeyIdentifier,
    (value) => fieldsOf(value).optional(contextTagOf(0, false))?.content,
  );
}

/** The nameConstraints of all that have some, each once: root and issuer of devcert have the same. */
export function readEachConstraints(certificates: readonly Buffer[]): Constraints[] {
  const values = certificates.flatMap((it) => extensionValue(it, OID.nameConstraints) ?? []);
  return values
    .filter((value, index) => values.findIndex((other) => other.equals(value)) === index)
    .map((value) => constraintsFrom(readConstraintLists(readElement(value), unworded)));
}

/** Every name of the subjectAltName (4.2.1.6), canonical, in order; none without the extension. */
export function readNames(certificate: Buffer): string[] {
  const names = readExtension(certificate, OID.subjectAltName, (it) => generalNames(it, unworded));
  return (names ?? []).map(({ value }) => value);
}

/** serverAuth and clientAuth of the extendedKeyUsage (4.2.1.12), if they are in it. */
export function readUsages(certificate: Buffer): Usage[] {
  return usagesIn(readPurposes(certificate) ?? []);
}

/**
 * What the extendedKeyUsage of an authority leaves it to certify, of what devcert issues: both usages
 * without the extension or with anyExtendedKeyUsage.
 */
export function readPermittedUsages(certificate: Buffer): Usage[] {
  const purposes = readPurposes(certificate) ?? [OID.anyExtendedKeyUsage];
  return purposes.includes(OID.anyExtendedKeyUsage)
    ? ['serverAuth', 'clientAuth']
    : usagesIn(purposes);
}

function usagesIn(purposes: readonly string[]): Usage[] {
  return (['serverAuth', 'clientAuth'] as const).filter((usage) => purposes.includes(OID[usage]));
}

function readPurposes(certificate: Buffer): string[] | undefined {
  return readExtension(certificate, OID.extendedKeyUsage, purposesIn);
}

/** The purposes of an ExtendedKeyUsage value (4.2.1.12), in order, dotted. */
export function purposesIn(value: Element): string[] {
  return [...value.children()].map((purpose) => decodeOid(purpose));
}

/** A BasicConstraints value (4.2.1.9). `pathLength`: how many authorities may stand below; undefined: any number. */
export function basicConstraintsIn(value: Element): { isAuthority: boolean; pathLength?: number } {
  const fields = fieldsOf(value);
  const flag = fields.optional(TAG.boolean);
  const length = fields.optional(TAG.integer);
  const isAuthority = flag !== undefined && decodeBoolean(flag);
  return length === undefined
    ? { isAuthority }
    : { isAuthority, pathLength: decodeSmallInteger(length) };
}

/** Every extension, in order. */
export function readExtensions(certificate: Buffer): readonly ExtensionValue[] {
  const known = extensionsRead.get(certificate);
  if (known !== undefined) return known;
  const { extensions } = partsOf(certificate);
  const read = extensions === undefined ? [] : extensionsIn(extensions);
  extensionsRead.set(certificate, read);
  return read;
}

// A certificate is asked for one extension after the other.
const extensionsRead = new WeakMap<Buffer, readonly ExtensionValue[]>();

/** The members of an Extensions value (4.1), in order. */
export function extensionsIn(extensions: Element): ExtensionValue[] {
  return [...extensions.children()].map((extension) => {
    const fields = fieldsOf(extension);
    const type = decodeOid(fields.next());
    const critical = fields.optional(TAG.boolean);
    return {
      type,
      critical: critical !== undefined && decodeBoolean(critical),
      value: decodeOctets(fields.next()),
    };
  });
}

function readExtension<T>(
  certificate: Buffer,
  type: string,
  decode: (value: Element) => T,
): T | undefined {
  const value = extensionValue(certificate, type);
  return value && decode(readElement(value));
}

function extensionValue(certificate: Buffer, type: string): Buffer | undefined {
  return readExtensions(certificate).find((extension) => extension.type === type)?.value;
}

/** The fields of a certificate (4.1), none looked into. */
export interface CertificateParts {
  /** As it is written, unchecked: 0, 1 or 2 for versions 1 to 3. */
  readonly version: number;
  readonly serial: Element;
  /** AlgorithmIdentifier inside what is signed, and outside, beside the signature. */
  readonly innerAlgorithm: Element;
  readonly algorithm: Element;
  readonly issuer: Element;
  readonly validity: Element;
  readonly subject: Element;
  readonly publicKey: Element;
  /** True with an issuerUniqueID or subjectUniqueID, which nobody writes any more. */
  readonly hasUniqueIds: boolean;
  readonly extensions: Element | undefined;
}

/** The one reader of a certificate's frame. */
export function partsOf(certificate: Buffer): CertificateParts {
  const outer = fieldsOf(readElement(certificate));
  const fields = fieldsOf(outer.next());
  const version = fields.optional(contextTagOf(0, true));
  const parts = {
    version: version?.content.at(-1) ?? 0,
    serial: fields.next(TAG.integer),
    innerAlgorithm: fields.next(TAG.sequence),
    issuer: fields.next(TAG.sequence),
    validity: fields.next(TAG.sequence),
    subject: fields.next(TAG.sequence),
    publicKey: fields.next(TAG.sequence),
    algorithm: outer.next(TAG.sequence),
  };
  const issuerId = fields.optional(contextTagOf(1, false));
  const subjectId = fields.optional(contextTagOf(2, false));
  const extensions = fields.optional(contextTagOf(3, true));
  return {
    ...parts,
    hasUniqueIds: issuerId !== undefined || subjectId !== undefined,
    extensions: extensions === undefined ? undefined : unwrap(extensions),
  };
}
