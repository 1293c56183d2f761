import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readPreference } from '../../platform/firefox.ts';
import { firefoxOnMacos } from '../../platform/firefox-macos.ts';
import { firefoxOnWindows } from '../../platform/firefox-windows.ts';
import {
  lockedInConfig,
  policyInJson,
  policyInPropertyList,
  policyInRegistry,
} from '../../platform/firefox-policies.ts';
import { storeFinders } from '../../platform/stores.ts';
import { findStores } from '../../src/commands/stores.ts';
import { installRoot, inspectStores, uninstallRoot } from '../../src/trust.ts';
import type { Host } from '../../platform/types.ts';
import { fakeHost, fakeRoot, recorder, temporaryFolder } from '../helpers/host.ts';

const OFF = 'user_pref("security.enterprise_roots.enabled", false);\n';
const root = fakeRoot('/root.pem');
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

function find(host: Host) {
  return findStores({ host, finders: [firefoxOnMacos, firefoxOnWindows] }, ['nss'], {});
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

describe('Firefox on Windows and macOS', () => {
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
      const stores = await find(host);
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
    const stores = await find(host);
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
    // It asks for policies, and changes nothing.
    expect(recorded.lines).toEqual(
      ['HKLM', 'HKCU'].map(
        (hive) =>
          `C:\\Windows\\System32\\reg.exe query ${hive}\\SOFTWARE\\Policies\\Mozilla\\Firefox /s`,
      ),
    );
  });

  test('finds nothing on Linux, without Firefox, without folders of the user', async () => {
    const { profile, host } = machine('linux');
    profile('Profiles/a1.default', { 'prefs.js': OFF });
    expect(await find(host)).toEqual([]);
    expect(await find(fakeHost({ platform: 'darwin' }))).toEqual([]);
    expect(await find(fakeHost({ platform: 'win32' }))).toEqual([]);
    expect(await find(fakeHost({ platform: 'darwin', home: undefined }))).toEqual([]);
  });

  test('is among the finders', () => {
    expect(storeFinders).toContain(firefoxOnMacos);
    expect(storeFinders).toContain(firefoxOnWindows);
  });
});

const json = (policies: object) => JSON.stringify({ policies });
const NAME = 'security.enterprise_roots.enabled';
const locked = (Value: boolean) => ({ [NAME]: { Value, Status: 'locked' } });

describe('policyInJson()', () => {
  test.each([
    [json({ Certificates: { ImportEnterpriseRoots: false } }), false],
    [json({ Certificates: { ImportEnterpriseRoots: true }, Preferences: locked(false) }), true],
    [json({ Preferences: locked(false) }), false],
    [json({ Preferences: { [NAME]: false } }), false],
    [json({ Preferences: { [NAME]: { Value: false, Status: 'default' } } }), undefined],
    [json({ Certificates: { Install: ['a.der'] } }), undefined],
    ['{"policies": null}', undefined],
    ['[]', undefined],
    ['{', undefined],
    ['', undefined],
  ])('%s: %s', (text, expected) => {
    expect(policyInJson(text)).toBe(expected);
  });
});

describe('policyInRegistry()', () => {
  const key = 'HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Mozilla\\Firefox';
  const certificates = (value: string) =>
    `\r\n${key}\\Certificates\r\n    ImportEnterpriseRoots    REG_DWORD    ${value}\r\n\r\n`;
  const preferences = (value: object) =>
    `\r\n${key}\r\n    Preferences    REG_MULTI_SZ    ${JSON.stringify(value, null, 1).replaceAll('\n', '\\0')}\r\n`;
  test.each([
    [certificates('0x0'), false],
    [certificates('0x1'), true],
    [preferences(locked(false)), false],
    [preferences({ [NAME]: { Value: false } }), undefined],
    [`\r\n${key}\r\n    Preferences    REG_SZ    {\r\n`, undefined],
    [`\r\n${key}\r\n    DisableTelemetry    REG_DWORD    0x0\r\n`, undefined],
  ])('%j: %s', (output, expected) => {
    expect(policyInRegistry(output)).toBe(expected);
  });
});

