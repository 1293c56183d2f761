import { X509Certificate } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withoutSurprise } from '../../src/api/composition.ts';
import type { Context } from '../../src/commands/context.ts';
import { ensure } from '../../src/commands/ensure.ts';
import { install } from '../../src/commands/install.ts';
import { issue } from '../../src/commands/issue.ts';
import { PAGE, startServer } from '../helpers/server.ts';
import { type MemoryStoreOptions, projectMachine } from '../helpers/stores.ts';

const stores: MemoryStoreOptions[] = [
  { name: 'Debian system store', elevated: true },
  { kind: 'nss', name: 'Chromium', restart: 'Chromium' },
];
const machine = (more: Parameters<typeof projectMachine>[1] = {}, kinds = stores) =>
  projectMachine(kinds, { isRoot: true, now: () => new Date(), ...more });
const later = (context: Context, days: number): Context => ({
  ...context,
  host: { ...context.host, now: () => new Date(Date.now() + days * 86_400_000) },
});

function open(port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, servername: 'localhost', ca, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        resolve(text);
      });
    }).on('error', reject);
  });
}

describe('ensure()', () => {
  test('makes no CA, asks no store and writes nothing unless it is told to', async () => {
    const { context, ran } = machine();
    for (const options of [{}, { install: 'never' as const }])
      await expect(ensure(context, options)).rejects.toMatchObject({
        code: 'no-authority',
        hint: expect.stringContaining('devcert install') as string,
      });
    expect(existsSync(context.folder)).toBe(false);
    expect(readdirSync(context.cwd)).toEqual([]);
    expect(ran).toEqual([]);
  });

  test('with "auto" makes the CA, has it trusted, and gives what a server takes', async () => {
    const { context, stores } = machine();
    const pair = await ensure(context, { install: 'auto', names: ['localhost'] });
    expect(stores.map(({ roots }) => roots.size)).toEqual([1, 1]);
    expect(pair.trust).toMatchObject({ browsers: 'trusted', trusted: true });
    expect(pair.trust.line).toBe('the browsers here trust this certificate');
    expect(pair.notes).toContain('restart Chromium');
    expect(pair).toMatchObject({ issued: true, names: ['localhost'] });
    expect(pair.notAfter).toEqual(new Date(new X509Certificate(pair.cert).validTo));
    for (const part of ['key', 'cert', 'ca'] as const)
      expect(readFileSync(pair.paths[part], 'utf8')).toBe(pair[part]);
    const server = await startServer(pair);
    try {
      expect(await open(server.port, pair.ca)).toContain(PAGE);
    } finally {
      await server.close();
    }
    const stranger = await ensure(machine().context, { install: 'auto' });
    const other = await startServer(stranger);
    try {
      await expect(open(other.port, pair.ca)).rejects.toThrow(/self.signed|issuer/);
    } finally {
      await other.close();
    }
  });

  test('keeps the root away from a server that would ask its clients for certificates of it', async () => {
    const pair = await ensure(machine().context, { install: 'auto' });
    expect(pair.ca).toMatch(/^-----BEGIN CERTIFICATE-----/);
    expect(Object.keys(pair)).not.toContain('ca');
    expect({ ...pair }).not.toHaveProperty('ca');
  });

  test('gives the same pair again, changes nothing and runs nothing', async () => {
    const { context, ran } = machine();
    const first = await ensure(context, { install: 'auto' });
    ran.length = 0;
    for (const install of ['never', 'auto', 'require'] as const) {
      const again = await ensure(context, { install, names: ['localhost'] });
      expect(again).toMatchObject({ key: first.key, cert: first.cert, paths: first.paths });
      expect(again).toMatchObject({ issued: false, notes: [], trust: { trusted: true } });
    }
    expect(ran).toEqual([]);
  });

  test('goes on with "auto" where no store trusts it, and says so; with "require" that is an error', async () => {
    const failing = stores.map((it) => ({ ...it, behaviour: 'fails' as const }));
    const { context } = machine({}, failing);
    const { trust } = await ensure(context, { install: 'auto' });
    expect(trust).toMatchObject({ browsers: 'untrusted', trusted: false });
    expect(trust.line).toBe('the browsers here do not trust this certificate yet: devcert install');
    expect(trust.stores.map(({ store, state }) => [store, state])).toEqual([
      ['Debian system store', 'absent'],
      ['Chromium', 'absent'],
    ]);
    await expect(ensure(context, { install: 'require' })).rejects.toMatchObject({
      code: 'not-trusted',
      hint: 'devcert install',
    });
  });

  test('with "require" takes one store that trusts it for enough', async () => {
    const one = stores.map(
      (it, i) => ({ ...it, behaviour: i === 0 ? undefined : 'fails' }) as const,
    );
    const { trust } = await ensure(machine({}, one).context, { install: 'require' });
    expect(trust).toMatchObject({ browsers: 'untrusted', trusted: false });
  });

  test('tells a browser that trusts it from one that does not', async () => {
    const two: MemoryStoreOptions[] = [
      ...stores,
      { kind: 'nss', name: 'Firefox profile "x"', behaviour: 'fails' },
    ];
    const { trust } = await ensure(machine({}, two).context, { install: 'auto' });
    expect(trust).toMatchObject({ browsers: 'partly', trusted: false });
    expect(trust.line).toBe(
      'not every browser here trusts this certificate (Firefox profile "x"): devcert install',
    );
  });

  test('without a browser goes by the stores that there are', async () => {
    const { context } = machine({}, [{ name: 'Debian system store' }]);
    await install(context, {});
    const { trust } = await ensure(context);
    expect(trust).toMatchObject({ browsers: 'none', trusted: true });
    expect(trust.line).toBe('no browser was found here; trusted by: Debian system store');
    const none = await ensure(machine({}, []).context, { install: 'auto' });
    expect(none.trust).toMatchObject({ browsers: 'none', trusted: false });
  });

  test('leaves a store alone that lacks a program, and one that browsers do not ask', async () => {
    const { context, ran } = machine({}, [
      { name: 'Debian system store', behaviour: 'fails' },
      { kind: 'nss', name: 'Chromium' },
    ]);
    await ensure(context, { install: 'auto' });
    ran.length = 0;
    // Else everybody without root would be asked for a password at every start.
    await ensure(context, { install: 'auto' });
    expect(ran).toEqual([]);
    const lacking = machine({}, [
      { kind: 'nss', name: 'Chromium', lacks: { program: 'certutil' } },
    ]);
    await ensure(lacking.context, { install: 'auto' });
    expect((await ensure(lacking.context, { install: 'auto' })).trust.browsers).toBe('untrusted');
    expect(lacking.ran).toEqual([]);
  });

  test('makes no CA in a production build, and uses the one that is there', async () => {
    const { context, ran } = machine({ env: { NODE_ENV: 'production' } });
    for (const install of ['auto', 'require'] as const)
      await expect(ensure(context, { install })).rejects.toMatchObject({ code: 'refused' });
    await expect(ensure(context)).rejects.toMatchObject({ code: 'no-authority' });
    expect(existsSync(context.folder)).toBe(false);
    expect(ran).toEqual([]);
    await install(context, {});
    expect((await ensure(context)).names).toEqual(['localhost']);
  });

  test('asks before it changes stores, and takes no for an answer', async () => {
    const { context, ran } = machine();
    const planned: unknown[] = [];
    const no = (outcomes: readonly { store: string }[]) => {
      planned.push(...outcomes.map(({ store }) => store));
      return Promise.resolve(false);
    };
    await expect(ensure(context, { install: 'auto' }, no)).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(planned).toEqual(['Debian system store', 'Chromium']);
    expect(existsSync(context.folder)).toBe(false);
    await issue(context, []);
    const { trust } = await ensure(context, { install: 'auto' }, no);
    expect(trust.browsers).toBe('untrusted');
    expect(ran).toEqual([]);
    const yes = await ensure(context, { install: 'auto' }, () => Promise.resolve(true));
    expect(yes.trust.browsers).toBe('trusted');
  });

  test('starts nothing as root that the listener cannot announce', async () => {
    const { context, stores: made } = machine({ isRoot: false });
    const quiet = withoutSurprise(context, {});
    const { trust } = await ensure(quiet, { install: 'auto' });
    expect(made.map(({ roots }) => roots.size)).toEqual([0, 1]);
    expect(trust.browsers).toBe('trusted');
    const told = machine({ isRoot: false });
    const announce = () => undefined;
    await ensure(withoutSurprise(told.context, { announce }), { install: 'auto' });
    expect(told.stores.map(({ roots }) => roots.size)).toEqual([1, 1]);
  });

  test('changes stores once for servers that are started together, and never twice at a time', async () => {
    const { context, ran } = machine();
    let [running, most] = [0, 0];
    const run: Context['host']['run'] = async (command) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      return context.host.run(command);
    };
    const slow = { ...context, host: { ...context.host, run } };
    const pairs = await Promise.all(
      ['a.test', 'b.test', 'c.test', 'd.test'].map((name) =>
        ensure(slow, { install: 'auto', names: [name] }),
      ),
    );
    expect(pairs.map(({ trust }) => trust.browsers)).toEqual(Array(4).fill('trusted'));
    expect(most).toBe(1);
    expect(ran).toHaveLength(stores.length);
    expect(existsSync(join(context.folder, 'install.lock'))).toBe(false);
  });

  test('refuses names outside the constraints before anything is made or changed', async () => {
    const { context, ran } = machine();
    const names = ['app.example.com'];
    await expect(ensure(context, { install: 'auto', names })).rejects.toMatchObject({
      code: 'outside-constraints',
    });
    expect(existsSync(context.folder)).toBe(false);
    expect(ran).toEqual([]);
  });
});

