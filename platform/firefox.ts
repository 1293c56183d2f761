/**
 * Firefox on Windows and macOS: it reads the system's roots by itself since version 120, so there is
 * nothing to install; but a profile may have that switched off, and then it has to be said.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { foldersIn, profilesIn } from './nss-databases.ts';
import type { Host, StoreFinder, TrustStore } from './types.ts';

/** A report, and nothing else, for each profile that does not read the system's roots. */
export const firefoxProfiles: StoreFinder = {
  kind: 'nss',
  find: (host) => {
    const base = firefoxFolder(host);
    if (base === undefined || !existsSync(base)) return Promise.resolve([]);
    const profiles = new Set([...profilesIn(base), ...foldersIn(join(base, 'Profiles'))]);
    return Promise.resolve([...profiles].filter(ignoresSystemRoots).map(report));
  },
};

/** The preference as Firefox ends up with it: the last line counts, and `user.js` is read after `prefs.js`. */
export function readPreference(...files: readonly string[]): boolean | undefined {
  const values = files.flatMap((text) =>
    [...text.matchAll(PREFERENCE)].map(([, value]) => value === 'true'),
  );
  return values.at(-1);
}

const NAME = 'security.enterprise_roots.enabled';
const PREFERENCE =
  /^\s*user_pref\(\s*["']security\.enterprise_roots\.enabled["']\s*,\s*(true|false)\s*\)/gm;

function firefoxFolder({ platform, env, home }: Host): string | undefined {
  if (platform === 'win32') {
    const { APPDATA } = env;
    return APPDATA === undefined || APPDATA === '' ? undefined : join(APPDATA, 'Mozilla/Firefox');
  }
  return platform === 'darwin' && home !== undefined
    ? join(home, 'Library/Application Support/Firefox')
    : undefined;
}

function ignoresSystemRoots(profile: string): boolean {
  return (
    readPreference(...['prefs.js', 'user.js'].map((name) => read(join(profile, name)))) === false
  );
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // not there, or not ours to read: then it says nothing
  }
}

function report(profile: string): TrustStore {
  return {
    kind: 'nss',
    name: `Firefox profile "${basename(profile)}"`,
    location: profile,
    inspect: () =>
      Promise.resolve({
        state: 'unavailable',
        reason: "it does not read the system's roots: a preference says so",
        hint: `in its about:config, set ${NAME} to true`,
        needed: false,
      }),
    planInstall: () => Promise.resolve([]),
    planUninstall: () => Promise.resolve([]),
  };
}
