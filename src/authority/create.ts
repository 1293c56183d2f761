/**
 * Making an authority. The root's private key lives in a local variable of {@link createAuthority} and
 * nowhere else; what stays is an issuer with the same constraints, for stacks that ignore those of a
 * trust anchor (Java). They bind the names of a SAN. A thief with the issuer's key forges every permitted
 * name, and other names for clients that fall back to a common name: src/guides/safety.md has the list.
 */
import type { Usage } from '../names/usage.ts';
import { X509Certificate } from 'node:crypto';
import type { Constraints } from '../names/constraints.ts';
import { generateKey, generateKeyPair, type PublicKey } from '../keys.ts';
import { keySigner } from '../signer/key.ts';
import { signCertificate } from '../x509/certificate.ts';
import { authorityPair } from '../x509/profiles.ts';
import { AUTHORITY_DAYS, AUTHORITY_ORGANIZATION, BACKDATE_MS, DAY_MS } from '../policy.ts';

/** What fits beside `devcert root` and the key id in a common name of 64 characters. */
const MAX_LABEL = 40;

/** The files of an authority, PEM. */
export interface AuthorityPem {
  /** The root certificate: what trust stores get. */
  readonly root: string;
  /** The issuer's certificate, then any certificates between it and the root. */
  readonly issuer: string;
  /** The issuer's private key, PKCS#8; empty if there is none here. Secret. */
  readonly issuerKey: string;
  /** How its key is kept, as `keeping.ts` writes it; undefined for a key that is a file. */
  readonly keeping?: string | undefined;
  /** Where an imported one came from, as `origin.ts` writes it. */
  readonly origin?: string;
}

export interface AuthorityOptions {
  /** For its subject: the name it is kept under, if it has one. */
  readonly name?: string | undefined;
  /** What it may certify; both by default. */
  readonly usages?: readonly Usage[];
  /** Ten years from now by default. */
  readonly notAfter?: Date;
  /** The issuer's, where its private key is elsewhere; a new pair if left out. */
  readonly issuerKey?: PublicKey | undefined;
}

/**
 * A new root and a new issuer below it, both P-256 and valid for ten years unless the options say otherwise.
 *
 * @param identity `user@host` from `identityOf()`.
 * @param constraints what root and issuer may ever certify; `undefined` makes an authority that may
 *   certify every name.
 */
export async function createAuthority(
  identity: string,
  constraints: Constraints | undefined,
  now: Date,
  options: AuthorityOptions = {},
): Promise<AuthorityPem> {
  const { name, usages = ['serverAuth', 'clientAuth'], notAfter, issuerKey } = options;
  const label = name === undefined ? identity : `${name} ${identity}`.slice(0, MAX_LABEL);
  const rootKey = generateKey('p256');
  const rootSigner = keySigner(rootKey);
  const issuer =
    issuerKey === undefined ? generateKeyPair('p256') : { publicKey: issuerKey, keyPem: '' };
  const fields = authorityPair(
    {
      organization: AUTHORITY_ORGANIZATION,
      organizationalUnit: identity,
      commonName: `devcert root ${label}`,
    },
    { root: rootSigner.publicKey, issuer: issuer.publicKey },
    {
      notBefore: new Date(now.getTime() - BACKDATE_MS),
      notAfter: notAfter ?? new Date(now.getTime() + AUTHORITY_DAYS * DAY_MS),
      usages,
      constraints,
    },
  );
  const root = await signCertificate(fields.root, rootSigner);
  const issuerCertificate = await signCertificate(fields.issuer, rootSigner);
  return { root: pemOf(root), issuer: pemOf(issuerCertificate), issuerKey: issuer.keyPem };
}

function pemOf(der: Buffer): string {
  return new X509Certificate(der).toString();
}
