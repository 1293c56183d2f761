/**
 * Firefox on Windows and macOS: it reads the system's roots by itself since version 120, so there is
 * nothing to install; but a policy or a profile may have that switched off, and then it has to be said.
 */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOTS_PREFERENCE, type FirefoxPolicy } from './firefox-policies.ts';
import { textIn } from './look.ts';
import { foldersIn, profilesIn } from './nss-databases.ts';
import { reportStore } from './report-store.ts';
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
  const files = ['prefs.js', 'user.js'].map((name) => textIn(join(profile, name)));
  return readPreference(...files) === false;
}

function reportPolicy({ source }: FirefoxPolicy): TrustStore {
  const reason = `it does not read the system's roots: a policy says so, in "${source}"`;
  const hint =
    'set Certificates.ImportEnterpriseRoots to true there, or ask who manages this machine';
  return reportStore({ kind: 'nss', name: 'Firefox', location: source }, () => ({ reason, hint }));
}

function reportProfile(profile: string): TrustStore {
  const reason = "it does not read the system's roots: a preference says so";
  const hint = `in its about:config, set ${ROOTS_PREFERENCE} to true`;
  const name = `Firefox profile "${basename(profile)}"`;
  return reportStore({ kind: 'nss', name, location: profile }, () => ({ reason, hint }));
}
