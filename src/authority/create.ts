/**
 * Making an authority (design: useless to a thief). The root's private key lives in a local variable
 * of {@link createAuthority} and nowhere else; what stays is an issuer that the constraints bind in
 * every TLS stack, also in those that ignore constraints on a trust anchor (Java).
 */
import { X509Certificate } from 'node:crypto';
import type { Constraints } from '../constraints.ts';
import { encodePrivateKey, generateKey, keyIdentifier } from '../keys.ts';
import { signCertificate } from '../x509/certificate.ts';
import {
  authorityConstraints,
  authorityKeyIdentifier,
  extendedKeyUsage,
  keyUsage,
  nameConstraints,
  subjectKeyIdentifier,
} from '../x509/extensions.ts';
import { encodeSubject } from '../x509/subject.ts';
import { AUTHORITY_ORGANIZATION, BACKDATE_MS } from './profile.ts';

const DAY_MS = 86_400_000;
const LIFETIME_DAYS = 3652;

/** The three files of an authority, PEM. */
export interface AuthorityPem {
  /** The root certificate: what trust stores get. */
  readonly root: string;
  /** The issuer's certificate, then any certificates between it and the root. */
  readonly issuer: string;
  /** The issuer's private key, PKCS#8. Secret. */
  readonly issuerKey: string;
}

/**
 * A new root and a new issuer below it, both P-256 and valid for ten years.
 *
 * @param identity `user@host` from `identityOf()`.
 * @param constraints what root and issuer may ever certify; `undefined` makes an authority that may
 *   certify every name.
 */
export function createAuthority(
  identity: string,
  constraints: Constraints | undefined,
  now: Date,
): AuthorityPem {
  const rootKey = generateKey('p256');
  const issuerKey = generateKey('p256');
  const rootId = keyIdentifier(rootKey);
  const issuerId = keyIdentifier(issuerKey);
  const rootSubject = encodeSubject({
    organization: AUTHORITY_ORGANIZATION,
    organizationalUnit: identity,
    commonName: `devcert root ${identity} ${shortId(rootId)}`,
  });
  const validity = {
    notBefore: new Date(now.getTime() - BACKDATE_MS),
    notAfter: new Date(now.getTime() + LIFETIME_DAYS * DAY_MS),
  };
  const powers = [
    keyUsage('keyCertSign', 'cRLSign'),
    // An authority limited to TLS: a stolen issuer key signs neither code nor mail.
    extendedKeyUsage('serverAuth', 'clientAuth'),
    ...(constraints === undefined ? [] : [nameConstraints(constraints)]),
  ];
  const root = signCertificate(
    {
      ...validity,
      issuer: rootSubject,
      subject: rootSubject,
      key: rootKey,
      extensions: [authorityConstraints(1), ...powers, subjectKeyIdentifier(rootId)],
    },
    rootKey,
  );
  const issuer = signCertificate(
    {
      ...validity,
      issuer: rootSubject,
      // No common name: wolfSSL holds an authority's against the constraints.
      subject: encodeSubject({
        organization: AUTHORITY_ORGANIZATION,
        organizationalUnit: `issuer ${shortId(issuerId)}`,
      }),
      key: issuerKey,
      extensions: [
        authorityConstraints(0),
        ...powers,
        subjectKeyIdentifier(issuerId),
        authorityKeyIdentifier(rootId),
      ],
    },
    rootKey,
  );
  return { root: pemOf(root), issuer: pemOf(issuer), issuerKey: encodePrivateKey(issuerKey) };
}

function shortId(identifier: Buffer): string {
  return identifier.toString('hex').slice(0, 8);
}

function pemOf(der: Buffer): string {
  return new X509Certificate(der).toString();
}
