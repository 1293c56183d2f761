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

/** A server, a client, or both. */
export function leafFields({ issuedBy, names, usages, ...own }: LeafProfile): CertificateFields {
  const takesRsaExchange = own.key.type.startsWith('rsa') && usages.includes('serverAuth');
  return {
    ...own,
    issuer: issuedBy.subject,
    extensions: [
      leafConstraints(),
      // Key encipherment is RSA key exchange: no elliptic curve key can do it, and no client (RFC 5280 4.2.1.12).
      keyUsage('digitalSignature', ...(takesRsaExchange ? (['keyEncipherment'] as const) : [])),
      extendedKeyUsage(...usages),
      subjectAltName(names, false),
      subjectKeyIdentifier(keyIdentifier(own.key)),
      authorityKeyIdentifier(issuedBy.keyIdentifier),
    ],
  };
}

export interface AuthorityProfile extends Profile {
  /** Undefined: itself, a root. */
  readonly issuedBy?: IssuedBy | undefined;
  /** Authorities that it may have below it. */
  readonly pathLength: number;
  /** What it may certify for; undefined: everything. */
  readonly usages?: readonly Usage[];
  /** What it may certify; undefined: every name. */
  readonly constraints?: Constraints | undefined;
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
