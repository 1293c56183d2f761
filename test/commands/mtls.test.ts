import { readLedger } from '../../src/ledger/ledger.ts';
import { X509Certificate } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createAuthority } from '../../src/authority/create.ts';
import { stagePending } from '../../src/authority/replace.ts';
import { createNamed, replaceNamed } from '../../src/commands/ca.ts';
import { type Context, contextOf, issuedBy } from '../../src/commands/context.ts';
import { install } from '../../src/commands/install.ts';
import { mtls } from '../../src/commands/mtls.ts';
import { mtlsCheck } from '../../src/commands/mtls-check.ts';
import { mtlsRotate } from '../../src/commands/mtls-rotate.ts';
import { uninstall } from '../../src/commands/uninstall.ts';
import { readKeyStore } from '../../src/keystore/read.ts';
import { readCommonName, readUsages } from '../../src/x509/read.ts';
import { seenMode } from '../helpers/can.ts';
import { loadParty, startMtlsServer, visit } from '../helpers/mtls.ts';
import { projectMachine } from '../helpers/stores.ts';

function machine() {
  // Real handshakes look at the real clock.
  const made = projectMachine(undefined, { now: () => new Date() });
  return { ...made, at: (...path: string[]) => join(made.context.cwd, ...path) };
}

/** A set with two authorities, as most tests want it. */
async function crossed() {
  const made = machine();
  await createNamed(made.context, 'people', { clientsOnly: true });
  await createNamed(made.context, 'hosts');
  const options = { serverCa: 'hosts', clientCa: 'people' };
  await mtls(made.context, 'api', { ...options, client: ['web', 'cron'] });
  return made;
}

async function server(
  party: string,
  ...options: Parameters<typeof startMtlsServer> extends [unknown, ...infer R] ? R : never
) {
  const started = await startMtlsServer(loadParty(party), ...options);
  onTestFinished(() => started.close());
  return started;
}

const text = (file: string) => readFileSync(file, 'utf8');
const rootOf = (context: Context, ca?: string) =>
  text(join(contextOf(context, ca).folder, 'root.pem'));
const certificateIn = (file: string) => new X509Certificate(readFileSync(file));

