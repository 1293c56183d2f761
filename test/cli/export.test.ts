import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { readKeyStore } from '../../src/keystore/read.ts';
import { hasModes, hasShell, seenMode } from '../helpers/can.ts';
import { CLI, freshHome, type Home, type Ran, twoLines } from '../helpers/cli.ts';
import { needs } from '../helpers/require.ts';
import { findProgram } from '../helpers/run.ts';
import { type Answer, typed } from '../helpers/typed.ts';

const password = 'changeit-7';
let home: Home;
let store: string;

beforeEach(async () => {
  home = freshHome();
  store = join(home.project, '.devcert/keystore.p12');
  expect((await home.run(['localhost'])).status).toBe(0);
});

const opens = (file: string, word: string) =>
  readKeyStore(readFileSync(file), { password: word }).entries[0]?.kind === 'key';

function piped(args: readonly string[], input: string): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [CLI, ...args], { cwd: home.project, env: home.env });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
    child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    child.on('close', (status, signal) => {
      resolve({ status, signal, stdout, stderr });
    });
    child.stdin.end(input);
  });
}

describe('devcert export', () => {
  test('takes the password from a file, a variable and standard input', async () => {
    writeFileSync(join(home.home, 'password'), `${password}\n`, { mode: 0o644 });
    const byFile = await home.run([
      ...['export', '--format', 'p12', '--password-file', join(home.home, 'password')],
    ]);
    expect(byFile).toMatchObject({ status: 0 });
    if (hasModes) expect(byFile.stderr).toContain('is open to others (mode 0644): chmod 600');
    expect(byFile.stderr).toContain('add --legacy');
    expect(opens(store, password)).toBe(true);
    expect(statSync(store).mode & 0o777).toBe(seenMode(0o600));

    const args = ['export', '--format', 'p12', '--password-env', 'WORD'];
    expect((await home.run(args, { env: { WORD: 'second word' } })).status).toBe(0);
    expect(opens(store, 'second word')).toBe(true);

    const stdin = await piped(['export', '--format', 'p12', '--password-stdin'], 'third\r\nmore');
    expect(stdin.status).toBe(0);
    expect(opens(store, 'third')).toBe(true);
    for (const ran of [byFile, stdin])
      expect(ran.stdout + ran.stderr).not.toMatch(/changeit-7|third/);
  });

  test('fails at once without a password and without a terminal', async () => {
    const ran = await home.run(['export', '--format', 'p12']);
    expect(ran.status).toBe(2);
    expect(twoLines(ran).hint).toMatch(/--password-file .* --password-stdin or --no-password/);
    const empty = await piped(['export', '--format', 'p12', '--password-stdin'], '');
    expect(empty.status).toBe(1);
    expect(twoLines(empty).error).toBe('standard input holds no password in its first line');
    expect(existsSync(store)).toBe(false);
  });

  test('prints one JSON document; "-" gives the bytes alone', async () => {
    const json = await home.run(['export', '--format', 'der', '--json']);
    expect(json.stderr).toBe('');
    expect(JSON.parse(json.stdout)).toMatchObject({ format: 'der', written: true });
    const bytes = await home.run(['export', '--trust', '--format', 'pem', '--file', '-']);
    expect(bytes.stdout).toBe(readFileSync(join(home.project, '.devcert/ca.pem'), 'utf8'));
    const both = await home.run(['export', '--format', 'combined', '--file', '-', '--json']);
    expect(both.status).toBe(2);
  });

  test('goes with issuing; PEM alone takes no password', async () => {
    const args = ['a.test', '--format', 'p12', '--no-password'];
    expect((await home.run(args)).stdout).toContain('keystore.p12');
    expect((await home.run(args)).stdout).toContain('it still fits: nothing was written');
    expect(opens(store, '')).toBe(true);
    const ran = await home.run(['a.test', '--no-password']);
    expect(twoLines(ran).error).toBe('PEM files have no password');
  });

  test('without a password issues nothing and makes no authority', async () => {
    const fresh = freshHome();
    const ran = await fresh.run(['a.test', '--format', 'p12']);
    expect(ran.status).toBe(2);
    expect(twoLines(ran).hint).toBe(
      '--password-file FILE, --password-env VARIABLE, --password-stdin or --no-password',
    );
    expect(existsSync(fresh.state)).toBe(false);
    expect(existsSync(join(fresh.project, '.devcert'))).toBe(false);
  });
});

describe('the prompt', () => {
  const hasTerminal = hasShell && needs(findProgram('python3') !== undefined, 'python3');

  const exported = (...answers: readonly Answer[]) =>
    typed(['export', '--format', 'p12'], answers, {
      env: { ...home.env, CI: '' },
      cwd: home.project,
    });

  test('asks twice, shows nothing, and takes corrections', async (context) => {
    if (!hasTerminal) context.skip();
    const shown = await exported(
      ['New password for', 'secrez\x7ft\r'],
      ['The same again', 'secret\r'],
    );
    expect(shown.status).toBe(0);
    expect(shown.output).not.toContain('secre');
    expect(opens(store, 'secret')).toBe(true);
  });

  test('asks again if the two differ', async (context) => {
    if (!hasTerminal) context.skip();
    const shown = await exported(
      ['New password for', 'one\r'],
      ['The same again', 'two\r'],
      ['not the same', ''],
      ['New password for', 'three\r'],
      ['The same again', 'three\r'],
    );
    expect(shown.status).toBe(0);
    expect(opens(store, 'three')).toBe(true);
  });

  test('is left by Ctrl-C with exit code 7, and nothing is written', async (context) => {
    if (!hasTerminal) context.skip();
    const shown = await exported(['New password for', 'abc\x03']);
    expect(shown.status).toBe(7);
    expect(shown.output).toContain('cancelled');
    expect(existsSync(store)).toBe(false);
  });

  test('a terminal is no pipe for --password-stdin, and no place for a key', async (context) => {
    if (!hasTerminal) context.skip();
    const at = { env: { ...home.env, CI: '' }, cwd: home.project };
    const stdin = await typed(['export', '--format', 'p12', '--password-stdin'], [], at);
    expect(stdin).toMatchObject({ status: 2 });
    expect(stdin.output).toContain('this is a terminal');
    const key = await typed(['export', '--format', 'combined', '--file', '-'], [], at);
    expect(key).toMatchObject({ status: 2 });
    expect(key.output).not.toContain('PRIVATE KEY');
  });
});