describe('policyInPropertyList()', () => {
  const list = (inner: string) =>
    `<plist version="1.0">\n<dict>\n\t<key>EnterprisePoliciesEnabled</key>\n\t<true/>\n${inner}</dict></plist>`;
  const preference = (status: string) =>
    `<key>Preferences</key><dict><key>${NAME}</key><dict><key>Status</key><string>${status}</string><key>Value</key><false/></dict></dict>`;
  test.each([
    [list('<key>Certificates</key><dict><key>ImportEnterpriseRoots</key>\n<false/></dict>'), false],
    [list('<key>Certificates__ImportEnterpriseRoots</key><true/>'), true],
    [list(preference('locked')), false],
    [list(preference('default')), undefined],
    [list(''), undefined],
    ['<dict><key>Certificates__ImportEnterpriseRoots</key><false/></dict>', undefined],
  ])('%j: %s', (xml, expected) => {
    expect(policyInPropertyList(xml)).toBe(expected);
  });
});

describe('lockedInConfig()', () => {
  test.each([
    [`// first line\nlockPref("${NAME}", false);\n`, false],
    [`lockPref('${NAME}', false);\nlockPref('${NAME}', true);`, true],
    [`pref("${NAME}", false, locked);`, false],
    [`pref("${NAME}", false);`, undefined],
    [`// lockPref("${NAME}", false);`, undefined],
  ])('%j: %s', (text, expected) => {
    expect(lockedInConfig(text)).toBe(expected);
  });
});

describe('policies', () => {
  const off = json({ Certificates: { ImportEnterpriseRoots: false } });
  const install = (folder: string, file: string, text: string) => {
    const path = join(folder, file);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    return path;
  };

  test('of where Firefox is installed: one report in the place of those of profiles', async () => {
    const programs = temporaryFolder();
    const { host, profile } = machine('win32');
    profile('Profiles/a1.default', { 'prefs.js': OFF });
    const env = { ...host.env, ProgramFiles: programs };
    const folder = join(programs, 'Mozilla Firefox');
    const file = install(folder, 'distribution/policies.json', off);
    const stores = await find({ ...host, env });
    expect(await inspectStores(stores, root)).toMatchObject([
      {
        store: 'Firefox',
        state: 'unavailable',
        reason: `it does not read the system's roots: a policy says so, in "${file}"`,
        hint: 'set Certificates.ImportEnterpriseRoots to true there, or ask who manages this machine',
        needed: false,
      },
    ]);
    // Locked on, the preference of a profile says nothing.
    install(folder, 'distribution/policies.json', off.replace('false', 'true'));
    expect(await find({ ...host, env })).toEqual([]);
    install(folder, 'distribution/policies.json', '{}');
    expect(await find({ ...host, env })).toMatchObject([{ name: 'Firefox profile "a1.default"' }]);
    const config = install(folder, 'mozilla.cfg', `//\nlockPref("${NAME}", false);`);
    expect(await find({ ...host, env })).toMatchObject([{ location: config }]);
  });

  test('of the registry come first, those of the machine before those of the user', async () => {
    const answer = (hive: string, value: number) => ({
      stdout: `HKEY\\Certificates\r\n    ImportEnterpriseRoots    REG_DWORD    0x${value}\r\n`,
      exitCode: hive === '' ? 1 : 0,
    });
    const values: Record<string, number> = {};
    const { run } = recorder((line) => {
      const hive = /HK(?:LM|CU)/.exec(line)?.[0] ?? '';
      return hive in values ? answer(hive, values[hive] ?? 0) : { exitCode: 1 };
    });
    const { host } = machine('win32', { run });
    expect(await find(host)).toEqual([]);
    values.HKCU = 0;
    expect(await find(host)).toMatchObject([
      { location: 'HKCU\\SOFTWARE\\Policies\\Mozilla\\Firefox' },
    ]);
    values.HKLM = 1;
    expect(await find(host)).toEqual([]);
  });

  test('of property lists on macOS, a managed one first', async () => {
    const sysroot = temporaryFolder();
    const recorded = recorder((line) => ({
      stdout: `<key>EnterprisePoliciesEnabled</key><true/><key>Certificates__ImportEnterpriseRoots</key><${line.includes('Managed')}/>`,
    }));
    const { host } = machine('darwin', { sysroot, run: recorded.run });
    install(join(sysroot, 'Applications/Firefox.app/Contents/Resources'), 'a.cfg', '//\n');
    expect(await find(host)).toEqual([]);
    const name = 'org.mozilla.firefox.plist';
    const own = install(join(sysroot, 'Library/Preferences'), name, 'bplist00');
    expect(await find(host)).toMatchObject([{ name: 'Firefox', location: own }]);
    expect(recorded.lines).toEqual([`/usr/bin/plutil -convert xml1 -o - -- ${own}`]);
    install(join(sysroot, 'Library/Managed Preferences/ada'), name, 'bplist00');
    expect(await find(host)).toEqual([]);
  });
});
