/** Certificate signing requests: PKCS#10 (RFC 2986). */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { DevcertError, say } from '../errors.ts';
import { keyTypeOf, publicKeyDer } from '../keys.ts';
import type { Name } from '../names/names.ts';
import { contextTagOf, type Element, fieldsOf, readElement, TAG, unreadable } from './asn1.ts';
import { decodeBits, decodeOid, decodeSmallInteger, decodeText } from './asn1-values.ts';
import { signatureAlgorithm } from './certificate.ts';
import { bitString, contextTag, integer, oid, sequence, set } from './der.ts';
import { subjectAltName } from './extensions.ts';
import { curveOf, UNNAMED_CURVE } from './ec-key.ts';
import { OID } from './oids.ts';
import { extensionsIn, type ExtensionValue } from './read.ts';

/** A CSR as it was read. Everything in it is its sender's wish; only the signature is checked. */
export interface Csr {
  readonly publicKey: KeyObject;
  /** Attribute types (dotted) and texts of the subject, in order. */
  readonly subject: readonly { readonly type: string; readonly value: string }[];
  /** The extensions it asks for, in order. */
  readonly extensions: readonly ExtensionValue[];
  /** Types (dotted) of its attributes, in order. Their values may be secret (challengePassword). */
  readonly attributes: readonly string[];
}

/**
 * A CSR for these names, signed with the key, DER. The subject is empty or one common name.
 *
 * @param key private.
 * @throws DevcertError `weak-key` for a key that devcert does not sign with.
 */
export function encodeCsr(key: KeyObject, subject: Buffer, names: readonly Name[]): Buffer {
  const { hash, algorithm } = signatureAlgorithm(keyTypeOf(key));
  const extensions = sequence(subjectAltName(names, false));
  const attribute = sequence(oid(OID.extensionRequest), set(extensions));
  const info = sequence(
    integer(0), // v1
    subject,
    publicKeyDer(key),
    contextTag(0, true, attribute),
  );
  return sequence(info, algorithm, bitString(sign(hash, info, key)));
}

/**
 * Reads a CSR (RFC 2986 4) and checks its signature: its sender has the private key.
 *
 * @param der the CSR alone.
 * @throws DevcertError `invalid-input` for anything but a CSR with a right signature, `weak-key` for a
 *   signature by MD5 or SHA-1 or an algorithm that devcert does not know, and a curve that is spelled out.
 */
export function readCsr(der: Buffer): Csr {
  const { csr, algorithm, signed, signature, publicKeyInfo } = decodeCsr(der);
  checkSignature(algorithm, signed, csr.publicKey, signature);
  assertNamedCurve(publicKeyInfo);
  return csr;
}

/**
 * A CSR whose signature nobody has checked: to be shown, never to be granted.
 *
 * @returns the algorithm of its signature, dotted, with the bytes it is over, the signature itself, and
 *   the SubjectPublicKeyInfo as it stands there.
 * @throws DevcertError `invalid-input` for anything but a CSR.
 */
export function decodeCsr(der: Buffer): {
  csr: Csr;
  algorithm: string;
  signed: Buffer;
  signature: Buffer;
  publicKeyInfo: Buffer;
} {
  const outer = fieldsOf(readElement(der));
  const info = outer.next(TAG.sequence);
  const algorithm = decodeOid(fieldsOf(outer.next(TAG.sequence)).next());
  const { bytes: signature, unusedBits } = decodeBits(outer.next(TAG.bitString));
  outer.end();
  if (unusedBits !== 0) throw unreadable('a signature that is not whole bytes');

  const fields = fieldsOf(info);
  // RFC 2986 4.1: the one version there is.
  if (decodeSmallInteger(fields.next()) !== 0) throw unreadable('a CSR of another version than 1');
  const subject = fields.next(TAG.sequence);
  const key = fields.next(TAG.sequence);
  const attributes = fields.optional(contextTagOf(0, true));
  fields.end();

  const csr = {
    publicKey: readPublicKey(key.raw),
    subject: readAttributes(subject),
    ...readCsrAttributes(attributes),
  };
  return { csr, algorithm, signed: info.raw, signature, publicKeyInfo: key.raw };
}

function readPublicKey(der: Buffer): KeyObject {
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    publicKeyDer(key); // RSA-PSS with bad parameters is read, and cannot be written
    return key;
  } catch (cause) {
    throw unreadable('a public key of no known kind', cause);
  }
}

function assertNamedCurve(publicKeyInfo: Buffer): void {
  if (curveOf(publicKeyInfo) !== UNNAMED_CURVE) return;
  throw new DevcertError('weak-key', 'the key is on a curve that has no name', {
    hint: say`make it again on P-256: ${{ command: 'csr', names: 'NAMES…' }}`,
  });
}

// What proves possession must not be forgeable itself: nothing below SHA-256.
const signatures: Readonly<Record<string, { hash: string | null; key: string }>> = {
  [OID.ecdsaWithSha256]: { hash: 'sha256', key: 'ec' },
  [OID.ecdsaWithSha384]: { hash: 'sha384', key: 'ec' },
  [OID.ecdsaWithSha512]: { hash: 'sha512', key: 'ec' },
  [OID.sha256WithRsa]: { hash: 'sha256', key: 'rsa' },
  [OID.sha384WithRsa]: { hash: 'sha384', key: 'rsa' },
  [OID.sha512WithRsa]: { hash: 'sha512', key: 'rsa' },
  [OID.ed25519]: { hash: null, key: 'ed25519' },
};

function checkSignature(
  algorithm: string,
  signed: Buffer,
  key: KeyObject,
  signature: Buffer,
): void {
  const known = signatures[algorithm];
  if (known === undefined)
    throw new DevcertError(
      'weak-key',
      `the CSR is signed by an algorithm that is weak or not known: ${algorithm}`,
      { hint: say`make it again with SHA-256: ${{ command: 'csr', names: 'NAMES…' }}` },
    );
  let valid: boolean;
  try {
    valid = known.key === key.asymmetricKeyType && verify(known.hash, signed, key, signature);
  } catch {
    valid = false; // not even the form of a signature
  }
  if (!valid)
    throw new DevcertError('invalid-input', 'the signature of the CSR is not by its own key', {
      hint: 'it was damaged or changed on the way: have it sent again',
    });
}

function readAttributes(subject: Element): { type: string; value: string }[] {
  const attributes: { type: string; value: string }[] = [];
  for (const relative of subject.children())
    for (const attribute of relative.children()) {
      const fields = fieldsOf(attribute);
      const type = decodeOid(fields.next());
      attributes.push({ type, value: decodeText(fields.next()) });
    }
  return attributes;
}

// RFC 2985 5.4.2: extensionRequest is single-valued; the policy for CSRs refuses doubles.
function readCsrAttributes(element: Element | undefined) {
  const attributes: string[] = [];
  const extensions: ExtensionValue[] = [];
  for (const attribute of element?.children() ?? []) {
    const fields = fieldsOf(attribute);
    const type = decodeOid(fields.next());
    const values = fields.next(TAG.set);
    fields.end();
    attributes.push(type);
    if (type !== OID.extensionRequest) continue;
    for (const value of values.children()) extensions.push(...extensionsIn(value));
  }
  return { attributes, extensions };
}
