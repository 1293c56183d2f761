/** Why a handshake did not come about, from what both sides said. */
import { printable, say, type Text } from '../errors.ts';
import { connectTo, endpointText } from '../tls/connect.ts';
import { alertIn, type Shaken } from '../tls/handshake.ts';
import { problem } from './problem.ts';
import type { Server } from './target.ts';
import type { VerifyProblem } from './types.ts';

/** The cause, where the bytes or the error tell it; undefined if older versions have to be tried for it. */
export function failureCause(
  { failure, flight, received }: Shaken,
  server: Server,
  name: string,
): VerifyProblem | undefined {
  const where = endpointText(server.host, server.port);
  if (!flight.isTls) return notTls(received.toString('latin1'), where);
  if (failure?.code === 'ETIMEDOUT')
    return problem(
      'no-answer',
      received.length === 0
        ? `${where} takes the connection and never answers`
        : `${where} begins to answer and does not go on`,
      say`is it a port for TLS? if it begins in the clear: ${{ starttls: 'PROTOCOL' }}; else look into the log of the server`,
      { step: 'hello' },
    );
  if (flight.alert === 112)
    return problem(
      'name-refused',
      `the server has nothing for the name "${name}" (alert "unrecognized name")`,
      'add the name to its configuration (server_name, ServerName), or ask for one that it has',
    );
  if (/BAD_SIGNATURE|WRONG_SIGNATURE/.test(failure?.code ?? ''))
    return problem(
      'wrong-key',
      'the server does not have the key of the certificate that it sends: its signature is by another one',
      say`give it a key and a certificate that belong together; to see which do: ${{ command: 'inspect', names: ['cert.pem', 'key.pem'] }}`,
    );
  if (
    /(?:DH|KEY|EE_KEY)_TOO_SMALL|NO_SUITABLE_DIGEST|WRONG_SIGNATURE_TYPE/.test(failure?.code ?? '')
  )
    return problem(
      'tls-weak',
      `the server's handshake is too weak: ${reason(failure)}`,
      'let it use ECDHE, a certificate with P-256 or RSA 2048, and SHA-256',
    );
  return undefined;
}

/** The cause of a handshake that ended without a certain reason, after another try with what is old and weak. */
export async function closedCause(
  { failure, flight }: Shaken,
  older: Shaken | undefined,
  server: Server,
  timeoutMs: number,
): Promise<VerifyProblem> {
  if (older?.agreed !== undefined) {
    const { version, cipher } = older.agreed;
    return version === 'TLSv1' || version === 'TLSv1.1'
      ? problem(
          'tls-too-old',
          `the server speaks ${version === 'TLSv1' ? 'TLS 1.0' : 'TLS 1.1'} and nothing newer: browsers and current libraries refuse it`,
          'let it speak TLS 1.2 and 1.3 (nginx: ssl_protocols TLSv1.2 TLSv1.3), or update it',
        )
      : problem(
          'tls-weak',
          `the server takes only what clients refuse today: ${cipher}`,
          'let it use ECDHE with AES-GCM (nginx: ssl_ciphers HIGH)',
        );
  }
  if (
    flight.alert === undefined &&
    failure?.code === 'ECONNRESET' &&
    server.startTls === undefined
  ) {
    const answer = await plainAnswer(server, timeoutMs);
    if (answer !== '') return notTls(answer, endpointText(server.host, server.port));
  }
  return flight.alert === undefined && failure?.code === 'ECONNRESET'
    ? problem(
        'closed',
        'the server closes the connection without a word',
        'look into its log: has it a certificate, and is it a port for TLS?',
      )
    : problem(
        'tls-refused',
        `the handshake failed: ${reason(failure)}`,
        'look into the log of the server: has it a certificate, and TLS 1.2 or 1.3?',
      );
}

/** What somebody says who does not speak TLS. */
function notTls(answer: string, where: string): VerifyProblem {
  if (/^HTTP\/|^\s*<(?:!doctype|html)/i.test(answer))
    return problem(
      'http',
      `${where} speaks HTTP without TLS`,
      say`ask at the port for HTTPS, or have the server use TLS there: ${{ command: 'recipe' }} lists how`,
    );
  const [, hint] = greetings.find(([pattern]) => pattern.test(answer)) ?? [];
  const greeting = /^[ -~]{3,}/.exec(printable(answer))?.[0].trim().slice(0, 60);
  return problem(
    'not-tls',
    `${where} does not speak TLS${greeting === undefined ? '' : `: it says "${greeting}"`}`,
    hint ?? 'look at the port: which program is it?',
  );
}

const greetings: readonly (readonly [RegExp, Text])[] = [
  [/^220[ -].*(?:SMTP|mail)/i, say`it may begin in the clear: ${{ starttls: 'smtp' }}`],
  [/^\* (?:OK|PREAUTH)/, say`it may begin in the clear: ${{ starttls: 'imap' }}`],
  [/^.{3}\0\x0a[\d.]+/s, say`it begins in the clear: ${{ starttls: 'mysql' }}`],
  [/^.{3}\0\xff/s, say`it begins in the clear: ${{ starttls: 'mysql' }}`],
  [/^E\0\0|^[SN]$/, say`it begins in the clear: ${{ starttls: 'postgres' }}`],
  [/^SSH-/, 'that is SSH: look at the port'],
];

/** The first bytes that come back for a line of HTTP, or for nothing; empty if there are none. */
async function plainAnswer(server: Server, timeoutMs: number): Promise<string> {
  const socket = await connectTo({ ...server, timeoutMs });
  if ('code' in socket) return '';
  return new Promise((resolve) => {
    const end = (bytes: Buffer) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(bytes.subarray(0, 200).toString('latin1'));
    };
    const timer = setTimeout(end, PLAIN_MS, Buffer.alloc(0));
    socket.once('data', end);
    socket.once('close', () => {
      end(Buffer.alloc(0));
    });
    socket.write(`GET / HTTP/1.0\r\nHost: ${endpointText(server.host, server.port)}\r\n\r\n`);
  });
}

/** A server of the kind answers at once. */
const PLAIN_MS = 1000;

/** What OpenSSL calls it, in words: `alert "handshake failure"`. */
function reason(failure: Shaken['failure']): string {
  const code = failure?.code ?? '';
  const alert = alertIn(code);
  if (alert !== undefined) return `alert "${alert}"`;
  return code.startsWith('ERR_SSL_')
    ? code.slice('ERR_SSL_'.length).toLowerCase().replaceAll('_', ' ')
    : (failure?.detail ?? code).slice(0, 100);
}
