/** The steps of a verification as they went, in words. Pure. */
import { endpointText } from '../tls/connect.ts';
import type { Link } from './causes.ts';
import { type ChainJudgement, titleOf } from './chain.ts';
import type { VerdictInput } from './verdict.ts';
import type { StepName, VerifyProblem, VerifyStep } from './types.ts';

/** Of the connection, up to the proof that the server has its key; none for a file. */
export function connectionSteps(
  input: VerdictInput,
  problems: readonly VerifyProblem[],
): VerifyStep[] {
  const { server, contact } = input;
  if (server === undefined || contact === undefined) return [];
  const { address, shaken } = contact;
  const { host, port, startTls } = server;
  const agreed = shaken?.agreed;
  const alpn = agreed === undefined ? '' : (agreed.alpn ?? 'no ALPN');
  const by = startTls === undefined ? '' : `${startTls} STARTTLS, `;
  return [
    step(
      'connection',
      address === undefined
        ? undefined
        : `${endpointText(host, port)} is ${endpointText(address, port)}`,
      problems,
    ),
    step(
      'hello',
      shaken === undefined
        ? undefined
        : agreed === undefined
          ? `${by}the handshake did not end`
          : `${by}${agreed.version.replace('TLSv', 'TLS ')}, ${agreed.cipher}, ${alpn}`,
      problems,
    ),
  ];
}

/** Of the certificates, and what a server asks of its client. */
export function stepsOf(
  input: VerdictInput,
  links: readonly Link[],
  judged: ChainJudgement | undefined,
  problems: readonly VerifyProblem[],
): VerifyStep[] {
  const { server, contact, name, purpose } = input;
  const [leaf] = links;
  const sent =
    server === undefined
      ? 'in the file'
      : links.length === 1
        ? 'as it was sent'
        : 'as they were sent';
  const count = `${links.length} ${links.length === 1 ? 'certificate' : 'certificates'}, ${sent}`;
  const judgedText = (text: string | undefined) => (leaf === undefined ? undefined : text);
  return [
    step('certificates', links.length === 0 ? undefined : count, problems),
    ...(server === undefined ? [] : [keyStep(input, problems)]),
    step(
      'chain',
      judgedText(
        judged?.path === undefined ? undefined : judged.path.map((it) => titleOf(it)).join(' <- '),
      ),
      problems,
    ),
    step('dates', judgedText(datesText(leaf, input.at)), problems),
    step('purpose', judgedText(`for a ${purpose}`), problems),
    name === undefined
      ? { step: 'name', state: 'skipped', text: 'not looked at: none was given' }
      : step('name', judgedText(`"${name.value}" is among its names`), problems),
    ...(contact?.shaken?.flight.certificates === undefined
      ? []
      : [clientStep(contact.shaken.flight.request, problems)]),
  ];
}

/** What the step says unless something is wrong in it; undefined: it was not reached. */
function step(
  name: StepName,
  text: string | undefined,
  problems: readonly VerifyProblem[],
): VerifyStep {
  const own = problems.filter((it) => it.step === name);
  if (own.some(({ severity }) => severity === 'error'))
    return { step: name, state: 'failed', text: own.map(({ message }) => message).join('; ') };
  if (text === undefined) return { step: name, state: 'skipped', text: 'not reached' };
  return { step: name, state: own.length > 0 ? 'warning' : 'ok', text };
}

function keyStep({ contact }: VerdictInput, problems: readonly VerifyProblem[]): VerifyStep {
  const { agreed, flight } = contact?.shaken ?? {};
  const isProven = agreed !== undefined || flight?.isKeySigned === true;
  return step('key', isProven ? 'the server has the key of its certificate' : undefined, problems);
}

function datesText(leaf: Link | undefined, at: Date): string | undefined {
  const { notBefore, notAfter } = leaf?.details ?? {};
  const day = (when: Date | undefined) => when?.toISOString().slice(0, 10) ?? 'unreadable';
  return `${day(notBefore)} to ${day(notAfter)}; asked for ${day(at)}`;
}

function clientStep(
  request: { readonly authorities: readonly string[] } | undefined,
  problems: readonly VerifyProblem[],
): VerifyStep {
  const nobody = 'no certificate of the client is asked for';
  if (request === undefined) return { step: 'client-certificate', state: 'ok', text: nobody };
  const { authorities } = request;
  const of =
    authorities.length === 0
      ? 'of nobody in particular'
      : `of ${authorities.slice(0, 3).join('; ')}${authorities.length > 3 ? ` and ${authorities.length - 3} more` : ''}`;
  return step('client-certificate', `the server asks for a certificate ${of}`, problems);
}
