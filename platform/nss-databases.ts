/** Where browsers on Linux and BSD keep their NSS databases. Looks, and changes nothing. */
import { existsSync, realpathSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { namesIn, textIn } from './look.ts';
import { type Browser, chromiums, firefoxes } from './nss-browsers.ts';
import { MARKER, notesOf } from './nss-making.ts';
import type { Host } from './types.ts';

/** One NSS database, or the place where one is to be made. */
export interface NssDatabase {
  /** Absolute path of the folder. */
  readonly folder: string;
  readonly name: string;
  /** The browser that reads it. */
  readonly browser: string;
  /** True if there is none yet: installing makes it. */
  readonly isNew: boolean;
}

type Looks = Pick<Host, 'home' | 'env' | 'find'>;

/** Every database of every browser; for a Chromium that is here one to be made, if it has none. */
export function findDatabases(host: Looks): NssDatabase[] {
  if (host.home === undefined) return [];
  const places = placesOf(host);
  return unique([...chromiumDatabases(places, host), ...firefoxDatabases(places)]);
}

/** Firefox and its kin that are here and have no profile with a database: never started, as a rule. */
export function neverStarted(host: Looks): { name: string; folder: string }[] {
  const places = placesOf(host);
  return firefoxes.flatMap((browser) => {
    const boxes = boxesOf(browser, places).filter(({ folder }) => existsSync(folder));
    const plain = isInstalled(browser, host) && boxes.length === 0 ? [{ places, where: '' }] : [];
    const own = [...plain, ...boxes].map(({ places, where }) => ({
      name: `${browser.name}${where}`,
      folder: resolved(browser.folders.at(-1) ?? '', places)[0] ?? '',
    }));
    // One that was started as something else than what lies on PATH is not missed: a snap, a link to it.
    const started = [places, ...boxes.map((it) => it.places)].some(
      (it) => profilesOf(browser, it).length > 0,
    );
    return started ? [] : own.slice(0, 1);
  });
}

/** Where a browser's `~` and `config` are: the user's, or those of a box. */
interface Places {
  readonly home: string;
  /** Absolute; several where it depends on the version. */
  readonly config: readonly string[];
  readonly data: string;
}

interface Box {
  /** There if the browser was ever started in it (Flatpak makes it at the first start). */
  readonly folder: string;
  readonly places: Places;
  readonly where: string;
}

function placesOf({ home = '/nonexistent', env }: Pick<Host, 'home' | 'env'>): Places {
  return {
    home,
    config: [absolute(env.XDG_CONFIG_HOME) ?? join(home, '.config')],
    data: absolute(env.XDG_DATA_HOME) ?? join(home, '.local/share'),
  };
}

/** The snap and the Flatpaks of a browser, each with a home of its own. */
function boxesOf({ snap, flatpaks = [] }: Browser, { home }: Places): Box[] {
  const snaps = snap === undefined ? [] : [join(home, 'snap', snap)];
  return [
    // Firefox' snap has its home in `common`, the others in the one of their revision.
    ...snaps.flatMap((folder) =>
      ['common', 'current'].map((own) => ({
        folder,
        places: placesOf({ home: join(folder, own), env: {} }),
        where: ' (snap)',
      })),
    ),
    ...flatpaks.map((id) => {
      const folder = join(home, '.var/app', id);
      // docs.flatpak.org, conventions: XDG_CONFIG_HOME and XDG_DATA_HOME, without a dot; what a program
      // keeps elsewhere in the home lies here with one.
      const places = {
        home: folder,
        config: [join(folder, 'config'), join(folder, '.config')],
        data: join(folder, 'data'),
      };
      return { folder, places, where: ' (flatpak)' };
    }),
  ];
}

function isInstalled({ programs }: Browser, host: Looks): boolean {
  return programs.some((program) => host.find(program) !== undefined);
}

function resolved(pattern: string, { home, config }: Places): string[] {
  return pattern.startsWith('~/')
    ? [join(home, pattern.slice(2))]
    : config.map((folder) => join(folder, pattern.slice('config/'.length)));
}

/**
 * Chromium reads `~/.pki/nssdb` if that folder is there, be it empty, else (since M146) the one below
 * `$XDG_DATA_HOME`. A new one is made there: making `~/.pki/nssdb` would hide the other from it.
 */
function chromiumDatabases(places: Places, host: Looks): NssDatabase[] {
  const isHere = chromiums.some(
    (browser) =>
      isInstalled(browser, host) ||
      browser.folders.flatMap((it) => resolved(it, places)).some((it) => existsSync(it)),
  );
  const boxed = chromiums.flatMap((browser) =>
    boxesOf(browser, places)
      // A snap's home is that of its revision, and `common` has no database.
      .filter(({ folder, places }) => existsSync(folder) && !places.home.endsWith('/common'))
      .flatMap(({ places, where }) =>
        databasesIn(places, where).map((folder) => ({ folder, name: `${browser.name}${where}` })),
      ),
  );
  return [
    ...databasesIn(places, isHere ? '' : undefined).map((folder) => ({ folder, name: 'Chromium' })),
    ...boxed,
  ].map(({ folder, name }) => ({
    folder,
    name,
    browser: name.replace(/ \(.*/, ''),
    isNew: !hasDatabase(folder),
  }));
}

/** @param where the kind of box of a browser that is here: the one to be made counts, too */
function databasesIn({ home, data }: Places, where: string | undefined): string[] {
  const usual = [join(home, '.pki/nssdb'), join(data, 'pki/nssdb')];
  const isNoted = (folder: string) => notesOf(folder, { home }).length > 0;
  const there = usual.filter((folder) => existsSync(folder) || isNoted(folder));
  const used = there.filter(
    (folder) => hasDatabase(folder) || existsSync(join(folder, MARKER)) || isNoted(folder),
  );
  if (where === undefined) return used;
  // A snap's whole home is its own, and every version reads the first.
  const [fresh = ''] = where === ' (snap)' ? usual : usual.slice(1);
  return there.length > 0 ? there : [fresh];
}

function firefoxDatabases(places: Places): NssDatabase[] {
  return firefoxes.flatMap((browser) =>
    [{ places, where: '' }, ...boxesOf(browser, places)].flatMap(({ places, where }) =>
      profilesOf(browser, places).map((folder) => ({
        folder,
        name: `${browser.name}${where} profile "${basename(folder)}"`,
        browser: browser.name,
        isNew: false,
      })),
    ),
  );
}

/** The folders of a browser's profiles that have a database. */
function profilesOf({ folders }: Browser, places: Places): string[] {
  return folders
    .flatMap((pattern) => resolved(pattern, places))
    .flatMap((base) => [...profilesIn(base), ...foldersIn(base)])
    .filter(hasDatabase);
}

/** `cert8.db`: the kind before 2018, of old profiles and Pale Moon. */
export function hasDatabase(folder: string): boolean {
  return ['cert9.db', 'cert8.db'].some((name) => existsSync(join(folder, name)));
}

/** The profiles that `profiles.ini` lists: relative to its folder, or anywhere. */
export function profilesIn(base: string): string[] {
  const text = textIn(join(base, 'profiles.ini'));
  return text.split(/^\[/m).flatMap((section) => {
    if (!/^Profile\d*\]/i.test(section)) return [];
    const path = /^Path=(.+?)\s*$/m.exec(section)?.[1];
    if (path === undefined) return [];
    if (/^IsRelative=0\s*$/m.test(section)) return isAbsolute(path) ? [path] : [];
    return [join(base, path)];
  });
}

/** What is in a folder; nothing if it is not there. */
export function foldersIn(base: string): string[] {
  return namesIn(base).map((entry) => join(base, entry));
}

function unique(databases: readonly NssDatabase[]): NssDatabase[] {
  const byPath = new Map<string, NssDatabase>();
  for (const database of databases) {
    const { folder } = database;
    const real = existsSync(folder) ? realpathSync(folder) : folder;
    if (!byPath.has(real)) byPath.set(real, database);
  }
  return [...byPath.values()];
}

function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}
