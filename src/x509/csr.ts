/** Certificate signing requests: PKCS#10 (RFC 2986). */
import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { DevcertError, orUndefined, say } from '../errors.ts';
import { keyTypeOf, publicKeyDer } from '../keys.ts';
import type { Name } from '../names/names.ts';
import { contextTagOf, type Element, fieldsOf, readElement, TAG, unreadable } from './asn1.ts';
import { decodeOid, decodeSmallInteger, decodeText, decodeWholeBytes } from './asn1-values.ts';
import { signatureAlgorithm, signedDer } from './certificate.ts';
import { contextTag, integer, oid, sequence, set } from './der.ts';
import { type Attribute, attributesOf, nameText } from './distinguished-name.ts';
import { subjectAltName } from './extensions.ts';
import { curveOf, UNNAMED_CURVE } from './ec-key.ts';
import { isSignature, signatureName, strongScheme } from './judge.ts';
import { otherPublicKind } from './key-kinds.ts';
import { OID } from './oids.ts';
import { extensionsIn, type ExtensionValue } from './read.ts';

/** A CSR as it was read. Everything in it is its sender's wish; only the signature is checked. */
export interface Csr {
  readonly publicKey: KeyObject;
  /** Attribute types (dotted) and texts of the subject, in order. */
  readonly subject: readonly Attribute[];
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
  return signedDer(info, algorithm, sign(hash, info, key));
}

/**
 * Reads a CSR (RFC 2986 4) and checks its signature: its sender has the private key.
 *
 * @param der the CSR alone.
 * @throws DevcertError `invalid-input` for anything but a CSR with a right signature, `weak-key` for a
 *   signature by MD5 or SHA-1 or an algorithm that devcert does not know, and a curve that is spelled out.
 */
export function readCsr(der: Buffer): Csr {
  return checkedCsr(decodeCsr(der));
}

/** As {@link readCsr}, of one that was decoded. */
export function checkedCsr(decoded: DecodedCsr): Csr {
  const { problems, publicKey, algorithm, signed, signature, ...rest } = decoded;
  const { subject, extensions, attributes, publicKeyInfo } = rest;
  const [problem] = problems;
  if (problem !== undefined) throw problem;
  if (publicKey === undefined) throw unreadable('a public key of no known kind');
  checkSignature(algorithm, signed, publicKey, signature);
  assertNamedCurve(publicKeyInfo);
  return { publicKey, subject, extensions, attributes };
}

/** A CSR that nobody has checked: to be shown, never to be granted. */
export interface DecodedCsr extends Omit<Csr, 'publicKey'> {
  /** Undefined if OpenSSL cannot read it. */
  readonly publicKey?: KeyObject;
  /** SubjectPublicKeyInfo as it stands there, DER. */
  readonly publicKeyInfo: Buffer;
  /** The subject on one line, as certificates have it. */
  readonly subjectText: string;
  /** AlgorithmIdentifier of its signature, what it is over, and the signature itself. */
  readonly algorithm: Element;
  readonly signed: Buffer;
  readonly signature: Buffer;
  /** What is not as it should be, so that it cannot be granted. */
  readonly problems: readonly DevcertError[];
}

/**
 * The parts of a CSR; one that cannot be read is left out and told in `problems`.
 *
 * @throws DevcertError `invalid-input` if its frame cannot be read.
 */
export function decodeCsr(der: Buffer): DecodedCsr {
  const problems: DevcertError[] = [];
  const attempt = <T>(read: () => T) => orUndefined(read, (error) => problems.push(error));
  const outer = fieldsOf(readElement(der));
  const info = outer.next(TAG.sequence);
  const algorithm = outer.next(TAG.sequence);
  const signature = attempt(() => decodeWholeBytes(outer.next(TAG.bitString)));
  attempt(() => {
    outer.end();
  });
  const fields = fieldsOf(info);
  const version = fields.next();
  attempt(() => {
    assertFirstVersion(version);
  });
  const subject = fields.next(TAG.sequence);
  const key = fields.next(TAG.sequence);
  const wishes = fields.optional(contextTagOf(0, true));
  attempt(() => {
    fields.end();
  });
  const publicKey = attempt(() => readPublicKey(key.raw));
  return {
    publicKey,
    publicKeyInfo: key.raw,
    subject: attempt(() => attributesOf(subject, decodeText)) ?? [],
    subjectText: nameText(subject),
    ...(attempt(() => readCsrAttributes(wishes)) ?? { attributes: [], extensions: [] }),
    algorithm,
    signed: info.raw,
    signature: signature ?? Buffer.alloc(0),
    problems,
  };
}

/** RFC 2986 4.1: the one version there is. */
function assertFirstVersion(version: Element): void {
  if (decodeSmallInteger(version) !== 0) throw unreadable('a CSR of another version than 1');
}

function readPublicKey(der: Buffer): KeyObject {
  const other = otherPublicKind(der);
  if (other !== undefined)
    throw new DevcertError(
      'weak-key',
      `the key is of the type "${other}", which few clients take`,
      { hint: say`use P-256: ${{ command: 'csr', names: 'NAMES…' }}` },
    );
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

function checkSignature(
  algorithm: Element,
  signed: Buffer,
  key: KeyObject,
  signature: Buffer,
): void {
  const scheme = strongScheme(algorithm);
  if (scheme === undefined)
    throw new DevcertError(
      'weak-key',
      `the CSR is signed by an algorithm that is weak or not known: ${signatureName(algorithm)}`,
      { hint: say`make it again with SHA-256: ${{ command: 'csr', names: 'NAMES…' }}` },
    );
  if (!isSignature(scheme, signed, key, signature))
    throw new DevcertError('invalid-input', 'the signature of the CSR is not by its own key', {
      hint: 'it was damaged or changed on the way: have it sent again',
    });
}

/** True for an attribute that holds the extensions which the CSR asks for. @param type dotted. */
export function isExtensionRequest(type: string): boolean {
  return type === OID.extensionRequest || type === OID.microsoftExtensionRequest;
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
    if (!isExtensionRequest(type)) continue;
    for (const value of values.children()) extensions.push(...extensionsIn(value));
  }
  return { attributes, extensions };
}
