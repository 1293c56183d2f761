/** A state of devcert 0.1.0, made by that very version: brought over without loss, and kept from it afterwards. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { makeStateFolder } from '../../src/authority/purge.ts';
import { moveState } from '../../src/commands/migrate.ts';
import { readLedger } from '../../src/ledger/ledger.ts';
import { bundledModule } from '../helpers/bundle.ts';
import { CLI } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/host.ts';

const HOOK = join(import.meta.dirname, '../helpers/kill-hook.cjs');
const FIXTURE = join(import.meta.dirname, '../fixtures/devcert-0.1.0.cjs.br');

const bundle = bundledModule('src/commands/migrate.ts');

/** A home with the old command in it, and what that wrote there. */
function oldHome() {
  const base = temporaryFolder();
  const [home, old] = [join(base, 'home'), join(base, 'devcert-0.1.0.cjs')];
  mkdirSync(join(home, 'project'), { recursive: true });
  writeFileSync(old, brotliDecompressSync(readFileSync(FIXTURE)));
  const run = (program: string, args: readonly string[], killAt?: number) =>
    spawnSync(
      process.execPath,
      [...(killAt === undefined ? [] : ['--require', HOOK]), program, ...args],
      {
        cwd: join(home, 'project'),
        env: {
          ...{ PATH: process.env.PATH, HOME: home, NO_COLOR: '1', CI: '1' },
          ...{ DEVCERT_HOME: join(home, 'state'), DEVCERT_TEST_KILL_AT: String(killAt) },
        },
        encoding: 'utf8',
        timeout: 30_000,
      },
    );
  for (const args of [
    ['localhost', 'api.test'],
    ['export', '--format', 'p12', '--no-password'],
    ['ca', 'create', 'people', '--clients-only'],
    ['mtls', 'api', '--client', 'web'],
  ])
    expect(run(old, args)).toMatchObject({ status: 0 });
  return { base, home, old, state: join(home, 'state'), run };
}

/** Every file below a folder with its hash. */
function tree(folder: string): Record<string, string> {
  const paths = (readdirSync(folder, { recursive: true }) as string[]).sort();
  return Object.fromEntries(
    paths.map((path) => {
      const file = join(folder, path);
      if (statSync(file).isDirectory()) return [path, 'folder'];
      return [path, createHash('sha256').update(readFileSync(file)).digest('hex')];
    }),
  );
}

const NAMES = ['localhost', 'api.test'];

describe('devcert on a state of 0.1.0', () => {
  test('certificateFor() uses the CA where it is, and changes nothing; it makes no other beside old ones', () => {
    const { base, home, state, run } = oldHome();
    const program = join(base, 'program.cjs');
    const library = JSON.stringify(join(import.meta.dirname, '../../dist/index.cjs'));
    writeFileSync(
      program,
      `require(${library}).certificateFor('api.test').then(({ ca }) => console.log(ca), ({ code, hint }) => console.log(code, hint));`,
    );
    const before = tree(home);
    expect(run(program, [])).toMatchObject({
      status: 0,
      stdout: `${readFileSync(join(state, 'root.pem'), 'utf8')}\n`,
    });
    expect(tree(home)).toEqual(before);
    for (const name of ['root.pem', 'issuer.pem', 'issuer-key.pem']) rmSync(join(state, name));
    expect(run(program, []).stdout).toBe('refused take it over first: devcert list\n');
  });

  test('loses nothing, and killed before any change the next run goes on', () => {
    const { base, home, state, run } = oldHome();
    const saved = join(base, 'saved');
    cpSync(home, saved, { recursive: true, preserveTimestamps: true });
    const before = tree(join(home, 'project'));
    for (let step = 1, ended = false; !ended; step += 3) {
      rmSync(home, { recursive: true });
      cpSync(saved, home, { recursive: true, preserveTimestamps: true });
      ended = run(CLI, NAMES, step).status === 0;
      expect([step, run(CLI, NAMES)]).toMatchObject([step, { status: 0 }]);
      // The pair fits: nothing in the project was touched.
      expect([step, tree(join(home, 'project'))]).toEqual([step, before]);
      const entries = readLedger(state);
      expect(entries.filter(({ certificate }) => certificate !== undefined)).toHaveLength(3);
      expect(entries.filter((entry) => entry.export !== undefined)).toHaveLength(1);
      expect(existsSync(join(state, 'inventory.json'))).toBe(false);
      const names = readdirSync(state, { recursive: true }) as string[];
      expect(names.filter((name) => /devcert-tmp$|journal\.json$/.test(name))).toEqual([]);
    }
    expect(run(CLI, ['other.test'])).toMatchObject({ status: 0 });
    expect(run(CLI, ['mtls', 'api', '--client', 'cron'])).toMatchObject({ status: 0 });
  });

  test('0.1.0 refuses to issue and to purge in one line, and deletes nothing', () => {
    const { home, old, run } = oldHome();
    expect(run(CLI, NAMES)).toMatchObject({ status: 0 });
    const before = tree(home);
    for (const args of [
      ['other.test', '--out', 'other'],
      ['uninstall', '--purge'],
    ]) {
      const { status, stderr } = run(old, args);
      expect([args, status]).not.toEqual([args, 0]);
      expect(stderr).toMatch(/^devcert: error: [^\n]+\ndevcert: hint: [^\n]+\n$/);
      expect(tree(home)).toEqual(before);
    }
  });

  test('what 0.1.0 makes in it with `ca create` is an authority like others, and harms nothing', () => {
    const { home, old, run } = oldHome();
    expect(run(CLI, NAMES)).toMatchObject({ status: 0 });
    const before = tree(home);
    // It makes a folder of its own in authorities/, which no guard of the default folder is in the way of.
    expect(run(old, ['ca', 'create', 'late'])).toMatchObject({ status: 0 });
    expect(tree(home)).toMatchObject(before);
    const listed = JSON.parse(run(CLI, ['ca', 'list', '--json']).stdout) as object;
    expect(listed).toMatchObject({
      authorities: [{ name: 'default' }, { name: 'late' }, { name: 'people' }],
    });
    expect(run(CLI, ['late.test', '--ca', 'late', '--out', 'late'])).toMatchObject({ status: 0 });
    expect(run(CLI, ['ca', 'remove', 'late'])).toMatchObject({ status: 0 });
  });

  test('a damaged list is named and stays', () => {
    const { state, run } = oldHome();
    writeFileSync(join(state, 'inventory.json'), '{"version":1,"certif');
    const { status, stderr } = run(CLI, NAMES);
    expect(status).not.toBe(0);
    expect(stderr).toContain('inventory.json');
    expect(readFileSync(join(state, 'inventory.json'), 'utf8')).toBe('{"version":1,"certif');
  });

  test('a state of version 3 is refused in one line, also by a purge', () => {
    const { home, state, run } = oldHome();
    expect(run(CLI, NAMES)).toMatchObject({ status: 0 });
    writeFileSync(join(state, 'devcert-state.json'), '{ "version": 3 }\n');
    const before = tree(home);
    for (const args of [NAMES, ['uninstall', '--purge'], ['status'], ['ca', 'list']]) {
      const { status, stderr } = run(CLI, args);
      expect([args, status]).not.toEqual([args, 0]);
      expect(stderr).toMatch(
        /^devcert: error: a newer devcert keeps [^\n]+\ndevcert: hint: [^\n]+\n$/,
      );
      expect(tree(home)).toEqual(before);
    }
  });
});

