/** Roots that stores hold and no state folder knows: who finds them, who removes them, and whose stay. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createNamed } from '../../src/commands/ca.ts';
import { type Context, contextOf } from '../../src/commands/context.ts';
import { install } from '../../src/commands/install.ts';
import type { Orphan } from '../../src/commands/context.ts';
import { rootInFile } from '../../src/commands/roots.ts';
import { status } from '../../src/commands/status.ts';
import { uninstall } from '../../src/commands/uninstall.ts';
import { createAuthority } from '../../src/authority/create.ts';
import { identityOf } from '../../src/authority/identity.ts';
import { stagePending } from '../../src/authority/replace.ts';
import { uninstallLines } from '../../src/cli/report.ts';
import { statusLines } from '../../src/cli/report.ts';
import { installRoot } from '../../src/trust.ts';
import { projectMachine } from '../helpers/stores.ts';
import { stateAt } from '../helpers/host.ts';

const plain = (text: string) => text;
const style = { good: plain, bad: plain, dim: plain };

/** A machine on which the state folder of a trusted authority was deleted. */
async function lost() {
  const made = projectMachine();
  const { root } = await install(made.context);
  rmSync(made.context.folder, { recursive: true });
  return { ...made, root: root ?? '' };
}

/** Somebody's root in every store, without a state folder. */
async function trusted({ context, stores }: ReturnType<typeof projectMachine>, identity: string) {
  const file = join(context.cwd, 'somebody.pem');
  const { root: pem } = await createAuthority(identity, undefined, new Date());
  writeFileSync(file, pem);
  const root = rootInFile(pem, file);
  await installRoot(stores, root, context.host);
  return root.sha256;
}

const sure = (context: Context) => uninstall(context, { orphans: true, yes: true });

