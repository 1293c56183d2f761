import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { domainFolder, listDomains } from '../../src/authority/domains.ts';
import { removeFolder } from '../../src/disk/files.ts';
import type { Context } from '../../src/commands/context.ts';
import { certificateForDomains } from '../../src/commands/domains.ts';
import { install } from '../../src/commands/install.ts';
import { uninstall } from '../../src/commands/uninstall.ts';
import { parseNames } from '../../src/names/names.ts';
import { readNames } from '../../src/x509/read.ts';
import { type MemoryStoreOptions, projectMachine } from '../helpers/stores.ts';

const stores: MemoryStoreOptions[] = [{ name: 'system' }, { kind: 'nss', name: 'Chromium' }];
function machine(kinds = stores, overrides: Parameters<typeof projectMachine>[1] = {}) {
  const made = projectMachine(kinds, { isRoot: true, ...overrides });
  const { sysroot } = made.host;
  mkdirSync(join(sysroot, 'etc'), { recursive: true });
  writeFileSync(join(sysroot, 'etc/hosts'), '127.0.0.1 localhost known.test\n');
  return made;
}
const quiet = { skipHostsFile: true };
/** Says yes, and remembers to what. */
function agree() {
  const asked: (readonly string[])[] = [];
  const confirmDomains = (domains: readonly string[]) => {
    asked.push(domains);
    return Promise.resolve(true);
  };
  return { asked, confirmDomains };
}
const namesOf = (cert: string) => readNames(new X509Certificate(cert).raw);

