/** Client and peer certificates by the command line. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readUsages } from '../../src/x509/read.ts';
import { freshHome, twoLines } from '../helpers/cli.ts';

const load = (folder: string) => new X509Certificate(readFileSync(join(folder, 'cert.pem')));

describe('devcert --client and --peer', () => {
  test('a user, with a common name on request, is issued anew when either changes', async () => {
    const { run, project } = freshHome();
    const folder = join(project, '.devcert');
    const first = await run(['--client', 'alice']);
    expect(first.stdout).toContain('client only');
    expect(first.stderr).toContain('need --cn alice');
    expect(load(folder).subject).toContain('CN=alice (devcert client)');
    expect(load(folder).subjectAltName).toBe('URI:spiffe://localhost/alice');
    expect(readUsages(load(folder).raw)).toEqual(['clientAuth']);
    expect((await run(['--client', 'alice'])).stdout).toContain('is there already');
    const named = await run(['--client', 'alice', '--cn', 'alice']);
    expect(named.stdout).toContain('Issued');
    expect(named.stderr).toContain('Java servers');
    expect(load(folder).subject).toContain('CN=alice');
    expect((await run(['--client', 'alice', '--cn', 'alice'])).stdout).toContain('already');
    const peer = await run(['--peer', 'orders.test', '--json']);
    expect(JSON.parse(peer.stdout)).toMatchObject({
      issued: true,
      usages: ['serverAuth', 'clientAuth'],
      commonName: 'orders.test (devcert peer)',
    });
    const server = JSON.parse((await run(['orders.test', '--json'])).stdout) as object;
    expect(server).toMatchObject({ issued: true, usages: ['serverAuth'] });
    expect(server).not.toHaveProperty('commonName');
  });

  test('a server’s certificate does not give way to a client’s without --force, nor the other way round', async () => {
    const { run, project } = freshHome();
    const folder = join(project, '.devcert');
    for (const [first, second, beside, hint] of [
      [['localhost'], ['--client', 'alice'], 'client', '--out .devcert/client'],
      [['--client', 'alice'], ['localhost'], 'server', '--out .devcert/server'],
    ] as const) {
      await run([...first, '--force']);
      const { raw } = load(folder);
      const refused = await run([...second]);
      expect(refused.status).toBe(1);
      expect(twoLines(refused).hint).toContain(hint);
      expect(load(folder).raw).toEqual(raw);
      expect((await run([...second, '--out', `.devcert/${beside}`])).status).toBe(0);
      expect(load(folder).raw).toEqual(raw);
      expect((await run([...second, '--force'])).status).toBe(0);
    }
  });

  test('a common name of a foreign host is refused, and nothing is written', async () => {
    const { run } = freshHome();
    const ran = await run(['--client', 'alice', '--cn', 'www.google.com']);
    expect(ran.status).toBe(6);
    expect(twoLines(ran).error).toContain('"www.google.com" looks like a host outside');
    expect((await run(['x.test', '--cn', 'x'])).status).toBe(2);
  });
});
