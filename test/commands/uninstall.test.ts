import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { retiredRoots } from '../../src/authority/retired.ts';
import { install } from '../../src/commands/install.ts';
import { issue } from '../../src/commands/issue.ts';
import { status } from '../../src/commands/status.ts';
import { uninstall } from '../../src/commands/uninstall.ts';
import { projectMachine } from '../helpers/stores.ts';
import { stateAt } from '../helpers/host.ts';

describe('uninstall()', () => {
  test('takes the root out of every store and keeps the authority; --purge deletes it', async () => {
    const { context, stores } = projectMachine();
    await install(context);
    await issue(context, []);
    expect(await uninstall(context)).toMatchObject({ hadAuthority: true, purged: false });
    for (const store of stores) expect(store.roots.size).toBe(0);
    expect(existsSync(join(context.folder, 'root.pem'))).toBe(true);
    const purged = await uninstall(context, { purge: true });
    expect(purged.purged).toBe(true);
    expect(purged.notes[0]).toContain('cert.pem');
    expect(existsSync(context.folder)).toBe(false);
  });

  test('makes no authority and is content without one (statements 3 and 33)', async () => {
    const { context } = projectMachine();
    expect(await uninstall(context)).toMatchObject({ hadAuthority: false, outcomes: [] });
    expect(await uninstall(context, { purge: true })).toMatchObject({ hadAuthority: false });
    expect(existsSync(context.folder)).toBe(false);
  });

  test('a store out of reach that may trust the root is named, with what removes it there', async () => {
    const byHand = 'certutil.exe -user -delstore Root ab';
    const off = { reason: 'interop is off', needed: false, byHand };
    const { context } = projectMachine([
      {},
      { kind: 'windows', name: 'Windows', unavailable: off },
    ]);
    const first = await install(context);
    const note = `Windows could not be asked: if it was made to trust the root, it still does; to remove it, type there: ${byHand}`;
    expect((await uninstall(context)).notes).toEqual([note]);
    // The root that was replaced is not forgotten: a later run may reach that store.
    const next = await install(context, { permit: ['corp.dev'] });
    expect((await uninstall(context)).notes).toEqual([note, note]);
    expect(retiredRoots(context.folder)).toHaveLength(1);
    expect(next.root).not.toBe(first.root);
    const purged = await uninstall(context, { purge: true });
    expect(purged).toMatchObject({ purged: true, notes: [note, note] });
    expect(existsSync(context.folder)).toBe(false);
    expect((await uninstall(context, { purge: true })).notes).toEqual([]);
  });

  test('--purge keeps the root while a store still holds it', async () => {
    const { context, finders } = projectMachine();
    await install(context);
    const bad = projectMachine([{ behaviour: 'fails' }]);
    bad.stores[0]?.roots.add((await status(context)).authority?.root ?? '');
    const stuck = { ...context, host: bad.host, finders: bad.finders };
    expect(await uninstall(stuck, { purge: true })).toMatchObject({ purged: false });
    expect(existsSync(join(context.folder, 'root.pem'))).toBe(true);
    expect(await uninstall({ ...context, finders }, { purge: true })).toMatchObject({
      purged: true,
    });
  });

  test('--purge leaves other people’s files and takes away the folders it made', async () => {
    const { context, base } = projectMachine();
    const deep = { ...context, ...stateAt(join(base, 'a/b/state')) };
    await install(deep);
    expect((await uninstall(deep, { purge: true })).purged).toBe(true);
    expect(readdirSync(base).sort()).toEqual(['project']);
    await install(context);
    writeFileSync(join(context.folder, 'mine.txt'), 'mine');
    const { purged, notes } = await uninstall(context, { purge: true });
    expect(purged).toBe(false);
    expect(notes[0]).toContain('not devcert');
    expect(readdirSync(context.folder)).toEqual(['mine.txt']);
  });

  test('a damaged root.pem is told, nothing is lost, and --purge clears it', async () => {
    const { context } = projectMachine();
    await install(context);
    writeFileSync(join(context.folder, 'root.pem'), 'garbage');
    await expect(uninstall(context)).rejects.toMatchObject({ code: 'invalid-authority' });
    await expect(install(context)).rejects.toMatchObject({ code: 'invalid-authority' });
    await expect(issue(context, [])).rejects.toMatchObject({ code: 'invalid-authority' });
    await expect(status(context)).rejects.toMatchObject({ code: 'invalid-authority' });
    expect(readFileSync(join(context.folder, 'root.pem'), 'utf8')).toBe('garbage');
    expect((await uninstall(context, { purge: true })).purged).toBe(true);
  });
});
