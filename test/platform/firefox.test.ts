import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { firefoxProfiles, readPreference } from '../../platform/firefox.ts';
import { storeFinders } from '../../platform/stores.ts';
import { installRoot, inspectStores, uninstallRoot } from '../../src/trust.ts';
import type { Host, Root } from '../../platform/types.ts';
import { fakeHost, recorder, temporaryFolder } from '../helpers/host.ts';

const OFF = 'user_pref("security.enterprise_roots.enabled", false);\n';
const root: Root = {
  pem: '',
  der: Buffer.alloc(0),
  file: '/root.pem',
  sha1: 'ab'.repeat(20),
  sha256: 'cd'.repeat(32),
  commonName: 'devcert root',
};
const ON = 'user_pref("security.enterprise_roots.enabled", true);\n';

function machine(platform: NodeJS.Platform, overrides: Partial<Host> = {}) {
  const home = temporaryFolder();
  const APPDATA = join(home, 'AppData/Roaming');
  const base =
    platform === 'win32'
      ? join(APPDATA, 'Mozilla/Firefox')
      : join(home, 'Library/Application Support/Firefox');
  mkdirSync(join(base, 'Profiles'), { recursive: true });
  const profile = (path: string, files: Record<string, string>) => {
    mkdirSync(join(base, path), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(base, path, name), text);
  };
  return { base, profile, host: fakeHost({ platform, home, env: { APPDATA }, ...overrides }) };
}

describe('readPreference()', () => {
  test.each([
    ['nothing', [''], undefined],
    ['false', [`// Mozilla User Preferences\r\n${OFF}`], false],
    ['the last line', [OFF + ON], true],
    ['user.js after prefs.js', [ON, OFF], false],
    ['no comment', [`// ${OFF}`], undefined],
    ['no other preference', [OFF.replace('enabled', 'enabled2')], undefined],
    [
      'other spacing and quotes',
      [`  user_pref( 'security.enterprise_roots.enabled',false );`],
      false,
    ],
  ])('reads %s', (_what, files, expected) => {
    expect(readPreference(...files)).toBe(expected);
  });
});

describe('firefoxProfiles', () => {
  test.each(['win32', 'darwin'] as const)(
    'reports profiles that have it off: %s',
    async (platform) => {
      const { host, base, profile } = machine(platform);
      profile('Profiles/a1.default-release', { 'prefs.js': OFF });
      profile('Profiles/b2.default', { 'prefs.js': ON });
      profile('Profiles/c3.work', { 'prefs.js': OFF, 'user.js': ON });
      profile('Profiles/d4.new', {});
      profile('elsewhere', { 'user.js': OFF });
      writeFileSync(
        join(base, 'profiles.ini'),
        '[Profile0]\nIsRelative=1\nPath=Profiles/a1.default-release\n\n[Profile1]\nIsRelative=1\nPath=elsewhere\n',
      );
      const stores = await firefoxProfiles.find(host, {});
      expect(stores.map(({ kind, name }) => [kind, name])).toEqual([
        ['nss', 'Firefox profile "a1.default-release"'],
        ['nss', 'Firefox profile "elsewhere"'],
      ]);
    },
  );

  test('says so in status and install, changes nothing and stands in no uninstall’s way', async () => {
    const recorded = recorder();
    const { host, profile } = machine('win32', { run: recorded.run });
    profile('Profiles/a1.default', { 'prefs.js': OFF });
    const stores = await firefoxProfiles.find(host, {});
    const said = {
      store: 'Firefox profile "a1.default"',
      reason: "it does not read the system's roots: a preference says so",
      hint: 'in its about:config, set security.enterprise_roots.enabled to true',
    };
    expect(await inspectStores(stores, root)).toMatchObject([
      { ...said, state: 'unavailable', needed: false },
    ]);
    expect(await installRoot(stores, root, host)).toMatchObject([{ ...said, status: 'skipped' }]);
    expect(await uninstallRoot(stores, root, host)).toMatchObject([{ status: 'skipped' }]);
    expect(recorded.lines).toEqual([]);
  });

  test('finds nothing on Linux, without Firefox, without folders of the user', async () => {
    const { profile, host } = machine('linux');
    profile('Profiles/a1.default', { 'prefs.js': OFF });
    expect(await firefoxProfiles.find(host, {})).toEqual([]);
    expect(await firefoxProfiles.find(fakeHost({ platform: 'darwin' }), {})).toEqual([]);
    expect(await firefoxProfiles.find(fakeHost({ platform: 'win32' }), {})).toEqual([]);
    expect(
      await firefoxProfiles.find(fakeHost({ platform: 'darwin', home: undefined }), {}),
    ).toEqual([]);
  });

  test('is among the finders', () => {
    expect(storeFinders).toContain(firefoxProfiles);
  });
});
