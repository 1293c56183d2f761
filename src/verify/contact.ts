/** A handshake with a server, and if it does not come about the cause of that. */
import { isIP } from 'node:net';
import { say, type Text } from '../errors.ts';
import { localDomains } from '../names/constraints.ts';
import { isCovered } from '../names/subtrees.ts';
import { connectTo, endpointText, type Unconnected } from '../tls/connect.ts';
import { type Shaken, shakeHands, type TlsOptions } from '../tls/handshake.ts';
import { type NoStart, startTls } from '../tls/starttls.ts';
import { closedCause, failureCause } from './failures.ts';
import { problem } from './problem.ts';
import type { Server } from './target.ts';
import type { VerifyProblem } from './types.ts';

/** What came of it. */
export interface Contact {
  /** The address that was connected to. */
  readonly address?: string;
  /** Undefined if TLS never began. */
  readonly shaken?: Shaken;
  readonly problem?: VerifyProblem;
}

/**
 * Connects, has TLS begin, and shakes hands.
 *
 * @param name for SNI.
 * @param timeoutMs for each of these.
 */
export async function contact(server: Server, name: string, timeoutMs: number): Promise<Contact> {
  const first = await shake(server, { name, alpn: alpnFor(server) }, timeoutMs);
  const alert = first.shaken?.flight.alert;
  // It speaks none of these protocols, and there was no need to ask for one.
  const again =
    alert === NO_APPLICATION_PROTOCOL ? await shake(server, { name }, timeoutMs) : first;
  const { shaken } = again;
  if (shaken?.failure === undefined) return again;
  const { failure, flight, agreed } = shaken;
  const asked = flight.request !== undefined;
  if (asked && (agreed !== undefined || isRefusal(failure.code, flight.alert)))
    return {
      ...again,
      problem: problem(
        'client-certificate-required',
        'the server lets nobody in without a certificate',
        say`give the client one: ${{ command: 'mtls', names: 'NAME', client: 'web' }}; to try all of it: ${{ command: 'mtls check', names: endpointText(server.host, server.port), dir: 'NAME' }}`,
        // Unless it has shown that it has the key, it is not verified.
        { severity: agreed !== undefined || flight.isKeySigned ? 'warning' : 'error' },
      ),
    };
  // After the handshake it may close as it likes.
  if (agreed !== undefined) return again;
  const known = failureCause(shaken, server, name);
  if (known !== undefined) return { ...again, problem: known };
  const older = await shake(server, { name, lenient: true, minVersion: 'TLSv1' }, timeoutMs);
  return { ...again, problem: await closedCause(shaken, older.shaken, server, timeoutMs) };
}

const NO_APPLICATION_PROTOCOL = 120; // RFC 7301 3.2

/** What refuses a client for its certificate (RFC 8446 6.2), or until TLS 1.2 for want of one. */
function isRefusal(code: string, alert: number | undefined): boolean {
  return (
    [40, 42, 43, 46, 48, 116].includes(alert ?? 0) ||
    /CERTIFICATE|HANDSHAKE_FAILURE|UNKNOWN_CA/.test(code) ||
    code === 'ECONNRESET'
  );
}

function alpnFor({ startTls, port }: Server): readonly string[] | undefined {
  const isMail = [465, 993, 995, 636].includes(port);
  return startTls === undefined && !isMail ? ['h2', 'http/1.1'] : undefined;
}

async function shake(
  server: Server,
  options: Omit<TlsOptions, 'socket'>,
  timeoutMs: number,
): Promise<Contact> {
  const socket = await connectTo({ ...server, timeoutMs });
  if ('code' in socket) return { problem: unconnected(socket, server) };
  const address = socket.remoteAddress ?? server.host;
  if (server.startTls !== undefined) {
    const refused = await startTls(socket, server.startTls, timeoutMs);
    if (refused !== undefined) {
      socket.destroy();
      return { address, problem: notStarted(refused, server) };
    }
  }
  return { address, shaken: await shakeHands({ socket, ...options }, timeoutMs) };
}

function unconnected({ code, detail }: Unconnected, { host, port }: Server): VerifyProblem {
  const where = endpointText(host, port);
  switch (code) {
    case 'name-unknown':
      return problem(
        code,
        `"${host}" resolves to no address`,
        isLocal(host)
          ? { command: 'hosts add', names: host }
          : 'look for a typing error, or ask whoever keeps the name servers',
      );
    case 'nothing-listens':
      return problem(code, `nothing listens at ${where}`, 'start the server, or look at its port');
    case 'no-answer':
      return problem(
        code,
        `${where} does not answer: ${detail}`,
        'look for a firewall between here and there; is it the right address?',
      );
    case 'unreachable':
      return problem(
        code,
        `${where} cannot be reached: ${detail}`,
        'look at the network, and at the address',
      );
  }
}

function isLocal(host: string): boolean {
  return isIP(host) === 0 && isCovered(localDomains, host);
}

function notStarted(
  { code, detail }: NoStart,
  { startTls: protocol = 'smtp' }: Server,
): VerifyProblem {
  switch (code) {
    case 'not-offered':
      return problem(
        'starttls-refused',
        `the server has no TLS to begin with: ${detail}`,
        settings[protocol],
      );
    case 'other-protocol':
      return problem(
        'not-tls',
        `the server does not speak ${protocol}: ${detail}`,
        say`name its protocol with ${{ starttls: 'PROTOCOL' }}, or ${{ starttls: 'none' }} if TLS begins at once`,
      );
    case 'injected':
      return problem(
        'starttls-injected',
        detail,
        'somebody may be between here and there; update the server otherwise',
      );
    case 'closed':
      return problem('closed', detail, 'look into the log of the server');
    case 'no-answer':
      return problem(
        'no-answer',
        `the server does not answer in ${protocol}: ${detail}`,
        say`if TLS begins at once there: ${{ starttls: 'none' }}`,
        { step: 'hello' },
      );
  }
}

const settings: Readonly<Record<NonNullable<Server['startTls']>, Text>> = {
  postgres: say`postgresql.conf: ssl = on, ssl_cert_file, ssl_key_file; all lines: ${{ command: 'recipe', names: 'postgres' }}`,
  mysql: say`the server's ssl_cert and ssl_key; all lines: ${{ command: 'recipe', names: 'mysql' }}`,
  smtp: 'Postfix: smtpd_tls_security_level = may, smtpd_tls_chain_files',
  imap: 'Dovecot: ssl = yes, ssl_cert, ssl_key',
  ldap: 'OpenLDAP: olcTLSCertificateFile, olcTLSCertificateKeyFile',
};
