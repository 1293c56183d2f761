/** What is in a key store of any format, and how keys and certificates that lie loose in one belong together. */
import { type KeyObject, X509Certificate } from 'node:crypto';
import { DevcertError, orUndefined } from '../errors.ts';
import { certificateKeyHash, publicKeyHash } from '../keys.ts';
import { MAX_CHAIN } from '../policy.ts';
import { OtherKindError } from '../x509/key-kinds.ts';
import type { Damaged } from './pem.ts';

/** One entry of a key store or PEM file that was read. */
export interface KeyStoreEntry {
  /**
   * `key`: a private key with its chain, if that is there. `encrypted-key`: one for which no password
   * was given; its chain, if the format tells. `other-key`: a private one of a kind that is only named.
   * `certificate`: one certificate that belongs to no key.
   */
  readonly kind:
    'key' | 'encrypted-key' | 'other-key' | 'public-key' | 'certificate' | 'csr' | 'crl';
  /** As it stands in the file: may hold any character. */
  readonly alias?: string;
  /** Private for `key`, public for `public-key`, unless that is of a kind that is only named. */
  readonly key?: KeyObject;
  /** What it is named, then: `ml-dsa-65`, `sm2`. */
  readonly keyType?: string;
  /** DER of the SubjectPublicKeyInfo of such a public key. */
  readonly publicKeyInfo?: Buffer;
  /** True for an `encrypted-key` that the password of its store does not open. */
  readonly hasOwnPassword?: true;
  /** DER, leaf first, each issued by the next; empty if there is none. */
  readonly certificates: readonly Buffer[];
  /** True if the file marks the certificate as an anchor of trust (PKCS#12, JKS). */
  readonly trusted?: boolean;
  /** DER of the PKCS#10 CSR, not looked into; for `csr` only. */
  readonly csr?: Buffer;
  /** DER of the CRL, not looked into; for `crl` only. */
  readonly crl?: Buffer;
}

/** What a private key gives for its entry: the key, or the name of its kind. */
export function keyOrKind(
  decode: () => KeyObject,
): { readonly key: KeyObject } | { readonly keyType: string } {
  try {
    return { key: decode() };
  } catch (error) {
    if (error instanceof OtherKindError) return { keyType: error.keyType };
    throw error;
  }
}

/** A private key with its chain, to be written. */
export interface KeyEntry {
  readonly key: KeyObject;
  /** DER, leaf first; at least one, and the first one fits the key. */
  readonly certificates: readonly Buffer[];
  /** Java finds the entry under its lower-case form only. */
  readonly alias: string;
}

/** A certificate to be trusted, to be written. */
export interface TrustedCertificate {
  /** DER. */
  readonly certificate: Buffer;
  /** Unlike all others in the store, whatever the case: see {@link uniqueAliases}. */
  readonly alias: string;
}

/** A private key that was read by itself. */
export type LooseKey = ReturnType<typeof keyOrKind> & { readonly alias?: string };

/** A certificate that was read by itself. */
export interface LooseCertificate {
  readonly x509: X509Certificate;
  readonly alias?: string;
  readonly trusted?: boolean;
}

/**
 * Entries of keys and certificates that were read in any order: each key with the certificate of the
 * same public key and those above it, then every certificate that is in no chain.
 */
