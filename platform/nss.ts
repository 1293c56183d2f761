/**
 * NSS databases: what Chromium and Firefox on Linux and BSD trust, written by NSS's own certutil.
 * (On Windows and macOS both read the system's roots, Firefox since version 120.)
 */
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { DevcertError, printable, say } from '../src/errors.ts';
import { findDatabases, hasDatabase, neverStarted, type NssDatabase } from './nss-databases.ts';
import {
  askListing,
  type Database,
  databaseCommand,
  type Entry,
  findEntries,
  type FoundEntries,
  listAuthorities,
  parseListing,
} from './nss-entries.ts';
import {
  hasOthers,
  isEmptyFile,
  isHalf,
  isUnfinished,
  makeCommands,
  markedFolders,
  missingFolders,
  notesOf,
  removeFolders,
  unmakeCommands,
} from './nss-making.ts';
import { entryName, reportStore } from './report-store.ts';
import { explainDamage, explainFailure } from './nss-problems.ts';
import { findElevation } from './run.ts';
import type {
  CommandResult,
  Host,
  StoreFinder,
  StoreOptions,
  StoreState,
  TrustStore,
} from './types.ts';

/** Every NSS database of the user. */
export const nssStores: StoreFinder = {
  kind: 'nss',
  // Elsewhere browsers read the system's roots; what Firefox is configured to do, firefox-….ts reports.
  platforms: ['linux', 'freebsd'],
  find: (host, options) => {
    const certutil = host.find('certutil');
    return Promise.resolve([
      ...findDatabases(host).map((it) =>
        certutil === undefined ? withoutTool(it, host) : nssStore(it, certutil, host, options),
      ),
      ...neverStarted(host).map(unstarted),
    ]);
  },
};

/** A database that cannot be asked, as the program for it is missing. */
function withoutTool({ folder, name }: NssDatabase, host: Host): TrustStore {
  const isMade = holdsFiles(folder) && !isUnfinished(folder);
  return reportStore({ kind: 'nss', name, location: folder }, () => ({
    reason: 'certutil of NSS is not installed',
    hint: packageHint(host),
    needed: true,
    lacks: 'certutil',
    ...(isMade ? {} : { empty: true }),
  }));
}

function nssStore(
  { folder, name, browser, isNew }: NssDatabase,
  certutil: string,
  host: Host,
  options: StoreOptions,
): TrustStore {
  const database = { folder, certutil, host };
  // What this run has made: where the disk is full, there is no marker that says so.
  let made: string[] = [];
  const isThere = () => holdsDatabase(database);
  const change = (...args: readonly string[]) =>
    databaseCommand(database, args, options.nssPasswordFile);
  return {
    kind: 'nss',
    name,
    location: folder,
    restart: browser,
    inspect: async (root) => {
      if (isHalf(folder)) return { state: 'unavailable', ...explainDamage(folder), needed: true };
      if (!(await isThere())) return { state: 'absent' };
      const listing = await askListing(database);
      if (listing.exitCode !== 0) return unreadable(database, listing);
      return stateOf(await findEntries(database, root));
    },
    planInstall: async (root) => {
      if (await isThere()) {
        const { entries, isCertain } = await findEntries(database, root);
        const [entry] = entries;
        // It is in the database already.
        if (entry !== undefined && isCertain)
          return [change('-M', '-t', 'C,,', '-n', entry.nickname)];
      }
      // An empty file that somebody else left is filled by -A.
      const make = isNew || isUnfinished(folder);
      if (make)
        made = [...missingFolders(folder, host), ...markedFolders(folder, host)].filter(isAbsolute);
      return [
        ...(make ? makeCommands(database, made) : []),
        // As an authority for web servers.
        change('-A', '-t', 'C,,', '-n', entryName(root), '-i', root.file),
      ];
    },
    planUninstall: async (root) => {
      const notes = notesOf(folder, host);
      if (!existsSync(folder) && made.length === 0 && notes.length === 0) return [];
      const { entries: found, isCertain } = (await isThere())
        ? await findEntries(database, root)
        : { entries: [], isCertain: true };
      if (!isCertain) throw indistinct(found, folder);
      const keeps =
        (made.length === 0 || existsSync(join(folder, 'cert9.db'))) &&
        (await hasOthers(database, found.length));
      return [
        ...found.map(({ nickname }) => change('-D', '-n', nickname)),
        ...(keeps ? removeFolders(notes) : unmakeCommands(database, made)),
      ];
    },
    list: async (organization) =>
      (await isThere()) ? listAuthorities(database, organization) : [],
    explain: (_command, result) => explainFailure(folder, result),
  };
}

/** A browser that makes its database when it is started first. */
function unstarted({ name, folder }: { name: string; folder: string }): TrustStore {
  return reportStore({ kind: 'nss', name, location: folder }, () => ({
    reason: 'never started here: no profile yet',
    hint: say`start it once, then ${{ command: 'install' }}`,
    empty: true,
  }));
}

/** False too for a database whose making was stopped before anything was in it. */
async function holdsDatabase(database: Database): Promise<boolean> {
  if (!holdsFiles(database.folder)) return false;
  if (!isUnfinished(database.folder)) return true;
  const listing = await askListing(database);
  return listing.exitCode === 0 && parseListing(listing.stdout).length > 0;
}

function holdsFiles(folder: string): boolean {
  return hasDatabase(folder) && !isEmptyFile(folder);
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

function unreadable({ folder, certutil }: Database, result: CommandResult): StoreState {
  const known = explainFailure(folder, result);
  return {
    state: 'unavailable',
    reason: known?.reason ?? whyNotRun(certutil, result),
    hint: known?.hint,
    needed: true,
  };
}

function whyNotRun(certutil: string, { failure, stderr }: CommandResult): string {
  if (failure === undefined)
    return `certutil cannot read the database: ${printable(stderr.trim())}`;
  const name = `"${printable(certutil)}"`;
  if (failure === 'timeout') return `${name} did not end in time and was stopped`;
  if (failure === 'unsafe')
    return `${name} is not run as root: users other than root can change it`;
  return `${name} could not be run`;
}

const packages: readonly (readonly [manager: string, command: string])[] = [
  ['apt', 'apt install libnss3-tools'],
  ['apt-get', 'apt-get install libnss3-tools'],
  ['dnf', 'dnf install nss-tools'],
  ['yum', 'yum install nss-tools'],
  ['zypper', 'zypper install mozilla-nss-tools'],
  ['pacman', 'pacman -S nss'],
  ['apk', 'apk add nss-tools'],
  ['emerge', 'env USE=utils emerge dev-libs/nss'],
  ['pkg', 'pkg install nss'],
  ['brew', 'brew install nss'],
];

/** The command that installs certutil here, with what makes it root's where that is needed and there. */
function packageHint(host: Pick<Host, 'find' | 'findForRoot' | 'isRoot'>): string {
  const known = packages.find(([manager]) => host.find(manager) !== undefined);
  if (known === undefined) return 'install the NSS tools of your system: they bring certutil';
  const [manager, command] = known;
  if (host.isRoot || manager === 'brew') return command;
  const tool = findElevation(host)?.tool;
  return tool === undefined ? `as root: ${command}` : `${tool} ${command}`;
}
