/** CSRs that no tool would make, put together by our own DER writer and signed by their own key. */
import { constants, type KeyObject, sign } from 'node:crypto';
import { generateKey, publicKeyDer } from '../../src/keys.ts';
import {
  bitString,
  boolean,
  contextTag,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  set,
  utf8String,
} from '../../src/x509/der.ts';
import { OID } from '../../src/x509/oids.ts';

export interface CsrParts {
  readonly key?: KeyObject;
  /** SubjectPublicKeyInfo; the key's own if left out. */
  readonly publicKey?: Buffer;
  /** DER of a Name, or type and text of each of its attributes. */
  readonly subject?: Buffer | readonly (readonly [string, string])[];
  /** DER of each Extension. */
  readonly extensions?: readonly Buffer[];
  /** DER of each Attribute, instead of one extensionRequest with the extensions. */
  readonly attributes?: readonly Buffer[];
  readonly version?: number;
  /** Null for Ed25519. */
  readonly hash?: string | null;
  /** AlgorithmIdentifier. */
  readonly algorithm?: Buffer;
  /** RSA-PSS instead of PKCS#1 v1.5, with a salt of so many bytes; the algorithm says which. */
  readonly saltLength?: number;
  /** Changes the signature. */
  readonly tamper?: (signature: Buffer) => Buffer;
}

/** DER of a CSR; for P-256 with SHA-256 unless the parts say otherwise. */
export function buildCsr(parts: CsrParts = {}): Buffer {
  const { key = generateKey('p256') } = parts;
  return sealCsr(csrInfo({ ...parts, key }), { ...parts, key });
}

/** DER of a CertificationRequestInfo: what is signed. */
export function csrInfo(parts: CsrParts & { readonly key: KeyObject }): Buffer {
  const { key, subject = [], extensions, attributes } = parts;
  return sequence(
    integer(parts.version ?? 0),
    Buffer.isBuffer(subject)
      ? subject
      : sequence(...subject.map(([type, text]) => set(sequence(oid(type), utf8String(text))))),
    parts.publicKey ?? publicKeyDer(key),
    contextTag(
      0,
      true,
      Buffer.concat(attributes ?? (extensions === undefined ? [] : [extensionRequest(extensions)])),
    ),
  );
}

/** DER of the CSR that the key signs, whatever the bytes are: so that what lies behind is reached. */
export function sealCsr(info: Buffer, parts: CsrParts & { readonly key: KeyObject }): Buffer {
  const { key } = parts;
  const isRsa = key.asymmetricKeyType === 'rsa';
  const algorithm =
    parts.algorithm ??
    (isRsa ? sequence(oid(OID.sha256WithRsa), nullValue()) : sequence(oid(OID.ecdsaWithSha256)));
  const { saltLength, hash = 'sha256' } = parts;
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const signature = sign(hash, info, saltLength === undefined ? key : { key, padding, saltLength });
  return sequence(info, algorithm, bitString(parts.tamper?.(signature) ?? signature));
}

/** DER of an extensionRequest attribute. */
export function extensionRequest(...lists: readonly (readonly Buffer[])[]): Buffer {
  return extensionAttribute(OID.extensionRequest, ...lists);
}

/** DER of an attribute of that type with extensions in it. */
export function extensionAttribute(type: string, ...lists: readonly (readonly Buffer[])[]): Buffer {
  const values = lists.map((extensions) => sequence(...extensions));
  return sequence(oid(type), set(...values));
}

/** AlgorithmIdentifier of RSA-PSS (RFC 4055 3.1). @param hash null: nothing is said, which is SHA-1. */
export function pssAlgorithm(hash: string | null, saltLength = 32, maskHash = hash): Buffer {
  const tagged = (tag: number, value: Buffer) => contextTag(tag, true, value);
  const hashOf = (type: string) => sequence(oid(type), nullValue());
  const mgf1 = oid('1.2.840.113549.1.1.8');
  return sequence(
    oid(OID.rsassaPss),
    hash === null || maskHash === null
      ? sequence()
      : sequence(
          tagged(0, hashOf(hash)),
          tagged(1, sequence(mgf1, hashOf(maskHash))),
          tagged(2, integer(saltLength)),
        ),
  );
}

/** DER of any Extension. */
export function extension(type: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(type), critical ? boolean(true) : undefined, octetString(value));
}

/** DER of a subjectAltName of GeneralNames: the number of each one's tag, and its content. */
export function altNames(...names: readonly (readonly [number, string | Buffer])[]): Buffer {
  const encoded = names.map(([tag, content]) => generalName(tag, content));
  return extension(OID.subjectAltName, sequence(...encoded));
}

/** DER of a GeneralName that is no structure (RFC 5280 4.2.1.6). */
export function generalName(tag: number, content: string | Buffer): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
  return contextTag(tag, false, bytes);
}

export const EMAIL = 1;
export const DNS = 2;
export const URI = 6;
export const IP = 7;
