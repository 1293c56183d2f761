/**
 * Client certificates that no server may take, each wrong in one way. In memory only: they are made for
 * one check and never written.
 */
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

/**
 * By the right authority, with the subject of `right`: over since yesterday, or for a server, without clientAuth, and
 * over in minutes, should it ever get out.
 */
export async function madeWrong(
  how: 'expired' | 'for servers only',
  real: Authority,
  right: Right,
  now: Date,
  keys?: Keyring,
): Promise<ClientIdentity> {
  const { publicKey, keyPem } = generateKeyPair('p256');
  const [usage, notBefore, notAfter] =
    how === 'expired'
      ? (['clientAuth', -9 * DAY_MS, -DAY_MS] as const)
      : (['serverAuth', -DAY_MS, 10 * MINUTE_MS] as const);
  const der = await signCertificate(
    leafFields({
      issuedBy: real.issuedBy,
      subject: readSubject(right.certificate.raw),
      key: publicKey,
      names: right.names,
      usages: [usage],
      notBefore: new Date(now.getTime() + notBefore),
      notAfter: new Date(now.getTime() + notAfter),
    }),
    real.signer(keys),
  );
  return { certPem: new X509Certificate(der).toString() + real.chainPem, keyPem };
}
