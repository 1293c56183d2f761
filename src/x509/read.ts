/**
 * What `node:crypto` does not tell of a certificate: its parts as bytes, and the extensions that say
 * what it may do (RFC 5280 4.1, 4.2.1).
 */
import type { Constraints } from '../constraints.ts';
import { DevcertError } from '../errors.ts';
import type { Usage } from './extensions.ts';
import { OID } from './oids.ts';
import * as der from './der.ts';

/** One Extension: its value is the content of the OCTET STRING, DER. */
export interface ExtensionValue {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Buffer;
}

interface Element {
  readonly tag: number;
  readonly content: Buffer;
  readonly raw: Buffer;
}

export function readSubject(certificate: Buffer): Buffer {
  return parts(certificate).subject.raw;
}

export function readCommonName(certificate: Buffer): string | undefined {
  const wanted = der.oid(OID.commonName);
  for (const rdn of children(parts(certificate).subject.content))
    for (const attribute of children(rdn.content)) {
      const [type, value] = children(attribute.content);
      if (type?.raw.equals(wanted) === true) return value?.content.toString('utf8');
    }
  return undefined;
}

export function readSubjectKeyIdentifier(certificate: Buffer): Buffer | undefined {
  const value = extension(certificate, OID.subjectKeyIdentifier);
  return value === undefined ? undefined : children(value)[0]?.content;
}

export function readConstraints(certificate: Buffer): Constraints | undefined {
  const value = extension(certificate, OID.nameConstraints);
  if (value === undefined) return undefined;
  const dns: string[] = [];
  const ip: string[] = [];
  const [content] = children(value);
  for (const part of children(content?.content ?? Buffer.alloc(0))) {
    if (part.tag !== 0xa0) continue;
    for (const subtree of children(part.content)) {
      const base = children(subtree.content)[0];
      if (base?.tag === 0x82) dns.push(base.content.toString('latin1'));
      if (base?.tag === 0x87) ip.push(network(base.content));
    }
  }
  return { dns, ip };
}

export function readNames(certificate: Buffer): string[] {
  const value = extension(certificate, OID.subjectAltName);
  if (value === undefined) return [];
  return children(children(value)[0]?.content ?? Buffer.alloc(0)).map((name) =>
    name.tag === 0x87 ? address(name.content) : name.content.toString('latin1'),
  );
}

export function readUsages(certificate: Buffer): Usage[] {
  const value = extension(certificate, OID.extendedKeyUsage);
  if (value === undefined) return [];
  const usages = children(children(value)[0]?.content ?? Buffer.alloc(0));
  return (['serverAuth', 'clientAuth'] as const).filter((usage) =>
    usages.some(({ raw }) => raw.equals(der.oid(OID[usage]))),
  );
}

function network(bytes: Buffer): string {
  const half = bytes.length / 2;
  let prefix = 0;
  for (const byte of bytes.subarray(half)) prefix += byte.toString(2).replaceAll('0', '').length;
  return `${address(bytes.subarray(0, half))}/${prefix}`;
}

function address(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.');
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(i * 2).toString(16));
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

function extension(certificate: Buffer, wanted: string): Buffer | undefined {
  const oid = der.oid(wanted);
  for (const entry of children(parts(certificate).extensions)) {
    const fields = children(entry.content);
    if (fields[0]?.raw.equals(oid) === true) return fields.at(-1)?.content;
  }
  return undefined;
}

function parts(certificate: Buffer): { subject: Element; extensions: Buffer } {
  const tbs = children(children(certificate)[0]?.content ?? Buffer.alloc(0))[0];
  const fields = children(tbs?.content ?? Buffer.alloc(0));
  const subject = fields[5];
  const wrapper = fields.find(({ tag }) => tag === 0xa3);
  if (subject === undefined) throw new DevcertError('invalid-input', 'not a certificate', {});
  const extensions = wrapper === undefined ? undefined : children(wrapper.content)[0];
  return { subject, extensions: extensions?.content ?? Buffer.alloc(0) };
}

function children(content: Buffer): Element[] {
  const found: Element[] = [];
  for (let at = 0; at < content.length;) {
    const tag = content[at] ?? 0;
    let length = content[at + 1] ?? 0;
    let header = 2;
    if (length & 0x80) {
      const bytes = length & 0x7f;
      length = content.readUIntBE(at + 2, bytes);
      header += bytes;
    }
    const end = at + header + length;
    if (end > content.length) throw new DevcertError('invalid-input', 'not DER', {});
    found.push({
      tag,
      content: content.subarray(at + header, end),
      raw: content.subarray(at, end),
    });
    at = end;
  }
  return found;
}
