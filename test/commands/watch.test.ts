import { createPrivateKey, X509Certificate } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { join } from 'node:path';
import { connect, createServer, type Server, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Context } from '../../src/commands/context.ts';
import { exportCertificate } from '../../src/commands/export.ts';
import { install } from '../../src/commands/install.ts';
import { issue } from '../../src/commands/issue.ts';
import { type LoadedPair, watch, type WatchedServer } from '../../src/commands/watch.ts';
import type { WatchOptions } from '../../src/commands/watch.ts';
import { DAY_MS, RENEWAL_RETRY_MS, WATCH_MS } from '../../src/policy.ts';
import { Keyring } from '../../src/signer/keyring.ts';
import { listen } from '../helpers/listen.ts';
import { make } from '../inspect/certificates.ts';
import { projectMachine } from '../helpers/stores.ts';

let now = new Date();
let loaded: LoadedPair[] = [];
let failures: Error[] = [];

beforeEach(() => {
  now = new Date();
  [loaded, failures] = [[], []];
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Some looks at the files and the clock. */
const looks = (count = 1) => vi.advanceTimersByTimeAsync(count * WATCH_MS);

async function project(names = ['localhost']) {
  const { context } = projectMachine([{}], { now: () => now });
  await issue(context, names);
  const file = (name: string) => join(context.cwd, '.devcert', name);
  const read = (name: string) => readFileSync(file(name));
  return { context, file, read, pair: () => ({ cert: read('cert.pem'), key: read('key.pem') }) };
}

async function watching(
  context: Context,
  servers: readonly WatchedServer[],
  options: WatchOptions = {},
  open = () => Promise.resolve(context),
) {
  const events = {
    loaded: (pair: LoadedPair) => void loaded.push(pair),
    failed: (error: Error) => void failures.push(error),
  };
  const watcher = await watch(context, servers, options, events, open);
  onTestFinished(() => watcher.close());
  return watcher;
}

const messages = () => failures.map(({ message }) => message);

function open(port: number, more: object = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, rejectUnauthorized: false, ...more };
    const client = connect(options, () => {
      resolve(client);
    }).on('error', reject);
    onTestFinished(() => void client.destroy());
  });
}

/** The certificate that a new connection gets. */
async function served(port: number): Promise<X509Certificate> {
  const client = await open(port);
  const certificate = client.getPeerX509Certificate();
  client.destroy();
  if (certificate === undefined) throw new Error('no certificate');
  return certificate;
}

const namesOf = async (port: number) => (await served(port)).subjectAltName;