describe('moveState()', () => {
  function folders(names: readonly string[]) {
    const base = temporaryFolder();
    const [from, to] = [join(base, 'roaming'), join(base, 'local/devcert/Data')];
    mkdirSync(from);
    for (const name of names) writeFileSync(join(from, name), name);
    return { from, to };
  }

  test('moves all, also after it was killed half-way', () => {
    const { from, to } = folders(['root.pem', 'issuer-key.pem', 'inventory.json']);
    const before = tree(from);
    mkdirSync(`${to}.devcert-tmp`, { recursive: true });
    writeFileSync(join(`${to}.devcert-tmp`, 'half'), '');
    moveState(from, to);
    expect([tree(to), existsSync(from), existsSync(`${to}.devcert-tmp`)]).toEqual([
      before,
      false,
      false,
    ]);
  });

  test('killed before any change, between two files of the copy too, the next run completes it', () => {
    const files = ['root.pem', 'issuer-key.pem', 'ledger.jsonl', 'devcert-state.json'];
    let steps = 0;
    for (let ended = false; !ended; steps++) {
      const { from, to } = folders(files);
      mkdirSync(join(from, 'authorities/people'), { recursive: true });
      writeFileSync(join(from, 'authorities/people/root.pem'), 'people');
      makeStateFolder(to);
      writeFileSync(join(to, 'homes'), '["/other"]');
      const before = {
        ...tree(from),
        homes: createHash('sha256').update('["/other"]').digest('hex'),
      };
      const code = `import { moveState } from ${JSON.stringify(bundle())};
        moveState(${JSON.stringify(from)}, ${JSON.stringify(to)});`;
      const { status, stderr } = spawnSync(
        process.execPath,
        ['--require', HOOK, '--input-type=module', '-e', code],
        { env: { DEVCERT_TEST_KILL_AT: String(steps + 1) }, encoding: 'utf8', timeout: 30_000 },
      );
      expect(stderr).toBe('');
      ended = status === 0;
      moveState(from, to);
      expect([steps, tree(to), existsSync(from)]).toEqual([steps, before, false]);
      expect(readdirSync(dirname(to))).toEqual(['Data']);
    }
    expect(steps).toBeGreaterThan(files.length * 2);
  });

  test('leaves a root without a key where it is', () => {
    const { from, to } = folders(['root.pem']);
    moveState(from, to);
    expect([existsSync(join(from, 'root.pem')), existsSync(to)]).toEqual([true, false]);
  });
});