describe('mtls()', () => {
  test('gives every party its own folder, and two authorities crossed trust', async () => {
    const { context, at } = await crossed();
    expect(readdirSync(at('api')).sort()).toEqual([
      '.gitignore',
      'README.md',
      'clients',
      'mtls.json',
      'server',
    ]);
    for (const party of ['server', 'clients/web', 'clients/cron']) {
      expect(readdirSync(at('api', party)).sort()).toEqual(['cert.pem', 'key.pem', 'trust.pem']);
      expect(statSync(at('api', party, 'key.pem')).mode & 0o777).toBe(seenMode(0o600));
      expect(text(at('api', party, 'cert.pem')).match(/BEGIN/g)).toHaveLength(2);
    }
    expect(text(at('api/server/trust.pem'))).toBe(rootOf(context, 'people'));
    expect(text(at('api/clients/web/trust.pem'))).toBe(rootOf(context, 'hosts'));
    expect(readUsages(certificateIn(at('api/server/cert.pem')).raw)).toEqual(['serverAuth']);
    expect(readUsages(certificateIn(at('api/clients/web/cert.pem')).raw)).toEqual(['clientAuth']);
    expect(readCommonName(certificateIn(at('api/clients/web/cert.pem')).raw)).toBe(
      'web (devcert client)',
    );
    expect(text(at('api/README.md'))).toContain('`clients/cron`');
    expect(text(at('api/.gitignore'))).toBe('*\n');
    expect(issuedBy(contextOf(context, 'people'))).toHaveLength(2);
    expect(issuedBy(contextOf(context, 'hosts'))).toMatchObject([
      { certFile: at('api/server/cert.pem'), usages: ['serverAuth'] },
    ]);
    expect(readLedger(context.folder).every((entry) => entry.mtls === at('api'))).toBe(true);
    expect(existsSync(join(context.folder, 'root.pem'))).toBe(false);
  });

  test('one authority signs both sides, and says what that means', async () => {
    const { context, at } = machine();
    const result = await mtls(context, 'api', {
      client: ['web', 'ada@example.test', 'bot=bot.test,spiffe://localhost/bot'],
      serverNames: ['api.test, localhost'],
      plainCn: true,
    });
    expect(result.notes[0]).toContain('every client certificate');
    expect(result.parties.map(({ party, names }) => [party, names])).toEqual([
      ['server', ['api.test', 'localhost']],
      ['web', ['spiffe://localhost/web']],
      ['ada@example.test', ['ada@example.test']],
      ['bot', ['bot.test', 'spiffe://localhost/bot']],
    ]);
    for (const party of ['server', 'clients/web'])
      expect(text(at('api', party, 'trust.pem'))).toBe(rootOf(context));
    expect(readCommonName(certificateIn(at('api/clients/web/cert.pem')).raw)).toBe('web');
  });

  test('trusts no root of a replacement that was cut short, once install drops it', async () => {
    const { context, at } = machine();
    await install(context);
    await mtls(context, 'api', { client: ['web'] });
    const next = await createAuthority('ada@engine', undefined, context.host.now());
    await stagePending(context.folder, next);
    const { renewed } = await install(context);
    expect(renewed).toMatchObject([{ what: 'mtls', files: [at('api')] }]);
    for (const party of ['server', 'clients/web'])
      expect(text(at('api', party, 'trust.pem'))).toBe(rootOf(context));
  });

  test('does nothing a second time, adds a client, mends what is missing', async () => {
    const { context, at } = await crossed();
    const again = await mtls(context, 'api');
    expect(again.written).toEqual([]);
    expect(again.parties.every(({ issued }) => !issued)).toBe(true);
    const more = await mtls(context, 'api', { client: ['ada'] });
    expect(more.parties.filter(({ issued }) => issued).map(({ party }) => party)).toEqual(['ada']);
    expect(more.parties).toHaveLength(4);
    rmSync(at('api/server/trust.pem'));
    rmSync(at('api/clients/cron/key.pem'));
    const mended = await mtls(context, 'api');
    expect(mended.parties.filter(({ issued }) => issued).map(({ party }) => party)).toEqual([
      'cron',
    ]);
    expect(mended.written).toContain(at('api/server/trust.pem'));
  });

  test('refuses stores with a password that no usual Java takes, unless forced', async () => {
    const { context, at } = machine();
    await expect(
      mtls(context, 'api', { client: ['web'], password: 'größe-77' }),
    ).rejects.toMatchObject({
      code: 'refused',
      exitCode: 6,
    });
    expect(existsSync(at('api'))).toBe(false);
    await mtls(context, 'api', { client: ['web'], password: 'größe-77', force: true });
    const { entries } = readKeyStore(readFileSync(at('api', 'server', 'truststore.p12')), {
      password: 'größe-77',
    });
    expect(entries).toHaveLength(1);
  });

  test('with a password also key and trust stores, and knows when they are stale', async () => {
    const { context, at } = await crossed();
    const password = 'correct horse';
    await mtls(context, 'api', { password });
    const read = (name: string) => readKeyStore(readFileSync(at('api', name)), { password });
    expect(read('server/keystore.p12').entries[0]).toMatchObject({ kind: 'key', alias: 'server' });
    expect(read('server/truststore.p12').entries[0]?.certificates[0]).toEqual(
      new X509Certificate(rootOf(context, 'people')).raw,
    );
    expect(statSync(at('api/clients/web/keystore.p12')).mode & 0o777).toBe(seenMode(0o600));
    expect((await mtls(context, 'api', { password })).written).toEqual([]);
    expect((await mtls(context, 'api')).notes).toEqual([]);
    const changed = await mtls(context, 'api', { serverNames: ['other.test'] });
    expect(changed.notes[0]).toContain('password');
    await mtls(context, 'api', { password });
    expect(read('server/keystore.p12').entries[0]?.certificates[0]).toEqual(
      certificateIn(at('api/server/cert.pem')).raw,
    );
    await mtls(context, 'bare', { client: ['web'], password: '' });
    expect(
      readKeyStore(readFileSync(at('bare/server/keystore.p12')), { password: '' }).entries,
    ).toHaveLength(1);
  });

  test('overwrites nothing that devcert did not write, and leaves nothing half done', async () => {
    const { context, at } = machine();
    for (const name of [
      'server/key.pem',
      'server/trust.pem',
      'clients/web/cert.pem',
      'README.md',
    ]) {
      rmSync(at('api'), { recursive: true, force: true });
      mkdirSync(join(at('api', name), '..'), { recursive: true });
      writeFileSync(at('api', name), 'precious');
      await expect(mtls(context, 'api', { client: ['web'] })).rejects.toMatchObject({
        code: 'file',
        hint: expect.stringContaining('{ force: true }') as string,
      });
      expect(text(at('api', name))).toBe('precious');
      expect(existsSync(at('api/mtls.json'))).toBe(false);
      expect(existsSync(at('api/server/cert.pem'))).toBe(false);
    }
    // A folder where a file belongs: found out before anything is written.
    mkdirSync(at('blocked/clients/web/trust.pem'), { recursive: true });
    await expect(mtls(context, 'blocked', { client: ['web'] })).rejects.toMatchObject({
      code: 'file',
    });
    expect(readdirSync(at('blocked'))).toEqual(['clients']);
    await mtls(context, 'ours', { client: ['web'] });
    writeFileSync(at('ours/server/cert.pem'), rootOf(context));
    await mtls(context, 'ours', { force: true });
    expect(certificateIn(at('ours/server/cert.pem')).ca).toBe(false);
  });

  test('refuses names, sets and authorities that will not do', async () => {
    const { context, at } = await crossed();
    const cases = [
      ['../x', { client: ['web'] }, 'usage'],
      ['con', { client: ['web'] }, 'usage'],
      ['new', {}, 'usage'],
      ['new', { client: ['../web'] }, 'usage'],
      ['new', { client: ['web=a b'] }, 'invalid-name'],
      ['new', { client: ['web'], serverNames: ['google.com'] }, 'outside-constraints'],
      ['new', { client: ['web'], ca: 'nope' }, 'no-authority'],
      ['new', { client: ['web'], ca: 'hosts', clientCa: 'people' }, 'usage'],
      ['new', { client: ['web'], ca: 'people' }, 'refused'],
      ['api', { clientCa: 'hosts' }, 'refused'],
    ] as const;
    for (const [name, options, code] of cases)
      await expect(mtls(context, name, options), `${name} ${code}`).rejects.toMatchObject({ code });
    expect(existsSync(at('new'))).toBe(false);
    writeFileSync(at('api/mtls.json'), '{"version":1,"name":"../x"}');
    await expect(mtls(context, 'api')).rejects.toMatchObject({ code: 'invalid-input' });
  });

  test('a set follows when its authority is replaced', async () => {
    const { context, at } = await crossed();
    const result = await replaceNamed(context, 'people');
    expect(result.renewed).toEqual([{ what: 'mtls', files: [at('api')] }]);
    expect(text(at('api/server/trust.pem'))).toBe(rootOf(context, 'people'));
    const running = await server(at('api/server'));
    for (const client of ['web', 'cron'])
      expect(await visit(running.port, loadParty(at('api/clients', client)))).toBe(200);
  });
});

