/** NSS databases, for real: certutil's answers, odd databases, and a home that had none. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findForRoot } from '../../platform/as-root.ts';
import { findProgram, programFolders } from '../../platform/host.ts';
import { nssStores } from '../../platform/nss.ts';
import { createRunner } from '../../platform/run.ts';
import type { Host, Root, StoreOptions } from '../../platform/types.ts';
import { createAuthority } from '../../src/authority/create.ts';
import { rootInFile } from '../../src/commands/roots.ts';
import { inspectStores, installRoot, uninstallRoot } from '../../src/trust.ts';
import { fakeHost, temporaryFolder } from '../helpers/host.ts';
import { needs } from '../helpers/require.ts';

const find = (program: string) => findProgram(program, process.env, false);
const ready = needs(find('certutil') !== undefined, 'certutil (apt install libnss3-tools)');

async function machine(): Promise<{
  home: string;
  host: Host;
  root: Root;
  stores: (options?: StoreOptions) => ReturnType<typeof nssStores.find>;
}> {
  const home = temporaryFolder();
  const host = fakeHost({
    home,
    sysroot: '/',
    find,
    run: createRunner({
      isRoot: true,
      interactive: false,
      find,
      findForRoot: (program) => findForRoot(program, programFolders(process.env, false)),
      env: process.env,
    }),
  });
  const file = join(temporaryFolder(), 'root.pem');
  const { root: pem } = await createAuthority('ada@engine', undefined, new Date());
  writeFileSync(file, pem);
  return {
    home,
    host,
    root: rootInFile(pem, file),
    stores: (options = {}) => nssStores.find(host, options),
  };
}

function database(folder: string, password?: string): string {
  mkdirSync(folder, { recursive: true });
  const passwordFile = join(temporaryFolder(), 'password');
  writeFileSync(passwordFile, `${password ?? ''}\n`);
  execFileSync('certutil', ['-N', '-d', `sql:${folder}`, '-f', passwordFile]);
  return passwordFile;
}

function profile(
  home: string,
  name: string,
  password?: string,
): { folder: string; passwordFile: string } {
  const base = join(home, '.mozilla/firefox');
  const folder = join(base, name);
  const passwordFile = database(folder, password);
  writeFileSync(join(base, 'profiles.ini'), `[Profile0]\nIsRelative=1\nPath=${name}\n`);
  return { folder, passwordFile };
}

function selfSigned(subject: string): Root {
  const folder = temporaryFolder();
  const file = join(folder, 'root.pem');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const paths = ['-keyout', join(folder, 'key.pem'), '-out', file];
  const options = { stdio: 'ignore' } as const;
  execFileSync('openssl', ['req', '-x509', ...key, ...paths, '-subj', subject], options);
  return rootInFile(readFileSync(file, 'utf8'), file);
}

const listing = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
const statuses = (outcomes: readonly { status: string }[]) => outcomes.map(({ status }) => status);

describe.runIf(ready)('nssStores', () => {
  test('makes Chromium’s database in a home that has none, and takes it away again', async () => {
    const { home, host, root, stores } = await machine();
    const before = listing(home);
    expect(statuses(await installRoot(await stores(), root, host))).toEqual(['trusted']);
    expect(listing(home)).toContain('.local/share/pki/nssdb/cert9.db');
    expect(statuses(await uninstallRoot(await stores(), root, host))).toEqual(['removed']);
    expect(listing(home)).toEqual(before);
  });

  test('leaves the database it made where somebody has put a certificate into it', async () => {
    const { home, host, root, stores } = await machine();
    await installRoot(await stores(), root, host);
    const other = (await machine()).root;
    const folder = join(home, '.local/share/pki/nssdb');
    execFileSync('certutil', [
      '-A',
      '-d',
      `sql:${folder}`,
      '-t',
      'C,,',
      '-n',
      'theirs',
      '-i',
      other.file,
    ]);
    expect(statuses(await uninstallRoot(await stores(), root, host))).toEqual(['removed']);
    expect(await inspectStores(await stores(), other)).toMatchObject([{ state: 'trusted' }]);
  });

  test('a marker that names other folders removes none of them', async () => {
    const { home, host, root, stores } = await machine();
    const precious = join(home, 'precious');
    mkdirSync(precious);
    await installRoot(await stores(), root, host);
    const marker = join(home, '.local/share/pki/nssdb/made-by-devcert');
    writeFileSync(marker, `${readFileSync(marker, 'utf8')}${precious}\n/\n`);
    await uninstallRoot(await stores(), root, host);
    expect(listing(home)).toEqual(['precious']);
  });

  test('installs into every database beside one that is damaged (statement 37)', async () => {
    const { home, host, root, stores } = await machine();
    mkdirSync(join(home, '.pki/nssdb'), { recursive: true });
    writeFileSync(join(home, '.pki/nssdb/cert9.db'), 'junk');
    profile(home, 'a b ü.default');
    const outcomes = await installRoot(await stores(), root, host);
    expect(statuses(outcomes)).toEqual(['failed', 'trusted']);
    expect(outcomes[0]).toMatchObject({
      reason: expect.stringContaining('damaged') as string,
      hint: expect.any(String) as string,
    });
  });

  test('a primary password is named, leaves nothing behind, and opens with --nss-password-file (statement 37)', async () => {
    const { home, host, root, stores } = await machine();
    const { folder, passwordFile } = profile(home, 'locked.default', 'secret');
    // Chromium's is made anew beside it: two stores.
    const outcomes = await installRoot(await stores(), root, host);
    expect(statuses(outcomes)).toEqual(['trusted', 'failed']);
    expect(outcomes[1]).toMatchObject({
      reason: expect.stringContaining('primary password') as string,
      hint: expect.stringContaining('--nss-password-file') as string,
    });
    expect(execFileSync('certutil', ['-L', '-d', `sql:${folder}`]).toString()).not.toContain(
      'devcert',
    );
    const opened = await stores({ nssPasswordFile: passwordFile });
    expect(statuses(await installRoot(opened, root, host))).toEqual(['already-trusted', 'trusted']);
    expect(statuses(await uninstallRoot(opened, root, host))).toEqual(['removed', 'removed']);
  });

  test('a root that is there without trust is partial, and is trusted by install (statement 35)', async () => {
    const { home, host, root, stores } = await machine();
    database(join(home, '.pki/nssdb'));
    const args = [
      '-A',
      '-d',
      `sql:${join(home, '.pki/nssdb')}`,
      '-t',
      ',,',
      '-n',
      'devcert by hand',
    ];
    execFileSync('certutil', [...args, '-i', root.file]);
    expect(await inspectStores(await stores(), root)).toMatchObject([{ state: 'partial' }]);
    expect(statuses(await installRoot(await stores(), root, host))).toEqual(['trusted']);
    expect(statuses(await uninstallRoot(await stores(), root, host))).toEqual(['removed']);
    expect(await inspectStores(await stores(), root)).toMatchObject([{ state: 'absent' }]);
  });

  test('two roots live side by side and leave one by one (statement 34)', async () => {
    const { home, host, root, stores } = await machine();
    database(join(home, '.pki/nssdb'));
    const other = (await machine()).root;
    await installRoot(await stores(), root, host);
    await installRoot(await stores(), other, host);
    await uninstallRoot(await stores(), root, host);
    expect(await inspectStores(await stores(), root)).toMatchObject([{ state: 'absent' }]);
    expect(await inspectStores(await stores(), other)).toMatchObject([{ state: 'trusted' }]);
  });

  test('two roots with one subject: only the one that is meant is judged and goes (statement 34)', async () => {
    const { home, host, root, stores } = await machine();
    const folder = join(home, '.pki/nssdb');
    database(folder);
    const [one, two] = [selfSigned('/CN=mkcert ada@engine'), selfSigned('/CN=mkcert ada@engine')];
    const add = (name: string, flags: string, { file }: Root) =>
      execFileSync('certutil', ['-A', '-d', `sql:${folder}`, '-t', flags, '-n', name, '-i', file]);
    add('somebody’s', 'C,,', two);
    await installRoot(await stores(), one, host);
    expect(await inspectStores(await stores(), one)).toMatchObject([{ state: 'trusted' }]);
    await uninstallRoot(await stores(), one, host);
    expect(await inspectStores(await stores(), one)).toMatchObject([{ state: 'absent' }]);
    expect(await inspectStores(await stores(), two)).toMatchObject([{ state: 'trusted' }]);

    // Neither has a name of ours: nothing is guessed.
    add('by hand', ',,', one);
    expect(await inspectStores(await stores(), one)).toMatchObject([{ state: 'partial' }]);
    expect(await uninstallRoot(await stores(), one, host)).toMatchObject([
      { status: 'failed', hint: expect.stringContaining('certificate manager') as string },
    ]);
    expect(execFileSync('certutil', ['-L', '-d', `sql:${folder}`]).toString()).toMatch(
      /somebody’s +C,,/,
    );
    expect(await inspectStores(await stores(), root)).toMatchObject([{ state: 'absent' }]);
  });

  test('a database that cannot be written is told (statement 37)', async () => {
    const { home, host, root, stores } = await machine();
    const folder = join(home, '.pki/nssdb');
    database(folder);
    // Root writes whatever the modes say, but not into what is immutable.
    const asRoot = process.geteuid?.() === 0;
    const protect = (on: boolean) => {
      if (asRoot) execFileSync('chattr', [on ? '+i' : '-i', join(folder, 'cert9.db'), folder]);
      else chmodSync(folder, on ? 0o500 : 0o700);
    };
    protect(true);
    const outcomes = await installRoot(await stores(), root, host);
    protect(false);
    expect(outcomes).toMatchObject([
      { status: 'failed', reason: expect.stringMatching(/read-only|damaged|password/) as string },
    ]);
  });
});
