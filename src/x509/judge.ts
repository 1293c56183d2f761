/** The one judgement of keys, signatures and key usages, for all that reads or makes certificates. Pure. */
import type { KeyObject, X509Certificate } from 'node:crypto';
import { DevcertError, say } from '../errors.ts';
import { isStrongRsa, keyTypeOf } from '../keys.ts';
import { MAX_RSA_BITS, MIN_RSA_BITS } from '../policy.ts';
import type { Element } from './asn1.ts';
import { decodeBits } from './asn1-values.ts';
import { UNNAMED_CURVE } from './ec-key.ts';

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
  return `of type "${type}", which is not known well enough`;
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
