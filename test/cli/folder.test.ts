/** Whose folder is this? As real users meet it, by the command and by the library. */
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as library from '../../src/index.ts';
import { freshHome, type Home, twoLines } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/host.ts';
import { run as runProgram } from '../helpers/run.ts';

// Without entries in the list of users, as in a container that was started with `--user`.
const ADA = 61_001;
const EVE = 61_002;
const isRoot = process.geteuid?.() === 0;
if (!isRoot) console.warn('skipped: only root can act for several users');

/** A home of this user's, and the command run by them. */
function homeOf(uid: number): Home {
  const home = freshHome();
  chmodSync(home.home, 0o755);
  for (const path of [home.home, home.project]) chownSync(path, uid, uid);
  return { ...home, run: (args, options = {}) => home.run(args, { uid, ...options }) };
}

/** Every path below a folder with owner, mode, size and time of change. */
function everything(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => {
      const { uid, mode, size, mtimeMs } = lstatSync(join(folder, name));
      return [name, uid, mode.toString(8), size, mtimeMs].join(' ');
    })
    .sort();
}

const COMMANDS = [
  [],
  ['api.test', '--format', 'der'],
  ['install', '--stores', 'nss'],
  ['install', '--stores', 'nss', '--dry-run'],
  ['uninstall'],
  ['uninstall', '--purge'],
  ['status'],
  ['ca', 'list'],
  ['ca', 'show'],
  ['ca', 'create', 'team'],
  ['ca', 'import', 'ca.pem'],
  ['ca', 'export'],
  ['ca', 'replace'],
  ['ca', 'remove', 'team'],
  ['sign', 'web.csr'],
  ['export', '--format', 'der'],
  ['export', '--trust', '--format', 'p12', '--no-password'],
  ['inspect'],
  ['mtls', 'api'],
  ['mtls', 'check', 'localhost:1'],
  ['mtls', 'rotate'],
];

describe('a project as DEVCERT_HOME', () => {
  // In the user's home, where Windows asks nobody.
  function project(home: string) {
    const folder = join(home, 'web');
    mkdirSync(folder);
    for (const name of ['staging-server', 'pending', 'next']) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'file'), name);
    }
    writeFileSync(join(folder, 'package.json'), '{}');
    return folder;
  }

  test('is refused by every command, and nothing in it changes', async () => {
    const { run, home, project: cwd } = freshHome();
    const folder = project(home);
    const before = everything(folder);
    for (const args of COMMANDS) {
      const ran = await run(args, { env: { DEVCERT_HOME: folder } });
      expect({ args, status: ran.status, stdout: ran.stdout }).toEqual({
        args,
        status: 6,
        stdout: '',
      });
      const { error, hint } = twoLines(ran);
      expect(error).toContain(`"${folder}" is not devcert's: it holds "next"`);
      expect(hint).toContain(`DEVCERT_HOME="${join(folder, 'devcert')}"`);
    }
    expect(everything(folder)).toEqual(before);
    expect(readdirSync(cwd)).toEqual([]);
    // What it says to do works.
    const made = await run([], { env: { DEVCERT_HOME: join(folder, 'devcert') } });
    expect(made.status).toBe(0);
    await run(['uninstall', '--purge'], { env: { DEVCERT_HOME: join(folder, 'devcert') } });
    expect(everything(folder).map((it) => it.replace(/ .*/, ''))).toEqual(
      before.map((it) => it.replace(/ .*/, '')),
    );
  });

  test('is refused by every function of the library that works with the state', async () => {
    const folder = project(process.env.HOME ?? '');
    const before = everything(folder);
    const own = process.env.DEVCERT_HOME;
    process.env.DEVCERT_HOME = folder;
    try {
      const outcomes = await Promise.all(
        Object.entries(library)
          // The hosts file is this machine's own, and the project file would be this project's.
          .filter(([name]) => !/^(?:DevcertError|init|.*Hosts)$/.test(name))
          .map(async ([name, call]) => {
            const work = (call as (argument: unknown) => Promise<unknown>)(
              OPTIONS_FIRST.includes(name) ? {} : (ARGUMENTS[name] ?? 'x'),
            );
            return [
              name,
              await work.then(String, (error: unknown) =>
                error instanceof library.DevcertError ? error.code : 'crash',
              ),
            ];
          }),
      );
      const others = outcomes.filter(([, code]) => code !== 'refused').map(([name]) => name);
      expect(outcomes.length).toBeGreaterThan(18);
      // Two have nothing to do with it; doctor tells it as what is wrong.
      expect(others.sort()).toEqual(['csr', 'doctor', 'recipes']);
    } finally {
      process.env.DEVCERT_HOME = own;
    }
    expect(everything(folder)).toEqual(before);
  });
});

