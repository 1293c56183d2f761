import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { simulatorStores } from '../../platform/simulators.ts';
import type { Command, CommandResult } from '../../platform/types.ts';
import { install } from '../../src/commands/install.ts';
import { findStores } from '../../src/commands/stores.ts';
import { status } from '../../src/commands/status.ts';
import { uninstall } from '../../src/commands/uninstall.ts';
import { rootInFile } from '../../src/commands/roots.ts';
import { fakeHost, line, stateAt, temporaryFolder } from '../helpers/host.ts';

const NEW = 'private/var/protected/trustd/private/TrustStore.sqlite3';
const OLD = 'Library/Keychains/TrustStore.sqlite3';

/** One row of a simulator's trust settings: SHA-256 and subject. A database is a JSON list of them. */
type Row = [sha256: string, subject: string];

/** A Mac with Xcode: doubles of `xcrun simctl` and of sqlite3 for the statements that are used. */
function mac(devices: Record<string, 'Booted' | 'Shutdown'>) {
  const sysroot = temporaryFolder();
  const home = join(sysroot, 'Users/ada');
  const folder = join(home, 'Library/Developer/CoreSimulator/Devices');
  const database = (udid: string, path = NEW) => join(folder, udid, 'data', path);
  for (const udid of Object.keys(devices)) mkdirSync(join(folder, udid), { recursive: true });
  const rows = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Row[];
  const ran: string[] = [];
  const ended = (exitCode: number, stdout = '', stderr = ''): CommandResult => ({
    ...{ exitCode, stdout, stderr },
  });
  const xcrun = ([tool, verb, ...args]: readonly string[]): CommandResult => {
    if (tool !== 'simctl') return ended(72, '', `xcrun: error: unable to find utility "${tool}"`);
    if (verb === 'list') {
      expect(args).toEqual(['devices', '--json']);
      const list = Object.entries(devices).map(([udid, state]) => ({
        udid,
        state,
        name: 'iPhone',
      }));
      return ended(
        0,
        JSON.stringify({ devices: { 'com.apple.CoreSimulator.SimRuntime.iOS-26-0': list } }),
      );
    }
    const [udid = '', act, file = '', ...more] = args;
    if (verb !== 'keychain' || act !== 'add-root-cert' || more.length > 0)
      throw new Error(`not modelled: ${args.join(' ')}`);
    if (devices[udid] !== 'Booted')
      return ended(149, '', 'Unable to lookup in current state: Shutdown');
    const root = rootInFile(readFileSync(file, 'utf8'), file);
    const path = database(udid);
    mkdirSync(dirname(path), { recursive: true });
    const subject = Buffer.from('devcert development CA').toString('hex');
    writeFileSync(path, JSON.stringify([...read(path), [root.sha256, subject]]));
    return ended(0);
  };
  const read = (path: string): Row[] => {
    try {
      return rows(path);
    } catch {
      return [];
    }
  };
  const sqlite = (args: readonly string[]): CommandResult => {
    const isReadOnly = args[1] === '-readonly';
    const [batch, path = '', sql = '', ...more] = args.filter((it) => it !== '-readonly');
    if (batch !== '-batch' || more.length > 0) throw new Error(`not modelled: ${args.join(' ')}`);
    if (readFileSync(path, 'utf8') === 'damaged')
      return ended(26, '', 'Error: file is not a database');
    const [, by, value = ''] =
      /^(?:select count\(\*\)|delete) from tsettings where (sha256 = |instr\(subj, )x'([0-9a-f]+)'\)?$/.exec(
        sql,
      ) ?? [];
    if (by === undefined) throw new Error(`not modelled: ${sql}`);
    const matches = ([sha256, subject]: Row) =>
      by.startsWith('instr') ? subject.includes(value) : sha256 === value;
    if (sql.startsWith('select')) return ended(0, `${rows(path).filter(matches).length}\n`);
    expect(isReadOnly).toBe(false);
    writeFileSync(path, JSON.stringify(rows(path).filter((row) => !matches(row))));
    return ended(0);
  };
  const host = fakeHost({
    platform: 'darwin',
    sysroot,
    home,
    run: (command: Command) => {
      ran.push(line(command));
      if (command.file === '/usr/bin/xcrun') return Promise.resolve(xcrun(command.args));
      if (command.file === '/usr/bin/sqlite3') return Promise.resolve(sqlite(command.args));
      throw new Error(`it runs ${command.file}`);
    },
  });
  const context = { host, finders: [simulatorStores], ...stateAt(join(home, 'state')), cwd: home };
  return { context, devices, ran, database, rows };
}
const other: Row = ['ee'.repeat(32), 'aabb'];

