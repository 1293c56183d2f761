/** One connection to a server with one certificate, and what came of it. */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect, type SecureVersion, type TLSSocket } from 'node:tls';
import { DevcertError, systemCode } from '../errors.ts';

export interface HandshakeOptions {
  readonly host: string;
  readonly port: number;
  readonly version: SecureVersion;
  /** PEM of whom the client trusts. */
  readonly trust: string;
  /** Undefined: none is sent. */
  readonly identity: { readonly certPem: string; readonly keyPem: string } | undefined;
  /** False: nothing is sent, and a connection that stays open is taken for one that was let in. */
  readonly http: boolean;
  readonly timeoutMs: number;
}

/** How it ended. */
export interface Ending {
  /**
   * `answered`: the server sent data. `refused`: by a TLS alert, or an HTTP answer that says so. `closed`:
   * without a word. `open`: nothing came until the time was up. `version`: it does not speak this version.
   */
  readonly kind: 'answered' | 'refused' | 'closed' | 'open' | 'version';
  /** In words: `HTTP 200`, `alert "unknown ca"`. */
  readonly detail: string;
  /** What is wrong with the server's own certificate; undefined if nothing is, or none was seen. */
  readonly serverProblem?: string;
}

/** What a server is given to read after its answer's first bytes came. */
const READ_ON_MS = 300;
const MAX_BYTES = 65_536;

/**
 * Connects, asks for a page (TLS 1.3 tells a client only then that its certificate was refused), and
 * waits for the end. Never longer than `timeoutMs` and a moment.
 *
 * @param wrap the stream to do TLS on, for one who wants to look at the bytes.
 * @throws DevcertError `command` if nothing listens there.
 */
export async function tryHandshake(
  options: HandshakeOptions,
  wrap: (socket: Socket) => Socket | undefined = () => undefined,
): Promise<Ending> {
  const { host, port, version, trust, identity, timeoutMs } = options;
  const tcp = await connected(host, port, timeoutMs);
  return new Promise<Ending>((resolve) => {
    const socket = connect({
      socket: wrap(tcp) ?? tcp,
      servername: isIP(host) === 0 ? host : undefined,
      host,
      ca: trust,
      cert: identity?.certPem,
      key: identity?.keyPem,
      minVersion: version,
      maxVersion: version,
      rejectUnauthorized: false,
    });
    let problem: string | undefined;
    const received: Buffer[] = [];
    const end = (kind: Ending['kind'], detail: string) => {
      clearTimeout(timer);
      socket.destroy();
      tcp.destroy();
      resolve({ kind, detail, serverProblem: problem });
    };
    const judgeData = () => {
      const { kind, detail } = judgeAnswer(Buffer.concat(received).toString('latin1'));
      end(kind, detail);
    };
    let timer = setTimeout(() => {
      end('open', `nothing came in ${timeoutMs / 1000} s`);
    }, timeoutMs);
    socket.once('secureConnect', () => {
      problem = serverProblem(socket);
      if (options.http) socket.write(request(host, port));
    });
    socket.on('data', (bytes: Buffer) => {
      if (received.push(bytes) === 1) {
        clearTimeout(timer);
        timer = setTimeout(judgeData, READ_ON_MS);
      }
      if (Buffer.concat(received).length > MAX_BYTES) judgeData();
    });
    socket.once('error', (error: Error) => {
      if (received.length > 0) judgeData();
      else judgeError(error, end);
    });
    socket.once('close', () => {
      if (received.length > 0) judgeData();
      else end('closed', 'closed the connection');
    });
  });
}

async function connected(host: string, port: number, timeoutMs: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host, port });
    const fail = (why: string) => {
      socket.destroy();
      reject(
        new DevcertError('command', `cannot connect to ${host}:${port}: ${why}`, {
          hint: 'start the server first, and look at its port',
        }),
      );
    };
    socket.setTimeout(timeoutMs, () => {
      fail('no answer in time');
    });
    socket.once('error', (error) => {
      fail(systemCode(error) === 'ECONNREFUSED' ? 'nothing listens there' : error.message);
    });
    socket.once('connect', () => {
      socket.setTimeout(0).removeAllListeners('timeout').removeAllListeners('error');
      // The TLS socket above reports every later error.
      socket.on('error', () => undefined);
      resolve(socket);
    });
  });
}

function request(host: string, port: number): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return `GET / HTTP/1.1\r\nHost: ${name}:${port}\r\nUser-Agent: devcert\r\nConnection: close\r\n\r\n`;
}

function serverProblem(socket: TLSSocket): string | undefined {
  if (socket.authorized) return undefined;
  // Node gives a string here, whatever its types say.
  const error = socket.authorizationError as Error | string | undefined;
  return String(error instanceof Error ? error.message : error).slice(0, 200);
}

/** nginx and others finish the handshake and say in an HTTP answer that the certificate will not do. */
function judgeAnswer(text: string): { kind: 'answered' | 'refused'; detail: string } {
  const [, status = ''] = /^HTTP\/\d(?:\.\d)? (\d{3})/.exec(text) ?? [];
  if (status === '') return { kind: 'answered', detail: 'it sent data' };
  const aboutCertificate = status === '400' && /certificate/i.test(text);
  const refused = aboutCertificate || ['401', '403', '495', '496'].includes(status);
  return {
    kind: refused ? 'refused' : 'answered',
    detail: `HTTP ${status}${aboutCertificate ? reasonIn(text) : ''}`,
  };
}

/** nginx's title: `400 The SSL certificate error`. */
function reasonIn(text: string): string {
  const title = /<title>\d+ ([^<]{1,80})<\/title>/.exec(text)?.[1];
  return title === undefined ? '' : ` "${title}"`;
}

function judgeError(error: Error, end: (kind: Ending['kind'], detail: string) => void): void {
  const code = systemCode(error) ?? '';
  const alert = /^ERR_SSL_.*ALERT_(.+)$/.exec(code)?.[1]?.toLowerCase().replaceAll('_', ' ');
  if (alert === 'protocol version' || code === 'ERR_SSL_UNSUPPORTED_PROTOCOL')
    end('version', 'not offered');
  else if (alert !== undefined) end('refused', `alert "${alert}"`);
  else if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNABORTED')
    end('closed', 'closed the connection');
  else end('closed', (code === '' ? error.message : code).slice(0, 100));
}
