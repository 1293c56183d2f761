/**
 * Somebody else's authority, from keys and certificates in any order: the chain is found, and all that
 * would make its certificates worthless, or dangerous, is refused before anything is kept.
 */
import { type KeyObject, X509Certificate } from 'node:crypto';
import { type ClosedForm, type Constraints } from '../names/constraints.ts';
import { DevcertError, oneLine, say, type Text } from '../errors.ts';
import { certificateKeyHash, encodePrivateKey, publicKeyHash } from '../keys.ts';
import { certificateDetails } from '../x509/details.ts';
import { isSelfSigned, keyWeakness, signatureName, strongScheme } from '../x509/judge.ts';
import { buildPaths, issuerFinder } from '../x509/path.ts';
import { partsOf } from '../x509/read.ts';
import { constraintsOf, endOf, usagesOf } from './authority.ts';
import type { AuthorityPem } from './create.ts';
import { encodeOrigin, type Origin, sha256Of } from './origin.ts';
import { DAY_MS, MAX_CA_CHAIN, SOON_DAYS } from '../policy.ts';

/** What was found in the files. */
export interface Findings {
  readonly keys: readonly KeyObject[];
  /** DER. */
  readonly certificates: readonly Buffer[];
}

export interface ImportOptions {
  readonly clientsOnly?: boolean;
  /** Take a root without a key: it can be trusted, and issues nothing. */
  readonly trustOnly?: boolean;
  /** Absolute paths, for {@link Origin}. */
  readonly files: readonly string[];
}

export interface Imported {
  readonly pem: AuthorityPem;
  /** Issuer first, root last. */
  readonly chain: readonly X509Certificate[];
  readonly constraints: Constraints | undefined;
  /** It is to certify clients alone. */
  readonly clientsOnly: boolean;
  /** What people should know, one line each. */
  readonly notes: readonly string[];
}

/**
 * The authority in the findings, checked.
 *
 * @throws DevcertError `invalid-input` if there is none, or not all of one; `expired`; `weak-key`;
 *   `refused` if what it may certify is nothing that devcert issues.
 */
export function checkImport(findings: Findings, options: ImportOptions, now: Date): Imported {
  const { clientsOnly = false, trustOnly = false } = options;
  const certificates = findings.certificates.map((der) => new X509Certificate(der));
  const { issuer, key } = trustOnly
    ? { issuer: onlyRoot(certificates), key: undefined }
    : findIssuer(findings.keys, certificates);
  const chain = chainOf(issuer, certificates);
  for (const [index, certificate] of chain.entries()) checkOne(certificate, index, chain, now);
  const constraints = constraintsOf(chain);
  checkPowers(chain, constraints, clientsOnly);
  const root = chain.at(-1) ?? issuer;
  const origin: Origin = {
    files: options.files,
    importedAt: now.toISOString(),
    clientsOnly: clientsOnly || !usagesOf(chain).includes('serverAuth'),
    root: sha256Of(root),
  };
  const below = chain.length === 1 ? [issuer] : chain.slice(0, -1);
  return {
    pem: {
      root: root.toString(),
      issuer: key === undefined ? '' : below.map((it) => it.toString()).join(''),
      issuerKey: key === undefined ? '' : encodePrivateKey(key),
      origin: encodeOrigin(origin),
    },
    chain,
    constraints,
    clientsOnly: origin.clientsOnly,
    notes: notesOn(chain, constraints, key !== undefined, now),
  };
}

