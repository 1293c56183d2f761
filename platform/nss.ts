/**
 * NSS databases: what Chromium and Firefox on Linux and BSD trust, written by NSS's own certutil.
 * (On Windows and macOS both read the system's roots, Firefox since version 120.)
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DevcertError, printable, say, type Text } from '../src/errors.ts';
import { findDatabases, hasBrowser, type NssDatabase } from './nss-databases.ts';
import {
  databaseCommand,
  type Entry,
  entryName,
  findEntries,
  type FoundEntries,
  listCommand,
  parseListing,
} from './nss-entries.ts';
import type {
  Command,
  Explanation,
  CommandResult,
  Host,
  Root,
  StoreFinder,
  StoreOptions,
  StoreState,
  TrustStore,
} from './types.ts';

/** Every NSS database of the user. */
export const nssStores: StoreFinder = {
  kind: 'nss',
  find: (host, options) => {
    const databases = withoutNss.includes(host.platform) ? [] : findDatabases(host);
    const certutil = host.find('certutil');
    return Promise.resolve(databases.map((it) => nssStore(it, certutil, host, options)));
  },
};

// There browsers read the system's roots; what Firefox may be told, firefox-….ts reports.
const withoutNss: readonly NodeJS.Platform[] = ['win32', 'darwin'];

/** Adds the root as an authority for web servers. */
export function addCommand(
  certutil: string,
  folder: string,
  root: Root,
  options: StoreOptions,
): Command {
  const args = ['-A', '-t', 'C,,', '-n', entryName(root.sha256), '-i', root.file];
  return databaseCommand(certutil, folder, args, options.nssPasswordFile);
}

/** Trusts a certificate that is in the database already. */
export function trustCommand(
  certutil: string,
  folder: string,
  nickname: string,
  options: StoreOptions,
): Command {
  const args = ['-M', '-t', 'C,,', '-n', nickname];
  return databaseCommand(certutil, folder, args, options.nssPasswordFile);
}

/** Removes a certificate with its trust. */
export function deleteCommand(
  certutil: string,
  folder: string,
  nickname: string,
  options: StoreOptions,
): Command {
  return databaseCommand(certutil, folder, ['-D', '-n', nickname], options.nssPasswordFile);
}

/** The file in a database folder that tells that devcert made it, and which folders for it. */
const MARKER = 'made-by-devcert';
const FILES = ['cert9.db', 'key4.db', 'pkcs11.txt'];

function nssStore(
  database: NssDatabase,
  certutil: string | undefined,
  host: Host,
  options: StoreOptions,
): TrustStore {
  const { folder, isNew } = database;
  const missing = (): StoreState => ({
    state: 'unavailable',
    reason:
      hasBrowser(host) || !isNew
        ? 'certutil of NSS is not installed'
        : 'no browser and no certutil here',
    hint: packageHint(host),
    needed: hasBrowser(host) || !isNew,
    lacks: 'certutil',
  });
  return {
    kind: 'nss',
    name: database.name,
    location: folder,
    restart: database.browser,
    inspect: async (root) => {
      if (certutil === undefined) return missing();
      if (!existsSync(join(folder, 'cert9.db'))) return { state: 'absent' };
      const listing = await host.run(listCommand(certutil, folder));
      if (listing.exitCode !== 0) return unreadable(listing);
      return stateOf(await findEntries(certutil, folder, root, host));
    },
    planInstall: async (root) => {
      if (certutil === undefined) return [];
      const { entries, isCertain } = await entriesOf(certutil, folder, root, host);
      const [entry] = entries;
      if (entry !== undefined && isCertain)
        return [trustCommand(certutil, folder, entry.nickname, options)];
      const made = existsSync(join(folder, 'cert9.db')) ? [] : makeCommands(certutil, folder);
      return [...made, addCommand(certutil, folder, root, options)];
    },
    planUninstall: async (root) => {
      if (certutil === undefined || !existsSync(folder)) return [];
      const { entries: found, isCertain } = await entriesOf(certutil, folder, root, host);
      if (!isCertain) throw indistinct(found, folder);
      const deletions = found.map(({ nickname }) =>
        deleteCommand(certutil, folder, nickname, options),
      );
      const others = await hasOthers(certutil, folder, found.length, host);
      return [...deletions, ...(others ? [] : unmakeCommands(folder, host))];
    },
    explain: (command, result) => explain(command, result),
  };
}

async function entriesOf(
  certutil: string,
  folder: string,
  root: Root,
  host: Host,
): Promise<FoundEntries> {
  if (!existsSync(join(folder, 'cert9.db'))) return { entries: [], isCertain: true };
  return findEntries(certutil, folder, root, host);
}

function stateOf({ entries, isCertain }: FoundEntries): StoreState {
  const trusted = entries.filter(({ flags }) => /^[^,]*C/.test(flags));
  if (entries.length === 0) return { state: 'absent' };
  // Where it may be any of several, only trust in each of them is trust in it.
  if (isCertain ? trusted.length > 0 : trusted.length === entries.length)
    return { state: 'trusted' };
  return { state: 'partial', reason: 'it is in the database and not trusted for web sites' };
}

