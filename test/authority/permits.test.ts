import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createNamed, replaceNamed } from '../../src/commands/ca.ts';
import { type Context, contextOf } from '../../src/commands/context.ts';
import { install } from '../../src/commands/install.ts';
import { issue } from '../../src/commands/issue.ts';
import { loadAuthority } from '../../src/authority/folder.ts';
import { encodeOrigin, sha256Of } from '../../src/authority/origin.ts';
import type { DevcertError } from '../../src/errors.ts';
import { fakeHost, temporaryFolder } from '../helpers/host.ts';

function machine(): Context {
  const base = temporaryFolder();
  mkdirSync(join(base, 'project'));
  return {
    host: fakeHost(),
    finders: [],
    folder: join(base, 'state'),
    cwd: join(base, 'project'),
  };
}

describe('assertCertifies()', () => {
  /** The hint for a name outside. */
  async function outside(context: Context, name: string, client = false) {
    const error: unknown = await issue(context, [name], { client }).catch((it: unknown) => it);
    expect(error).toMatchObject({ code: 'outside-constraints', exitCode: 6 });
    return (error as DevcertError).hint;
  }

  test('a name outside: the command that permits it, for each kind of authority', async () => {
    const context = machine();
    await install(context);
    expect(await outside(context, 'a.corp.com')).toBe('devcert install --permit corp.com');

    await createNamed(context, 'api', { permit: ['acme.com'] });
    const api = contextOf(context, 'api');
    expect(await outside(api, 'a.corp.com')).toBe('devcert install --permit corp.com --ca api');
    await install(api, { permit: ['corp.com'] });
    for (const name of ['a.corp.com', 'a.acme.com'])
      expect((await issue(api, [name], { out: name })).issued).toBe(true);

    await createNamed(context, 'people', { permit: ['acme.com'], clientsOnly: true });
    const people = contextOf(context, 'people');
    expect(await outside(people, 'a.corp.com', true)).toBe(
      'devcert ca replace people --permit corp.com',
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
      'an imported authority keeps its constraints; use another: devcert ca create NAME --permit corp.com',
    );
    expect(new X509Certificate(readFileSync(join(company.folder, 'root.pem'))).ca).toBe(true);
  });
});