function findIssuer(
  keys: readonly KeyObject[],
  certificates: readonly X509Certificate[],
): { issuer: X509Certificate; key: KeyObject } {
  const authorities = certificates.filter(({ ca }) => ca);
  if (certificates.length === 0)
    throw invalid(
      'there is no certificate in the files',
      say`give it, too: ${{ command: 'ca import', names: 'FILE…' }}`,
    );
  if (authorities.length === 0)
    throw invalid(
      `${nameOf(certificates[0])} is not a CA's certificate (CA:TRUE, keyCertSign)`,
      'give the certificate of the CA, not of a server or client',
    );
  if (keys.length === 0)
    throw invalid(
      `the private key of ${nameOf(authorities[0])} is missing`,
      say`add it: ${{ key: 'FILE' }}; without it, only to be trusted: ${{ trustOnly: true }}`,
    );
  // Each asked for its key once: a file may hold thousands of both.
  const hashes = certificates.map((issuer) => ({ issuer, hash: certificateKeyHash(issuer) }));
  const pairs = keys.flatMap((key) => {
    const own = publicKeyHash(key);
    return hashes.filter(({ hash }) => hash === own).map(({ issuer }) => ({ issuer, key }));
  });
  const good = pairs.filter(({ issuer }) => issuer.ca);
  const [first] = good;
  if (first === undefined)
    throw pairs[0] === undefined
      ? invalid(
          `the private key belongs to none of the certificates (${namesOf(authorities)})`,
          say`give the key of the CA: ${{ key: 'FILE' }}`,
        )
      : invalid(
          `the private key belongs to ${nameOf(pairs[0].issuer)}, which is not a CA`,
          say`give the CA's own key: ${{ key: 'FILE' }}`,
        );
  const others = good.filter(({ issuer }) => sha256Of(issuer) !== sha256Of(first.issuer));
  if (others.length > 0)
    throw invalid(
      `there are keys of several CAs: ${namesOf([first, ...others].map(({ issuer }) => issuer))}`,
      'give the files of one of them',
    );
  return first;
}

/** The first five, for a line. */
function namesOf(certificates: readonly X509Certificate[]): string {
  const more = certificates.length - 5;
  const first = certificates.slice(0, 5).map(nameOf).join(', ');
  return more > 0 ? `${first} and ${more} more` : first;
}

function onlyRoot(certificates: readonly X509Certificate[]): X509Certificate {
  const roots = certificates.filter((it) => it.ca && isSelfSigned(it));
  const [root] = roots;
  if (root === undefined || roots.some((it) => sha256Of(it) !== sha256Of(root)))
    throw invalid(
      `there is ${root === undefined ? 'no root' : 'more than one root'} in the files`,
      'give one root certificate: one that is a CA and signed by itself',
    );
  return root;
}

/** Up to a root that signs itself, every signature checked. */
function chainOf(
  issuer: X509Certificate,
  certificates: readonly X509Certificate[],
): readonly X509Certificate[] {
  const authorities = certificates.filter(({ ca }) => ca);
  const [chain] = buildPaths(issuer, authorities, authorities.filter(isSelfSigned));
  if (chain === undefined) {
    const last = lastOf(issuer, authorities);
    throw invalid(
      `the certificate that signed ${nameOf(last)} is missing: ${oneLine(last.issuer.replaceAll('\n', ', '), 100)}`,
      say`add it, up to the root that is to be trusted: ${{ root: 'FILE' }}`,
    );
  }
  if (chain.length > MAX_CA_CHAIN)
    throw invalid(`the chain is longer than ${MAX_CA_CHAIN} certificates`, 'give a shorter one');
  return chain;
}

/** As far up as the certificates go. */
function lastOf(issuer: X509Certificate, authorities: readonly X509Certificate[]): X509Certificate {
  const findIssuers = issuerFinder(authorities);
  const seen = new Set([issuer]);
  let last = issuer;
  for (let next = findIssuers(last)[0]; next !== undefined && !seen.has(next);) {
    seen.add(next);
    last = next;
    [next] = findIssuers(last);
  }
  return last;
}

