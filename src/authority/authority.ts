/** An authority in memory: read, checked, ready to sign. */
import { X509Certificate } from 'node:crypto';
import { type Constraints, intersectConstraints } from '../names/constraints.ts';
import { DevcertError, say } from '../errors.ts';
import type { Usage } from '../names/usage.ts';
import { keyIdentifier } from '../keys.ts';
import {
  readEachConstraints,
  readPermittedUsages,
  readSubject,
  readSubjectKeyIdentifier,
} from '../x509/read.ts';
import type { AuthorityPem } from './create.ts';
import { type Access, accessTo } from './access.ts';
import { invalid, startAnew } from './damage.ts';
import { type Keeping, parseKeeping } from './keeping.ts';
import { authorityNameOf } from './marker.ts';

export interface Authority extends Access {
  /** The trust anchor: what stores hold. */
  readonly root: X509Certificate;
  /** Signs leaves; its subject is their issuer. Never put into a trust store. */
  readonly issuer: X509Certificate;
  /** The issuer, then any certificates between it and the root, then the root; the root once if it is the issuer. */
  readonly chain: readonly X509Certificate[];
  /** The chain without the root, PEM: what a server sends after its leaf. Empty if the root is the issuer. */
  readonly chainPem: string;
  readonly rootPem: string;
  /** How the issuer's key is kept. */
  readonly keeping: Keeping;
  /** What every certificate of the chain lets the issuer certify; undefined: everything. */
  readonly constraints: Constraints | undefined;
  /** What every certificate of the chain lets the issuer certify for. */
  readonly usages: readonly Usage[];
  /** When every certificate of the chain is valid. */
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Who is said to have signed a leaf: the issuer's subject (DER of a Name) and key identifier. */
  readonly issuedBy: { readonly subject: Buffer; readonly keyIdentifier: Buffer };
  /** True if it was imported to certify no servers, though its certificates would let it. */
  readonly clientsOnly?: boolean;
  /** Its folder; undefined in memory. */
  readonly folder?: string;
}

/**
 * Reads and checks an authority: root and issuer are authorities, the issuer is signed by the root
 * (or is the root), and the key is the issuer's. Dates are not looked at: {@link assertNotExpired}.
 *
 * @param folder for messages.
 * @throws DevcertError `invalid-authority`.
 */
export function readAuthority(pem: AuthorityPem, folder: string): Authority {
  const root = readRoot(pem.root, folder);
  const below = splitPem(pem.issuer).map((part) => readCertificate(part, 'issuer.pem', folder));
  const [issuer] = below;
  if (issuer === undefined) throw invalid(`issuer.pem in "${folder}" is not a certificate`, folder);
  const chain = issuer.fingerprint256 === root.fingerprint256 ? [root] : [...below, root];
  if (!chain.every(({ ca }) => ca))
    throw invalid(`issuer.pem in "${folder}" is not a CA's certificate`, folder);
  const keeping = parseKeeping(pem.keeping, folder);
  const access = accessTo(keeping, pem.issuerKey, issuer, folder);
  // By names and key identifiers, in a tenth of the time that checking the signature takes: it was
  // checked when the files were made or imported, and a forger of these files would have the key, too.
  const isChain = chain.every((certificate, index) => {
    const next = chain[index + 1];
    return next === undefined || certificate.checkIssued(next);
  });
  if (!isChain) throw invalid(`issuer.pem in "${folder}" is not signed by root.pem`, folder);
  return Object.assign(chainProperties(chain, issuer), {
    root,
    issuer,
    chain,
    chainPem: chain
      .slice(0, -1)
      .map((certificate) => certificate.toString())
      .join(''),
    rootPem: root.toString(),
    keeping,
    ...access,
    folder,
  });
}

/** What the certificates say, each part read when it is asked for first: a pair that is still good needs none. */
function chainProperties(
  chain: readonly X509Certificate[],
  issuer: X509Certificate,
): Pick<Authority, 'constraints' | 'usages' | 'notBefore' | 'notAfter' | 'issuedBy'> {
  return lazily({
    constraints: () => constraintsOf(chain),
    usages: () => usagesOf(chain),
    notBefore: () => new Date(Math.max(...chain.map(({ validFrom }) => Date.parse(validFrom)))),
    notAfter: () => endOf(chain),
    issuedBy: () => ({
      subject: readSubject(issuer.raw),
      keyIdentifier: readSubjectKeyIdentifier(issuer.raw) ?? keyIdentifier(issuer.publicKey),
    }),
  });
}

/** An object whose members are made when they are read first. */
function lazily<T extends object>(makers: { readonly [Key in keyof T]: () => T[Key] }): T {
  const made: Partial<T> = {};
  const getters = (Object.keys(makers) as (keyof T)[]).map((key) => {
    const get = () => (key in made ? made[key] : (made[key] = makers[key]()));
    return [key, { get, enumerable: true }];
  });
  return Object.defineProperties({}, Object.fromEntries(getters) as PropertyDescriptorMap) as T;
}

/** When the first of a chain's certificates ends. */
export function endOf(chain: readonly X509Certificate[]): Date {
  return new Date(Math.min(...chain.map(({ validTo }) => Date.parse(validTo))));
}

/** What every certificate of a chain permits; undefined: everything. */
export function constraintsOf(chain: readonly X509Certificate[]): Constraints | undefined {
  return intersectConstraints(readEachConstraints(chain.map(({ raw }) => raw)));
}

/** The usages that every certificate of a chain leaves to what is issued. */
export function usagesOf(chain: readonly X509Certificate[]): Usage[] {
  return (['serverAuth', 'clientAuth'] as const).filter((usage) =>
    chain.every(({ raw }) => readPermittedUsages(raw).includes(usage)),
  );
}

/**
 * The root alone, for stores, whatever state issuer and key are in.
 *
 * @throws DevcertError `invalid-authority` if it is not an authority's certificate.
 */
export function readRoot(pem: string, folder: string): X509Certificate {
  const root = readCertificate(pem, 'root.pem', folder);
  if (!root.ca) throw invalid(`root.pem in "${folder}" is not a CA's certificate`, folder);
  return root;
}

/**
 * @throws DevcertError `expired` if root or issuer is past its date, or not valid yet on this clock.
 */
export function assertNotExpired(
  { notBefore, notAfter, folder = '' }: Pick<Authority, 'notBefore' | 'notAfter' | 'folder'>,
  now: Date,
): void {
  if (now > notAfter)
    throw new DevcertError('expired', `the CA expired on ${notAfter.toUTCString()}`, {
      hint: say`make a new one and issue all again: ${{ command: 'ca replace', names: authorityNameOf(folder) }}`,
    });
  if (now < notBefore)
    throw new DevcertError(
      'expired',
      `the CA is valid from ${notBefore.toUTCString()} on, and this machine's clock says ${now.toUTCString()}`,
      {
        hint: say`set the clock, or start over: ${startAnew(folder)}`,
      },
    );
}

// Not decodePem(), which issuing would load for this alone.
function splitPem(pem: string): string[] {
  return pem.split(/(?=-----BEGIN CERTIFICATE-----)/).filter((part) => part.trim() !== '');
}

function readCertificate(pem: string, file: string, folder: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw invalid(`${file} in "${folder}" is not a certificate`, folder, cause);
  }
}
