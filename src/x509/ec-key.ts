/**
 * Elliptic-curve keys, judged by their DER before OpenSSL sees them: Node aborts the whole process when it is
 * asked about a private key whose number is out of range (Node 20 and 22: a failed assertion in GetEcKeyDetail).
 */
import { createECDH } from 'node:crypto';
import { DevcertError, say } from '../errors.ts';
import { contextTagOf, type Element, fieldsOf, readElement, TAG, unwrap } from './asn1.ts';
import { decodeBits, decodeOctets, decodeOid, decodeSmallInteger } from './asn1-values.ts';
import { EC_PUBLIC_KEY, otherCurve, OtherKindError } from './key-kinds.ts';

/** What stands in for the name of a curve that is spelled out. */
export const UNNAMED_CURVE = 'ec-unnamed-curve';

/** The curves that are read, by their OID, with the names that OpenSSL has for them. */
const curves: Readonly<Record<string, string>> = {
  '1.2.840.10045.3.1.7': 'prime256v1',
  '1.3.132.0.34': 'secp384r1',
  '1.3.132.0.35': 'secp521r1',
  '1.3.132.0.10': 'secp256k1',
  '1.3.132.0.33': 'secp224r1',
  '1.2.840.10045.3.1.1': 'prime192v1',
  '1.3.36.3.3.2.8.1.1.7': 'brainpoolP256r1',
  '1.3.36.3.3.2.8.1.1.11': 'brainpoolP384r1',
  '1.3.36.3.3.2.8.1.1.13': 'brainpoolP512r1',
};

/**
 * The curve of a SubjectPublicKeyInfo by OpenSSL's name, {@link UNNAMED_CURVE} for one that is spelled out.
 * Undefined if the key is of another kind, or on a named curve that is not known here.
 *
 * RFC 5480 2.1.1: curves go by name. One spelled out can be P-256 but for the base point, for which anyone
 * finds a private key (CVE-2020-0601), and no client verifies what it signs.
 */
export function curveOf(publicKeyInfo: Buffer): string | undefined {
  return curveIn(fieldsOf(readElement(publicKeyInfo)).next(TAG.sequence));
}

/**
 * Makes sure that a private key of an elliptic curve (SEC 1, RFC 5915, in PKCS#8 or alone) is one: OpenSSL can
 * be asked about it then. PKCS#8 of another kind is passed over.
 *
 * @throws OtherKindError on a curve that is only named.
 * @throws DevcertError `weak-key` if the number is out of range or the curve has no name; `invalid-input` for
 *   a public key that is not its own, and what is no key.
 */
export function assertEcKey(der: Buffer, type: 'pkcs8' | 'sec1'): void {
  if (type === 'sec1') {
    assertNumber(der, undefined);
    return;
  }
  const fields = fieldsOf(readElement(der));
  fields.next(TAG.integer); // version
  const algorithm = fieldsOf(fields.next(TAG.sequence));
  if (decodeOid(algorithm.next()) !== EC_PUBLIC_KEY) return;
  assertNumber(decodeOctets(fields.next()), algorithm.next());
}

function curveIn(algorithm: Element): string | undefined {
  const fields = fieldsOf(algorithm);
  if (decodeOid(fields.next()) !== EC_PUBLIC_KEY) return undefined;
  return fields.tag === TAG.oid ? curves[decodeOid(fields.next())] : UNNAMED_CURVE;
}

function assertNumber(ecPrivateKey: Buffer, outer: Element | undefined): void {
  const fields = fieldsOf(readElement(ecPrivateKey));
  if (decodeSmallInteger(fields.next()) !== 1) throw damaged('it is no EC private key');
  const number = decodeOctets(fields.next());
  const inner = fields.optional(contextTagOf(0, true));
  const own = inner === undefined ? undefined : unwrap(inner);
  const parameters = outer ?? own;
  if (parameters === undefined) throw damaged('it does not name its curve');
  if (parameters.tag !== TAG.oid || (own !== undefined && own.tag !== TAG.oid))
    throw weak('the private key is on a curve that is spelled out, not named');
  const dotted = decodeOid(parameters);
  if (own !== undefined && decodeOid(own) !== dotted) throw damaged('it names two curves');
  const curve = curves[dotted];
  if (curve === undefined) throw new OtherKindError(otherCurve(dotted));
  const scalar = number.subarray(leadingZeros(number));
  const point = scalar.length > MAX_SCALAR ? undefined : pointOf(curve, scalar);
  if (point === undefined)
    throw weak(`the private key is none: its number is out of the range of ${curve}`);
  const publicKey = fields.optional(contextTagOf(1, true));
  // OpenSSL believes it, whatever it is.
  if (publicKey !== undefined && !isPoint(decodeBits(unwrap(publicKey)).bytes, point))
    throw damaged('its public key is that of another one');
}

/** @param point not compressed; the other may be. */
function isPoint(bytes: Buffer, point: Buffer): boolean {
  if (bytes[0] !== 2 && bytes[0] !== 3) return bytes.equals(point);
  const isOdd = ((point.at(-1) ?? 0) & 1) === 1;
  const x = point.subarray(1, (point.length + 1) / 2);
  return bytes[0] === (isOdd ? 3 : 2) && bytes.subarray(1).equals(x);
}

/** Bytes of the largest number of all curves, P-521's. */
const MAX_SCALAR = 66;

function leadingZeros(bytes: Buffer): number {
  const first = bytes.findIndex((byte) => byte !== 0);
  return first === -1 ? bytes.length : first;
}

/** The public point; undefined for a number that the curve does not have, where key objects abort later. */
function pointOf(curve: string, scalar: Buffer): Buffer | undefined {
  const ecdh = createECDH(curve);
  try {
    ecdh.setPrivateKey(scalar);
  } catch {
    return undefined; // this is the answer
  }
  return ecdh.getPublicKey();
}

function damaged(problem: string): DevcertError {
  return new DevcertError('invalid-input', `cannot read the private key: ${problem}`, {
    hint: 'make a new key; kinds other than RSA, EC and Ed25519 are not supported',
  });
}

function weak(message: string): DevcertError {
  return new DevcertError('weak-key', message, {
    hint: say`make a new key on P-256: ${{ command: 'csr', names: 'NAMES…' }}`,
  });
}