describe('orphans', () => {
  test('status lists a root whose folder was deleted, and uninstall says that it is there', async () => {
    const { context, root, stores } = await lost();
    const found = await status(context);
    expect(found).toMatchObject({ authority: undefined, exitCode: 3, unread: [] });
    expect(found.orphans).toMatchObject([
      { root, stores: stores.map(({ name: store, location }) => ({ store, location })) },
    ]);
    const lines = statusLines(found, style).join('\n');
    expect(lines).toContain(`SHA-256 ${root}`);
    expect(lines).toMatch(/made 2026-11-23, ends 2036-11-23/);
    expect(lines).toContain('To remove them: devcert uninstall --orphans');
    const removed = await uninstall(context);
    expect(uninstallLines(removed, style).join('\n')).toContain('devcert uninstall --orphans');
    for (const store of stores) expect([...store.roots]).toEqual([root]);
  });

  test('a state folder that was put back from an old backup leaves the newer root an orphan', async () => {
    const { context, stores } = projectMachine();
    const first = await install(context);
    const backup = `${context.folder}-backup`;
    renameSync(context.folder, backup);
    const second = await install(context);
    rmSync(context.folder, { recursive: true });
    renameSync(backup, context.folder);
    expect((await status(context)).orphans.map(({ root }) => root)).toEqual([second.root]);
    const { outcomes, orphans } = await sure(context);
    expect(orphans.map(({ root }) => root)).toEqual([second.root]);
    expect(outcomes.map(({ status }) => status)).toEqual(['removed', 'removed']);
    for (const store of stores) expect([...store.roots]).toEqual([first.root]);
    expect((await status(context)).exitCode).toBe(0);
  });

  test('are removed after asking, and by nobody who is not asked', async () => {
    const { context, root, stores } = await lost();
    await expect(uninstall(context, { orphans: true })).rejects.toMatchObject({
      code: 'usage',
      hint: 'devcert uninstall --orphans --yes',
    });
    const asked: (readonly Orphan[])[] = [];
    const answering = (answer: boolean): Context => ({
      ...context,
      confirm: (orphans) => {
        asked.push(orphans);
        return Promise.resolve(answer);
      },
    });
    await expect(uninstall(answering(false), { orphans: true })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect([...(stores[0]?.roots ?? [])]).toEqual([root]);
    await uninstall(answering(true), { orphans: true });
    expect(asked.map((it) => it.map(({ root }) => root))).toEqual([[root], [root]]);
    for (const store of stores) expect([...store.roots]).toEqual([]);
    const none = await sure(context);
    expect(uninstallLines(none, style, true)).toEqual([
      'There are no orphans: each root of yours in a store belongs to a CA',
    ]);
  });

  test('a dry run asks nobody and removes nothing', async () => {
    const { context, root, stores } = await lost();
    const { outcomes } = await uninstall(context, { orphans: true, dryRun: true });
    expect(outcomes.map(({ commands }) => commands)).toEqual([
      [`tool remove 0 ${root}`],
      [`tool remove 1 ${root}`],
    ]);
    expect([...(stores[0]?.roots ?? [])]).toEqual([root]);
  });

  test('roots of another user, of another machine and of the other side of WSL survive', async () => {
    const machine = projectMachine();
    const { user, hostname } = machine.host;
    const others = [
      await trusted(machine, identityOf('eve', hostname)),
      await trusted(machine, identityOf(user, 'elsewhere')),
      await trusted(machine, identityOf(user, hostname, '6.6.87.2-microsoft-standard-WSL2')),
    ];
    const own = await trusted(machine, identityOf(user, hostname));
    expect((await status(machine.context)).orphans.map(({ root }) => root)).toEqual([own]);
    await sure(machine.context);
    for (const store of machine.stores) expect([...store.roots]).toEqual(others);
  });

  test('roots of named authorities, of a replacement and of replaced ones survive', async () => {
    const { context, stores } = projectMachine([{}]);
    await install(context);
    await createNamed(context, 'second', {});
    await install(contextOf(context, 'second'));
    await install(context, { permit: ['corp.example'] });
    const before = [...(stores[0]?.roots ?? [])];
    expect(before).toHaveLength(2);
    expect((await sure(context)).orphans).toEqual([]);
    expect([...(stores[0]?.roots ?? [])]).toEqual(before);
  });

  test('roots of every DEVCERT_HOME survive, from whichever folder one looks', async () => {
    const { context, base, stores } = projectMachine([{}]);
    const defaultFolder = join(base, 'default');
    const at = (name: string): Context => ({
      ...context,
      defaultFolder,
      ...stateAt(join(base, name)),
    });
    const roots = [];
    for (const name of ['one', 'two', 'default']) roots.push((await install(at(name))).root);
    for (const name of ['one', 'two', 'default', 'never']) {
      expect((await status(at(name))).orphans).toEqual([]);
      await sure(at(name));
    }
    expect([...(stores[0]?.roots ?? [])]).toEqual(roots);

    // One that is away may be on a drive that is not here: for others its root is none of their business.
    renameSync(join(base, 'one'), join(base, 'away'));
    expect((await status(at('default'))).orphans).toEqual([]);
    expect((await status(at('one'))).orphans.map(({ root }) => root)).toEqual([roots[0]]);
    renameSync(join(base, 'away'), join(base, 'one'));

    // Nor where the list of them is lost with the default folder, whose own root alone is an orphan then.
    renameSync(defaultFolder, join(base, 'away'));
    for (const name of ['one', 'two'])
      expect((await status(at(name))).orphans.map(({ root }) => root)).toEqual([]);
    expect((await status(at('default'))).orphans.map(({ root }) => root)).toEqual([roots[2]]);
    renameSync(join(base, 'away'), defaultFolder);

    for (const name of ['one', 'default']) await uninstall(at(name), { purge: true });
    // The list, and what marks every state folder.
    const marks = ['devcert-state.json', 'folders', 'lock', 'next', 'retired'];
    expect(readdirSync(defaultFolder).sort()).toEqual([...marks, 'homes'].sort());
    await uninstall(at('two'), { purge: true });
    expect(['one', 'two', 'default'].filter((name) => existsSync(join(base, name)))).toEqual([]);
    expect([...(stores[0]?.roots ?? [])]).toEqual([]);
  });

  test('a root.pem that cannot be read is named, as an orphan may be its root', async () => {
    const { context } = projectMachine([{}]);
    const { root } = await install(context);
    rmSync(join(context.folder, 'root.pem'));
    mkdirSync(join(context.folder, 'root.pem'));
    const asked: unknown[] = [];
    const confirm: Context['confirm'] = (orphans, unread) => {
      asked.push([orphans.map(({ root }) => root), unread]);
      return Promise.resolve(false);
    };
    const asking = { ...context, confirm };
    await expect(uninstall(asking, { orphans: true })).rejects.toMatchObject({ code: 'cancelled' });
    expect(asked).toEqual([[[root], [join(context.folder, 'root.pem')]]]);
  });

  test.each([
    [{ yes: true }, '{ yes: true }'],
    [{ orphans: true, purge: true }, '{ orphans: true }'],
    [{ orphans: true, ca: 'second' }, '{ orphans: true }'],
  ])('uninstall(%j) is refused', async (options, flag) => {
    const { context } = projectMachine([{}]);
    await expect(uninstall(context, options)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(flag) as string,
      hint: expect.any(String) as string,
    });
  });
});

