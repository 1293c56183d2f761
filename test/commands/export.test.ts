import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Context, contextOf } from '../../src/commands/context.ts';
import { exportCertificate } from '../../src/commands/export.ts';
import type { ExportOptions } from '../../src/export/request.ts';
import { issue } from '../../src/commands/issue.ts';
import { purge } from '../../src/authority/purge.ts';
import { readLedger } from '../../src/ledger/ledger.ts';
import { readKeyStore } from '../../src/keystore/read.ts';
import { hasLinks, hasModes, seenMode } from '../helpers/can.ts';
import { fakeHost, stateAt, temporaryFolder } from '../helpers/host.ts';

const password = 'changeit-7';

async function project(): Promise<{ context: Context; folder: string }> {
  const base = temporaryFolder();
  const context = {
    host: fakeHost(),
    finders: [],
    ...stateAt(join(base, 'state')),
    cwd: join(base, 'project'),
  };
  mkdirSync(context.cwd);
  await issue(context, ['localhost', 'api.test']);
  return { context, folder: join(context.cwd, '.devcert') };
}

const mode = (path: string) => statSync(path).mode & 0o777;

describe('exportCertificate()', () => {
  test.each<[ExportOptions, readonly (readonly [string, number])[]]>([
    [{ format: 'p12', password }, [['keystore.p12', 0o600]]],
    [{ format: 'PFX', password, legacy: true }, [['keystore.p12', 0o600]]],
    [{ format: 'jks', password }, [['keystore.jks', 0o600]]],
    [
      { format: 'der' },
      [
        ['cert.der', 0o644],
        ['key.der', 0o600],
      ],
    ],
    [{ format: 'combined' }, [['combined.pem', 0o600]]],
    [{ format: 'fullchain' }, [['fullchain.pem', 0o644]]],
    [{ format: 'pem', encrypt: true, password }, [['key-encrypted.pem', 0o600]]],
    [{ format: 'pem', trust: true }, [['truststore.pem', 0o644]]],
    [{ format: 'p12', trust: true, password }, [['truststore.p12', 0o644]]],
    [{ format: 'p12', trust: true, password: '' }, [['truststore.p12', 0o644]]],
    [{ format: 'jks', trust: true, password }, [['truststore.jks', 0o644]]],
    [{ format: 'der', trust: true }, [['ca.der', 0o644]]],
  ])('writes %j under its fixed names, with their modes', async (options, expected) => {
    const { context, folder } = await project();
    const result = await exportCertificate(context, options);
    expect(result.written).toBe(true);
    expect(result.files.map(({ path }) => path)).toEqual(
      expected.map(([name]) => join(folder, name)),
    );
    for (const [name, bits] of expected) expect(mode(join(folder, name))).toBe(seenMode(bits));
    const bytes = readFileSync(result.files[0]?.path ?? '');
    const { entries } = readKeyStore(bytes, password === options.password ? { password } : {});
    const hasKey = entries.some(({ kind }) => kind === 'key');
    const first = result.files[0];
    expect(hasKey).toBe(options.trust !== true && first?.secret === true);
  });

  test('refuses a trust store with a password that no usual Java takes, unless forced', async () => {
    const { context, folder } = await project();
    for (const password of ['größe-77', 'tab\tin-it', '\u007fdelete'])
      for (const legacy of [false, true]) {
        const options = { format: 'p12', trust: true, password, legacy };
        await expect(exportCertificate(context, options)).rejects.toMatchObject({
          code: 'refused',
          exitCode: 6,
          message: `no Java ${legacy ? '' : 'before 25 '}opens a trust store with this password`,
          hint: "take one of plain ASCII letters, { format: 'jks' }, or write it all the same: { force: true }",
        });
      }
    expect(existsSync(join(folder, 'truststore.p12'))).toBe(false);
    const store = { trust: true, password: 'größe-77' };
    expect((await exportCertificate(context, { ...store, format: 'jks' })).notes).toEqual([]);
    const forced = await exportCertificate(context, { ...store, format: 'p12', force: true });
    expect(forced.notes).toEqual([expect.stringContaining('no Java before 25 opens it')]);
  });

  test('asks, and refuses what it is told then, before anything is written', async () => {
    const { context, folder } = await project();
    const told = () => Promise.resolve('größe-77');
    await expect(
      exportCertificate(context, { format: 'p12', trust: true }, told),
    ).rejects.toMatchObject({ code: 'refused' });
    expect(existsSync(join(folder, 'truststore.p12'))).toBe(false);
  });

  test('remembers that there is no password, given or asked for: so it can be made again', async () => {
    const { context } = await project();
    const options = () => readLedger(context.folder).at(-1)?.export?.options;
    await exportCertificate(context, { format: 'p12' }, () => Promise.resolve(''));
    expect(options()).toMatchObject({ format: 'p12', password: '' });
    await exportCertificate(context, { format: 'p12', password });
    expect(options()).not.toHaveProperty('password');
  });

  test('warns of such a password in a key store, and names JKS', async () => {
    const { context } = await project();
    const { notes } = await exportCertificate(context, { format: 'p12', password: 'größe-77' });
    expect(notes).toEqual([expect.stringMatching(/^no Java before 25 opens it .*--format jks/)]);
    for (const options of [
      { format: 'jks', password: 'größe-77' },
      { format: 'p12', password: 'all of !~ASCII', force: true },
    ])
      expect((await exportCertificate(context, options)).notes).toEqual([]);
  });

  test('writes leaf and issuer into a key store, the root not', async () => {
    const { context, folder } = await project();
    await exportCertificate(context, { format: 'p12', password, alias: 'Api' });
    const { entries } = readKeyStore(readFileSync(join(folder, 'keystore.p12')), { password });
    expect(entries).toMatchObject([{ kind: 'key', alias: 'Api' }]);
    expect(entries[0]?.certificates).toHaveLength(2);
  });

  test('adds the public roots to a trust store', async () => {
    const { context, folder } = await project();
    const result = await exportCertificate(context, {
      format: 'pem',
      trust: true,
      withPublicRoots: true,
    });
    expect(result.certificates).toBeGreaterThan(100);
    expect(result.notes).toEqual([expect.stringContaining("Mozilla's")]);
    const text = readFileSync(join(folder, 'truststore.pem'), 'utf8');
    expect(text.startsWith(readFileSync(join(folder, 'ca.pem'), 'utf8'))).toBe(true);
    expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(result.certificates);
  });

  test('leaves files that still fit, and asks no password for them', async () => {
    const { context, folder } = await project();
    await exportCertificate(context, { format: 'p12', password });
    const file = join(folder, 'keystore.p12');
    const before = readFileSync(file);
    chmodSync(file, 0o666);
    const again = await exportCertificate(context, { format: 'p12' });
    expect(again).toMatchObject({
      written: false,
      notes: hasModes ? [expect.stringContaining('0600 now')] : [],
    });
    expect(readFileSync(file)).toEqual(before);
    expect(mode(file)).toBe(seenMode(0o600));
  });

  test.each<[string, ExportOptions]>([
    ['another password', { format: 'p12', password: 'another' }],
    ['another alias', { format: 'p12', password, alias: 'other' }],
    ['the old algorithms', { format: 'p12', password, legacy: true }],
    ['--force', { format: 'p12', password, force: true }],
  ])('writes anew for %s', async (_what, options) => {
    const { context, folder } = await project();
    await exportCertificate(context, { format: 'p12', password });
    const before = readFileSync(join(folder, 'keystore.p12'));
    expect((await exportCertificate(context, options)).written).toBe(true);
    expect(readFileSync(join(folder, 'keystore.p12')).equals(before)).toBe(false);
  });

  test('refuses a file that devcert did not write, and one changed since; --force replaces it', async () => {
    const { context, folder } = await project();
    const file = join(folder, 'keystore.p12');
    writeFileSync(file, 'mine', { mode: 0o666 });
    await expect(exportCertificate(context, { format: 'p12', password })).rejects.toMatchObject({
      code: 'file',
      message: `"${file}" is there already and devcert did not write it`,
    });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    await exportCertificate(context, { format: 'p12', password, force: true });
    expect(mode(file)).toBe(seenMode(0o600));
    writeFileSync(file, 'mine again');
    await expect(exportCertificate(context, { format: 'p12', password })).rejects.toThrow(
      'it was changed since devcert wrote it',
    );
  });

  test.runIf(hasLinks)('follows no symbolic link, not even with force', async () => {
    const { context, folder } = await project();
    const target = join(context.cwd, 'target');
    writeFileSync(target, 'theirs');
    symlinkSync(target, join(folder, 'keystore.p12'));
    for (const force of [false, true])
      await expect(
        exportCertificate(context, { format: 'p12', password, force }),
      ).rejects.toMatchObject({ code: 'file' });
    expect(readFileSync(target, 'utf8')).toBe('theirs');
  });

  test('writes both files of a format or none', async () => {
    const { context, folder } = await project();
    mkdirSync(join(folder, 'key.der'));
    await expect(exportCertificate(context, { format: 'der', force: true })).rejects.toMatchObject({
      code: 'file',
    });
    expect(existsSync(join(folder, 'cert.der'))).toBe(false);
  });

  test('gives the contents and writes nothing for "-"', async () => {
    const { context, folder } = await project();
    const before = readdirSync(folder);
    const { files } = await exportCertificate(context, { format: 'combined', file: '-' });
    expect(files).toMatchObject([{ path: '-', secret: true }]);
    expect(files[0]?.data?.toString()).toContain('BEGIN PRIVATE KEY');
    expect(readdirSync(folder)).toEqual(before);
  });

  test('keeps a new folder out of repositories', async () => {
    const { context } = await project();
    await exportCertificate(context, { format: 'der', out: 'deploy' });
    expect(readdirSync(join(context.cwd, 'deploy')).sort()).toEqual([
      '.gitignore',
      'cert.der',
      'key.der',
    ]);
  });

  test.each<[string, ExportOptions, string]>([
    ['no format', {}, 'which format?'],
    ['an unknown one', { format: 'docx' }, 'there is no format "docx"'],
    ['--trust combined', { format: 'combined', trust: true }, 'of a trust store'],
    ['--legacy for JKS', { format: 'jks', legacy: true }, '{ legacy: true } is for PKCS#12'],
    [
      '--encrypt for DER',
      { format: 'der', encrypt: true },
      '{ encrypt: true } is for a private key',
    ],
    ['pem over itself', { format: 'pem' }, 'over what it is made of'],
    ['two files as one', { format: 'der', file: 'x' }, 'makes cert.der and key.der'],
    ['a password for DER', { format: 'der', password: 'x' }, 'der takes no password'],
    ['public roots with a key', { format: 'p12', withPublicRoots: true }, 'for trust stores'],
    [
      'public roots in DER',
      { format: 'der', trust: true, withPublicRoots: true },
      'holds one certificate',
    ],
    ['half a pair', { format: 'der', certFile: 'c.pem' }, 'go together'],
    ['a strange alias', { format: 'p12', alias: 'ä\n' }, 'not an alias'],
    ['an empty path', { format: 'der', out: '' }, 'is empty'],
  ])('refuses %s as usage', async (_what, options, message) => {
    const { context } = await project();
    const failed = exportCertificate(context, options);
    await expect(failed).rejects.toMatchObject({ code: 'usage' });
    await expect(failed).rejects.toThrow(message);
  });

  test.each<[ExportOptions]>([
    [{ format: 'jks', password: '12345' }],
    [{ format: 'jks', trust: true, password: '' }],
    [{ format: 'pem', encrypt: true, password: 'abc' }],
  ])('refuses a password that is too short before it writes: %j', async (options) => {
    const { context, folder } = await project();
    const before = readdirSync(folder);
    await expect(exportCertificate(context, options)).rejects.toMatchObject({ code: 'password' });
    expect(readdirSync(folder)).toEqual(before);
  });

  test('says what is missing: certificate, key that fits, authority, password', async () => {
    const { context, folder } = await project();
    const fails = (options: ExportOptions) => expect(exportCertificate(context, options)).rejects;
    await fails({ format: 'der', dir: 'nowhere' }).toMatchObject({ code: 'file' });
    await fails({ format: 'p12' }).toMatchObject({ code: 'usage' });
    await issue(context, ['localhost'], { out: 'other' });
    await fails({
      format: 'der',
      certFile: '.devcert/cert.pem',
      keyFile: 'other/key.pem',
    }).toMatchObject({ code: 'invalid-input' });
    await fails({
      format: 'der',
      certFile: '.devcert/cert.pem',
      keyFile: '.devcert/ca.pem',
    }).toThrow('there is no private key');
    expect(purge(context.folder)).toBe(true);
    await fails({ format: 'pem', trust: true }).toMatchObject({
      code: 'no-authority',
      hint: 'devcert install',
    });
    const named = contextOf(context, 'api');
    await expect(exportCertificate(named, { format: 'pem', trust: true })).rejects.toMatchObject({
      code: 'no-authority',
      hint: 'devcert ca create api',
    });
    // A pair of whatever origin can be exported without an authority, and none is made.
    await exportCertificate(context, { format: 'der' });
    expect(existsSync(context.folder)).toBe(false);
    expect(existsSync(join(folder, 'key.der'))).toBe(true);
  });
});

