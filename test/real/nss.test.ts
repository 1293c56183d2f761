/** NSS databases, for real: certutil's answers, odd databases, and a home that had none. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { findForRoot } from '../../platform/as-root.ts';
import { findProgram, programFolders } from '../../platform/host.ts';
import { chromiums, firefoxes } from '../../platform/nss-browsers.ts';
import { nssStores } from '../../platform/nss.ts';
import { createRunner } from '../../platform/run.ts';
import type { Host, Root, StoreOptions } from '../../platform/types.ts';
import { createAuthority } from '../../src/authority/create.ts';
import { rootInFile } from '../../src/commands/roots.ts';
import { inspectStores, installRoot, uninstallRoot } from '../../src/trust.ts';
import { fakeHost, temporaryFolder } from '../helpers/host.ts';
import { needs } from '../helpers/require.ts';

const find = (program: string) => findProgram(program, process.env, false);
/** Browsers that tests need here and others not: a machine with Chromium and no Firefox. */
const browsers = [...chromiums, ...firefoxes].flatMap(({ programs }) => programs);
const findHere = (program: string) =>
  program === 'chromium'
    ? '/usr/bin/chromium'
    : browsers.includes(program)
      ? undefined
      : find(program);
const ready =
  needs(find('certutil') !== undefined, 'certutil (apt install libnss3-tools)') &&
  needs(find('strace') !== undefined && find('sqlite3') !== undefined, 'strace and sqlite3');

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
    find: findHere,
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

  test('an empty cert9.db holds nothing: it is filled by install and no hurdle for uninstall', async () => {
    for (const keys of [false, true]) {
      const { home, host, root, stores } = await machine();
      const folder = join(home, '.mozilla/firefox/x.default');
      if (keys) database(folder);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'cert9.db'), '');
      const own = async () => (await stores()).filter(({ location }) => location === folder);
      expect(statuses(await uninstallRoot(await own(), root, host))).toEqual(['already-absent']);
      expect(statuses(await installRoot(await own(), root, host))).toEqual(['trusted']);
      expect(statuses(await uninstallRoot(await own(), root, host))).toEqual(['removed']);
      expect(listing(folder)).toContain('cert9.db');
    }
  });

  test('killed at any write of making it: the next run completes it, uninstall leaves nothing', async () => {
    let kills = 0;
    for (let write = 1; ; write += 3) {
      const { home, host, root, stores } = await machine();
      const before = listing(home);
      const stop = new Error('killed');
      const run: Host['run'] = (command) => {
        if (!command.args.includes('-N')) return host.run(command);
        const killed = spawnSync('strace', [
          ...['-f', '-qq', '-o', '/dev/null', '-e', 'trace=pwrite64'],
          ...['-e', `inject=pwrite64:signal=SIGKILL:when=${write}`],
          ...[command.file, ...command.args],
        ]);
        return killed.signal === 'SIGKILL'
          ? Promise.reject(stop)
          : Promise.resolve({ exitCode: killed.status ?? undefined, stdout: '', stderr: '' });
      };
      const dying = { ...host, run };
      const found = await nssStores.find(dying, {});
      const ended: unknown = await installRoot(found, root, dying).catch((error: unknown) => error);
      if (ended !== stop) break; // more writes than there are
      kills++;
      if (write % 2 === 0) {
        expect(statuses(await installRoot(await stores(), root, host))).toEqual(['trusted']);
        expect(statuses(await uninstallRoot(await stores(), root, host))).toEqual(['removed']);
      } else {
        expect(statuses(await uninstallRoot(await stores(), root, host))).toEqual(['removed']);
      }
      expect(listing(home)).toEqual(before);
    }
    expect(kills).toBeGreaterThan(3);
  });

  test.each([
    ['the next run completes it, uninstall leaves nothing', ['trusted', 'removed']],
    ['uninstall alone leaves nothing', ['removed']],
  ])('killed at any step of making the folders: %s', async (_what, expected) => {
    const { home, host, root, stores } = await machine();
    const before = listing(home);
    const stop = new Error('killed');
    let ended: unknown = stop;
    for (let step = 1; ended === stop; step++) {
      let count = 0;
      const run: Host['run'] = (command) =>
        /\/(mkdir|tee|rm|rmdir)$/.test(`/${command.file}`) && ++count > step
          ? Promise.reject(stop)
          : host.run(command);
      const dying = { ...host, run };
      const found = await nssStores.find(dying, {});
      ended = await installRoot(found, root, dying).catch((error: unknown) => error);
      expect(listing(home).length).toBeGreaterThan(before.length);
      if (expected.length > 1)
        expect(await installRoot(await stores(), root, host)).toMatchObject([
          { status: ended === stop ? 'trusted' : 'already-trusted' },
        ]);
      expect(statuses(await uninstallRoot(await stores(), root, host))).toEqual(['removed']);
      expect(listing(home)).toEqual(before);
      if (step > 9) throw new Error('the steps do not end');
    }
  });

  test('a note takes away empty folders alone, not what somebody put into them', async () => {
    const { home, host, root, stores } = await machine();
    const share = join(home, '.local/share');
    mkdirSync(join(share, 'pki/nssdb'), { recursive: true });
    mkdirSync(join(home, '.local.made-by-devcert'));
    writeFileSync(join(share, 'notes'), 'mine');
    expect(statuses(await uninstallRoot(await stores(), root, host))).toEqual(['removed']);
    expect(listing(home)).toEqual(['.local', '.local/share', '.local/share/notes']);
  });

  test('folders that somebody keeps something in are not taken away with the database', async () => {
    const { home, host, root, stores } = await machine();
    const share = join(home, '.local/share');
    mkdirSync(join(share, 'pki/nssdb'), { recursive: true });
    writeFileSync(join(share, 'pki/notes'), 'mine');
    expect(statuses(await installRoot(await stores(), root, host))).toEqual(['trusted']);
    expect(statuses(await uninstallRoot(await stores(), root, host))).toEqual(['removed']);
    expect(listing(share)).toEqual(['pki', 'pki/notes']);
  });

  test('locked, unreadable and damaged are three things, and none loses a certificate unsaid', async () => {
    const { home, root, stores } = await machine();
    const folder = join(home, '.pki/nssdb');
    database(folder);
    const cert9 = join(folder, 'cert9.db');
    const asked = async () => (await inspectStores(await stores(), root))[0];

    const holder = spawn('sqlite3', [cert9], { stdio: ['pipe', 'pipe', 'inherit'] });
    holder.stdin.write('BEGIN EXCLUSIVE;\nSELECT 1;\n');
    await once(holder.stdout, 'data');
    const locked = await asked();
    holder.kill('SIGKILL');
    await once(holder, 'close');
    expect(locked).toMatchObject({
      reason: `another program has the database locked (process ${holder.pid ?? 0})`,
      hint: 'close the browser and try again',
    });
    expect(await asked()).toMatchObject({ state: 'absent' });

    const whole = readFileSync(cert9);
    writeFileSync(cert9, whole.subarray(0, 9000));
    const damaged = await asked();
    expect(damaged?.reason).toBe('the database is damaged: "cert9.db" is not a whole database');
    expect(damaged?.hint).toMatch(/certificates, keys and exceptions of your own/);
    writeFileSync(cert9, whole);
    renameSync(join(folder, 'key4.db'), join(folder, 'away'));
    expect((await asked())?.reason).toBe('the database is damaged: "key4.db" is missing');
    renameSync(join(folder, 'away'), join(folder, 'key4.db'));
    expect(await asked()).toMatchObject({ state: 'absent' });
  });

  test.runIf(process.geteuid?.() === 0)('what this user may not read is no damage', async () => {
    const { home, root } = await machine();
    const folder = join(home, '.pki/nssdb');
    database(folder);
    chmodSync(home, 0o755);
    for (const name of ['.pki', '.pki/nssdb']) chmodSync(join(home, name), 0o755);
    chmodSync(join(folder, 'cert9.db'), 0o600);
    // Asked as nobody, in a process of its own.
    const out = join(temporaryFolder(), 'asks.mjs');
    buildSync({
      stdin: {
        contents: `
          import { nssStores } from './platform/nss.ts';
          import { createHost } from './platform/host.ts';
          process.setgid(65534); process.setuid(65534);
          const [home, root] = process.argv.slice(2);
          const host = { ...createHost(() => {}, () => {}), home, env: { PATH: process.env.PATH } };
          const stores = await nssStores.find(host, {});
          const store = stores.find(({ location }) => location === home + '/.pki/nssdb');
          const der = Buffer.from(root, 'base64');
          console.log(JSON.stringify(await store.inspect({ der, sha256: '', commonName: 'x' })));`,
        resolveDir: join(import.meta.dirname, '../..'),
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      banner: { js: "import{createRequire}from'node:module';const require=createRequire('/');" },
      outfile: out,
    });
    const said = execFileSync(process.execPath, [out, home, root.der.toString('base64')]);
    expect(JSON.parse(said.toString())).toMatchObject({
      state: 'unavailable',
      needed: true,
      reason: `"${folder}/cert9.db" cannot be read (EACCES)`,
      hint: `see whose it is, and make it yours: ls -ld "${folder}"`,
    });
  });

  test('a legacy database (cert8.db) is used where certutil can, and named where it cannot', async () => {
    const { home, host, root, stores } = await machine();
    const folder = join(home, '.mozilla/firefox/old.default');
    mkdirSync(folder, { recursive: true });
    const made = spawnSync('certutil', ['-N', '--empty-password', '-d', `dbm:${folder}`]);
    if (made.status !== 0) writeFileSync(join(folder, 'cert8.db'), 'old');
    const own = async () => (await stores()).filter(({ location }) => location === folder);
    const expected = made.status === 0 ? ['trusted', 'removed'] : ['failed', 'failed'];
    const installed = await installRoot(await own(), root, host);
    const removed = await uninstallRoot(await own(), root, host);
    expect(statuses([...installed, ...removed])).toEqual(expected);
    if (made.status !== 0) expect(installed[0]?.reason).toContain('cert8.db');
    expect(existsSync(join(folder, 'cert9.db'))).toBe(false);
  });

  test('list() gives the roots of devcert, whatever their trust, and nobody else’s', async () => {
    const { home, host, root, stores } = await machine();
    const folder = join(home, '.pki/nssdb');
    database(folder);
    const list = async () => {
      const [store] = await stores();
      return ((await store?.list?.('devcert development CA')) ?? []).map((it) =>
        it.toString('hex'),
      );
    };
    expect(await list()).toEqual([]);
    const other = selfSigned('/O=devcert development CAX/CN=devcert root x');
    const [, second] = [await installRoot(await stores(), root, host), (await machine()).root];
    await installRoot(await stores(), other, host);
    const args = ['-A', '-d', `sql:${folder}`, '-t', ',,', '-n', 'devcert by hand', '-i'];
    execFileSync('certutil', [...args, second.file]);
    expect((await list()).sort()).toEqual(
      [root.der, second.der].map((it) => it.toString('hex')).sort(),
    );
    await uninstallRoot(await stores(), root, host);
    expect(await list()).toEqual([second.der.toString('hex')]);
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
