/** The list of a user's other state folders: what else the default folder is, and what damages the list. */
import { chmodSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readHomes } from '../../src/authority/homes.ts';
import { stateVersion } from '../../src/authority/marker.ts';
import { assertOwnFolder } from '../../src/authority/ownership.ts';
import { makeStateFolder } from '../../src/authority/purge.ts';
import { install } from '../../src/commands/install.ts';
import { migrateState } from '../../src/commands/migrate.ts';
import { status } from '../../src/commands/status.ts';
import { uninstall } from '../../src/commands/uninstall.ts';
import { hasModes } from '../helpers/can.ts';
import { temporaryFolder } from '../helpers/host.ts';
import { stateAt } from '../helpers/host.ts';
import { projectMachine } from '../helpers/stores.ts';

describe('homes', () => {
  test('in a default folder of devcert 0.1 leave it to be migrated', async () => {
    const { context, base } = projectMachine([{}]);
    await install(context);
    const { folder: defaultFolder } = context;
    const early = ['devcert-state.json', 'folders', 'lock', 'next', 'retired', 'ledger.jsonl'];
    for (const name of early) rmSync(join(defaultFolder, name), { recursive: true, force: true });
    const folder = join(base, 'other');
    await install({ ...context, defaultFolder, ...stateAt(folder) });
    expect(stateVersion(defaultFolder)).toBe(1);
    expect(readHomes(defaultFolder)).toEqual([folder]);
    await migrateState(defaultFolder);
    expect(readHomes(defaultFolder)).toEqual([folder]);
  });

  test.each(['{', '[1', '"x"'])('with %s in it are nothing, and go with the rest', async (text) => {
    const { context } = projectMachine([{}]);
    await install(context);
    writeFileSync(join(context.folder, 'homes'), text);
    const own = { ...context, defaultFolder: context.folder };
    expect((await status(own)).orphans).toEqual([]);
    expect(await uninstall(own, { purge: true })).toMatchObject({ purged: true });
    expect(existsSync(context.folder)).toBe(false);
  });

  test.runIf(hasModes)('of another user or writable by all are refused', () => {
    const folder = temporaryFolder();
    makeStateFolder(folder);
    writeFileSync(join(folder, 'homes'), '[]');
    chmodSync(join(folder, 'homes'), 0o666);
    expect(() => {
      assertOwnFolder(folder);
    }).toThrow(/homes/);
  });
});
