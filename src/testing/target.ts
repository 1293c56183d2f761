/** The server of an assertion: what was handed in, as host and port. */
import { DevcertError, isObject } from '../errors.ts';
import { type Server, serverIn } from '../verify/target.ts';

/** `HOST:PORT`, a URL (`https:`, `wss:`, `postgres:` …), the port of one on this machine, or a server of Node that listens. */
export type ServerTarget = string | number | ListeningServer;

/** What `net`, `tls`, `http`, `https` and `http2` call a server. */
export interface ListeningServer {
  address(): { readonly address: string; readonly port: number } | string | null;
}

/** @returns with the name it goes by unless one is given. @throws DevcertError `usage`. */
export function targetOf(target: unknown): { server: Server; name: string } {
  if (typeof target === 'string') {
    const server = serverIn(target, { command: 'verify', names: 'localhost:8443' });
    if (server !== undefined) return { server, name: server.host };
  } else if (isPort(target)) {
    return { server: { host: 'localhost', port: target }, name: 'localhost' };
  } else if (isServer(target)) {
    const address = target.address();
    if (typeof address === 'object' && address !== null) {
      const isAny = ['::', '0.0.0.0'].includes(address.address);
      const host = isAny ? 'localhost' : address.address;
      return { server: { host, port: address.port }, name: 'localhost' };
    }
    throw new DevcertError('usage', 'the server does not listen on a port', {
      hint: 'wait for its "listening" event first',
    });
  }
  throw new DevcertError('usage', 'not a server', {
    hint: 'pass HOST:PORT, a URL, a port, or a server of Node that listens',
  });
}

function isPort(target: unknown): target is number {
  return typeof target === 'number' && Number.isInteger(target) && target > 0 && target < 65_536;
}

function isServer(target: unknown): target is ListeningServer {
  return isObject(target) && typeof target.address === 'function';
}
