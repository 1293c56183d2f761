/** Files and folders of other people's in a state folder: never deleted, never in the way of a whole program. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { replaceNamed } from '../../src/commands/ca.ts';
import { install } from '../../src/commands/install.ts';
import { issue } from '../../src/commands/issue.ts';
import { status } from '../../src/commands/status.ts';
import { uninstall } from '../../src/commands/uninstall.ts';
import { hasModes } from '../helpers/can.ts';
import { projectMachine } from '../helpers/stores.ts';

/** Of a project; each has a name that devcert uses, too, or one like it. */
const PROJECT = [
  'package.json',
  'staging-server/deploy.sh',
  'staging-0123456789ab/index.html',
  'pending/jobs.json',
  'pending/root.pem',
  'next/page.tsx',
  'retired/notes.pem',
  'retired/deep/root.pem',
];

function put(folder: string, files: readonly string[]): void {
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), file);
  }
}

const left = (folder: string, files: readonly string[]) =>
  files.filter(
    (file) => existsSync(join(folder, file)) && readFileSync(join(folder, file), 'utf8') === file,
  );

describe('a project in the state folder', () => {
  test('keeps all it has, through install, issue, status, and uninstall --purge', async () => {
    const { context, stores } = projectMachine();
    await install(context);
    put(context.folder, PROJECT);
    expect(await issue(context, ['api.test'])).toMatchObject({ issued: true });
    expect(await install(context)).toMatchObject({ authority: 'kept' });
    expect(await status(context)).toMatchObject({ exitCode: 0 });
    const result = await uninstall(context, { purge: true });
    expect(result.purged).toBe(false);
    expect(result.notes.join()).toContain('stays: files that are not devcert');
    expect(stores.map(({ roots }) => roots.size)).toEqual([0, 0]);
    expect(left(context.folder, PROJECT)).toEqual(PROJECT);
    // Of devcert's nothing is left.
    expect(readdirSync(context.folder).sort()).toEqual(
      [...new Set(PROJECT.map((file) => file.split('/')[0] ?? ''))].sort(),
    );
  });

  test.each(['pending'])(
    'has a "%s" where a new authority would wait: refused, before any store is touched',
    async (name) => {
      const { context, stores } = projectMachine();
      const { root } = await install(context);
      const path = join(context.folder, name);
      put(context.folder, [`${name}/page.tsx`]);
      for (const replacing of [
        () => install(context, { permit: ['corp.example.com'] }),
        () => replaceNamed(context, undefined),
      ])
        await expect(replacing()).rejects.toMatchObject({
          code: 'refused',
          exitCode: 6,
          message: `"${path}" is in the way, and not devcert's`,
          hint: expect.stringMatching(/^move it away: .+pending/) as string,
        });
      expect(stores.map(({ roots }) => [...roots])).toEqual([[root], [root]]);
      expect(left(context.folder, [`${name}/page.tsx`])).toHaveLength(1);
    },
  );

  test('has a "pending", which is a file', async () => {
    const { context } = projectMachine();
    await install(context);
    writeFileSync(join(context.folder, 'pending'), 'mine');
    await expect(replaceNamed(context, undefined)).rejects.toMatchObject({ code: 'refused' });
    expect(await issue(context, [])).toMatchObject({ issued: true });
    await uninstall(context, { purge: true });
    expect(readFileSync(join(context.folder, 'pending'), 'utf8')).toBe('mine');
  });

  test('is not taken for the state of a first run', async () => {
    const { context } = projectMachine();
    put(context.folder, PROJECT);
    for (const first of [() => install(context), () => issue(context, [])])
      await expect(first()).rejects.toMatchObject({ code: 'refused', exitCode: 6 });
    expect(left(context.folder, PROJECT)).toEqual(PROJECT);
    expect(readdirSync(context.folder)).toHaveLength(6);
  });
});

describe('a state folder that devcert did not make', () => {
  test.runIf(hasModes)('keeps its mode, and stays when all in it is deleted', async () => {
    const { context } = projectMachine();
    mkdirSync(context.folder);
    chmodSync(context.folder, 0o755);
    await install(context);
    chmodSync(join(context.folder, 'issuer-key.pem'), 0o644);
    const { notes } = await issue(context, []);
    expect(notes.filter((note) => note.includes('open to others'))).toHaveLength(1);
    expect(statSync(join(context.folder, 'issuer-key.pem')).mode & 0o777).toBe(0o600);
    expect(statSync(context.folder).mode & 0o777).toBe(0o755);
    expect(await uninstall(context, { purge: true })).toMatchObject({ purged: true });
    expect(readdirSync(context.folder)).toEqual([]);
    expect(statSync(context.folder).mode & 0o777).toBe(0o755);
  });

  test('and one that it made goes with what was made for it', async () => {
    const { context, base } = projectMachine(undefined, {}, 'a/b/state');
    await install(context);
    await uninstall(context, { purge: true });
    expect(readdirSync(base)).toEqual(['project']);
  });
});

describe('the constraints of an authority that is there', () => {
  test('stay what they were, also for another host name', async () => {
    const { context } = projectMachine(undefined, { hostname: 'engine' });
    expect((await install(context)).constraints?.dns).toContain('engine');
    const renamed = { ...context, host: { ...context.host, hostname: 'accounts.google.com' } };
    expect((await install(renamed)).constraints?.dns).toContain('engine');
    const replaced = await replaceNamed(renamed, undefined);
    expect(replaced.constraints?.dns).toContain('engine');
    expect(replaced.constraints?.dns).not.toContain('accounts.google.com');
    const more = await install(renamed, { permit: ['corp.example.com'] });
    expect(more.constraints?.dns).not.toContain('accounts.google.com');
    await expect(issue(renamed, ['accounts.google.com'])).rejects.toMatchObject({
      code: 'outside-constraints',
    });
  });
});