/** Names of the files of certificates and keys, without what keeps devcert 0.1 out. */
function certificatesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.pem') && !name.includes('a newer devcert'))
    .map((name) => name.replaceAll('\\', '/'))
    .sort();
}

describe('uninstall({ purge })', () => {
  test('keeps root.pem alone where a store cannot be asked, and ends when it can', async () => {
    const locked = { reason: 'it is locked', needed: true };
    const { context } = projectMachine([{ unavailable: locked }]);
    await install(context);
    await createNamed(context, 'second', {});
    const first = await uninstall(context, { purge: true });
    expect(first).toMatchObject({ purged: false, outcomes: [{ status: 'failed' }] });
    expect(first.notes.join()).toContain(`"${join(context.folder, 'root.pem')}"`);
    const left = certificatesIn(context.folder);
    expect(left).toEqual(['authorities/second/root.pem', 'root.pem']);
    const files = readdirSync(context.folder, { recursive: true, encoding: 'utf8' });
    expect(files.filter((name) => /key|ledger|origin|journal/.test(name))).toEqual([]);

    const { context: open } = projectMachine([{}]);
    const again = await uninstall(
      { ...context, host: open.host, finders: open.finders },
      { purge: true },
    );
    expect(again).toMatchObject({ purged: true, hadAuthority: true });
    expect(existsSync(context.folder)).toBe(false);
  });

  test('deletes all where a store is not made yet', async () => {
    const none = { reason: 'no certutil', needed: true, empty: true };
    const { context } = projectMachine([{ unavailable: none }]);
    await install(context);
    expect(await uninstall(context, { purge: true })).toMatchObject({ purged: true });
    expect(existsSync(context.folder)).toBe(false);
  });

  test('keeps a replaced root that a store may hold, whatever else is removed after it', async () => {
    const { context } = projectMachine([{}]);
    await install(context);
    await createNamed(context, 'second', {});
    // A run that was killed before the new root took over.
    await stagePending(
      context.folder,
      await createAuthority('ada@engine', undefined, context.host.now()),
    );
    const locked = projectMachine([{ unavailable: { reason: 'it is locked', needed: true } }]);
    const asking = { ...context, finders: locked.finders };
    expect(await uninstall(asking, { purge: true })).toMatchObject({ purged: false });
    const left = certificatesIn(context.folder);
    expect(left.filter((name) => /^retired.[0-9a-f]{64}\.pem$/.test(name))).toHaveLength(1);
    expect(left.some((name) => /key|pending/.test(name))).toBe(false);
    expect(left).toContain('root.pem');

    rmSync(join(context.folder, 'root.pem'));
    await uninstall(contextOf(context, 'second'), { purge: true, ca: 'second' });
    expect(certificatesIn(context.folder)).toEqual(
      left.filter((name) => name.startsWith('retired')),
    );
  });
});
