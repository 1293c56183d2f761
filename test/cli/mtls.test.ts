/** `devcert mtls …` as a person meets it. */
import { existsSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freshHome, twoLines } from '../helpers/cli.ts';
import { loadParty, startMtlsServer } from '../helpers/mtls.ts';

describe('devcert mtls', () => {
  test('makes a set, checks a server against it, and rotates', async () => {
    const { run, project } = freshHome();
    await run(['ca', 'create', 'people', '--clients-only']);
    const made = await run(['mtls', 'api', '--client', 'web', '--client-ca', 'people']);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout).toContain(join('clients', 'web', sep));
    expect((await run(['mtls', 'api'])).stdout).toContain('All is in place');

    const good = await startMtlsServer(loadParty(join(project, 'api/server')));
    onTestFinished(() => good.close());
    const check = ['mtls', 'check', `localhost:${good.port}`, '--dir', 'api'];
    const checked = await run(check);
    expect(checked).toMatchObject({ status: 0, stderr: '' });
    expect(checked.stdout).toContain('TLS 1.3  no certificate        refused  as it should');
    expect(checked.stdout).toContain('CN=devcert root people');
    expect(JSON.parse((await run([...check, '--json'])).stdout)).toMatchObject({ ok: true });

    const bad = await startMtlsServer(loadParty(join(project, 'api/server')), 'lax');
    onTestFinished(() => bad.close());
    const wrong = await run(['mtls', 'check', `localhost:${bad.port}`, '--dir', 'api']);
    expect(wrong.status).toBe(1);
    expect(wrong.stdout).toContain('let in   WRONG: should be refused: HTTP 200');

    const trust = () => readFileSync(join(project, 'api/server/trust.pem'), 'utf8').split('BEGIN');
    const rotate = ['mtls', 'rotate', '--dir', 'api'];
    expect((await run([...rotate, '--client-ca'])).stdout).toContain('Now reload the server');
    expect(trust()).toHaveLength(3);
    expect((await run([...rotate, '--issue'])).stdout).toContain('Now reload the clients');
    expect((await run([...rotate, '--finish'])).status).toBe(0);
    expect(trust()).toHaveLength(2);
  });

  test('refuses with two lines and makes nothing', async () => {
    const { run, project, state } = freshHome();
    const cases = [
      [['mtls'], 2],
      [['mtls', '../x', '--client', 'web'], 2],
      [['mtls', 'api'], 2],
      [['mtls', 'api', '--client', 'web', '--ca', 'nope'], 3],
      [['mtls', 'api', '--client', 'web', '--server-names', 'google.com'], 6],
      [['mtls', 'check', 'localhost:1'], 2],
      [['mtls', 'check'], 2],
      [['mtls', 'rotate'], 2],
    ] as const;
    for (const [args, status] of cases) {
      const ran = await run(args);
      expect({ args, status: ran.status }).toEqual({ args, status });
      twoLines(ran);
    }
    expect(existsSync(join(project, 'api'))).toBe(false);
    expect(existsSync(join(state, 'root.pem'))).toBe(false);
  });
});
