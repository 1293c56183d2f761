/**
 * Firefox on Windows and macOS: it reads the system's roots by itself since version 120, so there is
 * nothing to install; but a policy or a profile may have that switched off, and then it has to be said.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOTS_PREFERENCE, type FirefoxPolicy } from './firefox-policies.ts';
import { foldersIn, profilesIn } from './nss-databases.ts';
import type { TrustStore } from './types.ts';

/**
 * Reports, and nothing else: one if a policy has Firefox ignore the system's roots, else one for each profile
 * that ignores them, else none.
 *
 * @param base the folder of `profiles.ini`; with none there Firefox was never started, and nothing is said.
 * @param policies asked only then; those that decide, the strongest first.
 */
export async function firefoxReports(
  base: string | undefined,
  policies: () => Promise<readonly FirefoxPolicy[]>,
): Promise<TrustStore[]> {
  if (base === undefined || !existsSync(base)) return [];
  const [policy] = await policies();
  if (policy !== undefined) return policy.enabled ? [] : [reportPolicy(policy)];
  const profiles = new Set([...profilesIn(base), ...foldersIn(join(base, 'Profiles'))]);
  return [...profiles].filter(ignoresSystemRoots).map(reportProfile);
}

/** The preference as Firefox ends up with it: the last line counts, and `user.js` is read after `prefs.js`. */
export function readPreference(...files: readonly string[]): boolean | undefined {
  const values = files.flatMap((text) =>
    [...text.matchAll(PREFERENCE)].map(([, value]) => value === 'true'),
  );
  return values.at(-1);
}

const PREFERENCE =
  /^\s*user_pref\(\s*["']security\.enterprise_roots\.enabled["']\s*,\s*(true|false)\s*\)/gm;

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

function reportPolicy({ source }: FirefoxPolicy): TrustStore {
  return report({
    name: 'Firefox',
    location: source,
    reason: `it does not read the system's roots: a policy says so, in "${source}"`,
    hint: 'set Certificates.ImportEnterpriseRoots to true there, or ask who manages this machine',
  });
}

function reportProfile(profile: string): TrustStore {
  return report({
    name: `Firefox profile "${basename(profile)}"`,
    location: profile,
    reason: "it does not read the system's roots: a preference says so",
    hint: `in its about:config, set ${ROOTS_PREFERENCE} to true`,
  });
}

interface Report {
  readonly name: string;
  readonly location: string;
  readonly reason: string;
  readonly hint: string;
}

function report({ name, location, reason, hint }: Report): TrustStore {
  return {
    kind: 'nss',
    name,
    location,
    inspect: () => Promise.resolve({ state: 'unavailable', reason, hint, needed: false }),
    planInstall: () => Promise.resolve([]),
    planUninstall: () => Promise.resolve([]),
  };
}