describe('mtlsCheck()', () => {
  test.each(['strict', 'forbid'] as const)(
    'a server that is %s lets the right one in and no other',
    async (mode) => {
      const { context, at } = await crossed();
      const { port } = await server(at('api/server'), mode);
      const result = await mtlsCheck(context, `localhost:${port}`, { dir: 'api' });
      expect(result.ok).toBe(true);
      expect(result.lines.map(({ version, what, got }) => `${version} ${what}: ${got}`)).toEqual(
        ['TLS 1.3', 'TLS 1.2'].flatMap((version) => [
          `${version} server's certificate: trusted`,
          `${version} right certificate: let in`,
          `${version} no certificate: refused`,
          `${version} of another CA: refused`,
          `${version} for servers only: refused`,
          `${version} expired: refused`,
        ]),
      );
      expect(result.accepted).toEqual([expect.stringContaining('CN=devcert root people')]);
      expect(
        (await mtlsCheck(context, `https://localhost:${port}/x`, { dir: 'api', as: 'cron' }))
          .client,
      ).toBe('cron');
    },
  );

  test('a server that looks at nothing is found out', async () => {
    const { context, at } = await crossed();
    const { port } = await server(at('api/server'), 'lax', { maxVersion: 'TLSv1.2' });
    const { ok, lines } = await mtlsCheck(context, `localhost:${port}`, { dir: 'api' });
    expect(ok).toBe(false);
    expect(lines[0]).toMatchObject({ version: 'TLS 1.3', got: 'not offered', ok: true });
    expect(lines.slice(3).map(({ got }) => got)).toEqual(Array(4).fill('let in'));
  });

  test('a server that trusts the wrong authority, or has a foreign certificate', async () => {
    const { context, at } = await crossed();
    await mtls(context, 'other', { client: ['web'] });
    const { ca } = loadParty(at('other/server'));
    const wrong = await startMtlsServer({ ...loadParty(at('api/server')), ca });
    onTestFinished(() => wrong.close());
    const refused = await mtlsCheck(context, `localhost:${wrong.port}`, { dir: 'api' });
    expect(refused).toMatchObject({ ok: false });
    // Refused and closed the connection look the same here, and neither is taken for good.
    expect(refused.lines[1]).toMatchObject({ what: 'right certificate', ok: false });
    const foreign = await server(at('other/server'));
    const { lines } = await mtlsCheck(context, `localhost:${foreign.port}`, { dir: 'api' });
    expect(lines[0]).toMatchObject({ what: "server's certificate", got: 'not trusted', ok: false });
  });

  test('a server that speaks something else is judged by staying open', async () => {
    const { context, at } = await crossed();
    const { cert, key, ca } = loadParty(at('api/server'));
    const silent = createTlsServer({ cert, key, ca, requestCert: true });
    silent.on('tlsClientError', () => undefined);
    silent.on('secureConnection', (socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const options = { dir: 'api', timeoutMs: 500 };
    const unclear = await mtlsCheck(context, `localhost:${port}`, options);
    expect(unclear.lines[1]).toMatchObject({ got: 'unclear', ok: false });
    // Long enough for those that are refused; the others stay open for all of it.
    const patient = { dir: 'api', timeoutMs: 2000, http: false };
    expect(await mtlsCheck(context, `localhost:${port}`, patient)).toMatchObject({ ok: true });
  });

  test('ends in time whatever the other side does', async () => {
    const { context } = await crossed();
    const mute = createServer((socket) => socket.on('error', () => undefined));
    const chatty = createServer((socket) => {
      socket.on('error', () => undefined).end('220 mail.test ESMTP\r\n');
    });
    for (const listener of [mute, chatty]) {
      await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void listener.close());
      const { port } = listener.address() as AddressInfo;
      // Enough to connect on a busy machine; looking localhost up may take longer.
      const options = { dir: 'api', timeoutMs: 300 };
      const { ok } = await mtlsCheck(context, `127.0.0.1:${port}`, options);
      expect(ok).toBe(false);
    }
    await expect(mtlsCheck(context, 'localhost:1', { dir: 'api' })).rejects.toMatchObject({
      code: 'command',
    });
    for (const address of ['localhost', 'x:0', 'x:70000', '', ':1', '-rf'])
      await expect(mtlsCheck(context, address, { dir: 'api' })).rejects.toMatchObject({
        code: 'usage',
      });
    for (const options of [{ dir: 'nope' }, { dir: 'api', as: 'nobody' }])
      await expect(mtlsCheck(context, 'localhost:1', options)).rejects.toMatchObject({
        code: 'usage',
      });
  });
});

describe('mtlsRotate()', () => {
  test.each(['clientCa', 'serverCa'] as const)(
    'rotates %s: in no order of reloading is the right client refused',
    async (side) => {
      const { context, at } = await crossed();
      const ca = side === 'clientCa' ? 'people' : 'hosts';
      const before = rootOf(context, ca);
      let [old, current] = [both(), both()];
      function both() {
        return { server: loadParty(at('api/server')), client: loadParty(at('api/clients/web')) };
      }
      const running = await server(at('api/server'));
      const steps = [{ [side]: true }, { issue: true }, { finish: true }];
      for (const [index, step] of steps.entries()) {
        const result = await mtlsRotate(context, { dir: 'api', ...step });
        expect(result).toMatchObject({ ca, step: index + 1 });
        [old, current] = [current, both()];
        // Whoever reloads first, the other one still has what it had.
        for (const [reloaded, client] of [
          [old.server, current.client],
          [current.server, old.client],
          [current.server, current.client],
        ] as const) {
          running.reload(reloaded);
          expect(await visit(running.port, client), `step ${index + 1}`).toBe(200);
        }
      }
      expect(rootOf(context, ca)).not.toBe(before);
      const trusting = side === 'clientCa' ? 'api/server' : 'api/clients/web';
      expect(text(at(trusting, 'trust.pem'))).toBe(rootOf(context, ca));
      expect((await mtlsCheck(context, `localhost:${running.port}`, { dir: 'api' })).ok).toBe(true);
    },
  );

  test('the certificates of before get in until the last step, and not after', async () => {
    const { context, at } = await crossed();
    const old = loadParty(at('api/clients/web'));
    const running = await server(at('api/server'));
    for (const step of [{ clientCa: true }, { issue: true }]) {
      await mtlsRotate(context, { dir: 'api', ...step });
      running.reload(loadParty(at('api/server')));
      expect(await visit(running.port, old)).toBe(200);
    }
    await mtlsRotate(context, { dir: 'api', finish: true });
    running.reload(loadParty(at('api/server')));
    expect(await visit(running.port, old)).toEqual(expect.any(String));
  });

  test('one authority for both sides, trusted by stores: they follow, and install disturbs nothing', async () => {
    const { context, at, stores } = machine();
    await install(context);
    await mtls(context, 'api', { client: ['web'] });
    const [first] = stores[0]?.roots ?? [];
    await mtlsRotate(context, { dir: 'api' });
    expect(stores.map(({ roots }) => roots.size)).toEqual([2, 2]);
    await install(context);
    expect(stores[0]?.roots.size).toBe(2);
    await expect(install(context, { permit: ['example.com'] })).rejects.toMatchObject({
      code: 'refused',
    });
    expect(text(at('api/server/trust.pem')).match(/BEGIN/g)).toHaveLength(2);
    expect((await mtls(context, 'api')).written).toEqual([]);
    await mtlsRotate(context, { dir: 'api', issue: true });
    await install(context);
    expect(stores[0]?.roots.size).toBe(2);
    await mtlsRotate(context, { dir: 'api', finish: true });
    expect(stores.map(({ roots }) => roots.size)).toEqual([1, 1]);
    expect(stores[0]?.roots.has(first ?? '')).toBe(false);
    await uninstall(context, { purge: true });
    expect(existsSync(context.folder)).toBe(false);
  });

  test('refuses a step whose turn it is not, and asks for the password of key stores', async () => {
    const { context } = await crossed();
    const refused = { code: 'refused' };
    await expect(mtlsRotate(context, { dir: 'api', issue: true })).rejects.toMatchObject(refused);
    await expect(mtlsRotate(context, { dir: 'api' })).rejects.toMatchObject({ code: 'usage' });
    await expect(
      mtlsRotate(context, { dir: 'api', issue: true, finish: true }),
    ).rejects.toMatchObject({ code: 'usage' });
    await mtlsRotate(context, { dir: 'api', clientCa: true });
    await mtlsRotate(context, { dir: 'api', clientCa: true }); // cut short, say: the same again
    await expect(mtlsRotate(context, { dir: 'api', finish: true })).rejects.toMatchObject(refused);
    await mtlsRotate(context, { dir: 'api', issue: true });
    await expect(mtlsRotate(context, { dir: 'api', clientCa: true })).rejects.toMatchObject(
      refused,
    );
    await mtlsRotate(context, { dir: 'api', finish: true });
    await mtls(context, 'api', { password: 'correct horse' });
    await expect(mtlsRotate(context, { dir: 'api', clientCa: true })).rejects.toMatchObject({
      code: 'password',
    });
  });
});
