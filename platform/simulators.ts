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
    const { home = '/var/empty' } = host;
    const hasDevices = existsSync(join(home, 'Library/Developer/CoreSimulator/Devices'));
    // Without Xcode, /usr/bin/xcrun opens a dialog that offers to install it.
    const isHere = host.platform === 'darwin' && hasDevices;
    if (!isHere) return [];
    const stores: TrustStore[] = [];
    for (const device of await listDevices(host))
      if (everywhere ? await holdsOurs(device, host) : device.isBooted)
        stores.push(simulatorStore(device, host));
    return stores;
  },
};

/** Prints the simulators there are, as JSON. */
export const listCommand: Command = {
  file: '/usr/bin/xcrun',
  args: ['simctl', 'list', 'devices', '--json'],
};

/** Trusts the root in a booted simulator. */
export function addCommand(udid: string, root: Pick<Root, 'file'>): Command {
  return {
    file: '/usr/bin/xcrun',
    args: ['simctl', 'keychain', udid, 'add-root-cert', root.file],
    timeoutMs: 60_000,
  };
}

/** Prints how many entries the root has: 0 or 1. */
export function countCommand(database: string, root: Pick<Root, 'sha256'>): Command {
  return query(database, `select count(*) from tsettings where sha256 = x'${root.sha256}'`);
}

/** Removes the root's entry and no other. */
export function deleteCommand(database: string, root: Pick<Root, 'sha256'>): Command {
  const sql = `delete from tsettings where sha256 = x'${root.sha256}'`;
  return { file: SQLITE, args: ['-batch', database, sql] };
}

/** Prints how many entries have devcert's name in their subject. */
export function oursCommand(database: string): Command {
  const name = Buffer.from('devcert development CA').toString('hex');
  return query(database, `select count(*) from tsettings where instr(subj, x'${name}')`);
}

const SQLITE = '/usr/bin/sqlite3';

function query(database: string, sql: string): Command {
  return { file: SQLITE, args: ['-batch', '-readonly', database, sql] };
}

interface Device {
  readonly udid: string;
  readonly name: string;
  readonly isBooted: boolean;
  /** Undefined before anything was trusted in it. */
  readonly database: string | undefined;
}

async function listDevices({ run, home = '' }: Host): Promise<Device[]> {
  const { exitCode, stdout } = await run(listCommand);
  if (exitCode !== 0) return []; // the command line tools alone have no simctl
  return devicesIn(stdout).map(({ udid, name, state }) => {
    const data = join(home, 'Library/Developer/CoreSimulator/Devices', udid, 'data');
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
  const { exitCode, stdout } = await run(oursCommand(database));
  // What cannot be asked may hold one.
  return exitCode !== 0 || stdout.trim() !== '0';
}

function simulatorStore(device: Device, host: Host): TrustStore {
  const { udid, name, isBooted, database } = device;
  const inspect = async (root: Root): Promise<StoreState> => {
    // Looked for again: the first root makes it.
    const found = (await listDevices(host)).find((it) => it.udid === udid)?.database ?? database;
    if (found === undefined) return { state: 'absent' };
    const { exitCode, stdout } = await host.run(countCommand(found, root));
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
    planInstall: (root) =>
      isBooted
        ? Promise.resolve([addCommand(udid, root)])
        : Promise.reject(
            new DevcertError('store', `the simulator "${name}" is not running`, {
              hint: `xcrun simctl boot ${udid}`,
            }),
          ),
    planUninstall: async (root) =>
      database !== undefined && (await inspect(root)).state === 'trusted'
        ? [deleteCommand(database, root)]
        : [],
  };
}