describe('simulatorStores', () => {
  test('trusts in the booted ones, and uninstall takes away ours and nothing else', async () => {
    const { context, database, rows, ran } = mac({ 'AAAA-1': 'Booted', 'BBBB-2': 'Shutdown' });
    mkdirSync(dirname(database('AAAA-1')), { recursive: true });
    writeFileSync(database('AAAA-1'), JSON.stringify([other]));
    const { outcomes } = await install(context, { stores: 'simulator' });
    expect(outcomes).toMatchObject([
      { kind: 'simulator', store: 'Simulator iPhone', location: 'AAAA-1', status: 'trusted' },
    ]);
    expect(ran.filter((it) => it.includes('add-root-cert'))).toEqual([
      `/usr/bin/xcrun simctl keychain AAAA-1 add-root-cert ${context.folder}/root.pem`,
    ]);
    expect((await install(context, { stores: 'simulator' })).outcomes).toMatchObject([
      { status: 'already-trusted' },
    ]);
    expect((await status(context)).stores).toMatchObject([{ state: 'trusted' }]);
    expect(rows(database('AAAA-1'))).toHaveLength(2);
    expect((await uninstall(context, { purge: true })).outcomes).toMatchObject([
      { status: 'removed', restart: 'the simulator' },
    ]);
    expect(rows(database('AAAA-1'))).toEqual([other]);
  });

  test('is installed into only if it is named, and makes nobody untrusted', async () => {
    const { context, ran } = mac({ 'AAAA-1': 'Booted' });
    expect((await install(context)).outcomes).toEqual([]);
    expect((await status(context)).stores).toEqual([]);
    expect(ran.filter((it) => it.includes('keychain'))).toEqual([]);
  });

  test('one that was shut down meanwhile is cleared, too', async () => {
    const { context, devices, database, rows } = mac({ 'AAAA-1': 'Booted' });
    await install(context, { stores: 'simulator' });
    devices['AAAA-1'] = 'Shutdown';
    expect((await uninstall(context)).outcomes).toMatchObject([{ status: 'removed' }]);
    expect(rows(database('AAAA-1'))).toEqual([]);
  });

  test('an old simulator keeps its settings elsewhere; an empty file there counts for nothing', async () => {
    const { context, database, rows } = mac({ 'AAAA-1': 'Booted' });
    mkdirSync(dirname(database('AAAA-1', OLD)), { recursive: true });
    writeFileSync(database('AAAA-1', OLD), '');
    await install(context, { stores: 'simulator' });
    expect(rows(database('AAAA-1'))).toHaveLength(1);
    expect((await uninstall(context)).outcomes).toMatchObject([{ status: 'removed' }]);
  });

  test('settings that cannot be read are said to be so', async () => {
    const { context, database } = mac({ 'AAAA-1': 'Booted' });
    await install(context, { stores: 'simulator' });
    writeFileSync(database('AAAA-1'), 'damaged');
    expect(await uninstall(context, { purge: true })).toMatchObject({
      purged: false,
      outcomes: [
        {
          status: 'failed',
          reason: 'its trust settings cannot be read',
          hint: expect.stringContaining('xcrun simctl keychain AAAA-1 reset') as string,
        },
      ],
    });
  });

  test('no simulators, and no program is started, elsewhere and without Xcode', async () => {
    const finders = [simulatorStores];
    expect(await findStores({ host: fakeHost(), finders }, ['simulator'], {})).toEqual([]);
    const run = () => Promise.reject(new Error('it runs something'));
    const host = fakeHost({ platform: 'darwin', run });
    expect(await simulatorStores.find(host, { everywhere: true })).toEqual([]);
  });
});
