/** How a PKCS#12 file is protected, and what can be seen of it without its password. */
import { orUndefined } from '../errors.ts';
import { contextTagOf, type Element, fieldsOf, readElement, TAG, unwrap } from '../x509/asn1.ts';
import { decodeOctets, decodeOid, decodeSmallInteger } from '../x509/asn1-values.ts';
import type { Foreign } from './foreign.ts';
import { OID, PBES2 } from './oids.ts';
import { hashes, pkcs12Schemes } from './pbe.ts';
import { ciphers } from './pbes2.ts';
import { readCertificate, readContent } from './pkcs12-read.ts';

/** What protects a PKCS#12 file. */
export interface Pkcs12Protection {
  /** Undefined: nothing vouches for the contents. */
  readonly mac?: Scheme;
  /** Each once; `none` for what is not encrypted. */
  readonly keys: readonly Scheme[];
  readonly certificates: readonly Scheme[];
}

/** What can be seen without the password. */
export interface VisiblePkcs12 {
  readonly protection: Pkcs12Protection;
  /** DER of the certificates that are not encrypted. */
  readonly openCertificates: readonly Buffer[];
  /** Secret keys, which stand in no encrypted part, and are encrypted each. */
  readonly secrets: readonly Foreign[];
}

/** One algorithm under a password. */
export interface Scheme {
  /** `AES-256`, `3DES`, `RC2-40`, `HMAC-SHA-256`, …, `none`; dotted if not known here. */
  readonly name: string;
  /** Of its password hash, if it has one. */
  readonly iterations?: number;
}

/** @throws DevcertError `invalid-input` for what is no PKCS#12 file. */
export function readVisible(bytes: Buffer): VisiblePkcs12 {
  const file = fieldsOf(readElement(bytes, { ber: true }));
  decodeSmallInteger(file.next());
  const content = decodeOctets(readContent(file.next()).value());
  const mac = file.optional(TAG.sequence);
  const keys: Scheme[] = [];
  const certificates: Scheme[] = [];
  const openCertificates: Buffer[] = [];
  const secrets: Foreign[] = [];
  for (const part of readElement(content, { ber: true }).children()) {
    const { type, value } = readContent(part);
    if (type !== OID.data) {
      const info = fieldsOf(encryptedInfo(value()));
      info.next(TAG.oid);
      certificates.push(schemeOf(info.next(TAG.sequence)));
      continue;
    }
    for (const bag of readElement(decodeOctets(value()), { ber: true }).children()) {
      const fields = fieldsOf(bag);
      const kind = decodeOid(fields.next());
      const held = unwrap(fields.next(contextTagOf(0, true)));
      if (kind === OID.secretBag) secrets.push({ kind: 'secret-key' });
      if (kind === OID.keyBag) keys.push({ name: 'none' });
      if (kind === OID.shroudedKeyBag) keys.push(schemeOf(fieldsOf(held).next(TAG.sequence)));
      const certificate = kind === OID.certBag ? readCertificate(held) : undefined;
      if (certificate === undefined) continue;
      certificates.push({ name: 'none' });
      openCertificates.push(certificate);
    }
  }
  return {
    protection: {
      mac: mac && macOf(mac),
      keys: eachOnce(keys),
      certificates: eachOnce(certificates),
    },
    openCertificates,
    secrets,
  };
}

function eachOnce(schemes: readonly Scheme[]): Scheme[] {
  return schemes.filter(({ name }, i) => schemes.findIndex((it) => it.name === name) === i);
}

// EncryptedData: a version, then EncryptedContentInfo.
function encryptedInfo(value: Element): Element {
  const fields = fieldsOf(value);
  fields.next(TAG.integer);
  return fields.next(TAG.sequence);
}

/** The scheme of an AlgorithmIdentifier of PBES2 or of RFC 7292 appendix C. */
function schemeOf(algorithm: Element): Scheme {
  const fields = fieldsOf(algorithm);
  const id = decodeOid(fields.next());
  const scheme = orUndefined(() => {
    const parameters = fieldsOf(fields.next());
    if (id !== PBES2.pbes2) {
      parameters.next(); // salt
      return { name: nameOf(id), iterations: decodeSmallInteger(parameters.next()) };
    }
    const derivation = parameters.next();
    const cipher = decodeOid(fieldsOf(parameters.next()).next());
    return { name: nameOf(cipher), ...iterationsOf(derivation) };
  });
  // Another scheme has other parameters; its name is all that is known.
  return scheme ?? { name: nameOf(id) };
}

function macOf(mac: Element): Scheme {
  const fields = fieldsOf(mac);
  const algorithm = fieldsOf(fieldsOf(fields.next()).next());
  const id = decodeOid(algorithm.next());
  if (id === OID.pbmac1) return { name: nameOf(id) };
  fields.next(); // salt
  const iterations = fields.tag === undefined ? 1 : decodeSmallInteger(fields.next());
  return { name: nameOf(id), iterations };
}

function iterationsOf(derivation: Element): { iterations?: number } {
  const fields = fieldsOf(derivation);
  if (decodeOid(fields.next()) !== PBES2.pbkdf2) return {};
  const parameters = fieldsOf(fields.next());
  parameters.next(); // salt
  return { iterations: decodeSmallInteger(parameters.next()) };
}

function nameOf(id: string): string {
  const [cipher, hash] = [ciphers[id]?.name, hashes[id]];
  if (cipher !== undefined)
    return cipher.startsWith('aes') ? cipher.slice(0, 7).toUpperCase() : '3DES';
  if (hash !== undefined) return `HMAC-${hash.toUpperCase().replace('SHA', 'SHA-')}`;
  return id === OID.pbmac1 ? 'PBMAC1' : (pkcs12Schemes[id]?.name ?? id);
}
