/** `devcert check`, as a script runs it. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { homeWithDatabase } from '../helpers/database-home.ts';
import { clock } from '../helpers/clock.ts';

interface Checked {
  findings: { check: string; problem: string; cure: string; exitCode: number }[];
  stores: { kind: string; state: string }[];
  exitCode: number;
}

/** A home whose only programs are those of its trust store. */
function machine() {
  const { run, env, ...rest } = homeWithDatabase();
  const inIt: typeof run = (args, options = {}) =>
    run(args, { ...options, env: { ...env, ...options.env } });
  return { ...rest, run: inIt };
}

describe.runIf(process.platform === 'linux')('devcert check', () => {
  test('says what to type until all is well, then one line; each cure as printed', async () => {
    const { run, project } = machine();
    const cures: string[] = [];
    const codes: unknown[] = [];
    for (let step = 0; step < 5; step++) {
      const { status, stdout } = await run(['check', '--stores', 'nss', '--json']);
      const { findings, exitCode } = JSON.parse(stdout) as Checked;
      codes.push(status);
      expect(exitCode).toBe(status);
      const [first] = findings;
      if (first === undefined) break;
      cures.push(first.cure);
      const args = first.cure.split(' ').slice(1);
      await run(args[0] === 'install' ? [...args, '--stores', 'nss'] : args);
    }
    expect(codes).toEqual([3, 1, 0]);
    expect(cures).toEqual(['devcert install', 'devcert localhost']);
    const good = await run(['check', '--stores', 'nss']);
    expect(good.stdout).toMatch(/^good: localhost, until \d{4}-\d\d-\d\d, trusted in 1 store\n$/);
    expect(good.stderr).toBe('');

    writeFileSync(join(project, 'devcert.json'), '{"names": ["localhost", "api.test"]}');
    const lacking = await run(['check', '--stores', 'nss']);
    expect([lacking.status, lacking.stdout]).toEqual([
      1,
      'wrong: the certificate lacks api.test\n  try: devcert\n',
    ]);
    await run([]);
    expect((await run(['check', '--stores', 'nss'])).status).toBe(0);

    rmSync(join(project, '.devcert/key.pem'));
    const keyless = await run(['check', '--stores', 'nss']);
    expect([keyless.status, keyless.stdout]).toEqual([
      1,
      expect.stringMatching(/key\.pem" is not the key of the certificate\n {2}try: devcert\n/),
    ]);
    await run([]);
    expect((await run(['check', '--stores', 'nss'])).status).toBe(0);

    await run(['uninstall', '--stores', 'nss']);
    const untrusted = await run(['check', '--stores', 'nss']);
    expect([untrusted.status, untrusted.stdout]).toEqual([
      4,
      expect.stringMatching(/does not trust the root\n {2}try: devcert install\n$/),
    ]);
  });

  test('a certificate that has expired or is due is 5, one of another authority 4', async () => {
    const { run, project, state } = machine();
    await run(['install', '--stores', 'nss']);
    await run(['localhost', '--days', '9']);
    expect((await run(['check', '--stores', 'nss'])).status).toBe(0);
    for (const [days, words] of [
      [7, 'the certificate expires on'],
      [20, 'the certificate expired on'],
    ] as const) {
      const ran = await run(['check', '--stores', 'nss'], {
        env: { NODE_OPTIONS: `--import ${clock(project, days)}` },
      });
      expect(ran.stdout).toContain(words);
      expect(ran.stdout).toContain('try: devcert\n');
      expect(ran.status).toBe(5);
    }
    rmSync(state, { recursive: true });
    await run(['install', '--stores', 'nss']);
    const orphaned = await run(['check', '--stores', 'nss']);
    expect(orphaned.status).toBe(4);
    expect(orphaned.stdout).toContain('no CA of yours issued');
    expect(orphaned.stdout).toContain('try: devcert --force');
    await run(['--force']);
    expect((await run(['check', '--stores', 'nss'])).status).toBe(0);
  });

  test('asks no keytool unless Java is named', async () => {
    const { run, home } = machine();
    mkdirSync(join(home, 'lib/security'), { recursive: true });
    writeFileSync(join(home, 'lib/security/cacerts'), 'not empty');
    writeFileSync(join(home, 'bin/keytool'), `#!/bin/sh\ntouch ${home}/asked\n`, { mode: 0o755 });
    await run(['install', '--stores', 'nss']);
    await run(['localhost']);
    const java = { env: { JAVA_HOME: home } };
    const kinds = async (args: string[]) => {
      const { stdout } = await run(['check', '--json', ...args], java);
      return (JSON.parse(stdout) as Checked).stores.map(({ kind }) => kind);
    };
    expect(await kinds([])).not.toContain('java');
    expect(existsSync(join(home, 'asked'))).toBe(false);
    expect(await kinds(['--stores', 'java'])).toContain('java');
    expect(existsSync(join(home, 'asked'))).toBe(true);
  });
});
