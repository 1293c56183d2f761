/** Where browsers on Linux and BSD keep their NSS databases. Looks, and changes nothing. */
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import type { Host } from './types.ts';

/** One NSS database, or the place where one is to be made. */
export interface NssDatabase {
  /** Absolute path of the folder. */
  readonly folder: string;
  readonly name: string;
  /** The browser that reads it. */
  readonly browser: 'Chromium' | 'Firefox';
  /** True if there is none yet: installing makes it. */
  readonly isNew: boolean;
}

/** Every database of every browser; for Chromium one to be made, if there is none at all. */
export function findDatabases(host: Pick<Host, 'home' | 'env'>): NssDatabase[] {
  const { home } = host;
  if (home === undefined) return [];
  return unique([...chromiumDatabases(home, host), ...firefoxDatabases(home, host)]);
}

/** True if a browser that reads NSS databases is on this machine, whether it was started or not. */
export function hasBrowser(host: Pick<Host, 'home' | 'find'>): boolean {
  return (
    browsers.some((program) => host.find(program) !== undefined) ||
    (host.home !== undefined && traces.some((trace) => existsSync(join(host.home ?? '', trace))))
  );
}

const browsers = [
  ...['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'brave-browser'],
  ...['microsoft-edge', 'vivaldi', 'opera', 'firefox', 'firefox-esr', 'librewolf', 'waterfox'],
];
const traces = [
  'snap/chromium',
  'snap/firefox',
  '.var/app/org.mozilla.firefox',
  '.mozilla/firefox',
];
const chromiumFlatpaks = [
  ...['org.chromium.Chromium', 'com.google.Chrome', 'com.brave.Browser'],
  ...['com.microsoft.Edge', 'com.vivaldi.Vivaldi', 'com.opera.Opera'],
];

/**
 * Chromium reads `~/.pki/nssdb` if that folder is there, be it empty, else (since M146) the one below
 * `$XDG_DATA_HOME`. A new one is made there: making `~/.pki/nssdb` would hide the other from it.
 */
function chromiumDatabases(home: string, { env }: Pick<Host, 'env'>): NssDatabase[] {
  const data = absolute(env.XDG_DATA_HOME) ?? join(home, '.local/share');
  const usual = [join(home, '.pki/nssdb'), join(data, 'pki/nssdb')];
  const there = usual.filter((folder) => existsSync(folder));
  const boxed = chromiumFlatpaks.flatMap((id) =>
    ['.pki/nssdb', 'data/pki/nssdb'].map((path) => join(home, '.var/app', id, path)),
  );
  const snap = join(home, 'snap/chromium/current');
  const snaps = existsSync(snap)
    ? [join(snap, '.pki/nssdb'), join(snap, '.local/share/pki/nssdb')]
    : [];
  const snapThere = snaps.filter((folder) => existsSync(folder));
  return [
    ...(there.length > 0 ? there : usual.slice(1)),
    ...(snapThere.length > 0 ? snapThere : snaps.slice(0, 1)),
    ...boxed.filter((folder) => existsSync(folder)),
  ].map((folder) => {
    const where = folder.includes('/snap/')
      ? ' (snap)'
      : folder.includes('/.var/app/')
        ? ' (flatpak)'
        : '';
    return {
      folder,
      name: `Chromium${where}`,
      browser: 'Chromium' as const,
      isNew: !existsSync(join(folder, 'cert9.db')),
    };
  });
}

function firefoxDatabases(home: string, { env }: Pick<Host, 'env'>): NssDatabase[] {
  const config = absolute(env.XDG_CONFIG_HOME) ?? join(home, '.config');
  const flatpak = join(home, '.var/app/org.mozilla.firefox');
  const bases = [
    join(home, '.mozilla/firefox'),
    join(config, 'mozilla/firefox'),
    join(home, 'snap/firefox/common/.mozilla/firefox'),
    join(flatpak, '.mozilla/firefox'),
    join(flatpak, '.config/mozilla/firefox'),
    join(home, '.librewolf'),
    join(home, '.waterfox'),
  ];
  return bases
    .flatMap((base) => [...profilesIn(base), ...foldersIn(base)])
    .filter((folder) => existsSync(join(folder, 'cert9.db')))
    .map((folder) => ({
      folder,
      name: `Firefox profile "${basename(folder)}"`,
      browser: 'Firefox' as const,
      isNew: false,
    }));
}

/** The profiles that `profiles.ini` lists: relative to its folder, or anywhere. */
export function profilesIn(base: string): string[] {
  let text: string;
  try {
    text = readFileSync(join(base, 'profiles.ini'), 'utf8');
  } catch {
    return []; // no such browser
  }
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
  try {
    return readdirSync(base).map((entry) => join(base, entry));
  } catch {
    return []; // no such browser
  }
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
