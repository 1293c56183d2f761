/** How a PKCS#12 file is protected, and what can be seen of it without its password. */
import { orUndefined } from '../errors.ts';
import { contextTagOf, type Element, fieldsOf, readElement, TAG, unwrap } from '../x509/asn1.ts';
import { decodeOctets, decodeOid, decodeSmallInteger } from '../x509/asn1-values.ts';
import type { Foreign } from './foreign.ts';
import { OID, PBES2 } from './oids.ts';
import { readCertificate, readContent } from './pkcs12-read.ts';

export interface Pkcs12Protection {
  /** Undefined: nothing vouches for the contents. */
  readonly mac?: Scheme;
  /** Each once; `none` for what is not encrypted. */
  readonly keys: readonly Scheme[];
  readonly certificates: readonly Scheme[];
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
export function readProtection(bytes: Buffer): Pkcs12Protection {
  const file = fieldsOf(readElement(bytes, { ber: true }));
  decodeSmallInteger(file.next());
  const content = decodeOctets(readContent(file.next()).value());
  const mac = file.optional(TAG.sequence);
  const keys = new Schemes();
  const certificates = new Schemes();
  const openCertificates: Buffer[] = [];
  const secrets: Foreign[] = [];
  for (const part of readElement(content, { ber: true }).children()) {
    const { type, value } = readContent(part);
    if (type !== OID.data) {
      const info = fieldsOf(encryptedInfo(value()));
      info.next(TAG.oid);
      certificates.add(schemeOf(info.next(TAG.sequence)));
      continue;
    }
    for (const bag of readElement(decodeOctets(value()), { ber: true }).children()) {
      const fields = fieldsOf(bag);
      const kind = decodeOid(fields.next());
      const held = unwrap(fields.next(contextTagOf(0, true)));
      if (kind === OID.secretBag) secrets.push({ kind: 'secret-key' });
      if (kind === OID.keyBag) keys.add({ name: 'none' });
      if (kind === OID.shroudedKeyBag) keys.add(schemeOf(fieldsOf(held).next(TAG.sequence)));
      const certificate = kind === OID.certBag ? readCertificate(held) : undefined;
      if (certificate === undefined) continue;
      certificates.add({ name: 'none' });
      openCertificates.push(certificate);
    }
  }
  return {
    mac: mac && macOf(mac),
    keys: keys.list,
    certificates: certificates.list,
    openCertificates,
    secrets,
  };
}

class Schemes {
  readonly list: Scheme[] = [];

  add(scheme: Scheme): void {
    if (!this.list.some(({ name }) => name === scheme.name)) this.list.push(scheme);
  }
}

// EncryptedData: a version, then EncryptedContentInfo.
function encryptedInfo(value: Element): Element {
  const fields = fieldsOf(value);
  fields.next(TAG.integer);
  return fields.next(TAG.sequence);
}

const names: Readonly<Record<string, string>> = {
  [OID.pbeSha1TripleDes]: '3DES',
  [OID.pbeSha1TwoKeyTripleDes]: '3DES-112',
  [OID.pbeSha1Rc2Of128]: 'RC2-128',
  [OID.pbeSha1Rc2Of40]: 'RC2-40',
  [PBES2.tripleDesCbc]: '3DES',
  [PBES2.aes128Cbc]: 'AES-128',
  [PBES2.aes192Cbc]: 'AES-192',
  [PBES2.aes256Cbc]: 'AES-256',
  [OID.sha1]: 'HMAC-SHA-1',
  [OID.sha224]: 'HMAC-SHA-224',
  [OID.sha256]: 'HMAC-SHA-256',
  [OID.sha384]: 'HMAC-SHA-384',
  [OID.sha512]: 'HMAC-SHA-512',
  [OID.pbmac1]: 'PBMAC1',
};

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
  return names[id] ?? id;
}