function indistinct(entries: readonly Entry[], folder: string): DevcertError {
  const names = entries.map(({ nickname }) => `"${printable(nickname)}"`).join(' and ');
  return new DevcertError(
    'store',
    `certutil cannot tell ${names} in "${folder}" apart: they have one subject`,
    { hint: 'remove it with the certificate manager of the browser' },
  );
}

/** The folder (and those above it that are missing), an empty database, and the marker that it is ours. */
function makeCommands(certutil: string, folder: string): Command[] {
  const made: string[] = [];
  for (let path = folder; !existsSync(path); path = dirname(path)) made.unshift(path);
  return [
    ...(made.length === 0 ? [] : [{ file: 'mkdir', args: ['-p', '-m', '0700', '--', folder] }]),
    databaseCommand(certutil, folder, ['-N', '--empty-password']),
    { file: 'tee', args: [join(folder, MARKER)], input: `${made.join('\n')}\n` },
  ];
}

/** True unless devcert made the database and nobody has put anything into it since. */
async function hasOthers(
  certutil: string,
  folder: string,
  ours: number,
  host: Host,
): Promise<boolean> {
  if (!existsSync(join(folder, MARKER))) return true;
  if (!existsSync(join(folder, 'cert9.db'))) return false; // making it stopped half-way
  const certificates = parseListing((await host.run(listCommand(certutil, folder))).stdout);
  // 255: there are no keys.
  const keys = await host.run(databaseCommand(certutil, folder, ['-K']));
  const modules = readIfThere(join(folder, 'pkcs11.txt')).match(/^library=/gm) ?? [];
  return certificates.length > ours || keys.exitCode === 0 || modules.length > 1;
}

/** Takes away the files of a database, and of the marker's folders those that really lie around it. */
function unmakeCommands(folder: string, host: Host): Command[] {
  const listed = new Set(readIfThere(join(folder, MARKER)).split('\n'));
  const around: string[] = [];
  for (let path = folder; path !== host.home && path !== dirname(path); path = dirname(path))
    around.push(path);
  const ours = around.filter((path) => listed.has(path));
  const files = [...FILES, MARKER].map((name) => join(folder, name));
  const left = existsSync(folder) ? readdirSync(folder).length : 0;
  if (left === 0 && ours.length === 0) return [];
  return [
    { file: 'rm', args: ['-f', '--', ...files] },
    ...ours.map((path) => ({ file: 'rmdir', args: ['--', path] })),
  ];
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // not there: nothing in it
  }
}

function unreadable(result: CommandResult): StoreState {
  const known = explain(undefined, result);
  return {
    state: 'unavailable',
    reason: known?.reason ?? `certutil cannot read the database: ${result.stderr.trim()}`,
    hint: known?.hint,
    needed: true,
  };
}

const problems: readonly (readonly [RegExp, string, Text])[] = [
  [
    /SEC_ERROR_BAD_PASSWORD|could not authenticate|Incorrect password/i,
    'the profile has a primary password',
    say`${{ command: 'install', nssPasswordFile: 'FILE' }} (its first line is the password)`,
  ],
  [
    /SEC_ERROR_READ_ONLY|read-only/i,
    'the database is read-only',
    'make its folder writable for you',
  ],
  [
    /SEC_ERROR_BUSY|SEC_ERROR_PKCS11_GENERAL_ERROR|locked/i,
    'another program has the database locked',
    'close the browser and try again',
  ],
  [
    /SEC_ERROR_BAD_DATABASE|SEC_ERROR_LEGACY_DATABASE/i,
    'the database is damaged or cannot be read',
    'see whether its folder is yours; a browser makes a new one if you move cert9.db away',
  ],
];

function explain(_command: Command | undefined, result: CommandResult): Explanation | undefined {
  if (result.failure !== undefined) return undefined;
  const text = result.stderr + result.stdout;
  const known = problems.find(([pattern]) => pattern.test(text));
  return known === undefined ? undefined : { reason: known[1], hint: known[2] };
}

const packages: readonly (readonly [manager: string, command: string])[] = [
  ['apt', 'sudo apt install libnss3-tools'],
  ['apt-get', 'sudo apt-get install libnss3-tools'],
  ['dnf', 'sudo dnf install nss-tools'],
  ['yum', 'sudo yum install nss-tools'],
  ['zypper', 'sudo zypper install mozilla-nss-tools'],
  ['pacman', 'sudo pacman -S nss'],
  ['apk', 'sudo apk add nss-tools'],
  ['emerge', 'sudo USE=utils emerge dev-libs/nss'],
  ['pkg', 'sudo pkg install nss'],
  ['brew', 'brew install nss'],
];

/** The command that installs certutil here. */
function packageHint(host: Pick<Host, 'find'>): string {
  const known = packages.find(([manager]) => host.find(manager) !== undefined);
  return known?.[1] ?? 'install the NSS tools of your system: they bring certutil';
}
