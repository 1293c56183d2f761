/** `devcert NAMES --broken KIND` and `--expired`, as users type them. */
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasModes } from '../helpers/can.ts';
import { freshHome, twoLines } from '../helpers/cli.ts';

describe('devcert --expired', () => {
  test('writes one into a folder that says so, by a CA of its own, and makes no CA of devcert’s', async () => {
    const { run, project, state } = freshHome();
    const folder = join(project, '.devcert/broken/expired');
    const { status, stdout } = await run(['localhost', 'api.test', '--expired']);
    expect([status, stdout.split('\n')[0]]).toEqual([
      0,
      'Made a certificate for localhost, api.test that is broken on purpose: expired',
    ]);
    expect(existsSync(state)).toBe(false);
    expect(readdirSync(folder).sort()).toEqual(
      ['.gitignore', 'README.md', 'ca.pem', 'cert.pem', 'key.pem'].sort(),
    );
    const read = (name: string) => readFileSync(join(folder, name), 'utf8');
    const leaf = new X509Certificate(read('cert.pem'));
    expect(leaf.subjectAltName).toBe('DNS:localhost, DNS:api.test');
    expect(Date.parse(leaf.validTo)).toBeLessThan(Date.now());
    expect(new X509Certificate(read('ca.pem')).subject).toContain('O=devcert test CA');
    if (hasModes) expect(statSync(join(folder, 'key.pem')).mode & 0o777).toBe(0o600);
    expect(read('README.md')).toContain('# Broken on purpose: expired');
    // The line at its end does what it says.
    const line = /^ {4}devcert (.*)$/m.exec(read('README.md'))?.[1] ?? '';
    const verified = await run(line.split(' '), { cwd: folder });
    expect([verified.status, verified.stdout]).toEqual([
      5,
      expect.stringContaining('Not verified: expired\n'),
    ]);
    // Again: without a ledger, too, what is there is known to be ours.
    const before = read('cert.pem');
    expect((await run(['localhost', '--broken', 'expired'])).status).toBe(0);
    expect(read('cert.pem')).not.toBe(before);
    // The project's own certificate, which comes later, is ignored by git all the same.
    expect((await run(['localhost'])).status).toBe(0);
    expect(readFileSync(join(project, '.devcert/.gitignore'), 'utf8')).toBe('*\n');
  });

  test('is listed apart, and neither due, nor renewed, nor a fault', async () => {
    const { run, project } = freshHome();
    await run(['api.test']);
    expect((await run(['--expired'])).stdout).toContain('for api.test that is broken');
    await run(['--client', 'alice', '--broken', 'revoked']);
    const folder = join(project, '.devcert/broken');
    expect(readdirSync(folder).sort()).toEqual(['client-revoked', 'expired']);
    const { status, stdout } = await run(['list', '--json']);
    const { certificates, broken } = JSON.parse(stdout) as {
      certificates: { state: string }[];
      broken: { broken: string; names: string[]; files: string[] }[];
    };
    expect([status, certificates.map(({ state }) => state)]).toEqual([0, ['valid']]);
    expect(broken.map(({ broken, names }) => [broken, names])).toEqual([
      ['expired', ['api.test']],
      ['revoked', ['spiffe://localhost/alice']],
    ]);
    expect(broken[1]?.files).toContain(join(folder, 'client-revoked/crl.pem'));
    expect((await run(['list'])).stdout).toContain(
      'Broken on purpose, for tests:\n  expired  api.test\n',
    );
    const cert = readFileSync(join(folder, 'expired/cert.pem'), 'utf8');
    const renewed = await run(['renew', '--all']);
    expect([renewed.status, renewed.stdout]).toEqual([
      0,
      expect.stringContaining('Nothing is due'),
    ]);
    expect(readFileSync(join(folder, 'expired/cert.pem'), 'utf8')).toBe(cert);
    expect((await run(['check', '--json'])).stdout).not.toContain('broken');
  });

  test('without its root, verify says that it is of a test, and what is wrong', async () => {
    const { run } = freshHome();
    await run(['localhost']);
    await run(['localhost', '--expired']);
    const { status, stdout } = await run(['verify', '.devcert/broken/expired/cert.pem']);
    expect([status, stdout]).toEqual([
      4,
      expect.stringContaining('Not verified: test-authority, expired\n'),
    ]);
    expect(stdout).toContain('it was made for a test, by a CA that nothing is to trust');
  });

  test('replaces nothing of others, and takes nothing that is for certificates to be trusted', async () => {
    const { run, project } = freshHome();
    mkdirSync(join(project, 'mine'));
    writeFileSync(join(project, 'mine/README.md'), '# Mine\n');
    const refused = twoLines(await run(['localhost', '--expired', '--out', 'mine']));
    expect(refused.error).toContain('README.md" is there already and devcert did not write it');
    expect(readdirSync(join(project, 'mine'))).toEqual(['README.md']);
    for (const [args, error] of [
      [['--broken', 'rotten'], '"rotten" is nothing that can be wrong'],
      [['--expired', '--broken', 'revoked'], '--expired and --broken revoked exclude each other'],
      [['--expired', '--days', '7'], '--days does not go with --broken'],
      [['--expired', '--key-file', 'x'], '--key-file does not go with --broken'],
      [['--expired', '--no-password'], '--password does not go with --broken'],
    ] as const) {
      const result = await run(['localhost', ...args]);
      expect([result.status, twoLines(result).error]).toEqual([2, expect.stringContaining(error)]);
    }
    expect(existsSync(join(project, '.devcert'))).toBe(false);
  });
});