describe('the pair of ensure()', () => {
  const ready = async (more = {}) => {
    const { context } = machine(more, []);
    await install(context, {});
    return context;
  };

  test('stays while it has the names, and gets those that it lacks', async () => {
    const context = await ready();
    await issue(context, ['localhost', 'api.test']);
    const kept = await ensure(context, { names: ['localhost'] });
    expect(kept).toMatchObject({ issued: false, names: ['localhost', 'api.test'] });
    const more = await ensure(context, { names: ['web.test', 'localhost'] });
    expect(more).toMatchObject({ issued: true, names: ['localhost', 'api.test', 'web.test'] });
    expect(more.paths).toEqual(kept.paths);
    // Without names those that are there.
    expect(await ensure(context)).toMatchObject({ issued: false, names: more.names });
  });

  test('has the names of the project file where none are given', async () => {
    const context = await ready();
    await ensure(context, { names: ['old.test'] });
    writeFileSync(join(context.cwd, 'devcert.json'), '{ "names": ["shop.test"] }');
    expect(await ensure(context)).toMatchObject({ names: ['shop.test'] });
  });

  test('is made anew when it is about to expire, or its key is another', async () => {
    const context = await ready();
    const first = await ensure(context);
    expect((await ensure(later(context, 366))).cert).toBe(first.cert);
    const second = await ensure(later(context, 368));
    expect(second.issued).toBe(true);
    expect(second.key).not.toBe(first.key);
    writeFileSync(second.paths.key, first.key);
    const third = await ensure(later(context, 368));
    expect(third.issued).toBe(true);
    expect([first.key, second.key]).not.toContain(third.key);
  });

  test('is that of the CA that took the place of another', async () => {
    const context = await ready();
    await install(context, { permit: ['acme.dev'] });
    const first = await ensure(context, { names: ['localhost', 'app.acme.dev'] });
    // While the program ran, and its files are those of the CA that is gone.
    await install(context, { constraints: false });
    cpSync(first.paths.cert, join(context.cwd, 'new.pem'));
    writeFileSync(first.paths.cert, first.cert);
    writeFileSync(first.paths.key, first.key);
    const second = await ensure(context, { names: ['localhost'] });
    expect(second.ca).not.toBe(first.ca);
    expect(second).toMatchObject({ issued: true, names: first.names });
    expect(new X509Certificate(second.cert).checkIssued(new X509Certificate(first.cert))).toBe(
      false,
    );
  });

  test('keeps no name that the CA may not sign any more', async () => {
    const context = await ready();
    await install(context, { permit: ['acme.dev'] });
    const first = await ensure(context, { names: ['localhost', 'app.acme.dev'] });
    rmSync(join(context.folder, 'root.pem'));
    rmSync(join(context.folder, 'issuer.pem'));
    rmSync(join(context.folder, 'issuer-key.pem'));
    await install(context, {});
    const second = await ensure(context, { names: ['web.test'] });
    expect(second.names).toEqual(['localhost', 'web.test']);
    expect(second.paths).toEqual(first.paths);
  });

  test('is not made over what devcert did not write', async () => {
    const context = await ready();
    const stranger = await ensure(await ready({ hostname: 'other' }));
    cpSync(join(stranger.paths.cert, '..'), join(context.cwd, '.devcert'), { recursive: true });
    await expect(ensure(context)).rejects.toMatchObject({ code: 'file' });
    expect(readFileSync(join(context.cwd, '.devcert/key.pem'), 'utf8')).toBe(stranger.key);
  });

  test('is taken from elsewhere where there is no CA, if it came with its root and is good', async () => {
    const made = await ensure(await ready({ hostname: 'other' }), {
      names: ['localhost', 'web.test'],
    });
    const { context, ran } = machine();
    const folder = join(context.cwd, '.devcert');
    cpSync(join(made.paths.cert, '..'), folder, { recursive: true });
    for (const install of ['never', 'auto'] as const) {
      const pair = await ensure(context, { install, names: ['web.test'] });
      expect(pair).toMatchObject({ cert: made.cert, key: made.key, issued: false });
      expect(pair.ca).toBe(made.ca);
      expect(pair.trust.browsers).toBe('untrusted');
    }
    expect(ran).toEqual([]);
    expect(existsSync(context.folder)).toBe(false);
    const none = { code: 'no-authority' };
    await expect(ensure(context, { names: ['other.test'] })).rejects.toMatchObject(none);
    await expect(ensure(later(context, 398))).rejects.toMatchObject(none);
    await expect(ensure(later(context, -30))).rejects.toMatchObject(none);
    const stranger = await ensure(await ready());
    cpSync(stranger.paths.ca, join(folder, 'ca.pem'));
    await expect(ensure(context)).rejects.toMatchObject(none);
    cpSync(made.paths.ca, join(folder, 'ca.pem'));
    await ensure(context);
    cpSync(stranger.paths.key, join(folder, 'key.pem'));
    await expect(ensure(context)).rejects.toMatchObject(none);
  });

  test('is one and whole for programs that start at once, whatever they ask for', async () => {
    const context = await ready();
    const names = ['a.test', 'b.test', 'c.test', 'a.test'];
    const pairs = await Promise.all(names.map((name) => ensure(context, { names: [name] })));
    pairs.forEach((pair, i) => {
      expect(pair.names).toContain(names[i]);
      const { publicKey } = new X509Certificate(pair.cert);
      expect(new X509Certificate(pair.cert).verify(publicKey)).toBe(false);
    });
    // None of the servers that run on these files misses its name.
    const now = new X509Certificate(readFileSync(join(context.cwd, '.devcert/cert.pem')));
    for (const name of names) expect(now.checkHost(name)).toBe(name);
    const last = await ensure(context, { names });
    expect(await ensure(context, { names })).toMatchObject({ issued: false, cert: last.cert });
  });

  test('is looked for where it was said to be', async () => {
    const context = await ready();
    const { paths } = await ensure(context, { dir: 'certs' });
    expect(paths.key).toBe(join(context.cwd, 'certs/key.pem'));
    expect(existsSync(join(context.cwd, '.devcert'))).toBe(false);
  });
});
