import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createNamed, replaceNamed } from '../../src/commands/ca.ts';
import { type Context, contextOf } from '../../src/commands/context.ts';
import { install } from '../../src/commands/install.ts';
import { issue } from '../../src/commands/issue.ts';
import { loadAuthority } from '../../src/authority/folder.ts';
import { encodeOrigin, sha256Of } from '../../src/authority/origin.ts';
import type { DevcertError } from '../../src/errors.ts';
import { advised } from '../../src/names/permit.ts';
import { fakeHost, stateAt, temporaryFolder } from '../helpers/host.ts';

function machine(): Context {
  const base = temporaryFolder();
  mkdirSync(join(base, 'project'));
  return {
    host: fakeHost(),
    finders: [],
    ...stateAt(join(base, 'state')),
    cwd: join(base, 'project'),
  };
}

describe('assertCertifies()', () => {
  /** The hint for a name outside, as the command shows it. */
  async function outside(context: Context, name: string, client = false) {
    const error: unknown = await issue(context, [name], { client }).catch((it: unknown) => it);
    expect(error).toMatchObject({ code: 'outside-constraints', exitCode: 6 });
    return (await advised(error as DevcertError)).hint;
  }

  test('a name outside: the command that permits it, for each kind of authority', async () => {
    const context = machine();
    await install(context);
    expect(await outside(context, 'a.corp.com')).toBe(
      'only if "corp.com" is yours, because whoever copies the key could forge it, too: devcert install --permit corp.com',
    );

    await createNamed(context, 'api', { permit: ['acme.com'] });
    const api = contextOf(context, 'api');
    expect(await outside(api, 'a.corp.com')).toBe(
      'only if "corp.com" is yours, because whoever copies the key could forge it, too: devcert install --permit corp.com --ca api',
    );
    await install(api, { permit: ['corp.com'] });
    for (const name of ['a.corp.com', 'a.acme.com'])
      expect((await issue(api, [name], { out: name })).issued).toBe(true);

    await createNamed(context, 'people', { permit: ['acme.com'], clientsOnly: true });
    const people = contextOf(context, 'people');
    expect(await outside(people, 'a.corp.com', true)).toBe(
      'only if "corp.com" is yours, because whoever copies the key could forge it, too: devcert ca replace people --permit corp.com',
    );
    // What was permitted before stays permitted.
    await replaceNamed(context, 'people', [], { permit: ['corp.com'] });
    for (const name of ['b.corp.com', 'b.acme.com'])
      expect((await issue(people, [name], { client: true, out: name })).issued).toBe(true);
  });

  test('an imported authority keeps its constraints: another one is named', async () => {
    const context = machine();
    await createNamed(context, 'company');
    const company = contextOf(context, 'company');
    const { root } = await loadAuthority(company.folder);
    const origin = { files: ['/ca.pem'], importedAt: '', clientsOnly: false };
    writeFileSync(
      join(company.folder, 'origin.json'),
      encodeOrigin({ ...origin, root: sha256Of(root) }),
    );
    expect(await outside(company, 'a.corp.com')).toBe(
      'an imported CA keeps its constraints; use another: devcert ca create NAME --permit corp.com',
    );
    expect(new X509Certificate(readFileSync(join(company.folder, 'root.pem'))).ca).toBe(true);
  });
});

describe('the hint for an authority that is not as it should be', () => {
  const cases: [
    problem: string,
    spoil: (folder: string) => void,
    code: string,
    own: string,
    named: string,
  ][] = [
    [
      'without its issuer',
      (folder) => {
        rmSync(join(folder, 'issuer.pem'));
      },
      'invalid-authority',
      'put it back, or start over: devcert uninstall --purge && devcert install',
      'put it back, or start over: devcert uninstall --purge --ca api && devcert ca create api',
    ],
    [
      'with a damaged root',
      (folder) => {
        writeFileSync(join(folder, 'root.pem'), 'damaged');
      },
      'invalid-authority',
      'put the right file back, or start over: devcert uninstall --purge && devcert install',
      'put the right file back, or start over: devcert uninstall --purge --ca api && devcert ca create api',
    ],
    [
      'without its key',
      (folder) => {
        for (const name of ['issuer.pem', 'issuer-key.pem']) rmSync(join(folder, name));
      },
      'invalid-authority',
      'with its key: devcert ca import --force; without: devcert uninstall --purge && devcert install',
      'with its key: devcert ca import --force --name api; without: devcert uninstall --purge --ca api && devcert ca create api',
    ],
  ];
  test.each(cases)('%s', async (_problem, spoil, code, own, named) => {
    const context = machine();
    await install(context);
    await createNamed(context, 'api');
    for (const [it, hint] of [
      [context, own],
      [contextOf(context, 'api'), named],
    ] as const) {
      spoil(it.folder);
      await expect(issue(it, [])).rejects.toMatchObject({ code, hint });
    }
  });

  test('that has expired', async () => {
    const context = machine();
    await install(context);
    await createNamed(context, 'api');
    const later = { ...context.host, now: () => new Date('2100-01-01') };
    const hint = 'make a new one and issue all again: devcert ca replace';
    for (const [it, expected] of [
      [context, hint],
      [contextOf(context, 'api'), `${hint} api`],
    ] as const)
      for (const work of [issue({ ...it, host: later }, []), install({ ...it, host: later })])
        await expect(work).rejects.toMatchObject({ code: 'expired', hint: expected });
  });

  test('a state folder in one called "authorities" has no name', async () => {
    const context = { ...machine(), ...stateAt(join(temporaryFolder(), 'authorities', 'state')) };
    await install(context);
    rmSync(join(context.folder, 'issuer.pem'));
    await expect(issue(context, [])).rejects.toMatchObject({
      hint: 'put it back, or start over: devcert uninstall --purge && devcert install',
    });
  });

  test('a domain that cannot be permitted: the command that was typed', async () => {
    const context = machine();
    await install(context);
    const permit = ['*.corp.com'];
    const hint = 'a domain permits all names below it:';
    await expect(createNamed(context, 'api', { permit })).rejects.toMatchObject({
      hint: `${hint} devcert ca create api --permit corp.com`,
    });
    await createNamed(context, 'api');
    await expect(replaceNamed(context, 'api', [], { permit })).rejects.toMatchObject({
      hint: `${hint} devcert ca replace api --permit corp.com`,
    });
    await expect(install(contextOf(context, 'api'), { permit })).rejects.toMatchObject({
      hint: `${hint} devcert install --permit corp.com --ca api`,
    });
  });
});
