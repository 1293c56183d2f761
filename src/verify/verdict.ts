/** What was sent, against roots: each step as it went, and what is wrong. */
import type { X509Certificate } from 'node:crypto';
import { DevcertError, EXIT } from '../errors.ts';
import { parseCertificate } from '../keystore/entries.ts';
import type { Name } from '../names/names.ts';
import { certificateDetails } from '../x509/details.ts';
import type { Link, World } from './causes.ts';
import { judgeChain } from './chain.ts';
import type { Contact } from './contact.ts';
import { nameProblem } from './name.ts';
import { problem } from './problem.ts';
import type { Roots } from './roots.ts';
import { connectionSteps, stepsOf } from './steps.ts';
import type { Server } from './target.ts';
import type { SentCertificate, VerifyCode, VerifyProblem, VerifyResult } from './types.ts';

/** What is verified, for what, and by whom. */
export interface VerdictInput {
  readonly target: string;
  readonly server?: Server;
  readonly contact?: Contact;
  /** DER of each certificate, in the order sent; the first one is the leaf. */
  readonly sent: readonly Buffer[];
  readonly name?: Name;
  readonly purpose: 'server' | 'client';
  readonly at: Date;
  readonly roots: Roots;
  /** DER of lists of revoked certificates; undefined: revocation is not looked at. */
  readonly crls?: readonly Buffer[] | undefined;
  /** For the cause, where no path leads to a root. */
  readonly world: (systemTrusts: boolean) => World;
  readonly systemRoots: () => Promise<readonly X509Certificate[]>;
}

/** The verdict. Nothing is verified unless every step is. */
export async function verdict(input: VerdictInput): Promise<VerifyResult> {
  const { target, server, contact, sent, name, purpose, at, roots } = input;
  const touched = contact?.problem === undefined ? [] : [contact.problem];
  const { links, damage } = readLinks(sent);
  const [leaf] = links;
  const judged = leaf === undefined ? undefined : await judgeChain({ ...input, links, leaf });
  const problems: VerifyProblem[] = [...touched, ...damage];
  if (judged !== undefined && leaf !== undefined) {
    problems.push(...judged.problems);
    const misnamed =
      name === undefined ? undefined : await nameProblem(leaf.details, name, purpose);
    if (misnamed !== undefined) problems.push(misnamed);
  } else if (touched.length + damage.length === 0)
    problems.push(
      problem(
        'no-certificate',
        'the server sent no certificate',
        'give it one; a cipher without certificates protects from nobody',
      ),
    );
  const hasErrors = problems.some(({ severity }) => severity === 'error');
  // Whatever is not known to be good is not: a path is needed, and of a server the proof that it has its key.
  const { shaken, address } = contact ?? {};
  const agreed = shaken?.agreed;
  const hasKey =
    server === undefined || agreed !== undefined || shaken?.flight.isKeySigned === true;
  const isVerified = !hasErrors && hasKey && judged?.path !== undefined;
  const steps = [...connectionSteps(input, problems), ...stepsOf(input, links, judged, problems)];
  const asked = shaken?.flight.request;
  return {
    target,
    server: server && {
      ...{ host: server.host, port: server.port, address, startTls: server.startTls },
      ...{ version: agreed?.version, cipher: agreed?.cipher, alpn: agreed?.alpn },
      clientCertificate: asked && {
        required: touched.some(({ code }) => code === 'client-certificate-required'),
        authorities: asked.authorities,
      },
    },
    name: name?.value,
    ...{ purpose, at, roots: roots.label },
    certificates: links.map(({ details }) => sentCertificate(details)),
    path: judged?.path?.map((it) => certificateDetails(it).sha256),
    steps,
    problems: errorsFirst(problems),
    isVerified,
    exitCode: isVerified ? EXIT.done : exitCodeOf(problems),
  };
}

/** Certificates that can be read, and what is to be said of the others. */
function readLinks(sent: readonly Buffer[]): { links: Link[]; damage: VerifyProblem[] } {
  const links: Link[] = [];
  const damage: VerifyProblem[] = [];
  for (const [index, der] of sent.entries())
    try {
      const x509 = parseCertificate(der);
      links.push({ x509, details: certificateDetails(x509) });
    } catch (error) {
      if (!(error instanceof DevcertError)) throw error;
      damage.push(
        problem(
          'damaged',
          `certificate ${index + 1} of those sent cannot be read: ${error.message}`,
          'give the server a whole one',
          { step: 'certificates', certificate: index },
        ),
      );
      // Without the first one there is nothing to verify.
      if (index === 0) return { links: [], damage };
    }
  return { links, damage };
}

function sentCertificate(details: Link['details']): SentCertificate {
  const { subject, issuer, names, notBefore, notAfter, sha256 } = details;
  return { subject, issuer, names, notBefore, notAfter, sha256 };
}

function errorsFirst(problems: readonly VerifyProblem[]): VerifyProblem[] {
  const of = (severity: string) => problems.filter((it) => it.severity === severity);
  return [...of('error'), ...of('warning')];
}

/** Of the first thing that is wrong: the others often follow from it. */
function exitCodeOf(problems: readonly VerifyProblem[]): number {
  const code = errorsFirst(problems)[0]?.code ?? 'closed';
  if (code === 'expired') return EXIT.expired;
  if (refused.includes(code)) return EXIT.refused;
  return notTrusted.includes(code) ? EXIT.notTrusted : EXIT.failed;
}

const notTrusted: readonly VerifyCode[] = [
  ...(['unknown-authority', 'self-signed', 'old-authority', 'other-authority'] as const),
  ...(['other-devcert', 'missing-issuer', 'system-authority', 'mkcert'] as const),
  ...(['test-authority', 'proxy'] as const),
];
const refused: readonly VerifyCode[] = [
  'weak-key',
  'weak-signature',
  'outside-constraints',
  'revoked',
];