describe('certificateForDomains()', () => {
  test('makes a CA that is trusted, and gives the same pair again from every folder', async () => {
    const { context, stores: made, ran } = machine();
    const first = await certificateForDomains(context, ['my-app.test'], quiet);
    expect(made.map(({ roots }) => roots.size)).toEqual([1, 1]);
    expect(namesOf(first.cert)).toEqual(['my-app.test', '*.my-app.test']);
    expect(first.outcomes.map(({ status }) => status)).toEqual(['trusted', 'trusted']);
    expect(readFileSync(first.caPath, 'utf8')).toBe(first.ca);
    ran.length = 0;
    const elsewhere = { ...context, cwd: context.folder };
    const again = await certificateForDomains(elsewhere, ['my-app.test'], quiet);
    expect([again.key, again.cert, again.outcomes]).toEqual([first.key, first.cert, []]);
    expect(ran).toEqual([]);
    expect(readdirSync(context.cwd)).toEqual([]);
  });

  test('keeps one pair for each set of domains, in whatever order', async () => {
    const { context } = machine();
    const one = await certificateForDomains(context, ['localhost'], quiet);
    expect(namesOf(one.cert)).toEqual(['localhost']);
    const two = await certificateForDomains(context, ['b.test', 'a.test'], quiet);
    const same = await certificateForDomains(context, ['a.test', 'b.test'], quiet);
    expect(same.cert).toBe(two.cert);
    expect(listDomains(context.folder)).toEqual([
      'localhost',
      expect.stringMatching(/^san-[0-9a-f]{16}$/) as string,
    ]);
    removeFolder(domainFolder(context.folder, parseNames(['a.test', 'b.test'])));
    expect(listDomains(context.folder)).toEqual(['localhost']);
    const fresh = await certificateForDomains(context, ['a.test', 'b.test'], quiet);
    expect(fresh.key).not.toBe(two.key);
  });

  test('tries a store again only for a pair that is new', async () => {
    const { context, ran } = machine(stores.map((it) => ({ ...it, behaviour: 'fails' as const })));
    await certificateForDomains(context, ['a.test'], quiet);
    ran.length = 0;
    await certificateForDomains(context, ['a.test'], quiet);
    expect(ran).toEqual([]);
    const { outcomes } = await certificateForDomains(context, ['b.test'], quiet);
    expect(outcomes.map(({ status }) => status)).toEqual(['failed', 'failed']);
  });

  test('permits a domain that is no local one after the user agreed, and no other', async () => {
    const { context, stores: made } = machine();
    const before = await certificateForDomains(context, ['localhost'], quiet);
    const domains = ['localhost', 'api.shop.dev', 'shop.dev', 'auth.shop.dev'];
    const { asked, confirmDomains } = agree();
    const pair = await certificateForDomains(context, domains, { ...quiet, confirmDomains });
    expect(asked).toEqual([['shop.dev']]);
    expect(namesOf(pair.cert)).toContain('*.api.shop.dev');
    expect(made.map(({ roots }) => roots.size)).toEqual([1, 1]);
    expect(pair.ca).not.toBe(before.ca);
    // The first one is the new CA's, too, at the same path.
    const after = await certificateForDomains(context, ['localhost'], quiet);
    expect([after.ca, after.caPath]).toEqual([pair.ca, before.caPath]);
    const again = agree();
    const { confirmDomains: more } = again;
    await certificateForDomains(context, ['www.shop.dev'], { ...quiet, confirmDomains: more });
    expect(again.asked).toEqual([]);
    await expect(certificateForDomains(context, ['other.dev'], quiet)).rejects.toMatchObject({
      code: 'outside-constraints',
    });
  });

  test('makes no CA where the user does not agree, or nobody can be asked', async () => {
    const { context, ran } = machine();
    const no = { ...quiet, confirmDomains: () => Promise.resolve(false) };
    for (const options of [quiet, no])
      await expect(certificateForDomains(context, ['shop.dev'], options)).rejects.toMatchObject({
        code: 'outside-constraints',
        hint: expect.stringContaining('devcert install --permit shop.dev') as string,
      });
    expect(existsSync(context.folder)).toBe(false);
    expect(ran).toEqual([]);
  });

  test.each([
    ['com', 'outside-constraints'],
    ['co.uk', 'refused'],
    ['github.io', 'refused'],
    ['intranet', 'outside-constraints'],
    ['8.8.8.8', 'outside-constraints'],
    ['not a name', 'invalid-name'],
  ])('does not even ask for %s', async (domain, code) => {
    const { context } = machine();
    const { asked, confirmDomains } = agree();
    await expect(
      certificateForDomains(context, [domain], { ...quiet, confirmDomains }),
    ).rejects.toMatchObject({ code });
    expect(asked).toEqual([]);
    expect(existsSync(context.folder)).toBe(false);
  });

  test('makes no CA in a production build', async () => {
    const { context } = machine(stores, { env: { NODE_ENV: 'production' } });
    const wanted = certificateForDomains(context, ['localhost'], quiet);
    await expect(wanted).rejects.toMatchObject({ code: 'refused' });
    await install(context, {});
    await certificateForDomains(context, ['localhost'], quiet);
  });

  test('adds domains to the hosts file that are not in it, and goes on where it cannot', async () => {
    const { context } = machine();
    const hostsOf = async (domains: string[], options = {}) =>
      (await certificateForDomains(context, domains, options)).notes;
    expect(await hostsOf(['localhost', 'known.test'])).toEqual(['restart Chromium'].slice(1));
    expect(await hostsOf(['my-app.test'], quiet)).toEqual([]);
    expect(await hostsOf(['my-app.test'])).toEqual([
      expect.stringMatching(/cannot change ".*hosts".*: devcert hosts add my-app\.test$/) as string,
    ]);
  });

  test('leaves nothing behind when the root is trusted no more', async () => {
    const { context } = machine();
    await certificateForDomains(context, ['my-app.test'], quiet);
    await uninstall(context, {});
    expect(listDomains(context.folder)).toEqual([]);
    expect((await certificateForDomains(context, ['my-app.test'], quiet)).outcomes).toHaveLength(2);
    const { notes } = await uninstall(context, { purge: true });
    expect(notes).toEqual([]);
    expect(existsSync(context.folder)).toBe(false);
  });
});

test('domainFolder() stays in its folder, whatever the domain', () => {
  const state: Context['folder'] = join('/', 'state');
  const nameOf = (domain: string) =>
    domainFolder(state, parseNames([domain])).slice(join(state, 'domains').length + 1);
  expect(nameOf('Shop.Test')).toBe('shop.test');
  for (const odd of ['*.app.test', '::1', 'con.test', 'aux.test'])
    expect(nameOf(odd)).toMatch(/^san-[0-9a-f]{16}$/);
});
