import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { certificateFor } from '../../src/commands/certificate.ts';
import { PAGE, startServer } from '../helpers/server.ts';
import { projectMachine } from '../helpers/stores.ts';
import { stateNames } from '../helpers/state.ts';

// The real time: the handshake below is judged by the real clock.
const machine = (env: Record<string, string> = {}) =>
  projectMachine([], { env, isRoot: true, now: () => new Date() }).context;

function open(port: number, servername: string, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, servername, ca, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        resolve(text);
      });
    }).on('error', reject);
  });
}

describe('certificateFor()', () => {
  test('gives a server what a client that trusts the root accepts, for its names only', async () => {
    const { cert, key, ca, notAfter } = await certificateFor(machine(), ['api.test', 'localhost']);
    const server = await startServer({ cert, key });
    try {
      expect(await open(server.port, 'api.test', ca)).toContain(PAGE);
      await expect(open(server.port, 'other.test', ca)).rejects.toMatchObject({
        code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      });
      const stranger = await certificateFor(machine(), ['api.test']);
      await expect(open(server.port, 'api.test', stranger.ca)).rejects.toThrow(
        /self.signed|issuer/,
      );
    } finally {
      await server.close();
    }
    expect(cert.match(/-----BEGIN CERTIFICATE-----/g)).toHaveLength(2);
    expect(key).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(notAfter).toEqual(new Date(new X509Certificate(cert).validTo));
  });

  test('makes the authority once and writes nothing else', async () => {
    const context = machine();
    const first = await certificateFor(context, []);
    const second = await certificateFor(context, [], { days: 3, key: 'p384' });
    expect(second.ca).toBe(first.ca);
    expect(second.key).not.toBe(first.key);
    expect(stateNames(context.folder)).toEqual([
      'devcert-state.json',
      'folders',
      'issuer-key.pem',
      'issuer.pem',
      'root.pem',
    ]);
    expect(readdirSync(context.cwd)).toEqual([]);
  });

  test('refuses a name outside the constraints, and makes no authority for it', async () => {
    const context = machine();
    await expect(certificateFor(context, ['app.example.com'])).rejects.toMatchObject({
      code: 'outside-constraints',
      hint: 'only if "app.example.com" is yours, because whoever copies the key could forge it, too: devcert install --permit app.example.com',
    });
    expect(existsSync(join(context.folder, 'root.pem'))).toBe(false);
  });

  test('makes no authority in a production build', async () => {
    const context = machine({ NODE_ENV: 'production' });
    await expect(certificateFor(context, [])).rejects.toMatchObject({
      code: 'refused',
      hint: expect.stringContaining('when a server is started') as string,
    });
    expect(existsSync(context.folder)).toBe(false);
  });

  test('refuses to act for a user who called it with sudo', async () => {
    await expect(certificateFor(machine({ SUDO_USER: 'ada' }), [])).rejects.toMatchObject({
      code: 'refused',
    });
  });
});
