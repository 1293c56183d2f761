/** Private keys that are not encrypted, from any program. Small, as finding a good certificate needs it, too. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { DevcertError } from '../errors.ts';
import { publicKeyDer } from '../keys.ts';
import { fieldsOf, readElement, TAG } from '../x509/asn1.ts';
import { decodeOid } from '../x509/asn1-values.ts';
import { assertEcKey } from '../x509/ec-key.ts';
import { otherKind, OtherKindError } from '../x509/key-kinds.ts';
import { decodePem } from './pem.ts';

/**
 * The key in DER that is not encrypted: the one way in for every private key that devcert did not just make.
 * Throws `invalid-input`, as an OtherKindError for a kind that is only named; `weak-key` for one that is out of
 * its curve's range, or on a curve without a name.
 */
export function decodePrivateKey(der: Buffer, type: 'pkcs8' | 'pkcs1' | 'sec1'): KeyObject {
  readElement(der); // OpenSSL passes over bytes after the end
  if (type === 'pkcs8') assertUsualKind(der);
  if (type !== 'pkcs1') assertEcKey(der, type);
  try {
    const key = createPrivateKey({ key: der, format: 'der', type });
    // With bad parameters one is read, and cannot be written. Asked of these alone: it takes a while.
    if (key.asymmetricKeyType === 'rsa-pss') publicKeyDer(key);
    return key;
  } catch (error) {
    throw new DevcertError('invalid-input', 'cannot read the private key: it is damaged', {
      hint: 'make a new key; kinds other than RSA, EC and Ed25519 are not supported',
      cause: error,
    });
  }
}

/**
 * The first private key that is not encrypted in a PEM text; undefined without one. Throws as
 * {@link decodePrivateKey}, and for damaged PEM.
 */
export function decodePrivateKeyPem(text: string): KeyObject | undefined {
  for (const { label, der, headers } of decodePem(text)) {
    const type = keyLabels[label];
    if (type !== undefined && !headers.has('DEK-Info')) return decodePrivateKey(der, type);
  }
  return undefined;
}

/** The same; undefined as well for one that is damaged, or that no curve has. */
export function tryPrivateKeyPem(text: string): KeyObject | undefined {
  try {
    return decodePrivateKeyPem(text);
  } catch {
    return undefined; // the caller says what that means
  }
}

function assertUsualKind(pkcs8: Buffer): void {
  const fields = fieldsOf(readElement(pkcs8));
  fields.next(TAG.integer); // version
  const algorithm = fields.next(TAG.sequence);
  const other = otherKind(algorithm);
  if (other !== undefined) throw new OtherKindError(other);
  const exponential = exponentials[decodeOid(fieldsOf(algorithm).next())];
  if (exponential !== undefined && pkcs8.length > MAX_EXPONENTIAL_BYTES)
    throw new OtherKindError(exponential);
}

/** RFC 3279 2.3.2. */
export const DSA = '1.2.840.10040.4.1';

/** Kinds whose public key OpenSSL computes when it reads the private one, whatever time their size takes. */
const exponentials: Readonly<Record<string, string>> = {
  [DSA]: 'dsa',
  '1.2.840.113549.1.3.1': 'dh', // PKCS#3
  '1.2.840.10046.2.1': 'dhx', // RFC 3279 2.3.3
};

/** Four numbers of OpenSSL's largest size, 10000 bits, and some. */
const MAX_EXPONENTIAL_BYTES = 6000;

const keyLabels: Readonly<Record<string, 'pkcs8' | 'pkcs1' | 'sec1'>> = {
  'PRIVATE KEY': 'pkcs8',
  'RSA PRIVATE KEY': 'pkcs1',
  'EC PRIVATE KEY': 'sec1',
};
