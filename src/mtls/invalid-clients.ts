/**
 * Client certificates that no server may take, each wrong in one way. In memory only: they are made for
 * one check and never written.
 */
import type { Usage } from '../names/usage.ts';
import { X509Certificate } from 'node:crypto';
import { type Authority, readAuthority } from '../authority/authority.ts';
import { createAuthority } from '../authority/create.ts';
import { issueLeaf } from '../certificate/issue.ts';
import { generateKeyPair } from '../keys.ts';
import type { Name } from '../names/names.ts';
import type { LeafRequest } from '../names/request.ts';
import type { Keyring } from '../signer/keyring.ts';
import { signCertificate } from '../x509/certificate.ts';
import { leafFields } from '../x509/profiles.ts';
import { readSubject } from '../x509/read.ts';
import { DAY_MS } from '../policy.ts';

export interface ClientIdentity {
  readonly certPem: string;
  readonly keyPem: string;
}

/** What the wrong ones look like but for what is wrong with them. */
export interface Right {
  readonly certificate: X509Certificate;
  readonly names: readonly Name[];
}

const MINUTE_MS = 60_000;

/** The same names by an authority that nobody knows. */
export async function byAnotherAuthority(
  real: Authority,
  request: LeafRequest,
  identity: string,
  now: Date,
): Promise<ClientIdentity> {
  const pem = await createAuthority(identity, real.constraints, now, { usages: real.usages });
  return issueLeaf(readAuthority(pem, 'memory'), request, identity, now);
}

/** By the right authority, and over since yesterday. */
export async function expired(
  real: Authority,
  right: Right,
  now: Date,
  keys?: Keyring,
): Promise<ClientIdentity> {
  const at = now.getTime();
  return sign(real, right, ['clientAuth'], [at - 9 * DAY_MS, at - DAY_MS], keys);
}

/** By the right authority for a server: without clientAuth. Over in minutes, should it ever get out. */
export async function forServersOnly(
  real: Authority,
  right: Right,
  now: Date,
  keys?: Keyring,
): Promise<ClientIdentity> {
  const at = now.getTime();
  return sign(real, right, ['serverAuth'], [at - DAY_MS, at + 10 * MINUTE_MS], keys);
}

/** As `right`, its subject and all, with another usage and other dates. */
async function sign(
  real: Authority,
  right: Right,
  usages: readonly Usage[],
  [notBefore, notAfter]: readonly [number, number],
  keys: Keyring | undefined,
): Promise<ClientIdentity> {
  const { publicKey, keyPem } = generateKeyPair('p256');
  const der = await signCertificate(
    leafFields({
      issuedBy: real.issuedBy,
      subject: readSubject(right.certificate.raw),
      key: publicKey,
      names: right.names,
      usages,
      notBefore: new Date(notBefore),
      notAfter: new Date(notAfter),
    }),
    real.signer(keys),
  );
  return {
    certPem: new X509Certificate(der).toString() + real.chainPem,
    keyPem,
  };
}
