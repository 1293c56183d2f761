import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nssStores } from '../../platform/nss.ts';
import { parseListing } from '../../platform/nss-entries.ts';
import { findDatabases, hasBrowser } from '../../platform/nss-databases.ts';
import type { Host, Root } from '../../platform/types.ts';
import { fakeHost, recorder, temporaryFolder } from '../helpers/host.ts';

const root: Root = {
  pem: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  der: Buffer.from('000000', 'hex'),
  file: '/state/root.pem',
  sha256: '709e80c88487a2411e1ee4dfb9f22a861492d20c4765150c0c794abd70f8147c', // of three zero bytes
  sha1: 'x',
  commonName: 'devcert root ada@engine 01234567',
};

function home(...databases: string[]): string {
  const folder = temporaryFolder();
  for (const path of databases) {
    mkdirSync(join(folder, path), { recursive: true });
    writeFileSync(join(folder, path, 'cert9.db'), '');
  }
  return folder;
}

const found = (at: string, env: Host['env'] = {}) =>
  findDatabases({ home: at, env }).map(
    ({ folder, isNew }) => `${folder.slice(at.length + 1)}${isNew ? ' (new)' : ''}`,
  );

describe('findDatabases()', () => {
  test('a fresh home: one to be made where Chromium since M146 looks', () => {
    expect(found(home())).toEqual(['.local/share/pki/nssdb (new)']);
    const at = home();
    expect(found(at, { XDG_DATA_HOME: join(at, 'data') })).toEqual(['data/pki/nssdb (new)']);
    expect(found(at, { XDG_DATA_HOME: 'relative' })).toEqual(['.local/share/pki/nssdb (new)']);
  });

  test('~/.pki/nssdb hides the other one, even empty, so no other is made beside it', () => {
    const at = home();
    mkdirSync(join(at, '.pki/nssdb'), { recursive: true });
    expect(found(at)).toEqual(['.pki/nssdb (new)']);
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
    expect(findDatabases({ home: at, env: {} }).map(({ name }) => name)).toEqual([
      'Chromium',
      'Firefox profile "profile"',
      'Firefox profile "a.default-esr"',
      'Firefox profile "b.default"',
    ]);
  });

  test('no home, no databases', () => {
    expect(findDatabases({ home: undefined, env: {} })).toEqual([]);
  });
});

describe('parseListing()', () => {
  test('takes nicknames with spaces and commas, and flags of every kind', () => {
    const listing = `
Certificate Nickname                                         Trust Attributes
                                                             SSL,S/MIME,JAR/XPI

devcert root ada@engine 01234567                             C,,
a, b  c                                                      CTu,Cu,Cu
other                                                        ,,
`;
    expect(parseListing(listing)).toEqual([
      { nickname: 'devcert root ada@engine 01234567', flags: 'C,,' },
      { nickname: 'a, b  c', flags: 'CTu,Cu,Cu' },
      { nickname: 'other', flags: ',,' },
    ]);
  });
});