/** What functions need to get as far as the state. */
const ARGUMENTS: Readonly<Record<string, object>> = {
  sniCallback: { allow: 'app.test' },
  watch: { setSecureContext: () => undefined },
};
/** Functions whose first argument is an object. */
const OPTIONS_FIRST = [
  ...[
    'ensure',
    'environment',
    'exportCertificate',
    'install',
    'mtlsRotate',
    'renew',
    'status',
    'trustThisProcess',
    'uninstall',
  ],
];

describe.runIf(isRoot)('two users of one machine', () => {
  test('nothing of one is read or trusted by the other', async () => {
    const ada = homeOf(ADA);
    const eve = homeOf(EVE);
    expect((await ada.run([])).status).toBe(0);
    // Open to all who want to read.
    for (const path of [ada.state, join(ada.home, '.config')]) chmodSync(path, 0o755);
    const before = everything(ada.home);
    const root = readFileSync(join(ada.state, 'root.pem'), 'utf8');
    for (const args of COMMANDS) {
      const ran = await eve.run(args, { env: { DEVCERT_HOME: ada.state } });
      expect({ args, status: ran.status, stdout: ran.stdout }).toEqual({
        args,
        status: 6,
        stdout: '',
      });
      expect(twoLines(ran)).toEqual({
        error: `"${ada.home}" belongs to ${ADA}, not to you`,
        hint: 'use the folder that devcert has for you: unset DEVCERT_HOME',
      });
    }
    expect(readdirSync(eve.project)).toEqual([]);
    // The hint works, and gives Eve one of her own.
    expect((await eve.run([])).status).toBe(0);
    expect(readFileSync(join(eve.state, 'root.pem'), 'utf8')).not.toBe(root);
    expect(everything(ada.home)).toEqual(before);
  });

  test('a predictable path that one of them was first to take is not the other’s', async () => {
    const [ada, eve] = [homeOf(ADA), homeOf(EVE)];
    const shared = temporaryFolder();
    chmodSync(shared, 0o1777);
    const env = { DEVCERT_HOME: join(shared, 'devcert') };
    expect((await eve.run([], { env })).status).toBe(0);
    chmodSync(env.DEVCERT_HOME, 0o777);
    for (const args of [[], ['status'], ['install', '--stores', 'nss'], ['uninstall', '--purge']])
      expect(twoLines(await ada.run(args, { env }))).toMatchObject({
        error: `"${env.DEVCERT_HOME}" belongs to ${EVE}, not to you`,
      });
    expect(existsSync(join(ada.project, '.devcert'))).toBe(false);
    // Eve herself is told that others can write there, and how to mend it.
    expect(twoLines(await eve.run([], { env })).hint).toBe(`chmod go-w ${env.DEVCERT_HOME}`);
    chmodSync(env.DEVCERT_HOME, 0o755);
    expect((await eve.run([], { env })).status).toBe(0);
  });
});

describe.runIf(isRoot)('what cannot be read is not absent', () => {
  test('root’s folder in the home is named, with the command that gives it back', async () => {
    const { run, state, home } = homeOf(ADA);
    for (const [folder, hint] of [
      [state, `sudo chown -R ${ADA} ${state}`],
      [join(home, '.config'), `sudo chown -R ${ADA} ${join(home, '.config')}`],
    ] as const) {
      mkdirSync(folder, { recursive: true });
      chownSync(join(home, '.config'), ADA, ADA);
      chownSync(folder, 0, 0);
      chmodSync(folder, 0o700);
      for (const args of [['status'], [], ['uninstall'], ['ca', 'list']]) {
        const ran = await run(args);
        expect(ran.status).toBe(6);
        expect(twoLines(ran)).toMatchObject({
          error: expect.stringContaining(`"${folder}"`) as unknown,
          hint,
        });
      }
    }
    // By hand, as the hints say.
    expect((await runProgram('chown', ['-R', String(ADA), join(home, '.config')])).status).toBe(0);
    expect((await run([])).status).toBe(0);
  });

  test('root’s folder above, in which nothing can be made', async () => {
    const { run, home } = homeOf(ADA);
    mkdirSync(join(home, '.config'));
    const ran = await run([]);
    expect(ran.status).toBe(6);
    expect(twoLines(ran)).toEqual({
      error: `"${join(home, '.config')}" belongs to root, not to you`,
      hint: `sudo chown ${ADA} ${join(home, '.config')}`,
    });
  });

  test('root’s file in the folder, and a folder that its owner has closed', async () => {
    const { run, state } = homeOf(ADA);
    await run([]);
    const file = join(state, 'ledger.jsonl');
    chownSync(file, 0, 0);
    chmodSync(file, 0o600);
    expect(twoLines(await run([]))).toEqual({
      error: `"${file}" belongs to root, not to you`,
      hint: `sudo chown ${ADA} ${file}`,
    });
    chownSync(file, ADA, ADA);
    for (const mode of [0o000, 0o400, 0o600]) {
      chmodSync(state, mode);
      for (const args of [[], ['status']]) {
        const ran = await run(args);
        expect(ran.status).toBe(6);
        expect(twoLines(ran).hint).toBe(`chmod u+rwx ${state}`);
      }
    }
    chmodSync(state, 0o700);
    expect((await run([])).stdout).toContain('is there already');
  });
});

