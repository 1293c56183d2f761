import { get } from 'node:https';
import tls, { createSecureContext } from 'node:tls';
import { expect, onTestFinished, test } from 'vitest';
import { trustInThisProcess } from '../../platform/this-process.ts';
import { certificateFor } from '../../src/commands/certificate.ts';
import { startServer, type TestServer } from '../helpers/server.ts';
import { projectMachine } from '../helpers/stores.ts';

const make = () => {
  const { context } = projectMachine([], { isRoot: true, now: () => new Date() });
  return certificateFor(context, ['localhost']);
};
/** Each of its own kind: they come to their roots in ways of their own. */
const clients: Record<string, (port: number, ca?: string) => Promise<unknown>> = {
  fetch: async (port) => (await fetch(`https://localhost:${String(port)}`)).text(),
  https: (port, ca) =>
    new Promise((resolve, reject) => {
      get({ host: 'localhost', port, ca, agent: false }, (response) => {
        response.resume().on('end', resolve);
      }).on('error', reject);
    }),
  tls: (port, ca) =>
    new Promise((resolve, reject) => {
      const socket = tls.connect({ host: 'localhost', port, servername: 'localhost', ca }, () => {
        resolve(socket.end());
      });
      socket.on('error', reject);
    }),
  // As a package does that asks for its context itself.
  context: (port, ca) =>
    new Promise((resolve, reject) => {
      const secureContext = createSecureContext({ ca });
      const to = { host: 'localhost', port, servername: 'localhost', secureContext };
      const socket = tls.connect(to, () => {
        resolve(socket.end());
      });
      socket.on('error', reject);
    }),
};

async function outcome(client: string, { port }: TestServer, ca?: string): Promise<string> {
  try {
    await clients[client]?.(port, ca);
    return 'accepted';
  } catch (error) {
    const { code, cause } = error as { code?: string; cause?: { code?: string } };
    return cause?.code ?? code ?? String(error);
  }
}

test('trustInThisProcess() has every client of the process trust these roots, and no other', async () => {
  const [ours, second, strange] = [await make(), await make(), await make()];
  const [server, another, stranger] = await Promise.all([ours, second, strange].map(serve));
  if (server === undefined || another === undefined || stranger === undefined) throw new Error();
  const refused = expect.stringMatching(/UNABLE_TO|SELF_SIGNED/) as string;
  const outcomes = (of: TestServer, ca?: string) =>
    Promise.all(Object.keys(clients).map((client) => outcome(client, of, ca)));
  const none = [refused, refused, refused, refused];
  const all = ['accepted', 'accepted', 'accepted', 'accepted'];
  const { length } = tls.rootCertificates;

  expect(await outcomes(server)).toEqual(none);
  trustInThisProcess(ours.ca);
  trustInThisProcess(ours.ca);
  expect(await outcomes(server)).toEqual(all);
  expect(await outcomes(another)).toEqual(none);
  trustInThisProcess(second.ca);
  expect(await outcomes(server)).toEqual(all);
  expect(await outcomes(another)).toEqual(all);
  expect(await outcomes(stranger)).toEqual(none);
  expect(tls.rootCertificates).toHaveLength(length);
  // Who names a CA trusts that alone; fetch cannot.
  expect((await outcomes(server, strange.ca)).slice(1)).toEqual(none.slice(1));
});

async function serve({ cert, key }: { cert: string; key: string }): Promise<TestServer> {
  const server = await startServer({ cert, key });
  onTestFinished(() => server.close());
  return server;
}
