/** HTTPS servers on this machine that say hello, for clients that are to trust them or not. */
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface TestServer {
  readonly port: number;
  close(): Promise<void>;
}

/** What the page says. */
export const PAGE = 'hello from devcert';

/** Starts a server on a free port of 127.0.0.1 (and ::1 where there is one). */
export async function startServer(options: ServerOptions): Promise<TestServer> {
  const server = createServer(options, (_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><title>devcert</title><p>${PAGE}</p>`);
  });
  server.on('tlsClientError', () => undefined); // refused by the client: what the test asks for
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}
