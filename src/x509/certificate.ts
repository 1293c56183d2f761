/** Putting a certificate together and signing it (RFC 5280 4.1). */
import { randomBytes, type KeyObject } from 'node:crypto';
import { DevcertError } from '../errors.ts';
import { type PublicKey, publicKeyDer } from '../keys.ts';
import { bitString, contextTag, integer, nullValue, oid, sequence, time } from './der.ts';
import { OID } from './oids.ts';
import { MIN_RSA_BITS } from '../policy.ts';

/**
 * Who signs: a key, wherever it is kept. Signing may take long or ask somebody, so it never happens under
 * a lock.
 */
export interface Signer {
  readonly publicKey: PublicKey;
  /**
   * The value of the signature over these bytes as X.509 wants it, by the algorithm that
   * {@link signatureAlgorithm} gives for the key: DER of r and s for ECDSA, PKCS#1 v1.5 for RSA.
   *
   * @throws DevcertError if the key cannot be used now.
   */
  sign(toBeSigned: Buffer): Promise<Buffer>;
}

/** What is signed; everything else is fixed: version 3, a random serial number, the key's own algorithm. */
export interface CertificateFields {
  /** DER of the Name of who signs: the signing certificate's subject, byte for byte. */
  readonly issuer: Buffer;
  /** DER of a Name. */
  readonly subject: Buffer;
  /** Public key, or the private key it belongs to. */
  readonly key: KeyObject | PublicKey;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** DER of each Extension, in order. */
  readonly extensions: readonly Buffer[];
}

/**
 * The signed certificate, DER.
 *
 * @throws DevcertError `weak-key` if the signer's key is of a kind that devcert does not sign with, and
 *   those of the signer.
 */
export async function signCertificate(fields: CertificateFields, signer: Signer): Promise<Buffer> {
  const { algorithm } = signatureAlgorithm(signer.publicKey.type);
  const tbsCertificate = encodeTbs(fields, algorithm);
  return signedDer(tbsCertificate, algorithm, await signer.sign(tbsCertificate));
}

/** What is signed of a certificate, DER. @param algorithm AlgorithmIdentifier of the signature that it will have. */
export function encodeTbs(fields: CertificateFields, algorithm: Buffer): Buffer {
  return sequence(
    contextTag(0, true, integer(2)), // v3
    integer(serialNumber()),
    algorithm,
    fields.issuer,
    sequence(time(fields.notBefore), time(fields.notAfter)),
    fields.subject,
    publicKeyDer(fields.key),
    contextTag(3, true, sequence(...fields.extensions)),
  );
}

/** What was signed with its signature: the frame of a certificate, a CSR and a CRL. */
export function signedDer(toBeSigned: Buffer, algorithm: Buffer, signature: Buffer): Buffer {
  return sequence(toBeSigned, algorithm, bitString(signature));
}

/**
 * The hash that goes with a signing key of a type (as `keyTypeOf` names it) and the AlgorithmIdentifier (DER) of the signature
 * (RFC 5758 3.2; RFC 4055 5, whose parameters are NULL).
 *
 * @throws DevcertError `weak-key`.
 */
export function signatureAlgorithm(type: string): { hash: string; algorithm: Buffer } {
  if (type === 'p256') return { hash: 'sha256', algorithm: sequence(oid(OID.ecdsaWithSha256)) };
  if (type === 'p384') return { hash: 'sha384', algorithm: sequence(oid(OID.ecdsaWithSha384)) };
  if (type === 'p521') return { hash: 'sha512', algorithm: sequence(oid(OID.ecdsaWithSha512)) };
  if (/^rsa\d+$/.test(type) && Number(type.slice(3)) >= MIN_RSA_BITS)
    return { hash: 'sha256', algorithm: sequence(oid(OID.sha256WithRsa), nullValue()) };
  throw new DevcertError('weak-key', `cannot sign with a key of type "${type}"`, {
    hint: 'use an RSA key of 2048 bits or more, or one on P-256 or P-384',
  });
}

// 16 random bytes, positive and not zero (RFC 5280 4.1.2.2: 20 octets at most).
function serialNumber(): Buffer {
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  return serial;
}
