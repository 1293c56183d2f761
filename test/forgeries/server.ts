/** One server with every forgery, told apart by SNI, and a proxy that leads every host to it. */
import { createServer as createProxy } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect, type Server } from 'node:net';
import { createSecureContext } from 'node:tls';
import { makeAuthority, issueFor } from '../helpers/forge.ts';
import type { Authority } from '../../src/authority/authority.ts';
import { CASES, GOOD_HOST, type Pair, STRANGER_HOST } from './cases.ts';

/** What an engine visits. */
export interface NamesServer {
  readonly port: number;
  /** Of an HTTP proxy that knows CONNECT and takes every host for our server. */
  readonly proxyPort: number;
  /** The hosts that a page in a browser reached; set by {@link visitingPage}. */
  onReport: (hosts: readonly string[]) => void;
  close(): Promise<void>;
}

export interface ForgeryServer extends NamesServer {
  readonly authority: Authority;
}

export async function startForgeryServer(): Promise<ForgeryServer> {
  const authority = await makeAuthority();
  const pairs = new Map<string, Pair>([
    [GOOD_HOST, await issueFor(authority, [GOOD_HOST])],
    [STRANGER_HOST, await issueFor(await makeAuthority(), [STRANGER_HOST])],
  ]);
  for (const { host, make } of CASES) pairs.set(host, await make(authority));
  return Object.assign(await serveByName(pairs), { authority });
}

/** Serves, for each host, its own certificate. @param pairs by host, {@link GOOD_HOST} among them. */
export async function serveByName(pairs: ReadonlyMap<string, Pair>): Promise<NamesServer> {
  const contexts = new Map(
    [...pairs].map(([host, { certPem, keyPem }]) => [
      host,
      createSecureContext({ cert: certPem, key: keyPem }),
    ]),
  );
  const made: NamesServer = {
    port: 0,
    proxyPort: 0,
    onReport: () => undefined,
    close: () => Promise.resolve(),
  };
  const https = createServer(
    {
      SNICallback: (host, done) => {
        const context = contexts.get(host.toLowerCase());
        if (context === undefined) done(new Error(`no case for ${host}`));
        else done(null, context);
      },
    },
    (request, response) => {
      response.setHeader('connection', 'close');
      if (request.method === 'POST') {
        let body = '';
        request.on('data', (data: Buffer) => (body += data.toString()));
        request.on('end', () => {
          response.end();
          made.onReport(JSON.parse(body) as string[]);
        });
      } else {
        response.setHeader('content-type', 'text/html');
        response.end(request.url === '/visit' ? visitingPage(port, [...pairs.keys()]) : 'hello');
      }
    },
  );
  https.on('tlsClientError', () => undefined); // refused by the client: what the test asks for
  const port = await listen(https);
  const proxy = createProxy();
  proxy.on('connect', (_request, client) => {
    const server = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      server.pipe(client).pipe(server);
    });
    server.on('error', () => client.destroy());
    client.on('error', () => server.destroy());
  });
  const proxyPort = await listen(proxy);
  return Object.assign(made, {
    port,
    proxyPort,
    close: async () => {
      https.closeAllConnections();
      proxy.closeAllConnections();
      for (const server of [https, proxy]) await new Promise((resolve) => server.close(resolve));
    },
  });
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A page that tries every host, and then tells this server which of them answered. */
function visitingPage(port: number, hosts: readonly string[]): string {
  return `<!doctype html><script>
    (async () => {
      const reached = [];
      for (const host of ${JSON.stringify(hosts)})
        await fetch('https://' + host + ':${port}/', { mode: 'no-cors' }).then(
          () => reached.push(host), () => undefined);
      await fetch('/report', { method: 'POST', body: JSON.stringify(reached) });
    })();
  </script>`;
}
