/** What certificates of devcert hold: a leaf, and an authority. Every one of ours is made of these. Pure. */
import type { Constraints } from '../names/constraints.ts';
import type { Name } from '../names/names.ts';
import type { Usage } from '../names/usage.ts';
import { keyIdentifier, type PublicKey } from '../keys.ts';
import type { CertificateFields } from './certificate.ts';
import {
  authorityConstraints,
  authorityKeyIdentifier,
  extendedKeyUsage,
  keyUsage,
  leafConstraints,
  nameConstraints,
  subjectAltName,
  subjectKeyIdentifier,
} from './extensions.ts';
import { encodeSubject } from './subject.ts';

interface Profile extends Pick<CertificateFields, 'subject' | 'notBefore' | 'notAfter'> {
  readonly key: PublicKey;
}

/** Who signs: its subject, DER of a Name, and the identifier of its key. */
export interface IssuedBy {
  readonly subject: Buffer;
  readonly keyIdentifier: Buffer;
}

export interface LeafProfile extends Profile {
  readonly issuedBy: IssuedBy;
  readonly names: readonly Name[];
  readonly usages: readonly Usage[];
}

/** What leaves for one key and holder have in common. */
type LeafShape = Omit<LeafProfile, keyof LeafVariables>;

/** In what they differ. */
export type LeafVariables = Pick<LeafProfile, 'names' | 'notBefore' | 'notAfter'>;

/** A server, a client, or both. */
export function leafFields({
  names,
  notBefore,
  notAfter,
  ...shape
}: LeafProfile): CertificateFields {
  return leafTemplate(shape)({ names, notBefore, notAfter });
}

/** The same for many of one shape, most of which is encoded once. */
export function leafTemplate(shape: LeafShape): (variables: LeafVariables) => CertificateFields {
  const { issuedBy, subject, key, usages } = shape;
  const takesRsaExchange = key.type.startsWith('rsa') && usages.includes('serverAuth');
  const before = [
    leafConstraints(),
    // Key encipherment is RSA key exchange: no elliptic curve key can do it, and no client (RFC 5280 4.2.1.12).
    keyUsage('digitalSignature', ...(takesRsaExchange ? (['keyEncipherment'] as const) : [])),
    extendedKeyUsage(...usages),
  ];
  const after = [
    subjectKeyIdentifier(keyIdentifier(key)),
    authorityKeyIdentifier(issuedBy.keyIdentifier),
  ];
  return ({ names, notBefore, notAfter }) => ({
    ...{ issuer: issuedBy.subject, subject, key, notBefore, notAfter },
    extensions: [...before, subjectAltName(names, false), ...after],
  });
}

/** What a root and an issuer below it have in common. */
export interface AuthorityTerms extends Pick<Profile, 'notBefore' | 'notAfter'> {
  /** What it may certify for; undefined: everything. */
  readonly usages?: readonly Usage[];
  /** What it may certify; undefined: every name. */
  readonly constraints?: Constraints | undefined;
}

export interface AuthorityProfile extends Profile, AuthorityTerms {
  /** Undefined: itself, a root. */
  readonly issuedBy?: IssuedBy | undefined;
  /** Authorities that it may have below it. */
  readonly pathLength: number;
}

/**
 * A root and an issuer below it, whose certificates the root's key is to sign.
 *
 * @param holder for their subjects; `commonName` is the root's, which its key's identifier is added to.
 */
export function authorityPair(
  holder: { organization: string; organizationalUnit: string; commonName: string },
  keys: { readonly root: PublicKey; readonly issuer: PublicKey },
  terms: AuthorityTerms,
) {
  const [rootId, issuerId] = [keyIdentifier(keys.root), keyIdentifier(keys.issuer)];
  const commonName = `${holder.commonName} ${shortId(rootId)}`;
  const root = { subject: encodeSubject({ ...holder, commonName }), keyIdentifier: rootId };
  // No common name: wolfSSL holds an authority's against the constraints.
  const { organization } = holder;
  const organizationalUnit = `issuer ${shortId(issuerId)}`;
  const subject = encodeSubject({ organization, organizationalUnit });
  return {
    byRoot: root,
    byIssuer: { subject, keyIdentifier: issuerId },
    root: authorityFields({ ...terms, subject: root.subject, key: keys.root, pathLength: 1 }),
    issuer: authorityFields({
      ...terms,
      ...{ issuedBy: root, subject, key: keys.issuer, pathLength: 0 },
    }),
  };
}

function shortId(identifier: Buffer): string {
  return identifier.toString('hex').slice(0, 8);
}

/** Who signs others. */
export function authorityFields(profile: AuthorityProfile): CertificateFields {
  const { issuedBy, pathLength, usages, constraints, ...own } = profile;
  return {
    ...own,
    issuer: issuedBy?.subject ?? own.subject,
    extensions: [
      authorityConstraints(pathLength),
      keyUsage('keyCertSign', 'cRLSign'),
      // Limited to TLS. Verifiers of mail that were measured heed it; Java's of code looks at the leaf alone.
      ...(usages === undefined ? [] : [extendedKeyUsage(...usages)]),
      ...(constraints === undefined ? [] : [nameConstraints(constraints)]),
      subjectKeyIdentifier(keyIdentifier(own.key)),
      ...(issuedBy === undefined ? [] : [authorityKeyIdentifier(issuedBy.keyIdentifier)]),
    ],
  };
}
