/** Paths from what was sent to the roots, the best of them, and what is wrong with it. Pure. */
import type { X509Certificate } from 'node:crypto';
import type { Finding } from '../x509/finding.ts';
import { judgePath } from '../x509/judge-path.ts';
import { buildPaths } from '../x509/path.ts';
import { CHAIN_SETTINGS, untrustedCause } from './causes.ts';
import { verifyProblem } from './findings.ts';
import { problem } from './problem.ts';
import { revocationProblems } from './revocation.ts';
import type { VerifyProblem } from './types.ts';
import type { VerdictInput } from './input.ts';

/** What came of the certificates. */
export interface ChainJudgement {
  /** Leaf first, root last; undefined: none leads to a root that was asked. */
  readonly path: readonly X509Certificate[] | undefined;
  readonly problems: readonly VerifyProblem[];
}

/** @param links as they were sent, `leaf` the first of them. */
export async function judgeChain(
  input: VerdictInput & {
    readonly links: readonly X509Certificate[];
    readonly leaf: X509Certificate;
  },
): Promise<ChainJudgement> {
  const { links, leaf, roots, purpose, at, crls, systemRoots, world } = input;
  const pool = links.slice(1);
  const usage = purpose === 'server' ? 'serverAuth' : 'clientAuth';
  const question = { now: at, purpose: usage } as const;
  const judged = buildPaths(leaf, pool, roots.certificates).map((path) => ({
    path,
    errors: judgePath(path, question).filter(({ severity }) => severity === 'error'),
  }));
  // One path that is good is enough, whatever is wrong with the others.
  const best = judged.reduce<(typeof judged)[number] | undefined>(
    (found, it) => (found !== undefined && found.errors.length <= it.errors.length ? found : it),
    undefined,
  );
  const places = new Map(links.map(({ fingerprint256 }, index) => [fingerprint256, index]));
  const told = (errors: readonly Finding[], path: readonly X509Certificate[]) =>
    errors.map((it) => {
      const own = path[it.certificate ?? 0] ?? leaf;
      return { ...verifyProblem(it, own, leaf), certificate: places.get(own.fingerprint256) };
    });
  if (best !== undefined)
    return {
      path: best.path,
      problems: [
        ...told(best.errors, best.path),
        ...(crls === undefined ? [] : revocationProblems(best.path, crls, at)),
        ...orderProblems(links, best.path),
      ],
    };
  const system = roots.label === 'system' ? [] : await systemRoots();
  const systemTrusts = buildPaths(leaf, pool, system).length > 0;
  const cause = untrustedCause(links, world(systemTrusts));
  const alone = judgePath([leaf], question).filter(({ severity }) => severity === 'error');
  return { path: undefined, problems: [cause, ...told(alone, [leaf])] };
}

/** Clients that take the certificates one by one, as TLS 1.2 has it (RFC 5246 7.4.2), find no way through these. */
function orderProblems(
  links: readonly X509Certificate[],
  path: readonly X509Certificate[],
): VerifyProblem[] {
  const places = path
    .map((it) => links.findIndex(({ fingerprint256 }) => fingerprint256 === it.fingerprint256))
    .filter((place) => place !== -1);
  if (places.every((place, index) => place === index)) return [];
  return [
    problem(
      'chain-order',
      'the certificates are sent out of order, or with others between them: strict clients find no way through',
      `send the leaf first, then who issued it, and so on (${CHAIN_SETTINGS})`,
      { severity: 'warning' },
    ),
  ];
}
