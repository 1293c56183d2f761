/** list, renew, run and env, as a person types them. */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { line, usualShell } from '../../src/cli/run.ts';
import { hasShell } from '../helpers/can.ts';
import { CLI, freshHome, twoLines } from '../helpers/cli.ts';
import { run as runProgram } from '../helpers/run.ts';
import { clock } from '../helpers/clock.ts';

describe('devcert list and renew', () => {
  test('list says how each certificate is; renew makes anew what is due and runs the program', async () => {
    const { run, project } = freshHome();
    expect((await run(['list'])).stdout).toContain('No certificate was issued yet');
    await run(['localhost', '--out', 'good']);
    await run(['short.test', '--out', 'short', '--days', '9', '--key', 'rsa2048']);
    await run(['gone.test', '--out', 'gone']);
    rmSync(join(project, 'gone'), { recursive: true });
    const listed = await run(['list', '--json']);
    const { certificates } = JSON.parse(listed.stdout) as {
      certificates: { names: string[]; state: string }[];
    };
    expect(certificates.map(({ names, state: it }) => [names[0], it])).toEqual([
      ['localhost', 'valid'],
      ['short.test', 'valid'],
      ['gone.test', 'gone'],
    ]);
    expect(listed.status).toBe(0);
    expect((await run(['renew'])).stdout).toMatch(/^Nothing is due here; the first ends on /);

    const before = readFileSync(join(project, 'good/cert.pem'), 'utf8');
    const shortBefore = readFileSync(join(project, 'short/cert.pem'), 'utf8');
    const later = { env: { NODE_OPTIONS: `--import ${clock(project, 7)}` } };
    const due = await run(['list'], later);
    expect(due.status).toBe(5);
    expect(due.stderr).toContain('1 to renew: devcert renew --all');
    expect((await run(['other.test', '--out', 'other'], later)).stderr).toContain(
      `note: "${join(project, 'short/cert.pem')}" is to be renewed: devcert renew --all\n`,
    );
    const dry = await run(['renew', '--dry-run'], later);
    expect(dry.stdout.trim()).toBe(`Due: ${join(project, 'short/cert.pem')}`);
    const program = [process.execPath, '-e', 'console.log("reloaded"); process.exitCode = 3'];
    const renewed = await run(['renew', '--', ...program], later);
    expect(renewed.stdout).toContain(`Issued again: ${join(project, 'short/cert.pem')}`);
    expect(renewed.stdout).toContain('reloaded');
    expect(renewed.status).toBe(3);
    expect(readFileSync(join(project, 'good/cert.pem'), 'utf8')).toBe(before);
    expect(readFileSync(join(project, 'short/cert.pem'), 'utf8')).not.toBe(shortBefore);
    // Nothing was due: nothing is run.
    const again = await run(['renew', '--all', '--', ...program], later);
    expect([again.status, again.stdout]).toEqual([0, expect.not.stringContaining('reloaded')]);
  });
});

test.runIf(hasShell)(
  'a folder that is gone is an error of two lines, whatever is typed in it',
  async () => {
    const { project, env } = freshHome();
    const gone = `mkdir gone && cd gone && rmdir ../gone && exec '${process.execPath}' '${CLI}'`;
    for (const command of ['doctor', 'list', 'renew', 'init', 'localhost']) {
      const ran = await runProgram('sh', ['-c', `${gone} ${command}`], { cwd: project, env });
      expect([command, ran.status, ran.output]).toEqual([
        command,
        1,
        expect.stringMatching(
          /error: the folder .* is gone\ndevcert: hint: .*cd "\$PWD"\n$/,
        ) as unknown,
      ]);
    }
  },
);

