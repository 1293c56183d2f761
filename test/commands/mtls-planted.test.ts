/** A folder for mutual TLS that somebody else prepared: followed by nothing that was not told, or refused. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Context } from '../../src/commands/context.ts';
import { mtls } from '../../src/commands/mtls.ts';
import { mtlsCheck } from '../../src/commands/mtls-check.ts';
import { mtlsRotate } from '../../src/commands/mtls-rotate.ts';
import { temporaryFolder } from '../helpers/host.ts';
import { projectMachine } from '../helpers/stores.ts';

interface Planted {
  readonly [field: string]: unknown;
  readonly clients?: readonly object[];
}

const web = { name: 'web', names: ['spiffe://localhost/web'] };

/** What a repository has in `api/mtls.json`. */
function plant(context: Context, content: Planted): void {
  mkdirSync(join(context.cwd, 'api'), { recursive: true });
  const whole = {
    ...{ version: 1, name: 'api', serverCa: 'default', clientCa: 'default' },
    ...{ serverNames: ['localhost'], clients: [web], ...content },
  };
  writeFileSync(join(context.cwd, 'api/mtls.json'), `${JSON.stringify(whole, null, 2)}\n`);
}

const told = expect.stringMatching(/mtls\.json" was/) as string;

describe('names in mtls.json that devcert did not write', () => {
  test.each<[string, Planted]>([
    ['a name that is none', { serverNames: ['*.test'] }],
    ['a name that steers a terminal', { serverNames: ['a\u001b[2J.test'] }],
    ['a client of a name that is no folder', { clients: [{ ...web, name: '../../x' }] }],
    ['a client with a name that is none', { clients: [{ ...web, names: ['a b'] }] }],
    ['a common name that cannot be seen', { clients: [{ ...web, commonName: 'we\u200bb' }] }],
    ['a common name without an end', { clients: [{ ...web, commonName: 'a'.repeat(65) }] }],
    ['two clients in one folder', { clients: [web, { ...web, name: 'WEB' }] }],
    ['a client without a name, for its common name alone', { clients: [{ ...web, names: [] }] }],
    ['names that are no texts', { clients: [{ ...web, names: [7] }] }],
  ])('%s: refused, and nothing is made', async (_, content) => {
    const { context } = projectMachine();
    plant(context, content);
    await expect(mtls(context, 'api')).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.not.stringMatching(/[\u001b\u200b]/) as string,
      hint: expect.stringContaining('mtls.json.old') as string,
    });
    expect(readdirSync(join(context.cwd, 'api'))).toEqual(['mtls.json']);
  });

  test('outside what the authority may certify: refused', async () => {
    for (const content of [
      { serverNames: ['www.bank.com'] },
      { clients: [{ ...web, commonName: 'www.bank.com' }] },
    ]) {
      const { context } = projectMachine();
      plant(context, content);
      await expect(mtls(context, 'api')).rejects.toMatchObject({ code: 'outside-constraints' });
      expect(readdirSync(join(context.cwd, 'api'))).toEqual(['mtls.json']);
    }
  });

  test('an authority that lies elsewhere: refused', async () => {
    const { context } = projectMachine();
    plant(context, { serverCa: '../../project/planted' });
    await expect(mtls(context, 'api')).rejects.toMatchObject({ code: 'usage' });
  });

  test('are told when they are followed', async () => {
    const { context } = projectMachine();
    plant(context, { clients: [web, { ...web, name: 'mallory', commonName: 'postgres' }] });
    const { notes } = await mtls(context, 'api');
    expect(notes).toContainEqual(told);
    expect(notes.join()).toContain('was not written by devcert here');
    expect(notes.join()).toContain('mallory as "postgres" (spiffe://localhost/web)');
  });

  test('are told when somebody changes them, and not otherwise', async () => {
    const { context } = projectMachine();
    expect((await mtls(context, 'api', { client: ['web'] })).notes).not.toContainEqual(told);
    expect((await mtls(context, 'api', { client: ['cron'] })).notes).not.toContainEqual(told);
    plant(context, { clients: [{ ...web, commonName: 'admin' }] });
    const { notes } = await mtls(context, 'api');
    expect(notes.join()).toContain('was changed by others');
    expect(notes.join()).toContain('web as "admin"');
  });
});

describe('links in a folder for mutual TLS', () => {
  test.each(['server', 'clients', 'clients/web', 'server/key.pem', 'clients/web/trust.pem'])(
    '%s that was planted: refused, and nothing is written through it',
    async (path) => {
      const { context } = projectMachine();
      const elsewhere = temporaryFolder();
      const link = join(context.cwd, 'api', path);
      mkdirSync(join(link, '..'), { recursive: true });
      symlinkSync(path.endsWith('.pem') ? join(elsewhere, 'x') : elsewhere, link);
      await expect(mtls(context, 'api', { client: ['web'] })).rejects.toMatchObject({
        code: 'file',
        message: expect.stringContaining('is a symbolic link') as string,
        hint: expect.stringContaining(`rm "${link}"`) as string,
      });
      expect(readdirSync(elsewhere)).toEqual([]);
    },
  );

  test.each(['server', 'clients', 'clients/web', 'clients/web/cert.pem'])(
    '%s that took the place of what devcert made: refused by every command',
    async (path) => {
      const { context } = projectMachine();
      await mtls(context, 'api', { client: ['web'] });
      const elsewhere = join(temporaryFolder(), 'x');
      const link = join(context.cwd, 'api', path);
      renameSync(link, elsewhere);
      symlinkSync(elsewhere, link);
      const before = path.endsWith('.pem') ? '' : readdirSync(elsewhere).join();
      const dir = 'api';
      const isLink = { message: expect.stringContaining('is a symbolic link') as string };
      await expect(mtls(context, 'api', { force: true })).rejects.toMatchObject(isLink);
      await expect(mtlsCheck(context, 'localhost:1', { dir })).rejects.toMatchObject(isLink);
      await expect(mtlsRotate(context, { dir })).rejects.toMatchObject(isLink);
      if (!path.endsWith('.pem')) expect(readdirSync(elsewhere).join()).toBe(before);
    },
  );

  test('the folder itself, unless it was named; mtls.json in any case', async () => {
    const { context } = projectMachine();
    const elsewhere = temporaryFolder();
    const folder = join(context.cwd, 'api');
    symlinkSync(elsewhere, folder);
    const client = ['web'];
    await expect(mtls(context, 'api', { client })).rejects.toMatchObject({
      code: 'file',
      hint: `name the folder: { out: '${folder}' }`,
    });
    expect(readdirSync(elsewhere)).toEqual([]);
    await mtls(context, 'api', { client, out: folder });
    expect(existsSync(join(elsewhere, 'server/key.pem'))).toBe(true);
    const file = join(elsewhere, 'mtls.json');
    const text = readFileSync(file);
    rmSync(file);
    writeFileSync(join(context.cwd, 'other.json'), text);
    symlinkSync(join(context.cwd, 'other.json'), file);
    await expect(mtls(context, 'api', { client, out: folder })).rejects.toMatchObject({
      code: 'file',
    });
  });
});
