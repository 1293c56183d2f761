/** A connection to a host and port, with a time limit, or why there is none. */
import { connect, type Socket } from 'node:net';
import { systemCode } from '../errors.ts';

/** Why no connection came about. */
export interface Unconnected {
  /** `no-answer`: nothing came back in time. */
  readonly code: 'name-unknown' | 'nothing-listens' | 'unreachable' | 'no-answer';
  /** In words, without a full stop. */
  readonly detail: string;
}

/** Where to, and how long to wait. */
export interface Endpoint {
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/** An open socket without listeners but one that ignores its errors: whoever takes it hears of its end all the same. */
export async function connectTo({
  host,
  port,
  timeoutMs,
}: Endpoint): Promise<Socket | Unconnected> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const fail = (failure: Unconnected) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(failure);
    };
    const timer = setTimeout(() => {
      fail({ code: 'no-answer', detail: `no answer in ${timeoutMs / 1000} s` });
    }, timeoutMs);
    socket.on('error', (error) => {
      fail(failureOf(error));
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error').on('error', () => undefined);
      resolve(socket);
    });
  });
}

/** `host:port`, an IPv6 address in brackets. */
export function endpointText(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function failureOf(error: Error): Unconnected {
  switch (systemCode(error) ?? '') {
    case 'ECONNREFUSED':
      return { code: 'nothing-listens', detail: 'nothing listens there' };
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NONAME':
      return { code: 'name-unknown', detail: 'the name does not resolve' };
    case 'ETIMEDOUT':
      return { code: 'no-answer', detail: 'no answer in time' };
    default:
      return { code: 'unreachable', detail: error.message };
  }
}