describe('devcert run and env', () => {
  test('variables name files in the state folder, which uninstall takes', async () => {
    const { run, project, state } = freshHome();
    expect((await run(['env'])).status).toBe(3);
    await run(['localhost']);
    const { stdout, status } = await run(['env', '--json']);
    expect(status).toBe(0);
    const variables = JSON.parse(stdout) as Record<string, string>;
    const root = readFileSync(join(state, 'root.pem'), 'utf8');
    const read = (name: string) => readFileSync(variables[name] ?? '', 'utf8');
    expect(read('NODE_EXTRA_CA_CERTS')).toBe(root);
    expect(read('SSL_CERT_FILE').endsWith(root)).toBe(true);
    expect(variables.SSL_CERT_FILE).toBe(variables.REQUESTS_CA_BUNDLE);
    expect(variables.DEVCERT_CERT).toBe(join(project, '.devcert/cert.pem'));
    expect(JSON.parse(read('PLAYWRIGHT_FIREFOX_POLICIES_JSON'))).toEqual({
      policies: { Certificates: { Install: [variables.DEVCERT_CA] } },
    });
    await run(['uninstall', '--stores', 'simulator']);
    expect(existsSync(join(state, 'environment'))).toBe(true);
    await run(['uninstall']);
    expect(existsSync(join(state, 'environment'))).toBe(false);
    await run(['env']);
    await run(['uninstall', '--purge']);
    expect(existsSync(state)).toBe(false);
  });

  test('what was set is in the bundle of its variable, and in no other', async () => {
    const { run, home } = freshHome();
    await run(['localhost']);
    const corporate = join(home, 'corporate.pem');
    writeFileSync(corporate, '# corporate\n');
    const { stdout } = await run(['env', '--json'], { env: { REQUESTS_CA_BUNDLE: corporate } });
    const variables = JSON.parse(stdout) as Record<string, string>;
    const read = (name: string) => readFileSync(variables[name] ?? '', 'utf8');
    expect(read('REQUESTS_CA_BUNDLE').startsWith('# corporate\n-----BEGIN')).toBe(true);
    for (const name of ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS', 'CURL_CA_BUNDLE'])
      expect(read(name)).not.toContain('corporate');
    const unreadable = await run(['env'], { env: { SSL_CERT_FILE: join(home, 'none') } });
    expect(unreadable.stderr).toContain('SSL_CERT_FILE names a file that cannot be read');
  });

  test('the program has its own options, exit code and standard input; a missing one is an error', async () => {
    const { run, state } = freshHome();
    await run(['localhost']);
    const script = 'process.stdin.pipe(process.stdout); process.exitCode = 42';
    const ran = await run(['run', process.execPath, '-e', script, '--', '--json', '--help'], {
      input: 'hello',
    });
    expect([ran.status, ran.stdout]).toEqual([42, 'hello']);
    const missing = await run(['run', '--', 'no-such-program']);
    expect([missing.status, twoLines(missing).error]).toEqual([
      1,
      'there is no program "no-such-program"',
    ]);
    expect(readdirSync(join(state, 'environment')).length).toBeGreaterThanOrEqual(3);
  });

  test('a signal that ends the program is told as shells tell it', async () => {
    const { run } = freshHome();
    await run(['localhost']);
    const killed = await run([
      'run',
      '--',
      process.execPath,
      '-e',
      'process.kill(process.pid, "SIGKILL")',
    ]);
    expect(killed.status).toBe(process.platform === 'win32' ? 1 : 137);
  });

  test.each([
    ['sh', `it's $(id) "x"`, `export A='it'\\''s $(id) "x"'`],
    ['fish', `it's \\ $x`, `set -gx A 'it\\'s \\\\ $x'`],
    ['powershell', `it’s 'x' $y`, `$env:A = 'it’’s ''x'' $y'`],
  ] as const)('%s: a value is text, whatever it holds', (shell, value, text) => {
    expect(line(shell, 'A', value)).toBe(text);
    if (shell === 'sh' && process.platform !== 'win32')
      expect(execFileSync('sh', ['-c', `${text}; printf %s "$A"`]).toString()).toBe(value);
  });

  test.each([
    ['sh', '/shop\u001b[2J/cert.pem'],
    ['fish', '/shop\u202e/cert.pem'],
    ['dotenv', "/it's/cert.pem"],
    ['dotenv', '/shop\nNODE_OPTIONS=--require=x/cert.pem'],
  ] as const)('%s: a value that cannot be written as it is is refused: %j', (shell, value) => {
    expect(() => line(shell, 'A', value)).toThrow(
      expect.objectContaining({
        code: 'usage',
        hint: expect.stringContaining('devcert run') as unknown,
      }),
    );
  });

  test('the shell of the terminal is the default one', () => {
    expect(usualShell('linux', { SHELL: '/usr/bin/fish' })).toBe('fish');
    expect(usualShell('linux', {})).toBe('sh');
    expect(usualShell('win32', {})).toBe('powershell');
  });
});
