/** How the certificates of a file follow each other, and what is wrong with that. Pure. */
import type { X509Certificate } from 'node:crypto';
import { MAX_CHAIN, MAX_PATH_CHECKS } from '../policy.ts';
import { at, type Finding, finding } from '../x509/finding.ts';
import { isSignedBy } from '../x509/judge.ts';
import { chainFindings as judgeChain } from '../x509/judge-path.ts';
import { issuerFinder } from '../x509/path.ts';
import { roleOf } from './problems.ts';
import type { InspectedCertificate, InspectedChain } from './types.ts';

/** A certificate of a file with what it says. */
export interface Told {
  readonly x509: X509Certificate;
  readonly details: InspectedCertificate;
}

/**
 * The chain that a list of certificates is: of its only leaf, or of the first one if that was issued by another
 * of them. Undefined for a list of several leaves or of authorities that have nothing to do with each other.
 */
export function findChain(certificates: readonly Told[]): InspectedChain | undefined {
  const candidates = certificates.flatMap(({ details }, index) =>
    roleOf(details) === 'leaf' ? [index] : [],
  );
  // One that is no authority, and signed another all the same, is not the leaf.
  const signers = new Set(
    candidates.length > MAX_CHAIN ? [] : candidates.map((it) => issuerOf(certificates, it)),
  );
  const leaves = candidates.filter((it) => !signers.has(it));
  const start =
    leaves.length === 1 ? leaves[0] : leaves.length === 0 ? firstIssued(certificates) : undefined;
  if (start === undefined) return undefined;
  const order = [start];
  while (order.length < MAX_CHAIN) {
    const next = issuerOf(certificates, order.at(-1) ?? start);
    if (next === undefined || order.includes(next)) break;
    order.push(next);
  }
  const last = certificates[order.at(-1) ?? start]?.details;
  const isInOrder = order.every((place, index) => index === 0 || place > (order[index - 1] ?? 0));
  const endsWithRoot = last?.isSelfSigned === true;
  return {
    order,
    isInOrder: isInOrder && start === 0,
    endsWithRoot,
    issuer: endsWithRoot ? undefined : last?.issuer,
  };
}

/**
 * What is wrong with a chain.
 *
 * @param isSent the file is what a server sends (PEM), where order counts and the root is dead weight.
 */
export function chainFindings(
  certificates: readonly Told[],
  chain: InspectedChain,
  isSent: boolean,
): Finding[] {
  const { order } = chain;
  const findings: Finding[] = [];
  if (isSent && !chain.isInOrder) findings.push(finding('error', 'chain-order'));
  if (isSent && chain.endsWithRoot && order.length > 1)
    findings.push(at(order.at(-1) ?? 0, finding('warning', 'chain-root')));
  const part = ancestorsOf(certificates, order);
  const unrelated = certificates.length - part.size;
  if (unrelated > 0 && isSent)
    findings.push(finding('warning', 'chain-unrelated', { count: unrelated }));
  const judged = judgeChain(order.flatMap((place) => certificates[place]?.x509 ?? []));
  return [...findings, ...judged.map((it) => at(order[it.certificate ?? 0] ?? 0, it))];
}

/** All that have a part in the chain: another way up, by an authority that two others certified, is one, too. */
function ancestorsOf(certificates: readonly Told[], order: readonly number[]): Set<number> {
  const findIssuers = issuerFinder(
    certificates.map(({ x509 }) => x509),
    MAX_PATH_CHECKS,
  );
  const places = new Map(certificates.map(({ x509 }, index) => [x509, index]));
  const found = new Set(order);
  // A Set is walked over to its end, also what is added meanwhile.
  for (const place of found) {
    const own = certificates[place]?.x509;
    for (const issuer of own === undefined ? [] : findIssuers(own)) {
      const at = places.get(issuer);
      if (at !== undefined) found.add(at);
    }
  }
  return found;
}

/** Certificates that differ and have issuer and serial number in common. */
export function serialFindings(certificates: readonly Told[]): Finding[] {
  const seen = new Map<string, string>();
  return certificates.flatMap(({ details }, index) => {
    const key = `${details.serial} ${details.issuer}`;
    const earlier = seen.get(key);
    seen.set(key, details.sha256);
    if (earlier === undefined || earlier === details.sha256) return [];
    return [at(index, finding('error', 'same-serial', { serial: details.serial }))];
  });
}

// A bundle of authorities may hold some that issued others: a chain is one where all have a part in the first.
function firstIssued(certificates: readonly Told[]): number | undefined {
  if (certificates.length < 2 || certificates.length > MAX_CHAIN) return undefined;
  return ancestorsOf(certificates, [0]).size === certificates.length ? 0 : undefined;
}

/** Place of the certificate that issued the one at `place`, by its names and its signature. */
function issuerOf(certificates: readonly Told[], place: number): number | undefined {
  const own = certificates[place];
  if (own === undefined || own.details.isSelfSigned) return undefined;
  const named = certificates.flatMap(({ x509 }, index) =>
    index !== place && x509.subject === own.x509.issuer ? [index] : [],
  );
  // One that is named and did not sign is better reported as such than as missing.
  return named.find((index) => isSigner(own, certificates[index])) ?? named[0];
}

function isSigner(own: Told, issuer: Told | undefined): boolean {
  return issuer !== undefined && isSignedBy(own.x509, issuer.x509);
}
