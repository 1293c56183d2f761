import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nssStores } from '../../platform/nss.ts';
import { parseListing } from '../../platform/nss-entries.ts';
import type { CommandResult, Root } from '../../platform/types.ts';
import { findStores } from '../../src/commands/stores.ts';
import { installRoot, uninstallRoot } from '../../src/trust.ts';
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
    writeFileSync(join(folder, path, 'cert9.db'), 'not empty');
  }
  return folder;
}

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
    const here = { ...programs, chromium: '/usr/bin/chromium' };
    for (const it of [made, unmade]) {
      const [store] = await nssStores.find(fakeHost({ home: it, programs: here, run }), {});
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
      programs: { [manager]: `/usr/bin/${manager}`, sudo: '/usr/bin/sudo' },
    });
    const [store] = await nssStores.find(host, {});
    expect(await store?.inspect(root)).toMatchObject({ state: 'unavailable', needed: true, hint });
  });

  test.each([
    ['root, as in a container', { isRoot: true }, {}, 'apt install libnss3-tools'],
    ['one with doas', {}, { doas: '/usr/bin/doas' }, 'doas apt install libnss3-tools'],
    ['one who cannot be root', {}, {}, 'as root: apt install libnss3-tools'],
  ])('without certutil the command is one that %s can type', async (_, who, has, hint) => {
    const programs = { apt: '/usr/bin/apt', ...has };
    const host = fakeHost({ ...who, home: home('.pki/nssdb'), programs });
    const [store] = await nssStores.find(host, {});
    expect(await store?.inspect(root)).toMatchObject({ hint });
  });

  test('without a browser there is nothing to do', async () => {
    expect(await nssStores.find(fakeHost({ home: home() }), {})).toEqual([]);
  });

  test('without certutil a database is needed to be cleared, and one that is not made yet is not', async () => {
    const chromium = fakeHost({ home: home(), programs: { chromium: '/usr/bin/chromium' } });
    const stores = await nssStores.find(chromium, {});
    // The program is all that is missing: that ends no chain of commands, and the last line names it.
    expect(await installRoot(stores, root, chromium)).toMatchObject([
      { status: 'skipped', lacks: 'certutil' },
    ]);
    expect(await uninstallRoot(stores, root, chromium)).toMatchObject([
      { status: 'already-absent' },
    ]);
    const old = fakeHost({ home: home('.pki/nssdb') });
    expect(await uninstallRoot(await nssStores.find(old, {}), root, old)).toMatchObject([
      { status: 'failed', reason: 'certutil of NSS is not installed' },
    ]);
  });

  test('Windows and macOS need no NSS', async () => {
    for (const platform of ['win32', 'darwin'] as const) {
      const host = fakeHost({ home: home('.pki/nssdb'), platform });
      expect(await findStores({ host, finders: [nssStores] }, ['nss'], {})).toEqual([]);
    }
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

  test.each([
    ['unsafe', '"/usr/bin/certutil" is not run as root: users other than root can change it'],
    ['timeout', '"/usr/bin/certutil" did not end in time and was stopped'],
    ['not-found', '"/usr/bin/certutil" could not be run'],
  ] satisfies [CommandResult['failure'], string][])(
    'says why certutil did not run: %s',
    async (failure, reason) => {
      const ended = { exitCode: undefined, stdout: '', stderr: '', failure };
      const run = () => Promise.resolve(ended);
      const [store] = await nssStores.find(
        fakeHost({ home: home('.pki/nssdb'), programs, run }),
        {},
      );
      expect(await store?.inspect(root)).toMatchObject({ state: 'unavailable', reason });
    },
  );

  test('a browser that never ran: its line says what to do, and nothing fails for it', async () => {
    const host = fakeHost({ home: home(), programs: { firefox: '/usr/bin/firefox' } });
    const stores = await nssStores.find(host, {});
    expect(await installRoot(stores, root, host)).toMatchObject([
      { store: 'Firefox', status: 'skipped', hint: 'start it once, then devcert install' },
    ]);
    expect(await uninstallRoot(stores, root, host)).toMatchObject([{ status: 'already-absent' }]);
  });
});
