/** The steps of a verification as they went, in words. Pure. */
import type { X509Certificate } from 'node:crypto';
import { endpointText } from '../tls/connect.ts';
import { certificateDetails, titleOf } from '../x509/details.ts';
import type { ChainJudgement } from './chain.ts';
import type { VerdictInput } from './input.ts';
import type { StepName, VerifyProblem, VerifyStep } from './types.ts';

/** What is said of a step unless something is wrong in it; undefined: it was not reached. */
type Said = readonly [step: StepName, text: string | undefined];

/** @param links the certificates that were sent and can be read. */
export function stepsOf(
  input: VerdictInput,
  links: readonly X509Certificate[],
  judged: ChainJudgement | undefined,
  problems: readonly VerifyProblem[],
): VerifyStep[] {
  const { server, contact, name, purpose, at } = input;
  const [leaf] = links;
  const { agreed, flight } = contact?.shaken ?? {};
  const isProven = agreed !== undefined || flight?.isKeySigned === true;
  const said: Said[] = [
    ...connectionSteps(input),
    ['certificates', leaf && countText(links.length, server !== undefined)],
    ...(server === undefined
      ? []
      : [['key', isProven ? 'the server has the key of its certificate' : undefined] as const]),
    ['chain', leaf && judged?.path?.map(pathTitle).join(' <- ')],
    ['dates', leaf && datesText(leaf, at)],
    ['purpose', leaf && `for a ${purpose}`],
    ['name', leaf && name && `"${name.value}" is among its names`],
    ...(flight?.certificates === undefined
      ? []
      : [['client-certificate', clientText(flight.request)] as const]),
  ];
  return said.map(([step, text]) => {
    if (step === 'name' && name === undefined)
      return { step, state: 'skipped', text: 'not looked at: none was given' };
    const own = problems.filter((it) => it.step === step);
    if (own.some(({ severity }) => severity === 'error'))
      return { step, state: 'failed', text: own.map(({ message }) => message).join('; ') };
    if (text === undefined) return { step, state: 'skipped', text: 'not reached' };
    return { step, state: own.length > 0 ? 'warning' : 'ok', text };
  });
}

/** Of the connection, up to the handshake; none for a file. */
function connectionSteps({ server, contact }: VerdictInput): Said[] {
  if (server === undefined || contact === undefined) return [];
  const { address, shaken } = contact;
  const { host, port, startTls } = server;
  const agreed = shaken?.agreed;
  const by = startTls === undefined ? '' : `${startTls} STARTTLS, `;
  const how =
    agreed === undefined
      ? 'the handshake did not end'
      : `${agreed.version.replace('TLSv', 'TLS ')}, ${agreed.cipher}, ${agreed.alpn ?? 'no ALPN'}`;
  return [
    ['connection', address && `${endpointText(host, port)} is ${endpointText(address, port)}`],
    ['hello', shaken && `${by}${how}`],
  ];
}

function countText(count: number, isSent: boolean): string {
  const [what, how] =
    count === 1 ? ['certificate', 'as it was sent'] : ['certificates', 'as they were sent'];
  return `${count} ${what}, ${isSent ? how : 'in the file'}`;
}

/** What a certificate on the path is called. */
function pathTitle(x509: X509Certificate): string {
  const details = certificateDetails(x509);
  return details.names[0]?.value ?? titleOf(details);
}

function datesText(leaf: X509Certificate, at: Date): string {
  const { notBefore, notAfter } = certificateDetails(leaf);
  const day = (when: Date | undefined) => when?.toISOString().slice(0, 10) ?? 'unreadable';
  return `${day(notBefore)} to ${day(notAfter)}; asked for ${day(at)}`;
}

function clientText(request: { readonly authorities: readonly string[] } | undefined): string {
  if (request === undefined) return 'no certificate of the client is asked for';
  const { authorities } = request;
  const of =
    authorities.length === 0
      ? 'of nobody in particular'
      : `of ${authorities.slice(0, 3).join('; ')}${authorities.length > 3 ? ` and ${authorities.length - 3} more` : ''}`;
  return `the server asks for a certificate ${of}`;
}
