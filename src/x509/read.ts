/**
 * What `node:crypto` does not tell of a certificate: its parts as bytes, and the extensions that say
 * what it may do (RFC 5280 4.1, 4.2.1). Every function takes a certificate as DER and throws
 * DevcertError `invalid-input` for anything else.
 */
import type { ClosedForm, Constraints } from '../names/constraints.ts';
import { formatIp } from '../names/ip.ts';
import {
  contextTagOf,
  type Element,
  fieldsOf,
  readElement,
  TAG,
  unreadable,
  unwrap,
} from './asn1.ts';
import {
  decodeBoolean,
  decodeOctets,
  decodeOid,
  decodeSmallInteger,
  decodeText,
} from './asn1-values.ts';
import type { Usage } from '../names/usage.ts';
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
  for (const relative of partsOf(certificate).subject.children())
    for (const attribute of relative.children()) {
      const fields = fieldsOf(attribute);
      if (decodeOid(fields.next()) === type) return decodeText(fields.next());
    }
  return undefined;
}

/** Content of the subjectKeyIdentifier (4.2.1.2), if there is one. */
export function readSubjectKeyIdentifier(certificate: Buffer): Buffer | undefined {
  const value = readExtension(certificate, OID.subjectKeyIdentifier);
  return value === undefined ? undefined : decodeOctets(value);
}

/** The nameConstraints (4.2.1.10); undefined without any. */
export function readConstraints(certificate: Buffer): Constraints | undefined {
  return readEachConstraints([certificate])[0];
}

/** The nameConstraints of all that have some, each once: root and issuer of devcert have the same. */
export function readEachConstraints(certificates: readonly Buffer[]): Constraints[] {
  const values = certificates.flatMap((it) => extensionValue(it, OID.nameConstraints) ?? []);
  return values
    .filter((value, index) => values.findIndex((other) => other.equals(value)) === index)
    .map((value) => decodeConstraints(readElement(value)));
}

function decodeConstraints(value: Element): Constraints {
  const fields = fieldsOf(value);
  const permitted = basesOf(fields.optional(contextTagOf(0, true)));
  const excluded = basesOf(fields.optional(contextTagOf(1, true)));
  fields.end();
  const closed = new Set(
    [...permitted, ...excluded]
      .filter(({ tag }) => tag !== DNS_NAME && tag !== IP_ADDRESS)
      .map(({ tag }) => closedForms[tag] ?? 'other'),
  );
  // No directory that devcert writes is in one that somebody takes out.
  if (!permitted.some(({ tag }) => tag === DIRECTORY_NAME)) closed.delete('directory');
  return {
    ...subtreesOf(permitted),
    ...(excluded.some(({ tag }) => tag === DNS_NAME || tag === IP_ADDRESS)
      ? { excluded: subtreesOf(excluded) }
      : {}),
    ...(closed.size === 0 ? {} : { closed: [...closed] }),
  };
}

/** Every name of the subjectAltName (4.2.1.6), canonical, in order; none without the extension. */
export function readNames(certificate: Buffer): string[] {
  const value = readExtension(certificate, OID.subjectAltName);
  if (value === undefined) return [];
  return [...value.children()].map((name) =>
    name.tag === IP_ADDRESS ? formatIp(name.content) : latin1(name),
  );
}

/** serverAuth and clientAuth of the extendedKeyUsage (4.2.1.12), if they are in it. */
export function readUsages(certificate: Buffer): Usage[] {
  const value = readExtension(certificate, OID.extendedKeyUsage);
  if (value === undefined) return [];
  const purposes = [...value.children()].map((purpose) => decodeOid(purpose));
  return (['serverAuth', 'clientAuth'] as const).filter((usage) => purposes.includes(OID[usage]));
}

/**
 * What the extendedKeyUsage of an authority leaves it to certify, of what devcert issues: both usages
 * without the extension or with anyExtendedKeyUsage.
 */
