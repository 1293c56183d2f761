/** Where browsers keep NSS databases, and which of them never ran. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findDatabases, neverStarted } from '../../platform/nss-databases.ts';
import type { Host } from '../../platform/types.ts';
import { temporaryFolder } from '../helpers/host.ts';

function home(...databases: string[]): string {
  const folder = temporaryFolder();
  for (const path of databases) {
    mkdirSync(join(folder, path), { recursive: true });
    writeFileSync(join(folder, path, 'cert9.db'), 'not empty');
  }
  return folder;
}

const found = (at: string, env: Host['env'] = {}, ...programs: string[]) =>
  findDatabases(looks(at, env, ...programs)).map(
    ({ folder, isNew }) => `${folder.slice(at.length + 1)}${isNew ? ' (new)' : ''}`,
  );

/** A machine with these programs. */
const looks = (at: string | undefined, env: Host['env'], ...programs: string[]) => ({
  home: at,
  env,
  find: (program: string) => (programs.includes(program) ? `/usr/bin/${program}` : undefined),
});

describe('findDatabases()', () => {
  test('a fresh home: one to be made where Chromium since M146 looks', () => {
    expect(found(home(), {}, 'chromium')).toEqual(['.local/share/pki/nssdb (new)']);
    const at = home();
    const data = { XDG_DATA_HOME: join(at, 'data') };
    expect(found(at, data, 'google-chrome')).toEqual(['data/pki/nssdb (new)']);
    const relative = { XDG_DATA_HOME: 'relative' };
    expect(found(at, relative, 'brave-browser')).toEqual(['.local/share/pki/nssdb (new)']);
  });

  test('~/.pki/nssdb hides the other one, even empty, so no other is made beside it', () => {
    const at = home();
    mkdirSync(join(at, '.pki/nssdb'), { recursive: true });
    expect(found(at, {}, 'chromium')).toEqual(['.pki/nssdb (new)']);
    expect(found(home('.pki/nssdb'))).toEqual(['.pki/nssdb']);
    expect(found(home('.local/share/pki/nssdb'))).toEqual(['.local/share/pki/nssdb']);
    expect(found(home('.pki/nssdb', '.local/share/pki/nssdb'))).toEqual([
      '.pki/nssdb',
      '.local/share/pki/nssdb',
    ]);
  });

  test('snap and flatpak browsers', () => {
    const at = home(
      '.pki/nssdb',
      '.var/app/com.google.Chrome/data/pki/nssdb',
      'snap/firefox/common/.mozilla/firefox/s.default',
    );
    mkdirSync(join(at, 'snap/chromium/current'), { recursive: true });
    expect(found(at)).toEqual([
      '.pki/nssdb',
      'snap/chromium/current/.pki/nssdb (new)',
      '.var/app/com.google.Chrome/data/pki/nssdb',
      'snap/firefox/common/.mozilla/firefox/s.default',
    ]);
  });

  test('Firefox profiles: listed or not, relative or absolute, each once; without a database none', () => {
    const elsewhere = home('profile');
    const at = home(
      '.pki/nssdb',
      '.mozilla/firefox/a.default-esr',
      '.config/mozilla/firefox/b.default',
    );
    mkdirSync(join(at, '.mozilla/firefox/empty'));
    writeFileSync(
      join(at, '.mozilla/firefox/profiles.ini'),
      `[Install4F96]\r\nDefault=a.default-esr\r\n[Profile1]\r\nIsRelative=0\r\nPath=${join(elsewhere, 'profile')}\r\n[Profile0]\r\nIsRelative=1\r\nPath=a.default-esr\r\n[Profile2]\nIsRelative=1\nPath=gone\ngarbage`,
    );
    expect(findDatabases(looks(at, {})).map(({ name }) => name)).toEqual([
      'Chromium',
      'Firefox profile "profile"',
      'Firefox profile "a.default-esr"',
      'Firefox profile "b.default"',
    ]);
  });

  test('no home, no databases', () => {
    expect(findDatabases(looks(undefined, {}))).toEqual([]);
  });

  test('without a Chromium none is made, and one that is there is still found', () => {
    expect(found(home())).toEqual([]);
    const at = home();
    mkdirSync(join(at, '.pki/nssdb'), { recursive: true });
    expect(found(at)).toEqual([]);
    // Killed while it made one: what is left is ours to take away.
    writeFileSync(join(at, '.pki/nssdb/made-by-devcert'), 'unfinished\n');
    expect(found(at)).toEqual(['.pki/nssdb (new)']);
    const started = home();
    mkdirSync(join(started, '.config/vivaldi'), { recursive: true });
    expect(found(started)).toEqual(['.local/share/pki/nssdb (new)']);
  });

  test.each([
    ['Firefox', '.config/mozilla/firefox/x.default'],
    ['Firefox (snap)', 'snap/firefox/common/.mozilla/firefox/x.default'],
    ['Firefox (snap)', 'snap/firefox/common/.config/mozilla/firefox/x.default'],
    ['Firefox (flatpak)', '.var/app/org.mozilla.firefox/config/mozilla/firefox/x.default'],
    ['Firefox (flatpak)', '.var/app/org.mozilla.firefox/.mozilla/firefox/x.default'],
    ['Firefox (flatpak)', '.var/app/org.mozilla.firefox/.config/mozilla/firefox/x.default'],
    ['LibreWolf', '.config/librewolf/librewolf/x.default'],
    ['LibreWolf', '.librewolf/x.default'],
    ['LibreWolf (flatpak)', '.var/app/io.gitlab.librewolf-community/.librewolf/x.default'],
    [
      'LibreWolf (flatpak)',
      '.var/app/io.gitlab.librewolf-community/config/librewolf/librewolf/x.default',
    ],
    ['Waterfox', '.waterfox/x.default'],
    ['Waterfox (flatpak)', '.var/app/net.waterfox.waterfox/.waterfox/x.default'],
    ['Floorp', '.floorp/x.default'],
    ['Floorp (flatpak)', '.var/app/one.ablaze.floorp/.floorp/x.default'],
    ['Zen', '.config/zen/x.default'],
    ['Zen (flatpak)', '.var/app/app.zen_browser.zen/.zen/x.default'],
    ['IceCat', '.mozilla/icecat/x.default'],
    ['Pale Moon', '.moonchild productions/pale moon/x.default'],
  ])('a profile of %s lies in ~/%s', (browser, path) => {
    const [database, ...others] = findDatabases(looks(home(path), {}));
    expect(database).toMatchObject({ name: `${browser} profile "x.default"`, isNew: false });
    expect(others).toEqual([]);
  });

  test.each([
    ['Chromium (snap)', 'snap/chromium/current/.pki/nssdb'],
    ['Chromium (snap)', 'snap/chromium/current/.local/share/pki/nssdb'],
    ['Brave (snap)', 'snap/brave/current/.pki/nssdb'],
    ['Brave (flatpak)', '.var/app/com.brave.Browser/data/pki/nssdb'],
    ['Chrome (flatpak)', '.var/app/com.google.Chrome/.pki/nssdb'],
    [
      'ungoogled Chromium (flatpak)',
      '.var/app/io.github.ungoogled_software.ungoogled_chromium/data/pki/nssdb',
    ],
    ['Edge (flatpak)', '.var/app/com.microsoft.EdgeDev/data/pki/nssdb'],
  ])('the database of %s lies in ~/%s', (name, path) => {
    expect(findDatabases(looks(home(path), {}))).toMatchObject([{ name, isNew: false }]);
  });
});

describe('neverStarted()', () => {
  test('names a Firefox without a profile, wherever it is from', () => {
    const at = home();
    expect(neverStarted(looks(at, {}))).toEqual([]);
    expect(neverStarted(looks(at, {}, 'firefox-esr', 'librewolf'))).toEqual([
      { name: 'Firefox', folder: join(at, '.config/mozilla/firefox') },
      { name: 'LibreWolf', folder: join(at, '.config/librewolf/librewolf') },
    ]);
    mkdirSync(join(at, 'snap/firefox/common'), { recursive: true });
    expect(neverStarted(looks(at, {}, 'firefox'))).toMatchObject([{ name: 'Firefox (snap)' }]);
  });

  test('one with a profile in its box is not missed on PATH', () => {
    const at = home('.var/app/org.mozilla.firefox/config/mozilla/firefox/x.default');
    expect(neverStarted(looks(at, {}, 'firefox'))).toEqual([]);
    expect(neverStarted(looks(home('.mozilla/firefox/x'), {}, 'firefox'))).toEqual([]);
  });
});
