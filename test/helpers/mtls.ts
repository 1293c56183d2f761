/** A party of a set for mutual TLS, as its machine loads it. */
import { readFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** What Node's TLS takes. */
export interface Party {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** The files of one party's folder, as they are now. */
export function loadParty(folder: string): Party {
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  return { cert: read('cert.pem'), key: read('key.pem'), ca: read('trust.pem') };
}

export interface MtlsServer {
  readonly port: number;
  /** As a server does that is told to reload. */
  reload(party: Party): void;
  close(): Promise<void>;
}

/**
 * An HTTPS server that asks for a certificate.
 *
 * @param mode what it does with a wrong one: refuse the connection, answer 403, or not look at it.
 */
export async function startMtlsServer(
  party: Party,
  mode: 'strict' | 'forbid' | 'lax' = 'strict',
  options: { maxVersion?: 'TLSv1.2' } = {},
): Promise<MtlsServer> {
  const server: Server = createServer(
    { ...party, ...options, requestCert: true, rejectUnauthorized: mode === 'strict' },
    (incoming, response) => {
      const { authorized } = incoming.socket as unknown as { authorized: boolean };
      response.statusCode = mode === 'forbid' && !authorized ? 403 : 200;
      response.end('hello');
    },
  );
  server.on('tlsClientError', () => undefined); // refused: what the test asks for
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    reload: (party) => {
      server.setSecureContext(party);
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

/** The status that a client gets from `localhost`, or the code of the error. */
export function visit(port: number, client: Party): Promise<number | string> {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', servername: 'localhost', port, agent: false, ...client };
    request(options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', (error: NodeJS.ErrnoException) => {
        resolve(error.code ?? error.message);
      })
      .end();
  });
}