export function readPermittedUsages(certificate: Buffer): Usage[] {
  const value = readExtension(certificate, OID.extendedKeyUsage);
  const purposes = [...(value?.children() ?? [])].map((purpose) => decodeOid(purpose));
  return value === undefined || purposes.includes(OID.anyExtendedKeyUsage)
    ? ['serverAuth', 'clientAuth']
    : readUsages(certificate);
}

/** pathLenConstraint of the basicConstraints (4.2.1.9); undefined if there is no limit. */
export function readPathLength(certificate: Buffer): number | undefined {
  const value = readExtension(certificate, OID.basicConstraints);
  if (value === undefined) return undefined;
  const fields = fieldsOf(value);
  fields.optional(TAG.boolean);
  const length = fields.optional(TAG.integer);
  return length === undefined ? undefined : decodeSmallInteger(length);
}

/** The OID of the algorithm that the certificate is signed by (4.1.1.2), dotted. */
export function readSignatureAlgorithm(certificate: Buffer): string {
  const fields = fieldsOf(readElement(certificate));
  fields.next(TAG.sequence);
  return decodeOid(fieldsOf(fields.next(TAG.sequence)).next());
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

// GeneralName, 4.2.1.6.
const DNS_NAME = contextTagOf(2, false);
const IP_ADDRESS = contextTagOf(7, false);
const DIRECTORY_NAME = contextTagOf(4, true);
const closedForms: Readonly<Record<number, ClosedForm>> = {
  [contextTagOf(1, false)]: 'email',
  [DIRECTORY_NAME]: 'directory',
  [contextTagOf(6, false)]: 'uri',
};

function basesOf(subtrees: Element | undefined): Element[] {
  return [...(subtrees?.children() ?? [])].map((subtree) => fieldsOf(subtree).next());
}

function subtreesOf(bases: readonly Element[]): { dns: string[]; ip: string[] } {
  return {
    dns: bases.filter(({ tag }) => tag === DNS_NAME).map((base) => latin1(base).toLowerCase()),
    ip: bases.filter(({ tag }) => tag === IP_ADDRESS).map(networkText),
  };
}

function readExtension(certificate: Buffer, type: string): Element | undefined {
  const value = extensionValue(certificate, type);
  return value === undefined ? undefined : readElement(value);
}

function extensionValue(certificate: Buffer, type: string): Buffer | undefined {
  return readExtensions(certificate).find((extension) => extension.type === type)?.value;
}

/** The fields of a TBSCertificate (4.1) that are read here. */
function partsOf(certificate: Buffer): { subject: Element; extensions: Element | undefined } {
  const fields = fieldsOf(fieldsOf(readElement(certificate)).next());
  fields.optional(contextTagOf(0, true)); // version
  fields.next(TAG.integer); // serialNumber
  fields.next(TAG.sequence); // signature
  fields.next(TAG.sequence); // issuer
  fields.next(TAG.sequence); // validity
  const subject = fields.next(TAG.sequence);
  fields.next(TAG.sequence); // subjectPublicKeyInfo
  fields.optional(contextTagOf(1, false)); // issuerUniqueID
  fields.optional(contextTagOf(2, false)); // subjectUniqueID
  const extensions = fields.optional(contextTagOf(3, true));
  return { subject, extensions: extensions === undefined ? undefined : unwrap(extensions) };
}

function latin1(element: Element): string {
  return element.content.toString('latin1');
}

/** CIDR notation of an address and its mask (4.2.1.10), which must be a whole prefix. */
function networkText({ content }: Element): string {
  if (content.length !== 8 && content.length !== 32) throw unreadable('a network of another size');
  const half = content.length / 2;
  const [address, maskBytes] = [content.subarray(0, half), content.subarray(half)];
  const mask = [...maskBytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  if (mask.includes('01')) throw unreadable('a network mask with gaps');
  // A checker applies the mask: 10.0.0.1/8, as some write, is 10.0.0.0/8.
  const base = Buffer.from(address.map((byte, index) => byte & (maskBytes[index] ?? 0)));
  return `${formatIp(base)}/${mask.replaceAll('0', '').length}`;
}
