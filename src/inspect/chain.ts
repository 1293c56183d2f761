/** How the certificates of a file follow each other, and what is wrong with that. Pure. */
import type { X509Certificate } from 'node:crypto';
import { isSignedBy } from '../x509/judge.ts';
import { isForbidden } from '../x509/general-names.ts';
import { error, roleOf, warning } from './problems.ts';
import type { InspectedCertificate, InspectedChain, Problem } from './types.ts';
import { MAX_CHAIN } from '../policy.ts';

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
export function chainProblems(
  certificates: readonly Told[],
  chain: InspectedChain,
  isSent: boolean,
): Problem[] {
  const problems: Problem[] = [];
  const { order } = chain;
  if (isSent && !chain.isInOrder)
    problems.push(
      error(
        'chain-order',
        'the certificates are not in order: leaf first, then who issued it, and so on',
        'put them in that order; strict servers and clients refuse the file',
      ),
    );
  if (isSent && chain.endsWithRoot && order.length > 1)
    problems.push({
      ...warning(
        'chain-root',
        'the root is in the chain: clients have it or do not trust it',
        'leave it out of what a server sends',
      ),
      certificate: order.at(-1) ?? 0,
    });
  const unrelated = certificates.length - order.length;
  if (unrelated > 0 && isSent)
    problems.push(
      warning(
        'chain-unrelated',
        `${unrelated} of the certificates ${unrelated === 1 ? 'has' : 'have'} no part in the chain`,
        'leave out what did not issue the others',
      ),
    );
  for (const [index, place] of order.entries()) {
    const issuer = certificates[order[index + 1] ?? -1];
    const own = certificates[place];
    if (issuer !== undefined && own !== undefined)
      problems.push(...linkProblems(own, issuer).map((it) => ({ ...it, certificate: place })));
    const above = order.slice(index + 1).map((it) => certificates[it]?.details);
    if (own !== undefined && index === 0)
      problems.push(
        ...constraintProblems(own.details, above).map((it) => ({ ...it, certificate: place })),
      );
  }
  return problems;
}

/** Names that an authority above the certificate may not certify. */
export function constraintProblems(
  details: InspectedCertificate,
  above: readonly (InspectedCertificate | undefined)[],
): Problem[] {
  return details.names
    .filter((name) =>
      above.some((it) => it?.constraints !== undefined && isForbidden(name, it.constraints)),
    )
    .map((name) =>
      error(
        'outside-constraints',
        `"${name.value}" is outside what its authority may certify: clients refuse the whole certificate`,
        'take the name out, or have another authority sign it',
      ),
    );
}

/** Certificates that differ and have issuer and serial number in common. */
export function serialProblems(certificates: readonly Told[]): Problem[] {
  const seen = new Map<string, string>();
  return certificates.flatMap(({ details }, index) => {
    const key = `${details.serial} ${details.issuer}`;
    const earlier = seen.get(key);
    seen.set(key, details.sha256);
    if (earlier === undefined || earlier === details.sha256) return [];
    return [
      {
        ...error(
          'same-serial',
          `serial number ${details.serial} was used twice by its issuer: Firefox refuses both`,
          'have one of them issued again',
        ),
        certificate: index,
      },
    ];
  });
}

/** Place of the certificate that issued the one at `at`, by its names and its signature. */
export function issuerOf(certificates: readonly Told[], at: number): number | undefined {
  const own = certificates[at];
  if (own === undefined || own.details.isSelfSigned) return undefined;
  const named = certificates.flatMap(({ details, x509 }, index) =>
    index !== at && details.subject === own.details.issuer && x509.subject === own.x509.issuer
      ? [index]
      : [],
  );
  // One that is named and did not sign is better reported as such than as missing.
  return named.find((index) => isSigner(own, certificates[index])) ?? named[0];
}

function isSigner(own: Told, issuer: Told | undefined): boolean {
  return issuer !== undefined && isSignedBy(own.x509, issuer.x509);
}

// A bundle of authorities may hold one that issued another; that makes no chain of it.
function firstIssued(certificates: readonly Told[]): number | undefined {
  const isShort = certificates.length > 1 && certificates.length <= MAX_CHAIN;
  return isShort && issuerOf(certificates, 0) !== undefined ? 0 : undefined;
}

function linkProblems(own: Told, issuer: Told) {
  const problems = [];
  if (!isSigner(own, issuer))
    problems.push(
      error(
        'wrong-signature',
        `its signature is not by the certificate "${short(issuer)}" that it names as its issuer`,
        'get the right issuer: this one has the name, and another key',
      ),
    );
  if (!issuer.details.isAuthority)
    problems.push(
      error(
        'issuer-not-authority',
        `it is signed by "${short(issuer)}", which is no authority`,
        'have it signed by one',
      ),
    );
  const [end, issuerEnd] = [own.details.notAfter, issuer.details.notAfter];
  if (end !== undefined && issuerEnd !== undefined && end > issuerEnd)
    problems.push(
      warning(
        'outlives-issuer',
        `its issuer expires first, on ${issuerEnd.toISOString().slice(0, 10)}`,
        'renew the issuer before that day',
      ),
    );
  return problems;
}

function short({ details }: Told): string {
  return details.label ?? details.subject;
}
