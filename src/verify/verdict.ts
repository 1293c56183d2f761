/** What was sent, against roots: each step as it went, and what is wrong. */
import type { X509Certificate } from 'node:crypto';
import { EXIT, orUndefined } from '../errors.ts';
import { parseCertificate } from '../keystore/entries.ts';
import { certificateDetails } from '../x509/details.ts';
import { errorsFirst } from '../x509/finding.ts';
import { judgeChain } from './chain.ts';
import { verifyCodes } from './codes.ts';
import type { VerdictInput } from './input.ts';
import { nameProblem } from './name.ts';
import { problem } from './problem.ts';
import { stepsOf } from './steps.ts';
import type { SentCertificate, VerifyProblem, VerifyResult } from './types.ts';

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
      name === undefined ? undefined : await nameProblem(certificateDetails(leaf), name, purpose);
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
  const steps = stepsOf(input, links, judged, problems);
  const asked = shaken?.flight.request;
  const sorted = errorsFirst(problems);
  const [first] = sorted;
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
    certificates: links.map(sentCertificate),
    path: judged?.path?.map((it) => certificateDetails(it).sha256),
    steps,
    problems: sorted,
    isVerified,
    // Of the first thing that is wrong: the others often follow from it.
    exitCode: isVerified ? EXIT.done : ((first && verifyCodes[first.code].exit) ?? EXIT.failed),
  };
}

/** Certificates that can be read, and what is to be said of the others. */
function readLinks(sent: readonly Buffer[]): { links: X509Certificate[]; damage: VerifyProblem[] } {
  const links: X509Certificate[] = [];
  const damage: VerifyProblem[] = [];
  for (const [index, der] of sent.entries()) {
    const x509 = orUndefined(
      () => parseCertificate(der),
      ({ message }) =>
        damage.push(
          problem(
            'damaged',
            `certificate ${index + 1} of those sent cannot be read: ${message}`,
            'give the server a whole one',
            { step: 'certificates', certificate: index },
          ),
        ),
    );
    if (x509 !== undefined) links.push(x509);
    // Without the first one there is nothing to verify.
    else if (index === 0) break;
  }
  return { links, damage };
}

function sentCertificate(x509: X509Certificate): SentCertificate {
  const { subject, issuer, names, notBefore, notAfter, sha256 } = certificateDetails(x509);
  return { subject, issuer, names, notBefore, notAfter, sha256 };
}