describe('issue() with a format', () => {
  test('exports what it issued; a second run leaves both', async () => {
    const { context, folder } = await project();
    const options = { format: ['p12', 'der'], password };
    const first = await issue(context, ['localhost'], options);
    expect(first.exports?.map(({ written }) => written)).toEqual([true, true]);
    const store = readFileSync(join(folder, 'keystore.p12'));
    const second = await issue(context, ['localhost'], options);
    expect(second).toMatchObject({
      issued: false,
      exports: [{ written: false }, { written: false }],
    });
    expect(readFileSync(join(folder, 'keystore.p12'))).toEqual(store);
  });

  test('writes a key store anew that no longer fits the certificate', async () => {
    const { context } = await project();
    await issue(context, ['localhost'], { format: 'p12', password });
    const stale = await issue(context, ['localhost', 'other.test']);
    expect(stale.notes).toContainEqual(
      expect.stringMatching(
        /^keystore\.p12 still has the old certificate: devcert export --format p12/,
      ),
    );
    const again = await issue(context, ['localhost', 'other.test'], { format: 'p12', password });
    expect(again).toMatchObject({ issued: false, exports: [{ written: true }] });
  });

  test('refuses an unknown format before anything is issued', async () => {
    const { context, folder } = await project();
    const before = readFileSync(join(folder, 'cert.pem'));
    await expect(issue(context, ['new.test'], { format: 'docx' })).rejects.toMatchObject({
      code: 'usage',
    });
    expect(readFileSync(join(folder, 'cert.pem'))).toEqual(before);
  });

  test.each([
    ['p12', 'usage'],
    ['jks', 'usage'],
  ])(
    'without a password for %s nothing is issued, and no authority is made',
    async (format, code) => {
      const { context, folder } = await project();
      const before = tree(context);
      for (const options of [{ format }, { format, out: 'new' }, { format: ['der', format] }])
        await expect(issue(context, ['new.test'], options)).rejects.toMatchObject({ code });
      expect(tree(context)).toEqual(before);
      const fresh = { ...context, ...stateAt(join(context.cwd, 'nowhere')) };
      await expect(issue(fresh, ['localhost'], { format, out: 'new' })).rejects.toThrow(
        'needs a password',
      );
      expect(existsSync(fresh.folder)).toBe(false);
      expect(existsSync(join(folder, `keystore.${format}`))).toBe(false);
    },
  );

  test('asks for one password, once, and not for what may not be issued', async () => {
    const { context, folder } = await project();
    const asked: string[] = [];
    const ask = (what: string) => {
      asked.push(what);
      return Promise.resolve(password);
    };
    const options = { format: ['der', 'p12', 'jks'] };
    await expect(issue(context, ['google.com'], options, ask)).rejects.toMatchObject({
      code: 'outside-constraints',
    });
    expect(asked).toEqual([]);
    await issue(context, ['new.test'], options, ask);
    expect(asked).toEqual([join(folder, 'keystore.p12')]);
    for (const name of ['keystore.p12', 'keystore.jks'])
      expect(readKeyStore(readFileSync(join(folder, name)), { password }).entries).toHaveLength(1);
    await issue(context, ['new.test'], options, ask);
    expect(asked).toHaveLength(1);
  });

  test('pair and exports are written together or not at all', async () => {
    const { context, folder } = await project();
    await exportCertificate(context, { format: 'der' });
    const before = tree(context);
    // A password too short, somebody's file, somebody's folder: each stops all.
    await expect(
      issue(context, ['new.test'], { format: ['der', 'jks'], password: '12345' }),
    ).rejects.toMatchObject({ code: 'password' });
    expect(tree(context)).toEqual(before);
    const store = join(folder, 'keystore.p12');
    writeFileSync(store, 'mine');
    await expect(
      issue(context, ['new.test'], { format: ['der', 'p12'], password }),
    ).rejects.toMatchObject({ code: 'file' });
    rmSync(store);
    mkdirSync(store);
    await expect(
      issue(context, ['new.test'], { format: ['der', 'p12'], password, force: true }),
    ).rejects.toMatchObject({ code: 'file' });
    rmSync(store, { recursive: true });
    expect(tree(context)).toEqual(before);
  });
});

/** Every file of the project, with its contents. */
function tree({ cwd }: Context): Record<string, string> {
  const names = readdirSync(cwd, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(cwd, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(cwd, name), 'hex')]));
}
