/** Authority and request make a certificate: in memory, no files. */
import type { Usage } from '../names/usage.ts';
import { X509Certificate } from 'node:crypto';
import { assertNotExpired, type Authority } from '../authority/authority.ts';
import { assertNotSealed } from '../authority/keeping.ts';
import { assertCertifies } from '../authority/permits.ts';
import { commonNameObjection, commonNameOf } from '../names/common-name.ts';
import { DevcertError, say } from '../errors.ts';
import { generateKeyPair, type PublicKey } from '../keys.ts';
import type { Name } from '../names/names.ts';
import { DEFAULT_KEY_TYPE, type LeafRequest } from '../names/request.ts';
import type { Keyring } from '../signer/keyring.ts';
import { signCertificate } from '../x509/certificate.ts';
import { leafTemplate, type LeafVariables } from '../x509/profiles.ts';
import { encodeSubject } from '../x509/subject.ts';
import { BACKDATE_MS, LEAF_DAYS, LEAF_ORGANIZATION } from '../policy.ts';
import { type Dates, leafEnd } from './reusable.ts';

/** A certificate that was just signed. */
export interface Certified {
  readonly certificate: X509Certificate;
  readonly publicKey: PublicKey;
  /** Leaf and issuer (and any certificates between it and the root): what a server sends. */
  readonly certPem: string;
}

/** The same with its key. */
export interface Leaf extends Certified {
  /** PKCS#8. Secret. */
  readonly keyPem: string;
}

/** A request for a key that is there already. */
export type KeyedRequest = LeafRequest & { readonly publicKey: PublicKey };

/**
 * A new key pair with its certificate.
 *
 * @param identity `user@host` from `identityOf()`, for the subject.
 * @param keys of the run, for a key that lies in no open file.
 * @throws DevcertError `expired`, `outside-constraints`, `refused`, `password`: nothing was signed then.
 */
export async function issueLeaf(
  authority: Authority,
  request: LeafRequest,
  identity: string,
  now: Date,
  keys?: Keyring,
): Promise<Leaf> {
  const { publicKey, keyPem } = generateKeyPair(request.keyType ?? DEFAULT_KEY_TYPE);
  const leaf = await signLeaf(authority, { ...request, publicKey }, identity, now, keys);
  return { ...leaf, keyPem };
}

/** What was signed, DER, and when it is valid. */
export interface SignedLeaf extends Dates {
  readonly der: Buffer;
}

/**
 * Names, a public key and the authority make a certificate: the end of every issuing. A key that somebody
 * sent goes through {@link certify}, which looks at it first.
 *
 * @throws DevcertError `expired`, `outside-constraints`, `refused`: nothing was signed then.
 */
export async function signLeaf(
  authority: Authority,
  request: KeyedRequest,
  identity: string,
  now: Date,
  keys?: Keyring,
): Promise<Certified> {
  const { names, publicKey } = request;
  const { der } = await leafSigner(authority, request, identity, keys)(names, now);
  const certificate = new X509Certificate(der);
  return { certificate, publicKey, certPem: certificate.toString() + authority.chainPem };
}

/**
 * {@link signLeaf} for one certificate after another that differ in names and dates alone, for servers whose
 * clients wait: what they have in common is encoded once, and what was signed is not read again.
 *
 * @param request its names are what a common name is made of, where there is one.
 */
export function leafSigner(
  authority: Authority,
  request: KeyedRequest,
  identity: string,
  keys?: Keyring,
): (names: readonly Name[], now: Date) => Promise<SignedLeaf> {
  const { usages, validityDays = LEAF_DAYS } = request;
  let template: ReturnType<typeof leafTemplate> | undefined;
  const fields = (variables: LeafVariables) =>
    (template ??= leafTemplate({
      issuedBy: authority.issuedBy,
      subject: encodeSubject({
        organization: LEAF_ORGANIZATION,
        organizationalUnit: identity,
        commonName: commonNameOf(request),
      }),
      key: request.publicKey,
      usages,
    }))(variables);
  return async (names, now) => {
    assertNotSealed(
      authority.keeping,
      authority.folder ?? '',
      usages.includes('serverAuth') ? names.map(({ value }) => value) : [],
    );
    assertNotExpired(authority, now);
    assertCertifies(authority, names);
    assertCommonName(authority, { ...request, names });
    assertUsages(authority, usages);
    const end = Math.min(leafEnd(validityDays, now).getTime(), authority.notAfter.getTime());
    const dates = { notBefore: new Date(now.getTime() - BACKDATE_MS), notAfter: new Date(end) };
    const der = await signCertificate(fields({ names, ...dates }), authority.signer(keys));
    return { der, ...dates };
  };
}

function assertCommonName(authority: Authority, request: KeyedRequest): void {
  const objection = commonNameObjection(authority.constraints, request);
  if (objection === undefined) return;
  const message = `the common name "${commonNameOf(request) ?? ''}" ${objection}`;
  throw new DevcertError('outside-constraints', message, {
    hint: say`choose another one, such as a user name: ${{ cn: 'alice' }}`,
  });
}

/** @throws DevcertError `refused` if the authority does not certify for all of these usages. */
export function assertUsages(authority: Authority, usages: readonly Usage[]): void {
  const permitted = authority.usages.filter(
    (usage) => usage === 'clientAuth' || authority.clientsOnly !== true,
  );
  if (usages.every((usage) => permitted.includes(usage))) return;
  const forClients = permitted.includes('clientAuth');
  throw new DevcertError(
    'refused',
    `this CA issues for ${forClients ? 'clients' : 'servers'} only`,
    {
      hint: forClients
        ? { command: 'issue', client: true, names: 'NAME', ca: 'NAME' }
        : say`use another CA: ${{ ca: 'NAME' }}`,
    },
  );
}
