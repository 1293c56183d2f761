/** One connection to a server with one certificate, and what came of it. */
import type { SecureVersion } from 'node:tls';
import { DevcertError, say, systemCode } from '../errors.ts';
import { connectTo, endpointText } from '../tls/connect.ts';
import type { ServerFlight } from '../tls/flight.ts';
import { alertIn, openTls } from '../tls/handshake.ts';
import { type StartTls, startTls } from '../tls/starttls.ts';

export interface HandshakeOptions {
  readonly host: string;
  readonly port: number;
  /** To ask for; that of the host if left out. */
  readonly name?: string;
  /** How TLS begins there; undefined: at once. */
  readonly startTls?: StartTls;
  readonly version: SecureVersion;
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
  /** What the server sent. */
  readonly flight: ServerFlight;
}

/** What a server is given to read after its answer's first bytes came. */
const READ_ON_MS = 300;
const MAX_BYTES = 65_536;

/**
 * Connects, asks for a page (TLS 1.3 tells a client only then that its certificate was refused), and
 * waits for the end. Never longer than `timeoutMs` and a moment.
 *
 * @throws DevcertError `command` if nothing listens there.
 */
export async function tryHandshake(options: HandshakeOptions): Promise<Ending> {
  const { host, port, name = host, version, identity, timeoutMs } = options;
  const tcp = await connectTo(options);
  if ('code' in tcp)
    throw new DevcertError(
      'command',
      `cannot connect to ${endpointText(host, port)}: ${tcp.detail}`,
      {
        hint: 'start the server first, and look at its port',
      },
    );
  const refused =
    options.startTls === undefined ? undefined : await startTls(tcp, options.startTls, timeoutMs);
  if (refused !== undefined) {
    tcp.destroy();
    throw new DevcertError(
      'command',
      `TLS does not begin at ${endpointText(host, port)}: ${refused.detail}`,
      { hint: say`see why: ${{ command: 'verify', names: endpointText(host, port) }}` },
    );
  }
  return new Promise<Ending>((resolve) => {
    const { socket, flight } = openTls({
      ...{ socket: tcp, name, identity },
      ...{ minVersion: version, maxVersion: version },
    });
    const received: Buffer[] = [];
    const end = (kind: Ending['kind'], detail: string) => {
      clearTimeout(timer);
      socket.destroy();
      tcp.destroy();
      resolve({ kind, detail, flight: flight() });
    };
    const judgeData = () => {
      const { kind, detail } = judgeAnswer(Buffer.concat(received).toString('latin1'));
      end(kind, detail);
    };
    let timer = setTimeout(() => {
      end('open', `nothing came in ${timeoutMs / 1000} s`);
    }, timeoutMs);
    socket.once('secureConnect', () => {
      if (options.http) socket.write(request(name, port));
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

/** What an ending says of the certificate that was shown; `unclear` where nothing was said. */
export function admission({ kind }: Ending, http: boolean): 'let in' | 'refused' | 'unclear' {
  if (kind === 'answered' || (kind === 'open' && !http)) return 'let in';
  return kind === 'refused' ? 'refused' : 'unclear';
}

function request(host: string, port: number): string {
  return `GET / HTTP/1.1\r\nHost: ${endpointText(host, port)}\r\nUser-Agent: devcert\r\nConnection: close\r\n\r\n`;
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
  const alert = alertIn(code);
  if (alert === 'protocol version' || code === 'ERR_SSL_UNSUPPORTED_PROTOCOL')
    end('version', 'not offered');
  else if (alert !== undefined) end('refused', `alert "${alert}"`);
  else if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'ECONNABORTED')
    end('closed', 'closed the connection');
  else end('closed', (code === '' ? error.message : code).slice(0, 100));
}
