/** A root and an issuer below it whose keys are in memory, for as long as a test runs: everything is signed at once. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { DevcertError } from '../errors.ts';
import { generateKeyPair } from '../keys.ts';
import { encodePem } from '../keystore/pem.ts';
import { AUTHORITY_DAYS, DAY_MS } from '../policy.ts';
import { signAtOnce } from '../signer/key.ts';
import {
  type CertificateFields,
  encodeTbs,
  signatureAlgorithm,
  signedDer,
} from '../x509/certificate.ts';
import { type CrlFields, encodeTbsCrl } from '../x509/crl-write.ts';
import { oid, sequence } from '../x509/der.ts';
import { authorityPair, type IssuedBy } from '../x509/profiles.ts';

export interface TestAuthority {
  readonly rootPem: string;
  /** What a server sends after its leaf. */
  readonly issuerPem: string;
  /** Of the issuer, which signs the leaves. */
  readonly issuedBy: IssuedBy;
  readonly key: KeyObject;
  /** When both are valid. */
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The root's own CRL, PEM: it revokes nobody, and clients that ask for lists ask for one of each CA. */
  readonly rootCrl: string;
}

/**
 * Valid for ten years before and after `now`, so that what has expired, and what is not valid yet, lies within.
 *
 * @param organization of both subjects.
 * @param label for the common name of the root.
 */
export function makeTestAuthority(organization: string, label: string, now: Date): TestAuthority {
  const validity = {
    notBefore: new Date(now.getTime() - AUTHORITY_DAYS * DAY_MS),
    notAfter: new Date(now.getTime() + AUTHORITY_DAYS * DAY_MS),
  };
  const [root, issuer] = [generateKeyPair('p256'), generateKeyPair('p256')];
  const rootKey = createPrivateKey(root.keyPem);
  const fields = authorityPair(
    { organization, organizationalUnit: 'for tests: trust it nowhere else', commonName: label },
    { root: root.publicKey, issuer: issuer.publicKey },
    { ...validity, usages: ['serverAuth', 'clientAuth'] },
  );
  const { notBefore: thisUpdate, notAfter: nextUpdate } = validity;
  const list = { issuedBy: fields.byRoot, thisUpdate, nextUpdate, number: 1, revoked: [] };
  return {
    ...validity,
    rootPem: certificatePem(signAs(fields.root, rootKey)),
    issuerPem: certificatePem(signAs(fields.issuer, rootKey)),
    issuedBy: fields.byIssuer,
    key: createPrivateKey(issuer.keyPem),
    rootCrl: crlPem(list, rootKey),
  };
}

/** The certificate, DER. @param weakly by SHA-1. @throws DevcertError `refused` if this Node does not sign that way. */
export function signAs(fields: CertificateFields, key: KeyObject, weakly = false): Buffer {
  const { hash, algorithm } = weakly ? ECDSA_WITH_SHA1 : signatureAlgorithm('p256');
  const toBeSigned = encodeTbs(fields, algorithm);
  try {
    return signedDer(toBeSigned, algorithm, signAtOnce(key, hash, toBeSigned));
  } catch (cause) {
    if (!weakly) throw cause;
    throw new DevcertError('refused', 'the OpenSSL of this Node signs nothing with SHA-1', {
      hint: 'its configuration or the policy of the system forbids it: leave "weak-signature" out here',
      cause,
    });
  }
}

/** PEM. */
export function crlPem(fields: CrlFields, key: KeyObject): string {
  const { hash, algorithm } = signatureAlgorithm('p256');
  const toBeSigned = encodeTbsCrl(fields, algorithm);
  return encodePem('X509 CRL', signedDer(toBeSigned, algorithm, signAtOnce(key, hash, toBeSigned)));
}

export function certificatePem(der: Buffer): string {
  return new X509Certificate(der).toString();
}

const ECDSA_WITH_SHA1 = { hash: 'sha1', algorithm: sequence(oid('1.2.840.10045.4.1')) }; // RFC 3279 2.2.3