describe('nssStores', () => {
  const programs = { certutil: '/usr/bin/certutil' };

  test('installs with certutil and nothing else', async () => {
    const at = home('.pki/nssdb');
    const { run } = recorder();
    const [store] = await nssStores.find(fakeHost({ home: at, programs, run }), {
      nssPasswordFile: '/pw',
    });
    const plan = await store?.planInstall(root);
    expect(plan).toEqual([
      {
        file: '/usr/bin/certutil',
        args: [
          '-A',
          '-d',
          `sql:${at}/.pki/nssdb`,
          '-f',
          '/pw',
          '-t',
          'C,,',
          '-n',
          'devcert-709e80c88487a241',
          '-i',
          root.file,
        ],
      },
    ]);
  });

  test('looks into entries that are trusted or ours by name, and tells them apart by SHA-256', async () => {
    const at = home('.pki/nssdb');
    const listing = `x ${root.commonName}    C,,\nmine by hand    CT,,\nstranger      ,,\n`;
    const { run, lines } = recorder((line) =>
      line.includes('-n mine by hand')
        ? { stdout: root.pem }
        : line.includes(' -n ')
          ? { stdout: root.pem.replace('AAAA', 'BBBB') }
          : { stdout: listing },
    );
    const [store] = await nssStores.find(fakeHost({ home: at, programs, run }), {});
    expect(await store?.inspect(root)).toEqual({ state: 'trusted' });
    expect(lines.some((line) => line.includes('stranger'))).toBe(false);
    const plan = await store?.planUninstall(root);
    expect(plan?.map(({ args }) => args.join(' '))).toEqual([
      `-D -d sql:${at}/.pki/nssdb -f /dev/null -n mine by hand`,
    ]);
  });

  test('never lets certutil ask for a password at the terminal', async () => {
    const { run, commands } = recorder((line) => ({
      stdout: line.includes(' -n ') ? root.pem : 'devcert-709e80c88487a241    ,,\n',
    }));
    const at = home('.pki/nssdb');
    writeFileSync(join(at, '.pki/nssdb/made-by-devcert'), '');
    const [made, unmade] = [at, home()];
    for (const it of [made, unmade]) {
      const [store] = await nssStores.find(fakeHost({ home: it, programs, run }), {});
      await store?.inspect(root);
      commands.push(...((await store?.planInstall(root)) ?? []));
      commands.push(...((await store?.planUninstall(root)) ?? []));
    }
    const calls = commands.filter(({ file }) => file === programs.certutil);
    expect([...new Set(calls.map(({ args }) => args[0]))].sort()).toEqual([
      '-A',
      '-D',
      '-K',
      '-L',
      '-M',
      '-N',
    ]);
    for (const { args } of calls) expect(args.join(' ')).toContain(' -f /dev/null');
  });

  test.each([
    ['apt', 'sudo apt install libnss3-tools'],
    ['dnf', 'sudo dnf install nss-tools'],
    ['zypper', 'sudo zypper install mozilla-nss-tools'],
    ['pacman', 'sudo pacman -S nss'],
    ['apk', 'sudo apk add nss-tools'],
    ['brew', 'brew install nss'],
  ])('without certutil names the package of %s (statement 38)', async (manager, hint) => {
    const host = fakeHost({
      home: home('.pki/nssdb'),
      programs: { [manager]: `/usr/bin/${manager}` },
    });
    const [store] = await nssStores.find(host, {});
    expect(await store?.inspect(root)).toMatchObject({ state: 'unavailable', needed: true, hint });
  });

  test('without certutil and without a browser there is nothing to do', async () => {
    const [store] = await nssStores.find(fakeHost({ home: home() }), {});
    expect(await store?.inspect(root)).toMatchObject({ state: 'unavailable', needed: false });
    const withBrowser = fakeHost({
      home: home(),
      programs: { 'firefox-esr': '/usr/bin/firefox-esr' },
    });
    expect(hasBrowser(withBrowser)).toBe(true);
    const [needed] = await nssStores.find(withBrowser, {});
    expect(await needed?.inspect(root)).toMatchObject({ state: 'unavailable', needed: true });
  });

  test('Windows and macOS need no NSS', async () => {
    for (const platform of ['win32', 'darwin'] as const)
      expect(await nssStores.find(fakeHost({ home: home('.pki/nssdb'), platform }), {})).toEqual(
        [],
      );
  });

  test.each([
    ['SEC_ERROR_BAD_DATABASE: security library: bad database.', 'damaged'],
    ['SEC_ERROR_READ_ONLY', 'read-only'],
    ['could not authenticate to token NSS Certificate DB.', 'primary password'],
    ['database is locked', 'locked'],
    ['SEC_ERROR_PKCS11_GENERAL_ERROR: A PKCS #11 module returned CKR_GENERAL_ERROR', 'locked'],
  ])('explains %j', async (stderr, reason) => {
    const host = fakeHost({
      home: home('.pki/nssdb'),
      programs,
      run: recorder(() => ({ exitCode: 255, stderr })).run,
    });
    const [store] = await nssStores.find(host, {});
    expect(await store?.inspect(root)).toMatchObject({
      state: 'unavailable',
      reason: expect.stringContaining(reason) as string,
      hint: expect.anything() as unknown,
    });
  });
});
