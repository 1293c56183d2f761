/** One TLS handshake by Node's OpenSSL, which proves that the server has its key; nothing else is judged here. */
import { connect, type SecureVersion, type TLSSocket } from 'node:tls';
import { isIP, type Socket } from 'node:net';
import { systemCode } from '../errors.ts';
import { AFTERTHOUGHT_MS } from '../policy.ts';
import { readFlight, type ServerFlight } from './flight.ts';
import { record } from './recording.ts';

/** How to shake hands. */
export interface TlsOptions {
  /** Connected, and at the point where TLS begins. */
  readonly socket: Socket;
  /** For SNI, unless it is an address. */
  readonly name: string;
  readonly minVersion?: SecureVersion;
  readonly maxVersion?: SecureVersion;
  /** Also what OpenSSL refuses nowadays: TLS 1.0 and 1.1, short keys. */
  readonly lenient?: boolean;
  readonly alpn?: readonly string[];
  /** PEM; undefined: none is sent. */
  readonly identity?: { readonly certPem: string; readonly keyPem: string } | undefined;
}

/** A TLS connection under way. The certificates of the server are taken, whatever they are. */
export interface TlsConnection {
  readonly socket: TLSSocket;
  /** What the server sent so far. */
  readonly flight: () => ServerFlight;
  /** Its first bytes, as they came. */
  readonly received: () => Buffer;
}

/** Starts a handshake. Whoever calls listens to the socket, and destroys it. */
export function openTls(options: TlsOptions): TlsConnection {
  const { name, identity, alpn, lenient } = options;
  const { stream, received } = record(options.socket);
  const socket = connect({
    socket: stream,
    host: name,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(identity === undefined ? {} : { cert: identity.certPem, key: identity.keyPem }),
    ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
    ...(lenient === true ? { ciphers: 'ALL:COMPLEMENTOFALL:@SECLEVEL=0' } : {}),
    minVersion: options.minVersion ?? 'TLSv1.2',
    maxVersion: options.maxVersion ?? 'TLSv1.3',
    rejectUnauthorized: false,
  });
  let secret: Buffer | undefined;
  socket.on('keylog', (line: Buffer) => {
    const found = /^SERVER_HANDSHAKE_TRAFFIC_SECRET \w+ (\w+)/.exec(line.toString('latin1'))?.[1];
    if (found !== undefined) secret = Buffer.from(found, 'hex');
  });
  return { socket, received, flight: () => readFlight(received(), secret) };
}

/** How a handshake ended. */
export interface Shaken {
  /** Undefined if it did not succeed. */
  readonly agreed: Agreed | undefined;
  /** Why it did not succeed, or why the server closed the connection right after it. */
  readonly failure: { readonly code: string; readonly detail: string } | undefined;
  readonly flight: ServerFlight;
  /** The server's first bytes. */
  readonly received: Buffer;
}

/** What both sides agreed on. */
interface Agreed {
  /** `TLSv1.3`. */
  readonly version: string;
  readonly cipher: string;
  /** Undefined if the server chose none. */
  readonly alpn: string | undefined;
}

/**
 * Shakes hands and hangs up. A server that asked for a certificate is given a moment to say whether it can do
 * without: in TLS 1.3 it says so after the handshake.
 */
export async function shakeHands(options: TlsOptions, timeoutMs: number): Promise<Shaken> {
  const { socket, flight, received } = openTls(options);
  return new Promise((resolve) => {
    let agreed: Agreed | undefined;
    const end = (failure: Shaken['failure']) => {
      clearTimeout(timer);
      socket.destroy();
      options.socket.destroy();
      resolve({ agreed, failure, flight: flight(), received: received() });
    };
    const patience = (limitMs: number, late: Shaken['failure']) =>
      setTimeout(() => {
        end(late);
      }, limitMs);
    let timer = patience(timeoutMs, {
      code: 'ETIMEDOUT',
      detail: `no answer in ${timeoutMs / 1000} s`,
    });
    socket.once('secureConnect', () => {
      const { alpnProtocol } = socket;
      agreed = {
        version: socket.getProtocol() ?? '',
        cipher: socket.getCipher().standardName,
        alpn: typeof alpnProtocol === 'string' ? alpnProtocol : undefined,
      };
      if (flight().request === undefined) {
        end(undefined);
        return;
      }
      clearTimeout(timer);
      timer = patience(AFTERTHOUGHT_MS, undefined);
      // It sent a ticket for next time, or speaks first: we were let in.
      socket.once('session', () => {
        if (agreed?.version === 'TLSv1.3') end(undefined);
      });
      socket.once('data', () => {
        end(undefined);
      });
    });
    socket.once('error', (error: Error) => {
      end({ code: systemCode(error) ?? '', detail: error.message });
    });
    socket.once('close', () => {
      end({ code: 'ECONNRESET', detail: 'closed the connection' });
    });
  });
}

/** The name of the alert that OpenSSL's error is about: `unknown ca`. */
export function alertIn(code: string): string | undefined {
  return /^ERR_SSL_.*ALERT_(.+)$/.exec(code)?.[1]?.toLowerCase().replaceAll('_', ' ');
}
