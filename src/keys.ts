/**
 * Key pairs, all by `node:crypto`. A private key is a `KeyObject` until the moment it is written.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  type X509Certificate,
} from 'node:crypto';
import { curveOf } from './x509/ec-key.ts';
import { dsaModulusLength } from './x509/key-kinds.ts';
import { MAX_RSA_BITS, MIN_RSA_BITS } from './policy.ts';

/** The key types that can be asked for; the first is the default. All of them work in every client measured. */
export const keyTypes = ['p256', 'p384', 'rsa2048', 'rsa3072', 'rsa4096'] as const;

export type KeyType = (typeof keyTypes)[number];

/** What no certificate of devcert's has but those that are broken on purpose. */
export type WeakKeyType = 'rsa1024';

/** A public key as certificates carry it. */
export interface PublicKey {
  /** As {@link keyTypeOf} names it. */
  readonly type: string;
  /** SubjectPublicKeyInfo (RFC 5280 4.1.2.7), DER. */
  readonly der: Buffer;
}

export interface KeyPair {
  readonly publicKey: PublicKey;
  /** PKCS#8 PEM, not encrypted. Secret. */
  readonly keyPem: string;
}

/** A new key pair, encoded. P-256 takes about 0.4 ms, RSA 4096 seconds. */
export function generateKeyPair(type: KeyType | WeakKeyType): KeyPair {
  const publicKeyEncoding = { type: 'spki', format: 'der' } as const;
  const privateKeyEncoding = { type: 'pkcs8', format: 'pem' } as const;
  const { publicKey, privateKey } = type.startsWith('rsa')
    ? generateKeyPairSync('rsa', {
        modulusLength: Number(type.slice(3)),
        publicKeyEncoding,
        privateKeyEncoding,
      })
    : generateKeyPairSync('ec', {
        namedCurve: `P-${type.slice(1)}`,
        publicKeyEncoding,
        privateKeyEncoding,
      });
  return { publicKey: { type, der: publicKey }, keyPem: privateKey };
}

/**
 * A new private key.
 *
 * Decoded, not taken from Node as an object: to that Node's generator keeps a lock, which it takes when
 * the garbage collector frees it. Where that happens while the same process holds it to tell what kind
 * of key it is, it waits for itself for ever (seen in Node 20.20, KeyGenJob and GetEcKeyDetail).
 */
export function generateKey(type: KeyType): KeyObject {
  return createPrivateKey(generateKeyPair(type).keyPem);
}

/**
 * The type of a public or private key in the words of {@link keyTypes}; other kinds come out as what
 * they are: `rsa1024`, `p521`, `secp256k1`, `ed25519`, `ec-unnamed-curve`.
 */
export function keyTypeOf(key: KeyObject): string {
  return typeOf(key, () => publicKeyDer(key));
}

/** True for an RSA key of 2048 to 16384 bits with a sound exponent. */
export function isStrongRsa(key: KeyObject): boolean {
  const { modulusLength = 0, publicExponent = 0n } = detailsOf(key);
  return (
    modulusLength >= MIN_RSA_BITS &&
    modulusLength <= MAX_RSA_BITS &&
    // An exponent of 1 encrypts nothing, an even one has no inverse.
    publicExponent >= 3n &&
    publicExponent % 2n === 1n
  );
}

/** PKCS#8 PEM (RFC 5958), not encrypted: the one form that every server reads. */
export function encodePrivateKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** The public half of a key pair. */
export function publicKeyOf(key: KeyObject): PublicKey {
  const der = publicKeyDer(key);
  return { type: typeOf(key, () => der), der };
}

/** SubjectPublicKeyInfo (RFC 5280 4.1.2.7) of a public or private key, DER. */
export function publicKeyDer(key: KeyObject | PublicKey): Buffer {
  if ('der' in key) return key.der;
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ type: 'spki', format: 'der' });
}

/** SHA-256 of the SubjectPublicKeyInfo: 64 hex digits, the same for both halves of a key pair. */
export function publicKeyHash(key: KeyObject | PublicKey): string {
  return createHash('sha256').update(publicKeyDer(key)).digest('hex');
}

/** The same of a certificate's key; undefined for one that OpenSSL cannot read, which fits no key that it can. */
export function certificateKeyHash(certificate: X509Certificate): string | undefined {
  try {
    return publicKeyHash(certificate.publicKey);
  } catch {
    return undefined; // what the answer is
  }
}

/**
 * Key identifier for the SKI and AKI extensions: the first 20 bytes of SHA-256 over the
 * SubjectPublicKeyInfo (RFC 7093 section 2, method 4, shortened as RFC 5280 4.2.1.2 allows).
 */
export function keyIdentifier(key: KeyObject | PublicKey): Buffer {
  return createHash('sha256').update(publicKeyDer(key)).digest().subarray(0, 20);
}

function typeOf(key: KeyObject, der: () => Buffer): string {
  const known = key.asymmetricKeyType === 'ec' ? curveOf(der()) : undefined;
  if (key.asymmetricKeyType === 'dsa') return `dsa${dsaModulusLength(der()) ?? ''}`;
  // Not asked of one on a curve that is spelled out: Node need not be able to tell, and then aborts.
  const { namedCurve = known, modulusLength } = known === undefined ? detailsOf(key) : {};
  if (namedCurve !== undefined) return curves[namedCurve] ?? namedCurve;
  if (modulusLength !== undefined) return `${key.asymmetricKeyType ?? 'rsa'}${modulusLength}`;
  return key.asymmetricKeyType ?? key.type;
}

function detailsOf(key: KeyObject): NonNullable<KeyObject['asymmetricKeyDetails']> {
  try {
    // Node ends the whole process at a DSA key whose parameters OpenSSL cannot use (GetDsaKeyDetail).
    return key.asymmetricKeyType === 'dsa' ? {} : (key.asymmetricKeyDetails ?? {});
  } catch {
    return {}; // RSA-PSS with parameters that OpenSSL cannot read: a kind without a size, so none that is strong
  }
}

// OpenSSL's names for the NIST curves.
const curves: Readonly<Record<string, string>> = {
  prime256v1: 'p256',
  secp384r1: 'p384',
  secp521r1: 'p521',
};
