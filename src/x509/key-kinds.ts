/** Kinds of keys that are named and not used: OpenSSL need not know them, and no certificate is made for them. */
import { DevcertError, orUndefined } from '../errors.ts';
import { type Element, fieldsOf, readElement, TAG } from './asn1.ts';
import { decodeIntegerBytes, decodeOid } from './asn1-values.ts';

/** id-ecPublicKey (RFC 5480 2.1.1). */
export const EC_PUBLIC_KEY = '1.2.840.10045.2.1';

/**
 * The kind of a key by its AlgorithmIdentifier, in Node's words where it has some: `ml-dsa-65`, `sm2`.
 * Undefined for the kinds that OpenSSL is asked about.
 */
export function otherKind(algorithm: Element): string | undefined {
  const fields = fieldsOf(algorithm);
  const id = decodeOid(fields.next());
  if (id !== EC_PUBLIC_KEY) return kinds[id];
  return fields.tag === TAG.oid && decodeOid(fields.next()) === SM2 ? 'sm2' : undefined;
}

/** The same of a SubjectPublicKeyInfo (RFC 5280 4.1.2.7); undefined for what is none, too. */
export function otherPublicKind(publicKeyInfo: Buffer): string | undefined {
  return orUndefined(() => otherKind(fieldsOf(readElement(publicKeyInfo)).next(TAG.sequence)));
}

/**
 * Bits of the prime of a DSA key by its SubjectPublicKeyInfo (RFC 3279 2.3.2); undefined if it does not
 * carry parameters, or what it carries are none.
 */
export function dsaModulusLength(publicKeyInfo: Buffer): number | undefined {
  return orUndefined(() => {
    const algorithm = fieldsOf(fieldsOf(readElement(publicKeyInfo)).next(TAG.sequence));
    algorithm.next(TAG.oid);
    const prime = decodeIntegerBytes(fieldsOf(algorithm.next(TAG.sequence)).next());
    return BigInt(`0x0${prime.toString('hex')}`).toString(2).length;
  });
}

/** Names of curves that only others use; the dotted form of the rest. */
export function otherCurve(dotted: string): string {
  return otherCurves[dotted] ?? `curve ${dotted}`;
}

/** A private key of a kind that is only named. */
export class OtherKindError extends DevcertError {
  /** As {@link otherKind} has it. */
  readonly keyType: string;

  constructor(keyType: string) {
    super('invalid-input', `cannot use a private key of the type "${keyType}"`, {
      hint: 'make a new key; kinds other than RSA, EC and Ed25519 are not supported',
    });
    this.keyType = keyType;
  }
}

/** GB/T 32918; RFC 8998 has it for TLS. */
const SM2 = '1.2.156.10197.1.301';

const sets = ['128s', '128f', '192s', '192f', '256s', '256f'];
/** NIST's tree of signatures: csor-sigAlgs. */
const NIST = '2.16.840.1.101.3.4.3';

const kinds: Readonly<Record<string, string>> = {
  // FIPS 204, RFC 9881
  [`${NIST}.17`]: 'ml-dsa-44',
  [`${NIST}.18`]: 'ml-dsa-65',
  [`${NIST}.19`]: 'ml-dsa-87',
  // FIPS 205, RFC 9909
  ...Object.fromEntries(sets.map((set, i) => [`${NIST}.${20 + i}`, `slh-dsa-sha2-${set}`])),
  ...Object.fromEntries(sets.map((set, i) => [`${NIST}.${26 + i}`, `slh-dsa-shake-${set}`])),
  // FIPS 203
  '2.16.840.1.101.3.4.4.1': 'ml-kem-512',
  '2.16.840.1.101.3.4.4.2': 'ml-kem-768',
  '2.16.840.1.101.3.4.4.3': 'ml-kem-1024',
  // RFC 8708, RFC 9802
  '1.2.840.113549.1.9.16.3.17': 'hss-lms',
  // RFC 4491, RFC 9215
  '1.2.643.2.2.19': 'gost2001',
  '1.2.643.7.1.1.1.1': 'gost2012-256',
  '1.2.643.7.1.1.1.2': 'gost2012-512',
};

const otherCurves: Readonly<Record<string, string>> = {
  [SM2]: 'sm2',
  // SEC 2
  '1.3.132.0.1': 'sect163k1',
  '1.3.132.0.8': 'secp160r1',
  '1.3.132.0.9': 'secp160k1',
  '1.3.132.0.15': 'sect163r2',
  '1.3.132.0.16': 'sect283k1',
  '1.3.132.0.17': 'sect283r1',
  '1.3.132.0.26': 'sect233k1',
  '1.3.132.0.27': 'sect233r1',
  '1.3.132.0.31': 'secp192k1',
  '1.3.132.0.32': 'secp224k1',
  '1.3.132.0.36': 'sect409k1',
  '1.3.132.0.37': 'sect409r1',
  '1.3.132.0.38': 'sect571k1',
  '1.3.132.0.39': 'sect571r1',
  // RFC 5639
  '1.3.36.3.3.2.8.1.1.1': 'brainpoolP160r1',
  '1.3.36.3.3.2.8.1.1.3': 'brainpoolP192r1',
  '1.3.36.3.3.2.8.1.1.5': 'brainpoolP224r1',
  '1.3.36.3.3.2.8.1.1.9': 'brainpoolP320r1',
};
