/** install, uninstall and status as typed, over a store whose tool is a script of the test. */
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { twoLines } from '../helpers/cli.ts';
import { homeWithDatabase } from '../helpers/database-home.ts';
import { needs } from '../helpers/require.ts';
import { findProgram } from '../helpers/run.ts';
import { typed } from '../helpers/typed.ts';

// Chromium has a database of its own there alone.
describe.runIf(process.platform === 'linux')('devcert install, status, uninstall', () => {
  test('there and back again, with exit codes for scripts', async () => {
    const { run, env, state } = homeWithDatabase();
    const options = { env };
    expect((await run(['status', '--stores', 'nss'], options)).status).toBe(3);
    const installed = await run(['install', '--stores', ' nss '], options);
    expect(installed).toMatchObject({ status: 0, stderr: '' });
    expect(installed.stdout).toContain('Chromium  trusted');
    expect(installed.stdout.split('\n').every((line) => line.length < 80)).toBe(true);
    expect((await run(['status', '--stores', 'nss'], options)).status).toBe(0);
    expect(
      JSON.parse((await run(['install', '--stores', 'nss', '--json'], options)).stdout),
    ).toMatchObject({
      authority: 'kept',
      outcomes: [{ kind: 'nss', status: 'already-trusted' }],
    });
    expect((await run(['uninstall', '--stores', 'nss'], options)).status).toBe(0);
    const status = await run(['status', '--stores', 'nss'], options);
    expect(status.status).toBe(4);
    expect(status.stdout).toContain('devcert install');
    expect(existsSync(join(state, 'root.pem'))).toBe(true);
  });

  test('orphans are listed, removed with --yes, and never where nobody can be asked', async () => {
    const { run, env, state } = homeWithDatabase();
    const stores = ['--stores', 'nss'];
    await run(['install', ...stores], { env });
    const root = new X509Certificate(readFileSync(join(state, 'root.pem')));
    const sha256 = root.fingerprint256.replaceAll(':', '').toLowerCase();
    rmSync(state, { recursive: true });
    const status = await run(['status', ...stores], { env });
    expect(status).toMatchObject({ status: 3 });
    expect(status.stdout).toContain(`SHA-256 ${sha256}`);
    expect(status.stdout).toContain('in Chromium');
    const left = await run(['uninstall', ...stores], { env });
    expect(left.stdout).toContain('To remove them: devcert uninstall --orphans');
    const asks = await run(['uninstall', '--orphans', ...stores], { env });
    expect(asks.status).toBe(2);
    expect(twoLines(asks).hint).toBe('devcert uninstall --orphans --yes');
    const planned = await run(['uninstall', '--orphans', '--dry-run', ...stores], { env });
    expect(planned.stdout).toContain(`-D -d sql:`);
    const json = ['uninstall', '--orphans', '--yes', '--json', ...stores];
    expect(JSON.parse((await run(json, { env })).stdout)).toMatchObject({
      orphans: [{ root: sha256 }],
      outcomes: [{ status: 'removed' }],
    });
    expect((await run(['status', ...stores, '--json'], { env })).stdout).toContain('"orphans": []');
    const none = await run(['uninstall', '--orphans', ...stores], { env });
    expect(none).toMatchObject({ status: 0, stderr: '' });
  });

  test('at a terminal it asks, and everything but yes is no', async (context) => {
    if (!needs(findProgram('python3') !== undefined, 'Python')) context.skip();
    const { run, env, home, state, project } = homeWithDatabase();
    await run(['install', '--stores', 'nss'], { env });
    rmSync(state, { recursive: true });
    const answer = (word: string) =>
      typed(['uninstall', '--orphans', '--stores', 'nss'], [['y/N', `${word}\r`]], {
        env: { ...env, HOME: home, DEVCERT_HOME: undefined, CI: undefined, TERM: 'dumb' },
        cwd: project,
      });
    const database = join(home, '.pki/nssdb/store');
    expect((await answer('')).status).toBe(7);
    expect((await answer('no')).status).toBe(7);
    expect(existsSync(database)).toBe(true);
    const yes = await answer('yes');
    expect(yes.status).toBe(0);
    expect(yes.output).toMatch(/made \S+, ends \S+\s+SHA-256 [0-9a-f]{64}/);
    expect(existsSync(database)).toBe(false);
  }, 60_000);

  test('a tool that fails is told with its own words, and the exit code says so', async () => {
    const { run, env } = homeWithDatabase('echo "the disk is on fire" >&2; status=9');
    const ran = await run(['install', '--stores', 'nss'], { env });
    expect(ran.status).toBe(1);
    expect(ran.stdout).toMatch(/Chromium {2}failed: .*exit code 9: the disk is on fire/);
  });

  test('Ctrl-C is exit code 7, and the next run goes on', async () => {
    const { run, env, home, state } = homeWithDatabase(
      '[ -e $HOME/patient ] || { echo > $HOME/asked; sleep 50; }; cp "$9" $store',
    );
    const options = { env, interruptAt: join(home, 'asked') };
    const cancelled = await run(['install', '--stores', 'nss'], options);
    expect(cancelled.status).toBe(7);
    twoLines(cancelled);
    const root = readFileSync(join(state, 'root.pem'), 'utf8');
    writeFileSync(join(home, 'patient'), '');
    await run(['install', '--stores', 'nss'], { env });
    expect(readFileSync(join(state, 'root.pem'), 'utf8')).toBe(root);
  }, 60_000);
});
