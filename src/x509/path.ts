/** Ways from a certificate up to a root (RFC 4158), among certificates in any order. Pure. */
import type { X509Certificate } from 'node:crypto';
import { MAX_CHAIN, MAX_PATH_CHECKS, MAX_PATHS } from '../policy.ts';
import { isSignedBy } from './judge.ts';
import { partsOf, readAuthorityKeyIdentifier, readSubjectKeyIdentifier } from './read.ts';
import { orUndefined } from '../errors.ts';

/**
 * Every path from `leaf` to one of the roots, leaf first and root last, the likeliest first; none if there is
 * none. Every signature in them was checked; nothing else was: that is `judgePath()`. A certificate that is itself
 * one of the roots is a path of one. Bounded, however many certificates signed each other.
 *
 * @param pool what may stand between, and what has no part in it.
 */
export function buildPaths(
  leaf: X509Certificate,
  pool: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): X509Certificate[][] {
  const rootIds = new Set(roots.map(idOf));
  const all = [...new Map([...roots, ...pool].map((it) => [idOf(it), it])).values()];
  const findIssuers = issuerFinder(all, MAX_PATH_CHECKS);
  const paths: X509Certificate[][] = [];
  const extend = (path: readonly X509Certificate[], last: X509Certificate) => {
    if (rootIds.has(idOf(last))) {
      paths.push([...path]);
      return;
    }
    if (path.length >= MAX_CHAIN) return;
    for (const issuer of findIssuers(last)) {
      if (paths.length >= MAX_PATHS) return;
      // The same authority twice, under whatever certificate, is a detour (RFC 4158 2.4.2).
      const isDetour = path.some(
        (it) => it.subject === issuer.subject && keyOf(it).equals(keyOf(issuer)),
      );
      if (!isDetour) extend([...path, issuer], issuer);
    }
  };
  extend([leaf], leaf);
  return paths;
}

/**
 * Finds who issued a certificate: those of `pool` that it names and that signed it, the one with the key identifier
 * that it gives first. A certificate is none of its own issuers.
 *
 * @param maxChecks of signatures in all: from then on it finds nothing more.
 */
export function issuerFinder(
  pool: readonly X509Certificate[],
  maxChecks = Infinity,
): (certificate: X509Certificate) => X509Certificate[] {
  const named = new Map<string, X509Certificate[]>();
  for (const certificate of pool) {
    const same = named.get(certificate.subject);
    if (same === undefined) named.set(certificate.subject, [certificate]);
    else same.push(certificate);
  }
  const found = new Map<string, X509Certificate[]>();
  let checks = 0;
  return (certificate) => {
    const id = idOf(certificate);
    const known = found.get(id);
    if (known !== undefined) return known;
    const signers = byKeyIdentifier(certificate, named.get(certificate.issuer) ?? []).filter(
      (it) => idOf(it) !== id && ++checks <= maxChecks && isSignedBy(certificate, it),
    );
    found.set(id, signers);
    return signers;
  };
}

/** Those with the key identifier that the certificate gives for its issuer's key, then the others. */
function byKeyIdentifier(certificate: X509Certificate, issuers: readonly X509Certificate[]) {
  const wanted =
    issuers.length < 2 ? undefined : orUndefined(() => readAuthorityKeyIdentifier(certificate.raw));
  if (wanted === undefined) return [...issuers];
  const fits = (it: X509Certificate) =>
    orUndefined(() => readSubjectKeyIdentifier(it.raw))?.equals(wanted) === true;
  return [...issuers.filter(fits), ...issuers.filter((it) => !fits(it))];
}

function keyOf({ raw }: X509Certificate): Buffer {
  return partsOf(raw).publicKey.raw;
}

function idOf(certificate: X509Certificate): string {
  return certificate.fingerprint256;
}