describe('watch()', () => {
  test('gives every kind of server the pair that is issued while it runs', async () => {
    const { context, pair } = await project();
    const servers: Server[] = [
      createServer(pair(), (socket) => socket.pipe(socket)),
      createHttps(pair()),
      createSecureServer(pair()),
    ];
    const ports = await Promise.all(servers.map(listen));
    const client = await open(ports[0] ?? 0);
    await watching(context, servers);
    await issue(context, ['localhost', 'api.test']);
    await looks();
    for (const port of ports) expect(await namesOf(port)).toBe('DNS:localhost, DNS:api.test');
    expect(loaded.map(({ names }) => names)).toEqual([['localhost'], ['localhost', 'api.test']]);
    // The connection from before is the same.
    const echo = new Promise((resolve) => client.once('data', resolve));
    client.write('still here');
    expect(String(await echo)).toBe('still here');
    expect(failures).toEqual([]);
  });

  test('renews the pair when it is due, however the clock came there, and what was exported', async () => {
    const { context, pair, read } = await project();
    await exportCertificate(context, { format: 'der' });
    const server = createServer(pair());
    const port = await listen(server);
    await watching(context, [server]);
    const first = await served(port);
    now = new Date(now.getTime() + 366 * DAY_MS);
    await looks(3);
    expect((await served(port)).raw).toEqual(first.raw);
    now = new Date(now.getTime() + 2 * DAY_MS);
    await looks();
    const second = await served(port);
    expect(Date.parse(second.validTo) - now.getTime()).toBeGreaterThan(396 * DAY_MS);
    expect(second.subjectAltName).toBe('DNS:localhost');
    expect(second.raw).toEqual(new X509Certificate(read('cert.pem')).raw);
    expect(second.raw).toEqual(read('cert.der'));
    // Asleep for two years.
    now = new Date(now.getTime() + 730 * DAY_MS);
    await looks();
    const third = await served(port);
    expect(Date.parse(third.validTo)).toBeGreaterThan(now.getTime());
    // The clock is set right again: what is valid from tomorrow on is of no use.
    now = new Date(now.getTime() - 740 * DAY_MS);
    await looks();
    expect(Date.parse((await served(port)).validFrom)).toBeLessThan(now.getTime());
    expect(failures).toEqual([]);
    expect(loaded).toHaveLength(4);
  });

  test('renews a pair that was due before it began, and tells what of it was not', async () => {
    const { context, pair, file } = await project();
    await exportCertificate(context, { format: 'p12', password: 'correct' });
    const server = createServer(pair());
    const port = await listen(server);
    now = new Date(now.getTime() + 500 * DAY_MS);
    await watching(context, [server]);
    expect(Date.parse((await served(port)).validTo)).toBeGreaterThan(now.getTime());
    expect(messages()).toEqual([`"${file('keystore.p12')}" is not renewed: it needs its password`]);
  });

  test('renews nothing with "renew: false"', async () => {
    const { context, pair } = await project();
    const server = createServer(pair());
    const port = await listen(server);
    await watching(context, [server], { renew: false });
    now = new Date(now.getTime() + 500 * DAY_MS);
    await looks(3);
    expect((await served(port)).raw).toEqual(new X509Certificate(pair().cert).raw);
  });

  test('never shows a certificate with the key of another', async () => {
    const { context, pair, file } = await project();
    const other = await project(['other.test']);
    const server = createServer(pair());
    const port = await listen(server);
    const setSecureContext = vi.spyOn(server, 'setSecureContext');
    await watching(context, [server]);
    const put = (name: string) => {
      copyFileSync(other.file(name), file(`${name}.new`));
      renameSync(file(`${name}.new`), file(name));
    };
    put('cert.pem');
    await looks();
    expect(await namesOf(port)).toBe('DNS:localhost');
    put('key.pem');
    await looks();
    expect(await namesOf(port)).toBe('DNS:other.test');
    // Half of a change is no failure yet.
    expect(failures).toEqual([]);
    writeFileSync(file('key.pem'), 'no key');
    await looks(5);
    expect(await namesOf(port)).toBe('DNS:other.test');
    expect(messages()).toEqual([
      `"${file('cert.pem')}" is not taken: cannot find a certificate, key or key store in the file`,
    ]);
    expect(setSecureContext).toHaveBeenCalledTimes(2);
  });

  test('takes whole pairs alone, in whatever order half-written files come', async () => {
    const { context, pair, file } = await project();
    const pairs = [pair(), (await project(['other.test'])).pair()];
    const server = createServer(pair());
    const given = vi.spyOn(server, 'setSecureContext');
    await watching(context, [server]);
    for (let step = 0; step < 64; step++) {
      const { cert, key } = pairs[(step >> 1) % 2] ?? pair();
      const [name, data] = step % 3 === 0 ? ['key.pem', key] : ['cert.pem', cert];
      // Written into, not replaced, and cut off at every fourth step.
      writeFileSync(file(name), step % 4 === 3 ? data.subarray(0, step * 8) : data);
      if (step % 16 === 15) rmSync(file(name));
      await looks();
    }
    for (const name of ['cert', 'key'] as const)
      writeFileSync(file(`${name}.pem`), pairs[1]?.[name] ?? '');
    await looks();
    expect(loaded.at(-1)?.names).toEqual(['other.test']);
    expect(given.mock.calls.length).toBeGreaterThan(3);
    for (const [{ cert, key }] of given.mock.calls)
      expect(
        new X509Certificate(cert as string).checkPrivateKey(createPrivateKey(key as string)),
      ).toBe(true);
  });

  test('goes on without files, which is told once, and takes them when they come back', async () => {
    const { context, pair, file } = await project();
    const server = createServer(pair());
    const port = await listen(server);
    await watching(context, [server]);
    rmSync(join(context.cwd, '.devcert'), { recursive: true });
    await looks(5);
    expect(await namesOf(port)).toBe('DNS:localhost');
    expect(messages()).toEqual([
      `"${file('cert.pem')}" is not taken: there is no "${file('cert.pem')}"`,
    ]);
    await issue(context, ['back.test']);
    await looks();
    expect(await namesOf(port)).toBe('DNS:back.test');
  });

  test('leaves the other settings of a server, above all whose clients it takes', async () => {
    const { context, pair } = await project();
    const own = await project();
    await issue(own.context, ['ada@example.test'], { client: true, out: 'client' });
    const client = (name: string) => readFileSync(join(own.context.cwd, 'client', name));
    const options = { ca: client('ca.pem'), requestCert: true, rejectUnauthorized: true };
    const server = createServer({ ...pair(), ...options, maxVersion: 'TLSv1.2' }, (socket) =>
      socket.end(socket.authorized ? 'in' : 'out'),
    );
    const port = await listen(server);
    await watching(context, [server]);
    await issue(context, ['new.test']);
    await looks();
    const greeting = async (more: object) => {
      const socket = await open(port, more);
      expect(socket.getProtocol()).toBe('TLSv1.2');
      return new Promise((resolve) => {
        socket.once('data', (data: Buffer) => {
          resolve(data.toString());
        });
      });
    };
    expect(await greeting({ cert: client('cert.pem'), key: client('key.pem') })).toBe('in');
    await expect(greeting({})).rejects.toThrow();
    await expect(greeting(pair())).rejects.toThrow();
  });

  test('tells a renewal that fails once, tries again after an hour, by whatever clock', async () => {
    const { context, pair } = await project();
    const server = createServer(pair());
    const port = await listen(server);
    const opened = vi.fn(() => Promise.resolve(context));
    await watching(context, [server], {}, opened);
    renameSync(context.folder, `${context.folder}.away`);
    now = new Date(now.getTime() + 400 * DAY_MS);
    await looks(5);
    expect(opened).toHaveBeenCalledOnce();
    now = new Date(now.getTime() + RENEWAL_RETRY_MS);
    await looks(2);
    expect(opened).toHaveBeenCalledTimes(2);
    expect(messages()).toEqual([
      expect.stringMatching(/cert\.pem" is due, and devcert did not issue it$/),
    ]);
    renameSync(`${context.folder}.away`, context.folder);
    now = new Date(now.getTime() - 2 * RENEWAL_RETRY_MS);
    await looks();
    expect(Date.parse((await served(port)).validTo)).toBeGreaterThan(now.getTime());
  });

  test('asks for a passphrase at each renewal anew, and says why there was none', async () => {
    const { context } = projectMachine([{}], { now: () => now });
    const answers = ['correct horse', 'correct horse', 'wrong horse', 'correct horse'];
    const fresh = () => ({
      ...context,
      keys: new Keyring({ passphrase: () => Promise.resolve(answers.shift() ?? '') }),
    });
    await install(fresh(), { passphrase: true });
    await issue(fresh(), ['localhost']);
    const read = (name: string) => readFileSync(join(context.cwd, '.devcert', name));
    const server = createServer({ cert: read('cert.pem'), key: read('key.pem') });
    const port = await listen(server);
    await watching(context, [server], {}, () => Promise.resolve(fresh()));
    now = new Date(now.getTime() + 400 * DAY_MS);
    await looks();
    expect(messages()).toEqual([expect.stringContaining('this is not the passphrase of')]);
    now = new Date(now.getTime() + RENEWAL_RETRY_MS);
    await looks();
    expect(Date.parse((await served(port)).validTo)).toBeGreaterThan(now.getTime());
  });

  test("shows a pair that is somebody else's, in one file or two, and cannot renew it", async () => {
    const { context, file } = await project();
    const ca = make({ authority: true, subject: { commonName: 'Example CA' } });
    const leaf = make({ names: ['shop.test'], endDays: 5 }, ca);
    const key = leaf.key.export({ type: 'pkcs8', format: 'pem' }) as string;
    writeFileSync(file('both.pem'), key + leaf.pem + ca.pem);
    const server = createServer({ cert: leaf.pem, key });
    const port = await listen(server);
    const files = { certFile: file('both.pem'), keyFile: file('both.pem') };
    await watching(context, [server], files);
    expect(await namesOf(port)).toBe('DNS:shop.test');
    now = new Date(now.getTime() + 4 * DAY_MS);
    await looks(3);
    expect(messages()).toEqual([expect.stringContaining('devcert did not issue it')]);
  });

  test('is refused without a pair to begin with', async () => {
    const { context } = await project();
    const server = createServer();
    await expect(watching(context, [server], { dir: 'nowhere' })).rejects.toMatchObject({
      code: 'file',
    });
    expect(vi.getTimerCount()).toBe(0);
    expect(server.listenerCount('close')).toBe(0);
  });

  test('gives the others what one server does not take', async () => {
    const { context, pair } = await project();
    const server = createServer(pair());
    const port = await listen(server);
    const broken = Object.assign(createServer(), {
      setSecureContext: () => {
        throw new Error('out of order');
      },
    });
    await watching(context, [broken, server]);
    await issue(context, ['new.test']);
    await looks();
    expect(await namesOf(port)).toBe('DNS:new.test');
    expect(messages()).toEqual(['out of order', 'out of order']);
  });

  test('ends when all servers are closed, or when it is closed itself, and leaves nothing', async () => {
    const { context, pair } = await project();
    const servers = [createServer(pair()), createServer(pair())];
    await Promise.all(servers.map(listen));
    const watcher = await watching(context, servers);
    expect(vi.getTimerCount()).toBe(1);
    for (const server of servers) {
      expect(vi.getTimerCount()).toBe(1);
      await new Promise((resolve) => server.close(resolve));
    }
    expect(vi.getTimerCount()).toBe(0);
    await watcher.close();
    const again = createServer(pair());
    await (await watching(context, [again])).close();
    expect(vi.getTimerCount()).toBe(0);
    expect(again.listenerCount('close')).toBe(0);
    await issue(context, ['new.test']);
    await looks();
    expect(loaded.map(({ names }) => names)).not.toContainEqual(['new.test']);
  });

  test('close() waits for a renewal that is under way, whose pair no server gets any more', async () => {
    const { context, pair, read } = await project();
    const server = createServer(pair());
    const port = await listen(server);
    const old = pair().cert;
    const gate = new EventEmitter();
    const opened = once(gate, 'open').then(() => context);
    const watcher = await watching(context, [server], {}, () => opened);
    now = new Date(now.getTime() + 400 * DAY_MS);
    await looks();
    let isClosed = false;
    const closing = watcher.close().then(() => (isClosed = true));
    await looks();
    expect(isClosed).toBe(false);
    gate.emit('open');
    await closing;
    expect(read('cert.pem')).not.toEqual(old);
    expect((await served(port)).raw).toEqual(new X509Certificate(old).raw);
  });
});
