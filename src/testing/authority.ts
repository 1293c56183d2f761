/** A root and an issuer below it whose keys are in memory, for as long as a test runs: everything is signed at once. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { DevcertError } from '../errors.ts';
import { generateKeyPair, keyIdentifier } from '../keys.ts';
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
import { authorityFields, type IssuedBy } from '../x509/profiles.ts';
import { encodeSubject } from '../x509/subject.ts';

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
  const usages = ['serverAuth', 'clientAuth'] as const;
  const root = newKey();
  const issuer = newKey();
  const rootBy = {
    subject: encodeSubject({
      organization,
      organizationalUnit: 'for tests: trust it nowhere else',
      commonName: `${label} ${root.keyIdentifier.toString('hex').slice(0, 8)}`,
    }),
    keyIdentifier: root.keyIdentifier,
  };
  const issuedBy = {
    subject: encodeSubject({
      organization,
      organizationalUnit: `issuer ${issuer.keyIdentifier.toString('hex').slice(0, 8)}`,
    }),
    keyIdentifier: issuer.keyIdentifier,
  };
  const rootFields = authorityFields({
    ...validity,
    subject: rootBy.subject,
    key: root.publicKey,
    pathLength: 1,
    usages,
  });
  const issuerFields = authorityFields({
    ...validity,
    issuedBy: rootBy,
    subject: issuedBy.subject,
    key: issuer.publicKey,
    pathLength: 0,
    usages,
  });
  return {
    ...validity,
    rootPem: certificatePem(signAs(rootFields, root.key)),
    issuerPem: certificatePem(signAs(issuerFields, root.key)),
    issuedBy,
    key: issuer.key,
    rootCrl: crlPem(
      {
        issuedBy: rootBy,
        thisUpdate: validity.notBefore,
        nextUpdate: validity.notAfter,
        number: 1,
        revoked: [],
      },
      root.key,
    ),
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

function newKey() {
  const { publicKey, keyPem } = generateKeyPair('p256');
  return { publicKey, key: createPrivateKey(keyPem), keyIdentifier: keyIdentifier(publicKey) };
}

const ECDSA_WITH_SHA1 = { hash: 'sha1', algorithm: sequence(oid('1.2.840.10045.4.1')) }; // RFC 3279 2.2.3
