/** Keys and signatures of the kind `ecdsa-sha2-nistp256`, from SSH's form (RFC 5656 3.1) to X.509's and back. */
import { createHash, createPublicKey } from 'node:crypto';
import { type PublicKey, publicKeyOf } from '../keys.ts';
import { integer, sequence } from '../x509/der.ts';
import { fieldsOf, readElement } from '../x509/asn1.ts';
import { decodeIntegerBytes } from '../x509/asn1-values.ts';
import { damagedAnswer, sshString, WireReader } from './ssh-wire.ts';

/** The one kind of key that signs as `ecdsa-with-SHA256` wants it. */
export const SSH_P256 = 'ecdsa-sha2-nistp256';
const CURVE = 'nistp256';
/** A point of P-256 that is not compressed: 4, x, y. */
const POINT_BYTES = 65;

/** The key as an agent knows it. @param publicKey on P-256. */
export function encodeSshKey({ type, der }: PublicKey): Buffer {
  const point = der.subarray(-POINT_BYTES);
  if (type !== 'p256' || point[0] !== 4) throw new TypeError(`a key of type ${type}`);
  return Buffer.concat([sshString(SSH_P256), sshString(CURVE), sshString(point)]);
}

/**
 * What a key is.
 *
 * @returns its kind as SSH calls it, and the key if it is one on P-256.
 * @throws DevcertError `agent` for a damaged one.
 */
export function decodeSshKey(blob: Buffer): { type: string; publicKey: PublicKey | undefined } {
  const reader = new WireReader(blob);
  const type = reader.text();
  if (type !== SSH_P256) return { type, publicKey: undefined };
  const curve = reader.text();
  const point = reader.string();
  reader.end();
  const isP256 = curve === CURVE && point.length === POINT_BYTES && point[0] === 4;
  return { type, publicKey: isP256 ? publicKeyAt(point) : undefined };
}

/** Undefined for no point of the curve: nothing can be verified with it. */
function publicKeyAt(point: Buffer): PublicKey | undefined {
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((it) => it.toString('base64url'));
  try {
    const jwk = { kty: 'EC', crv: 'P-256', x, y };
    return publicKeyOf(createPublicKey({ key: jwk, format: 'jwk' }));
  } catch {
    return undefined; // what the answer is
  }
}

/** As `ssh-add -l` shows it: `SHA256:` and base64 without padding. */
export function sshFingerprint(blob: Buffer): string {
  const hash = createHash('sha256').update(blob).digest('base64');
  return `SHA256:${hash.replace(/=+$/, '')}`;
}

/** DER of an ECDSA-Sig-Value (RFC 3279 2.2.3). @throws DevcertError `agent`. */
export function decodeSshSignature(signature: Buffer): Buffer {
  const reader = new WireReader(signature);
  if (reader.text() !== SSH_P256) throw damagedAnswer();
  const numbers = new WireReader(reader.string());
  reader.end();
  const [r, s] = [numbers.positive(), numbers.positive()];
  numbers.end();
  return sequence(integer(r), integer(s));
}

/** The inverse. */
export function encodeSshSignature(der: Buffer): Buffer {
  const fields = fieldsOf(readElement(der));
  // Positive ones have the same bytes in both.
  const numbers = [fields.next(), fields.next()].map((it) => sshString(decodeIntegerBytes(it)));
  return Buffer.concat([sshString(SSH_P256), sshString(Buffer.concat(numbers))]);
}
