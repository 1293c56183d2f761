/** A protected key as programs meet it: through the functions that the package exports. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  certificateFor,
  createAuthority,
  csr,
  issue,
  type Listener,
  protectAuthority,
  showAuthority,
  sign,
  unprotectAuthority,
} from '../../src/index.ts';
import { temporaryFolder } from '../helpers/host.ts';

const KEY = 'the key of the CA "people"';
const CA = { ca: 'people', client: true } as const;

let asked: [string, string][] = [];
const listener: Pick<Listener, 'password'> = {
  password: (what, kind) => {
    asked.push([what, kind]);
    return Promise.resolve('correct horse');
  },
};

let out = '';
beforeEach(() => {
  const base = temporaryFolder();
  vi.stubEnv('DEVCERT_HOME', join(base, 'state'));
  out = join(base, 'project');
  mkdirSync(out);
  asked = [];
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the hook `password`', () => {
  test('is told what it is asked for: a new key, a key, a file', async () => {
    await createAuthority('people', { clientsOnly: true, passphrase: true }, listener);
    expect(asked).toEqual([[KEY, 'new-ca']]);
    asked = [];
    await issue('ada@example.test', { ...CA, out, format: 'p12' }, listener);
    expect(asked.sort()).toEqual([
      [join(out, 'keystore.p12'), 'file'],
      [KEY, 'ca'],
    ]);
    asked = [];
    // A good pair on the disk: nobody is asked, and nobody need be there.
    expect(await issue('ada@example.test', { ...CA, out })).toMatchObject({ issued: false });
    await certificateFor('ada@example.test', CA, listener);
    const { csrFile } = await csr('ada@example.test', { client: true, out: join(out, 'csr') });
    await sign(csrFile, CA, listener);
    expect(asked).toEqual([
      [KEY, 'ca'],
      [KEY, 'ca'],
    ]);
  });

  test('where there is none, it is `password` at once', async () => {
    await createAuthority('people', { clientsOnly: true, passphrase: true }, listener);
    for (const work of [
      () => issue('ada@example.test', { ...CA, out }),
      () => certificateFor('ada@example.test', CA),
      () => unprotectAuthority('people'),
      () => createAuthority('others', { passphrase: true }),
      () => protectAuthority('people'),
    ])
      await expect(work()).rejects.toMatchObject({ code: 'password', exitCode: 1 });
  });

  test('what it throws comes back as it is', async () => {
    await createAuthority('people', { clientsOnly: true, passphrase: true }, listener);
    const gone = new Error('the user went away');
    const password = () => Promise.reject(gone);
    await expect(issue('ada@example.test', { ...CA, out }, { password })).rejects.toBe(gone);
  });

  test('protects and unprotects', async () => {
    await createAuthority('people', { clientsOnly: true });
    const { root } = await showAuthority('people');
    await protectAuthority('people', { keepKey: true }, listener);
    expect(await showAuthority('people')).toMatchObject({
      root,
      keeping: { way: 'passphrase', wasOpen: true },
    });
    await unprotectAuthority('people', listener);
    expect(await showAuthority('people')).toMatchObject({ root, keeping: { way: 'file' } });
  });
});