describe.runIf(isRoot)('a user without a HOME and without an entry in passwd', () => {
  test('is told what to set; DEVCERT_HOME is enough', async () => {
    const { run, state } = homeOf(ADA);
    const install = ['install', '--stores', 'nss'];
    for (const args of [
      [],
      install,
      ['status'],
      ['uninstall'],
      ['ca', 'list'],
      ['csr', 'a.test'],
    ]) {
      const ran = await run(args, { env: { HOME: undefined, DEVCERT_HOME: undefined } });
      expect([args, ran.status]).toEqual([args, 1]);
      expect(twoLines(ran)).toEqual({
        error: 'cannot find your home folder: HOME is not set',
        hint: 'set HOME, or DEVCERT_HOME to an absolute folder',
      });
    }
    const env = { HOME: undefined, DEVCERT_HOME: state };
    expect((await run([], { env })).status).toBe(0);
    expect((await run(['uninstall', '--purge'], { env })).status).toBe(0);
    expect(existsSync(state)).toBe(false);
  });
});

describe.runIf(isRoot)('root', () => {
  test('of a container, in a mounted home of somebody else’s: refused, with the way out', async () => {
    const { run, home } = homeOf(ADA);
    const before = everything(home);
    for (const args of COMMANDS) {
      const ran = await run(args, { uid: 0 });
      expect({ args, status: ran.status }).toEqual({ args, status: 6 });
      expect(twoLines(ran)).toEqual({
        error: `devcert runs as root, and HOME="${home}" is ${ADA}'s`,
        hint: "keep root's CA apart: export DEVCERT_HOME=/root/.config/devcert-nodejs",
      });
    }
    expect(everything(home)).toEqual(before);
    // The same way, to a folder that may be spoiled; and never one of that user's.
    const own = temporaryFolder();
    expect((await run([], { uid: 0, env: { DEVCERT_HOME: join(own, 'state') } })).status).toBe(0);
    const adas = await run([], { uid: 0, env: { DEVCERT_HOME: join(home, 'state') } });
    expect(adas.status).toBe(6);
    expect(existsSync(join(home, 'state'))).toBe(false);
  });
});

describe('what a new authority may certify', () => {
  const PERMITTED = /It issues for localhost, test, [^]*Whoever\s+copies/;

  test('is printed by the first issue, sign and mtls, and not again', async () => {
    for (const args of [['api.test'], ['mtls', 'api', '--client', 'ada'], ['sign', 'web.csr']]) {
      const { run } = freshHome();
      await run(['csr', 'web.test', '--out', '.']);
      const first = await run(args.map((it) => it.replace('web.csr', 'csr.pem')));
      expect(first.status).toBe(0);
      expect(first.stdout).toMatch(PERMITTED);
      const second = await run([...args.map((it) => it.replace('web.csr', 'csr.pem')), '--force']);
      expect(second.status).toBe(0);
      expect(second.stdout).not.toMatch(PERMITTED);
    }
  });

  test('is printed by install, ca create and ca replace', async () => {
    const { run } = freshHome();
    for (const args of [
      ['install', '--stores', 'nss'],
      ['ca', 'replace'],
      ['ca', 'create', 'team'],
    ]) {
      const { stdout } = await run(args);
      expect(stdout.replace(/\s+/g, ' ')).toMatch(/issues for localhost, test, .*lan/);
    }
  });

  test('is a note where the certificate itself goes to standard output', async () => {
    const { run, project } = freshHome();
    await run(['csr', 'web.test', '--out', '.']);
    const { stdout, stderr } = await run(['sign', '-'], {
      input: readFileSync(join(project, 'csr.pem')),
    });
    expect(stdout).toMatch(/^-----BEGIN CERTIFICATE-----[^]*-----END CERTIFICATE-----\n$/);
    expect(stderr.replace(/\ndevcert: note: /g, ' ')).toMatch(PERMITTED);
  });

  test('is data with --json, and certificateFor() prints nothing', async () => {
    const { run, env, project } = freshHome();
    const { stdout } = await run(['--json']);
    const { made } = JSON.parse(stdout) as { made: { constraints: { dns: string[] } } };
    expect(made.constraints.dns.slice(0, 2)).toEqual(['localhost', 'test']);
    const index = join(import.meta.dirname, '../../dist/index.mjs');
    const state = join(project, 'fresh');
    const script = `require(${JSON.stringify(index)}).certificateFor().then(({ notAfter }) => process.exit(notAfter > 0 ? 0 : 1))`;
    expect(
      await runProgram(process.execPath, ['-e', script], {
        env: { ...env, DEVCERT_HOME: state },
        cwd: project,
      }),
    ).toEqual({ status: 0, output: '' });
    expect(existsSync(join(state, 'root.pem'))).toBe(true);
  });
});
