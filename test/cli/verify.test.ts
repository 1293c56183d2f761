/** `devcert verify` as users type it: the screen, the document, exit codes, and what a hostile server can write. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { freshHome, twoLines } from '../helpers/cli.ts';
import { listen, plainServer } from '../helpers/listen.ts';
import { make } from '../inspect/certificates.ts';

describe('devcert verify', () => {
  test('shows the steps, and ends in the exit code of the verdict', async () => {
    const { run } = freshHome();
    expect((await run(['localhost'])).status).toBe(0);
    const good = await run(['verify', '.devcert/cert.pem', '--name', 'localhost']);
    expect(good.status).toBe(0);
    for (const line of [
      '.devcert/cert.pem as "localhost", for a server, against devcert\'s root',
      '  ok    certificates  2 certificates, in the file',
      '                      1. localhost, until 20',
      '  ok    chain         localhost <- issuer ',
      '  ok    name          "localhost" is among its names',
    ])
      expect(good.stdout).toContain(line);
    expect(good.stdout.endsWith('\n\nVerified\n')).toBe(true);
    expect(good.stdout.split('\n').every((line) => line.length < 80)).toBe(true);
    const bad = await run(['verify', '.devcert/cert.pem', '--name', 'api.test']);
    expect(bad.status).toBe(1);
    expect(bad.stdout).toContain(
      'FAIL  name          "api.test" is not among its names: localhost',
    );
    expect(bad.stdout).toContain('fix: devcert api.test localhost, and restart the server');
    expect(bad.stdout).toContain('Not verified: wrong-name');
    const expired = await run(['verify', '.devcert/cert.pem', '--at', '2040-01-01', '--json']);
    expect(expired.status).toBe(5);
    expect(JSON.parse(expired.stdout)).toMatchObject({
      isVerified: false,
      problems: [{ code: 'expired' }, { code: 'expired' }, { code: 'expired' }],
    });
  });

  test('needs an authority, or roots; what cannot be read is two lines', async () => {
    const { run, project } = freshHome();
    writeFileSync(join(project, 'cert.pem'), make({}).pem);
    const none = await run(['verify', 'cert.pem']);
    expect(none.status).toBe(3);
    expect(twoLines(none).hint).toBe('make one: devcert install; or ask others: --roots system');
    expect(twoLines(await run(['verify', 'cert.pem', '--roots', 'x.pem'])).error).toContain(
      'there is no file of roots',
    );
    const alone = await run(['verify', 'cert.pem', '--roots', 'cert.pem']);
    expect(alone.stdout).toContain('Verified');
    expect((await run(['verify'])).status).toBe(2);
    expect((await run(['verify', 'localhost:1', '--timeout', 'x'])).status).toBe(2);
  });

  test('nothing that a server sends steers the terminal', async () => {
    const { run } = freshHome();
    await run(['localhost']);
    const text = '\u001b]0;owned\u0007\u001b[2Jevil\u202e';
    const subject = { commonName: text, organization: text };
    const above = make({ authority: true, subject });
    const leaf = make({ subject, names: [`\u001b[31m.test`, 'localhost'], raw: true }, above);
    const cert = leaf.pem + above.pem;
    const port = await listen(
      createServer({ cert, key: leaf.keyPem, requestCert: true, ca: above.pem }),
    );
    const banner = await plainServer((socket) => socket.write(`220 ${text} SMTP\r\n`));
    for (const address of [`localhost:${port}`, `localhost:${banner}`])
      for (const json of [[], ['--json']]) {
        const { stdout, stderr, status } = await run(['verify', address, ...json]);
        expect(status).toBeGreaterThan(0);
        expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
        expect(stdout).toContain('evil');
      }
  });
});
