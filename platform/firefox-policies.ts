/**
 * Whether the administrator of a machine has Firefox read the system's roots, and locked that. The policy
 * `Certificates.ImportEnterpriseRoots` sets and locks the preference; the policy `Preferences` and the files
 * of AutoConfig may do so, too. Pure, but for the folder of an installed Firefox.
 */
import { join } from 'node:path';
import { isObject } from '../src/errors.ts';
import { jsonIn, namesIn, textIn } from './look.ts';

/** The preference that has Firefox read the system's roots. */
export const ROOTS_PREFERENCE = 'security.enterprise_roots.enabled';

export interface FirefoxPolicy {
  readonly enabled: boolean;
  /** Where it says so: a file, or a key of the registry. */
  readonly source: string;
}

/** What `policies.json` says; undefined: nothing, as with one that Firefox could not read either. */
export function policyInJson(text: string): boolean | undefined {
  const policies = field(jsonIn(text), 'policies');
  const certificates = field(field(policies, 'Certificates'), 'ImportEnterpriseRoots');
  if (typeof certificates === 'boolean') return certificates;
  return lockedIn(field(field(policies, 'Preferences'), ROOTS_PREFERENCE));
}

/** What `reg query …\Mozilla\Firefox /s` printed says. */
export function policyInRegistry(output: string): boolean | undefined {
  const own = /\bImportEnterpriseRoots\s+REG_DWORD\s+0x([01])\b/i.exec(output)?.[1];
  if (own !== undefined) return own === '1';
  // One value of several lines, between which reg.exe writes \0.
  const preferences = /^\s*Preferences\s+REG_(?:MULTI_)?SZ\s+(.*)$/im.exec(output)?.[1];
  // From what is no JSON Firefox takes nothing.
  return lockedIn(field(jsonIn(preferences?.replaceAll('\\0', ' ') ?? ''), ROOTS_PREFERENCE));
}

/** What a property list, as XML, says: with nested dictionaries, or flat as `Certificates__Import…`. */
export function policyInPropertyList(xml: string): boolean | undefined {
  if (!/<key>EnterprisePoliciesEnabled<\/key>\s*<true\s*\/>/.test(xml)) return undefined;
  const own = /<key>(?:Certificates__)?ImportEnterpriseRoots<\/key>\s*<(true|false)\s*\/>/.exec(
    xml,
  );
  if (own !== null) return own[1] === 'true';
  const [, value, dictionary = ''] =
    /<key>(?:Preferences__)?security\.enterprise_roots\.enabled<\/key>\s*(?:<(true|false)\s*\/>|<dict>([^]*?)<\/dict>)/.exec(
      xml,
    ) ?? [];
  if (value !== undefined) return value === 'true';
  if (!/<key>Status<\/key>\s*<string>locked<\/string>/.test(dictionary)) return undefined;
  const inner = /<key>Value<\/key>\s*<(true|false)\s*\/>/.exec(dictionary)?.[1];
  return inner === undefined ? undefined : inner === 'true';
}

/** What a file of AutoConfig, or one with defaults, locks: the last line counts. */
export function lockedInConfig(text: string): boolean | undefined {
  const lines = [...text.matchAll(LOCKED)];
  const last = lines.at(-1);
  return last === undefined ? undefined : (last[1] ?? last[2]) === 'true';
}

/**
 * What the files of an installed Firefox say.
 *
 * @param folder with `distribution` in it: that of firefox.exe, or `Contents/Resources` on macOS.
 */
export function policiesOfInstallation(folder: string): FirefoxPolicy[] {
  const defaults = join(folder, 'defaults/pref');
  const configs = [
    ...namesIn(folder).filter((name) => name.endsWith('.cfg')),
    ...namesIn(defaults).map((name) => join('defaults/pref', name)),
  ].map((name) => [join(folder, name), lockedInConfig] as const);
  return [[join(folder, 'distribution/policies.json'), policyInJson] as const, ...configs].flatMap(
    ([source, readPolicy]) => found(readPolicy(textIn(source)), source),
  );
}

/** A list of what was found: none if nothing was said. */
export function found(enabled: boolean | undefined, source: string): FirefoxPolicy[] {
  return enabled === undefined ? [] : [{ enabled, source }];
}

const LOCKED =
  /^\s*(?:lockPref\(\s*["']security\.enterprise_roots\.enabled["']\s*,\s*(true|false)\s*\)|pref\(\s*["']security\.enterprise_roots\.enabled["']\s*,\s*(true|false)\s*,\s*locked\s*\))/gm;

/** A preference in the policy `Preferences`: a bare value is locked, too. */
function lockedIn(preference: unknown): boolean | undefined {
  if (typeof preference === 'boolean') return preference;
  const value = field(preference, 'Value');
  return field(preference, 'Status') === 'locked' && typeof value === 'boolean' ? value : undefined;
}

function field(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}