export function pairEntries(
  keys: readonly LooseKey[],
  certificates: readonly LooseCertificate[],
): KeyStoreEntry[] {
  const leaves = new Map<string, X509Certificate>();
  const bySubject = new Map<string, X509Certificate[]>();
  // Without a key there are no chains to build.
  for (const { x509 } of keys.length === 0 ? [] : certificates) {
    const hash = certificateKeyHash(x509);
    if (hash !== undefined && !leaves.has(hash)) leaves.set(hash, x509);
    const { subject } = x509;
    const same = bySubject.get(subject);
    if (same === undefined) bySubject.set(subject, [x509]);
    else same.push(x509);
  }
  const inChains = new Set<X509Certificate>();
  const entries = keys.map((loose): KeyStoreEntry => {
    if ('keyType' in loose) return { kind: 'other-key', ...loose, certificates: [] };
    const { key, alias } = loose;
    const leaf = leaves.get(publicKeyHash(key));
    const chain = leaf === undefined ? [] : chainOf(leaf, bySubject);
    for (const x509 of chain) inChains.add(x509);
    const name = alias ?? certificates.find(({ x509 }) => x509 === leaf)?.alias;
    return {
      kind: 'key',
      alias: name,
      key,
      certificates: chain.map(({ raw }) => raw),
    };
  });
  for (const { x509, alias, trusted } of certificates)
    if (trusted === true || !inChains.has(x509))
      entries.push({
        kind: 'certificate',
        alias,
        certificates: [x509.raw],
        trusted,
      });
  return entries;
}

/** The certificate that the DER holds, nothing after it. Throws `invalid-input`. */
export function parseCertificate(der: Buffer): X509Certificate {
  try {
    const x509 = new X509Certificate(der);
    // X509Certificate passes over what follows, and takes PEM, too.
    if (x509.raw.equals(der)) return x509;
  } catch (error) {
    throw damagedCertificate(error);
  }
  throw damagedCertificate();
}

/** Throws RangeError unless the entry can be written: the key is private and fits the first certificate. */
export function checkKeyEntry({ key, certificates, alias }: KeyEntry): void {
  const [leaf] = certificates;
  if (leaf === undefined) throw new RangeError('a key entry has at least one certificate');
  if (!new X509Certificate(leaf).checkPrivateKey(key))
    throw new RangeError('the key of an entry fits its first certificate');
  if (alias === '') throw new RangeError('a key entry has an alias');
}

/** Throws RangeError if two aliases are the same to Java, or one is empty. */
export function checkAliases(certificates: readonly TrustedCertificate[]): void {
  const aliases = certificates.map(({ alias }) => alias.toLowerCase());
  if (new Set(aliases).size !== aliases.length || aliases.includes(''))
    throw new RangeError('every certificate has an alias of its own');
}

/**
 * Aliases of these names, in their order, that no store takes for the same: lower case, numbered
 * where they repeat (`ca`, `ca-2`), `certificate` for an empty one.
 */
export function uniqueAliases(names: readonly string[]): string[] {
  const taken = new Set<string>();
  const counts = new Map<string, number>();
  return names.map((name) => {
    const base = name.trim().toLowerCase() || 'certificate';
    let count = counts.get(base) ?? 0;
    let alias;
    do {
      count++;
      alias = count === 1 ? base : `${base}-${count}`;
    } while (taken.has(alias));
    counts.set(base, count);
    taken.add(alias);
    return alias;
  });
}

/** Those with certificates that can be read, and these. */
export function parseEach<T extends { readonly der: Buffer; readonly alias?: string }>(
  all: readonly T[],
  damaged: Damaged,
): (T & { readonly x509: X509Certificate })[] {
  return all.flatMap((one) => {
    const x509 = orUndefined(
      () => parseCertificate(one.der),
      (error) => {
        damaged(one.alias, error);
      },
    );
    return x509 === undefined ? [] : [{ ...one, x509 }];
  });
}

function damagedCertificate(cause?: unknown): DevcertError {
  return new DevcertError('invalid-input', 'cannot read a certificate: it is damaged', {
    hint: 'ask for the file again where it came from',
    cause,
  });
}

function chainOf(
  leaf: X509Certificate,
  bySubject: ReadonlyMap<string, readonly X509Certificate[]>,
): X509Certificate[] {
  const chain = [leaf];
  for (let current = leaf; chain.length < MAX_CHAIN;) {
    const last = current;
    const next = bySubject
      .get(last.issuer)
      ?.find((it) => !chain.includes(it) && last.checkIssued(it));
    if (next === undefined || last.checkIssued(last)) break;
    chain.push(next);
    current = next;
  }
  return chain;
}
