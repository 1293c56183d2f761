/** `devcert NAMES --webtransport`: what W3C WebTransport 3.4 asks of a certificate that is known by its hash. */
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { freshHome, twoLines } from '../helpers/cli.ts';
import { clock } from '../helpers/clock.ts';

test('--webtransport: P-256, two weeks in all, and its hash in three forms', async () => {
  const { run, project } = freshHome();
  await run(['localhost']); // a longer one is there already
  const { status, stdout } = await run(['localhost', '--webtransport']);
  expect(status).toBe(0);
  const leaf = new X509Certificate(readFileSync(join(project, '.devcert/cert.pem')));
  expect(leaf.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  // RFC 5280 4.1.2.5: both seconds count.
  const seconds = (Date.parse(leaf.validTo) - Date.parse(leaf.validFrom)) / 1000 + 1;
  expect(seconds).toBeLessThanOrEqual(14 * 86_400);
  expect(seconds).toBeGreaterThan(13 * 86_400);
  const hash = createHash('sha256').update(leaf.raw).digest();
  expect(stdout).toContain(hash.toString('hex'));
  expect(stdout).toContain(hash.toString('base64'));
  const line = /^serverCertificateHashes: (.*)$/m.exec(stdout)?.[1] ?? '';
  const [given] = runInNewContext(line, { Uint8Array }) as {
    algorithm: string;
    value: Uint8Array;
  }[];
  expect(given?.algorithm).toBe('sha-256');
  expect(Buffer.from(given?.value ?? [])).toEqual(hash);
  // Asked again, it is the same one with the same hash.
  expect((await run(['localhost', '--webtransport'])).stdout).toContain(hash.toString('hex'));
});

test('renew prints the hash of the new one, and of no other certificate', async () => {
  const { run, project } = freshHome();
  await run(['localhost', '--webtransport']);
  await run(['api.test', '--days', '9', '--key', 'p384', '--out', 'api']);
  const file = join(project, '.devcert/cert.pem');
  const before = readFileSync(file, 'utf8');
  const later = { env: { NODE_OPTIONS: `--import ${clock(project, 12)}` } };
  const { stdout, status } = await run(['renew'], later);
  expect(status).toBe(0);
  const leaf = new X509Certificate(readFileSync(file));
  expect(leaf.toString()).not.toBe(new X509Certificate(before).toString());
  const hash = createHash('sha256').update(leaf.raw).digest();
  expect(stdout.match(/^serverCertificateHashes: .*$/gm)).toHaveLength(1);
  expect(stdout).toMatch(new RegExp(`cert\\.pem\n[^]*hex +${hash.toString('hex')}`));
  expect(stdout).toContain(`Issued again: ${join(project, 'api/cert.pem')}`);
});

test.each([['--key', 'rsa2048'], ['--days', '14'], ['--client']])(
  '--webtransport %s %s is refused',
  async (...args) => {
    const refused = await freshHome().run(['localhost', '--webtransport', ...args]);
    expect(refused.status).toBe(2);
    twoLines(refused);
  },
);