/** @param index 0 for the issuer: as many authorities are below it. */
function checkOne(
  certificate: X509Certificate,
  index: number,
  chain: readonly X509Certificate[],
  now: Date,
): void {
  const name = nameOf(certificate);
  if (now.getTime() > Date.parse(certificate.validTo))
    throw new DevcertError('expired', `${name} expired on ${certificate.validTo}`, {
      hint: say`import one that is valid, or make one: ${{ command: 'ca create', names: 'NAME' }}`,
    });
  if (now.getTime() < Date.parse(certificate.validFrom))
    throw new DevcertError('expired', `${name} is valid from ${certificate.validFrom} on`, {
      hint: 'look whether the clock of this machine is right: date',
    });
  const { pathLength: limit } = certificateDetails(certificate);
  if (limit !== undefined && limit < index)
    throw new DevcertError(
      'refused',
      `${name} lets ${limit} CAs be below it, and there are ${index}`,
      { hint: 'a CA made properly has a longer path length: ask who made it' },
    );
  checkKey(certificate, name);
  // Nobody looks at the signature of the root: it is trusted as it is.
  const { algorithm } = partsOf(certificate.raw);
  if (certificate !== chain.at(-1) && strongScheme(algorithm) === undefined)
    throw new DevcertError('weak-key', `${name} is signed with ${signatureName(algorithm)}`, {
      hint: 'have it issued again, with SHA-256',
    });
}

function checkKey(certificate: X509Certificate, name: string): void {
  if (certificateKeyHash(certificate) === undefined)
    throw new DevcertError('weak-key', `${name} has a key of a kind that is not known`, {
      hint: 'browsers and servers take RSA of 2048 bits or more, P-256, P-384 and P-521',
    });
  const { publicKey } = certificate;
  const isEd25519 = publicKey.asymmetricKeyType === 'ed25519';
  // Chromium, Firefox and NSS refuse an authority with Ed25519, and devcert signs with none.
  const weakness = isEd25519 ? 'Ed25519' : keyWeakness(publicKey);
  if (weakness === undefined) return;
  throw new DevcertError('weak-key', `${name} has a weak key: ${weakness}`, {
    hint: 'use one with RSA of 2048 bits or more, P-256, P-384 or P-521',
  });
}

function checkPowers(
  chain: readonly X509Certificate[],
  constraints: Constraints | undefined,
  clientsOnly: boolean,
): void {
  const usages = usagesOf(chain);
  if (clientsOnly && !usages.includes('clientAuth'))
    throw new DevcertError('refused', 'it may not issue for clients (no clientAuth)', {
      hint: say`leave ${{ clientsOnly: true }} out, or import another one`,
    });
  if (!clientsOnly && !usages.includes('serverAuth'))
    throw usages.length === 0
      ? new DevcertError('refused', 'it may issue for neither servers nor clients', {
          hint: 'import one whose extended key usage has serverAuth, or has no such extension',
        })
      : new DevcertError('refused', 'it may issue for clients only (no serverAuth)', {
          hint: say`if that is what you want: ${{ clientsOnly: true }}`,
        });
  const bad = constraints?.closed?.filter((form: ClosedForm) =>
    ['directory', 'other'].includes(form),
  );
  if (bad !== undefined && bad.length > 0)
    throw new DevcertError(
      'refused',
      `its name constraints are on forms that devcert cannot keep to: ${bad.join(', ')}`,
      { hint: say`send it a CSR instead: ${{ command: 'csr', names: 'NAMES…' }}` },
    );
}

function notesOn(
  chain: readonly X509Certificate[],
  constraints: Constraints | undefined,
  hasKey: boolean,
  now: Date,
): string[] {
  const notes: string[] = [];
  const days = (endOf(chain).getTime() - now.getTime()) / DAY_MS;
  if (days < SOON_DAYS) notes.push(`it expires in ${Math.floor(days)} days`);
  if (!hasKey) return notes;
  if (constraints === undefined || constraints.dns.length === 0)
    notes.push(
      'it has no name constraints: whoever copies its key can read all HTTPS of those who trust it',
    );
  else if (chain.length === 1)
    notes.push('its name constraints are on the root alone: Java ignores them there');
  return notes;
}

function nameOf(certificate: X509Certificate | undefined): string {
  return `"${oneLine(certificate?.subject.replaceAll('\n', ', ') ?? '', 100)}"`;
}

function invalid(message: string, hint: Text): DevcertError {
  return new DevcertError('invalid-input', message, { hint });
}
