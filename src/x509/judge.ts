/** The one judgement of keys, signatures and key usages, for all that reads or makes certificates. Pure. */
import { constants, type KeyObject, verify, type X509Certificate } from 'node:crypto';
import { DevcertError, say } from '../errors.ts';
import { isStrongRsa, keyTypeOf } from '../keys.ts';
import { MAX_RSA_BITS, MIN_RSA_BITS } from '../policy.ts';
import { contextTagOf, type Element, fieldsOf, TAG, unwrap } from './asn1.ts';
import { decodeBits, decodeOid, decodeSmallInteger } from './asn1-values.ts';
import { UNNAMED_CURVE } from './ec-key.ts';
import { OID, oidName } from './oids.ts';

/** What is against making a certificate for this key, as `RSA of 1024 bits`; undefined for a good one. */
export function keyWeakness(key: KeyObject): string | undefined {
  const type = keyTypeOf(key);
  if (strongTypes.includes(type)) return undefined;
  if (type === UNNAMED_CURVE)
    return 'on a curve that is spelled out, not named, as forgers do it: no client verifies it';
  const [, kind = '', bits = ''] = /^(rsa|rsa-pss|dsa)(\d+)$/.exec(type) ?? [];
  if (kind === 'dsa') return 'DSA, which no TLS client takes';
  if (kind === 'rsa' && isStrongRsa(key)) return undefined;
  if (kind !== '' && Number(bits) < MIN_RSA_BITS) return `RSA of ${bits} bits`;
  if (kind === 'rsa')
    return Number(bits) > MAX_RSA_BITS
      ? `RSA of ${bits} bits, too many`
      : 'RSA with an unsound exponent';
  if (kind === 'rsa-pss') return 'RSA-PSS, which Chromium and others refuse';
  return /^(?:secp|prime|brainpool|sect|c2)/.test(type)
    ? `on the curve ${type}, which Chromium, Firefox, Go and GnuTLS do not take`
    : `of type "${type}", which is not known well enough`;
}

/** @throws DevcertError `weak-key` for a key that no certificate should be made for. */
export function assertStrongKey(key: KeyObject): void {
  const weakness = keyWeakness(key);
  if (weakness === undefined) return;
  throw new DevcertError('weak-key', `the key is weak: ${weakness}`, {
    hint: say`use P-256 or P-384, or RSA with 2048 to 16384 bits: ${{ command: 'csr', names: 'NAMES…' }}`,
  });
}

/** True if the signature of `certificate` is by the key of `issuer`, whatever either of them says. */
export function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.verify(issuer.publicKey);
  } catch {
    return false; // a key or an algorithm that OpenSSL does not know, or that do not fit each other
  }
}

/** True if `issuer` issued `certificate`: it names it, and the signature is by its key. */
export function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.issuer === issuer.subject && isSignedBy(certificate, issuer);
}

/** True for what a root is: issued by itself. */
export function isSelfSigned(certificate: X509Certificate): boolean {
  return isIssuedBy(certificate, certificate);
}

/** How a signature is made, for `verify()` of `node:crypto`. */
export interface SignatureScheme {
  /** Null where the algorithm has its own. */
  readonly hash: string | null;
  /** The kind of key, as `asymmetricKeyType` names it. */
  readonly key: 'ec' | 'rsa' | 'ed25519';
  /** Of RSA-PSS: the length of its salt in bytes. */
  readonly saltLength?: number;
}

/** The scheme of an AlgorithmIdentifier; undefined if it is weaker than SHA-256, or not known here. */
export function strongScheme(algorithm: Element): SignatureScheme | undefined {
  const dotted = algorithmIn(algorithm);
  if (dotted !== OID.rsassaPss) return schemes[dotted];
  const { hash, maskHash, saltLength } = pssParameters(algorithm);
  // Node knows no other mask than by the same hash; nobody writes one.
  return hash !== maskHash || !strongHashes.includes(hash)
    ? undefined
    : { hash, key: 'rsa', saltLength };
}

/** True if the signature over these bytes is by this key and in this scheme. */
export function isSignature(
  { hash, key: kind, saltLength }: SignatureScheme,
  signed: Buffer,
  key: KeyObject,
  signature: Buffer,
): boolean {
  try {
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    const signer = saltLength === undefined ? key : { key, padding, saltLength };
    // A key of RSA-PSS is refused by who grants it: its signature is right all the same.
    const type = key.asymmetricKeyType === 'rsa-pss' ? 'rsa' : key.asymmetricKeyType;
    return kind === type && verify(hash, signed, signer, signature);
  } catch {
    return false; // not even the form of a signature
  }
}

/** What an AlgorithmIdentifier is called: `ecdsaWithSha256`, `sha256WithRsaPss`; dotted if not known here. */
export function signatureName(algorithm: Element): string {
  const dotted = algorithmIn(algorithm);
  return dotted === OID.rsassaPss ? `${pssParameters(algorithm).hash}WithRsaPss` : oidName(dotted);
}

/** The OID of an AlgorithmIdentifier (RFC 5280 4.1.1.2), dotted. */
export function algorithmIn(algorithm: Element): string {
  return decodeOid(fieldsOf(algorithm).next());
}

/** RSASSA-PSS-params (RFC 4055 3.1), whose every part is SHA-1 by default. */
function pssParameters(algorithm: Element) {
  const outer = fieldsOf(algorithm);
  outer.next();
  const fields = outer.tag === TAG.sequence ? fieldsOf(outer.next()) : undefined;
  const hash = fields?.optional(contextTagOf(0, true));
  const mask = fields?.optional(contextTagOf(1, true));
  const salt = fields?.optional(contextTagOf(2, true));
  const hashOf = (element: Element | undefined) =>
    element === undefined ? 'sha1' : oidName(algorithmIn(element));
  const maskFields = mask === undefined ? undefined : fieldsOf(unwrap(mask));
  maskFields?.next(); // MGF1, the only one there is
  return {
    hash: hashOf(hash === undefined ? undefined : unwrap(hash)),
    maskHash: hashOf(maskFields?.next()),
    saltLength: salt === undefined ? 20 : decodeSmallInteger(unwrap(salt)),
  };
}

const strongHashes: readonly string[] = ['sha256', 'sha384', 'sha512'];

// What proves something must not be forgeable itself: nothing below SHA-256.
const schemes: Readonly<Record<string, SignatureScheme>> = {
  [OID.ecdsaWithSha256]: { hash: 'sha256', key: 'ec' },
  [OID.ecdsaWithSha384]: { hash: 'sha384', key: 'ec' },
  [OID.ecdsaWithSha512]: { hash: 'sha512', key: 'ec' },
  [OID.sha256WithRsa]: { hash: 'sha256', key: 'rsa' },
  [OID.sha384WithRsa]: { hash: 'sha384', key: 'rsa' },
  [OID.sha512WithRsa]: { hash: 'sha512', key: 'rsa' },
  [OID.ed25519]: { hash: null, key: 'ed25519' },
};

/** The names of the bits of a KeyUsage, in the order of RFC 5280 4.2.1.3. */
export function keyUsageNames(value: Element): string[] {
  const { bytes } = decodeBits(value);
  return KEY_USAGES.filter((_, bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0);
}

const strongTypes: readonly string[] = ['p256', 'p384', 'p521', 'ed25519'];

const KEY_USAGES = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
];
