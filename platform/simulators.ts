/**
 * iOS simulators on macOS: each has trust settings of its own, in a database that `simctl` writes. It has no
 * command to ask for one root or to remove one (only to reset all that is in the simulator's keychain), so
 * both are asked of the database.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DevcertError } from '../src/errors.ts';
import type { Command, Host, Root, StoreFinder, StoreState, TrustStore } from './types.ts';

/** The booted ones; to find a root wherever it was put, those that hold one of devcert's, booted or not. */
export const simulatorStores: StoreFinder = {
  kind: 'simulator',
  platforms: ['darwin'],
  onRequest: true,
  find: async (host, { everywhere = false }) => {
    // Without Xcode, /usr/bin/xcrun opens a dialog that offers to install it.
    if (!existsSync(join(host.home ?? '/var/empty', DEVICES))) return [];
    const stores: TrustStore[] = [];
    for (const device of await listDevices(host))
      if (everywhere ? await holdsOurs(device, host) : device.isBooted)
        stores.push(simulatorStore(device, host));
    return stores;
  },
};

const DEVICES = 'Library/Developer/CoreSimulator/Devices';

function simctl(...args: readonly string[]): Command {
  return { file: '/usr/bin/xcrun', args: ['simctl', ...args] };
}

function sqlite(...args: readonly string[]): Command {
  return { file: '/usr/bin/sqlite3', args: ['-batch', ...args] };
}

/** Prints how many entries there are of that kind. */
function countCommand(database: string, which: string): Command {
  return sqlite('-readonly', database, `select count(*) from tsettings where ${which}`);
}

/** The entry of a root: there is one or none. */
function entryOf({ sha256 }: Root): string {
  return `sha256 = x'${sha256}'`;
}

/** Entries that have devcert's name in their subject. */
const OURS = `instr(subj, x'${Buffer.from('devcert development CA').toString('hex')}')`;

interface Device {
  readonly udid: string;
  readonly name: string;
  readonly isBooted: boolean;
  /** Undefined before anything was trusted in it. */
  readonly database: string | undefined;
}

async function listDevices({ run, home = '' }: Host): Promise<Device[]> {
  const { exitCode, stdout } = await run(simctl('list', 'devices', '--json'));
  if (exitCode !== 0) return []; // the command line tools alone have no simctl
  return devicesIn(stdout).map(({ udid, name, state }) => {
    const data = join(home, DEVICES, udid, 'data');
    const database = DATABASES.map((path) => join(data, path)).find(isFilled);
    return { udid, name, isBooted: state === 'Booted', database };
  });
}

/** The first is of newer versions of iOS, which may leave an empty file in the second place. */
const DATABASES = [
  'private/var/protected/trustd/private/TrustStore.sqlite3',
  'Library/Keychains/TrustStore.sqlite3',
];

function devicesIn(json: string): { udid: string; name: string; state: string }[] {
  const { devices } = JSON.parse(json) as { devices: Record<string, unknown[]> };
  return Object.values(devices)
    .flat()
    .flatMap((device) => {
      const { udid, name, state } = device as Record<string, unknown>;
      return typeof udid === 'string' && /^[\w-]+$/.test(udid)
        ? [{ udid, name: typeof name === 'string' ? name : udid, state: String(state) }]
        : [];
    });
}

function isFilled(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

async function holdsOurs({ database }: Device, { run }: Host): Promise<boolean> {
  if (database === undefined) return false;
  const { exitCode, stdout } = await run(countCommand(database, OURS));
  // What cannot be asked may hold one.
  return exitCode !== 0 || stdout.trim() !== '0';
}

function simulatorStore(device: Device, host: Host): TrustStore {
  const { udid, name, isBooted, database } = device;
  const inspect = async (root: Root): Promise<StoreState> => {
    // Looked for again: the first root makes it.
    const found = (await listDevices(host)).find((it) => it.udid === udid)?.database ?? database;
    if (found === undefined) return { state: 'absent' };
    const { exitCode, stdout } = await host.run(countCommand(found, entryOf(root)));
    if (exitCode === 0) return { state: stdout.trim() === '0' ? 'absent' : 'trusted' };
    return {
      state: 'unavailable',
      reason: 'its trust settings cannot be read',
      hint: `reset what it trusts, which takes away all that was added: xcrun simctl keychain ${udid} reset`,
      needed: true,
    };
  };
  return {
    kind: 'simulator',
    name: `Simulator ${name}`,
    location: udid,
    // Its trustd remembers what it knew at the start.
    restart: 'the simulator',
    inspect,
    planInstall: (root) => {
      const add = simctl('keychain', udid, 'add-root-cert', root.file);
      if (isBooted) return Promise.resolve([{ ...add, timeoutMs: 60_000 }]);
      const hint = `xcrun simctl boot ${udid}`;
      return Promise.reject(
        new DevcertError('store', `the simulator "${name}" is not running`, { hint }),
      );
    },
    planUninstall: async (root) =>
      database !== undefined && (await inspect(root)).state === 'trusted'
        ? [sqlite(database, `delete from tsettings where ${entryOf(root)}`)]
        : [],
  };
}
