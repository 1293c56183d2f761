/** The command line as a person meets it: what it prints where, and how it ends. */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasLinks } from '../helpers/can.ts';
import { freshHome, twoLines } from '../helpers/cli.ts';

const { version } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
) as { version: string };

/** The folder in a home in which programs have theirs. */
const configTop = { darwin: 'Library', win32: 'AppData' }[process.platform as string] ?? '.config';

describe('devcert', () => {
  test('--version, --help and a bad flag make nothing (statement 3)', async () => {
    const { home, run } = freshHome();
    expect(await run(['--version'])).toMatchObject({
      status: 0,
      stdout: `${version}\n`,
      stderr: '',
    });
    const help = await run(['--help']);
    expect(help).toMatchObject({ status: 0, stderr: '' });
    for (const word of ['install', 'uninstall', 'status', 'Examples:', 'Exit codes:'])
      expect(help.stdout).toContain(word);
    expect((await run(['install', '--help'])).stdout).toContain('--permit');
    expect((await run(['--help'])).stdout.split('\n').every((line) => line.length <= 110)).toBe(
      true,
    );
    for (const args of [['--frobnicate'], ['-rf'], ['install', '--stores'], ['status', 'x']])
      twoLines(await run(args));
    expect((await run(['status'])).status).toBe(3);
    expect((await run(['uninstall'])).status).toBe(0);
    expect(readdirSync(home)).toEqual(['project']);
  });

  test('issues into .devcert, results on stdout and notes on stderr', async () => {
    const { run, project, state } = freshHome();
    const { status, stdout, stderr } = await run(['localhost', 'api.test']);
    expect(status).toBe(0);
    expect(stdout).toContain('Issued a certificate for localhost, api.test');
    expect(stdout).toContain(join(project, '.devcert/cert.pem'));
    expect(stderr).toContain('devcert: note: nothing trusts it yet: devcert install\n');
    expect(existsSync(join(state, 'root.pem'))).toBe(true);
    const again = await run(['localhost', 'api.test']);
    expect(again.stdout).toContain('A valid certificate is there already');
  });

  test('names alone, which the parser never sees, come out as they do through it', async () => {
    const { run } = freshHome();
    for (const names of [[], ['localhost', 'api.test'], ['api.test', 'status'], ['*.test'], ['']]) {
      await run(['issue', ...names]);
      expect(await run(names)).toEqual(await run(['issue', ...names]));
    }
    expect(await run(['-V'])).toEqual(await run(['--version', 'x']));
    expect((await run(['help'])).stdout).toContain('Commands:');
  });

  test('options may stand anywhere (statement 15)', async () => {
    const { run, project } = freshHome();
    expect((await run(['x.test', '--out', 'tls', 'y.test', '--days', '9'])).status).toBe(0);
    expect(readdirSync(join(project, 'tls')).sort()).toEqual([
      '.gitignore',
      'ca.pem',
      'cert.pem',
      'key.pem',
    ]);
    const client = JSON.parse(
      (await run(['ada@example.test', '--client', '--json', '--out', 'c'])).stdout,
    ) as object;
    expect(client).toMatchObject({ names: ['ada@example.test'] });
  });

  test('--json prints one document and nothing else on stdout, errors too', async () => {
    const { run } = freshHome();
    const commands = [
      [['--json'], 0],
      [['status', '--json'], 4],
      [['a..b', '--json'], 2],
      [['--json', '--nope'], 2],
      [['install', '--json', '--stores', 'nope'], 2],
    ] as const;
    for (const [args, status] of commands) {
      const ran = await run(args);
      expect(ran.status).toBe(status);
      expect(typeof JSON.parse(ran.stdout)).toBe('object');
    }
    expect(JSON.parse((await run(['google.com', '--json'])).stdout)).toMatchObject({
      error: { code: 'outside-constraints', exitCode: 6, hint: expect.any(String) as string },
    });
  });

  const hostile: [string, number][] = [
    ['../x', 2],
    ['x'.repeat(10_000), 2],
    ['a\u0007b.test', 2],
    ['$(x)', 2],
    ['a\nb.test', 2],
    ['*', 2],
    ['*.test', 2],
    ['*.localhost', 2],
    ['a..b', 2],
    ['256.1.1.1', 2],
    ['http://localhost:3000', 2],
    ['localhost:3000', 2],
    ['😀.test', 2],
    ['pаypal.test', 2], // the second letter is Cyrillic
    ['fe80::1%eth0', 2],
    ['google.com', 6],
    ['8.8.8.8', 6],
    ['', 2],
  ];
  test.each(hostile)('refuses %j in two lines with exit code %i', async (name, status) => {
    const { run, home } = freshHome();
    const ran = await run(['--', name]);
    expect(ran.status).toBe(status);
    const { error, hint } = twoLines(ran);
    expect(error.length + hint.length).toBeLessThan(600);
    expect(ran.stdout).toBe('');
    expect(readdirSync(home).filter((entry) => entry !== configTop)).toEqual(['project']);
    expect(readdirSync(join(home, 'project'))).toEqual([]);
  });

  test.runIf(hasLinks)('does not follow a symbolic link (statement 20)', async () => {
    const { run, project } = freshHome();
    mkdirSync(join(project, '.devcert'));
    writeFileSync(join(project, 'target'), 'precious');
    symlinkSync('../target', join(project, '.devcert/key.pem'));
    for (const args of [[], ['--force']]) {
      const ran = await run(args);
      expect(ran.status).toBe(1);
      twoLines(ran);
    }
    expect(readFileSync(join(project, 'target'), 'utf8')).toBe('precious');
    expect(readdirSync(join(project, '.devcert'))).toEqual(['key.pem']);
  });

  test.runIf(hasLinks)(
    'does not write into a .devcert that is a link to another folder',
    async () => {
      const { run, project } = freshHome();
      mkdirSync(join(project, 'elsewhere'));
      symlinkSync('elsewhere', join(project, '.devcert'));
      const ran = await run([]);
      expect(ran.status).toBe(1);
      twoLines(ran);
      expect(readdirSync(join(project, 'elsewhere'))).toEqual([]);
    },
  );

  test('needs a home or DEVCERT_HOME, absolute (statement 9)', async () => {
    const { run, project, state } = freshHome();
    const relative = await run([], { env: { DEVCERT_HOME: 'here' } });
    expect(relative.status).toBe(2);
    expect(twoLines(relative).error).toContain('not an absolute path');
    expect(readdirSync(project)).toEqual([]);
    // A relative XDG value is ignored, as its specification says.
    expect((await run([], { env: { XDG_CONFIG_HOME: 'here' } })).status).toBe(0);
    expect(existsSync(join(state, 'root.pem'))).toBe(true);
    expect(readdirSync(project)).toEqual(['.devcert']);
    if (process.platform === 'win32') return; // it knows the home of a user whatever the variables say
    const homeless = await run(['--out', 'x'], { env: { HOME: '', XDG_CONFIG_HOME: undefined } });
    expect(homeless.status).toBe(1);
    expect(twoLines(homeless).hint).toContain('DEVCERT_HOME');
  });

  test('an unwritable state folder or project is told in two lines', async () => {
    const { run, home, project, state } = freshHome();
    // Folders that nobody can write into, not even root: files stand where they should be.
    writeFileSync(join(home, configTop), '');
    const noState = await run([]);
    expect(noState.status).toBe(1);
    twoLines(noState);
    const other = freshHome();
    writeFileSync(join(other.project, '.devcert'), 'a file');
    const noProject = await other.run([]);
    expect(noProject.status).toBe(1);
    twoLines(noProject);
    expect(existsSync(state)).toBe(false);
    expect(readdirSync(project)).toEqual([]);
  });

  test('a damaged ledger is told and not overwritten', async () => {
    const { run, state } = freshHome();
    await run([]);
    for (const text of ['{', '[]', '{"version":3}\n', '{"version":1,"certificates":[]}\n']) {
      writeFileSync(join(state, 'ledger.jsonl'), text);
      const ran = await run(['--force']);
      expect(ran.status).toBe(1);
      expect(twoLines(ran).hint).toContain('move it away');
      expect(readFileSync(join(state, 'ledger.jsonl'), 'utf8')).toBe(text);
    }
  });

  test('no key ever stands in what it prints', async () => {
    const { run, state } = freshHome();
    const key = (await run(['--json'])).stdout;
    writeFileSync(join(state, 'issuer.pem'), readFileSync(join(state, 'issuer-key.pem')));
    const ran = await run(['--force']);
    expect(ran.status).toBe(1);
    expect(key + ran.stdout + ran.stderr).not.toContain('PRIVATE KEY');
  });
});
