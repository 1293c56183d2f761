/** What real clients say of each broken certificate, with its CA as their root: the table of `src/testing/said.ts`. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { brokenKinds, createTestCa } from '../../src/entry/testing.ts';
import { type Client, said } from '../../src/testing/said.ts';
import { startChromium, trustingHome } from '../helpers/chromium-page.ts';
import { needsTools } from '../helpers/require.ts';
import { NO_TRUST, run } from '../helpers/run.ts';

const ca = createTestCa();
const kinds = ['good', ...brokenKinds] as const;
type Kind = (typeof kinds)[number];

const ports = new Map<Kind, number>();
const closing: (() => void)[] = [];
const files = ca.files();
const { caFile } = files;
const crlFile = join(files.folder, 'crl.pem');

beforeAll(async () => {
  for (const kind of kinds) {
    const leaf = kind === 'good' ? ca.leaf('localhost') : ca.broken(kind, 'localhost');
    const options = { ...leaf, ciphers: 'DEFAULT@SECLEVEL=0' };
    const server = createServer(options, (_, response) => {
      response.setHeader('connection', 'close').end('hello');
    });
    server.on('tlsClientError', () => undefined); // refused by the client: what is asked for
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ports.set(kind, (server.address() as AddressInfo).port);
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
  }
  writeFileSync(crlFile, ca.crl.join(''));
});

afterAll(() => {
  for (const close of closing) close();
  files.close();
});

const portOf = (kind: Kind) => String(ports.get(kind));

/** Of each kind what the client said, undefined if it took it; against the table. */
async function expectSaid(
  client: Client,
  ask: (kind: Kind) => Promise<string | undefined>,
): Promise<void> {
  expect(await ask('good')).toBeUndefined();
  for (const kind of brokenKinds) {
    const words = said[client][kind];
    const got = await ask(kind);
    if (words === undefined) expect({ kind, got }).toEqual({ kind, got: undefined });
    else expect({ kind, got }).toEqual({ kind, got: expect.stringContaining(words) as string });
  }
}

describe('broken certificates', () => {
  test('curl says what is wrong, and without the root that the issuer is not known', async (context) => {
    if (!needsTools('curl')) context.skip();
    const curl = (kind: Kind, ...more: string[]) =>
      run('curl', ['-sS', '--noproxy', '*', ...more, `https://localhost:${portOf(kind)}/`], {
        env: NO_TRUST,
      });
    await expectSaid('curl', async (kind) => {
      const lists = kind === 'revoked' ? ['--crlfile', crlFile] : [];
      const { status, output } = await curl(kind, '--cacert', caFile, ...lists);
      return status === 0 && output === 'hello' ? undefined : output;
    });
    expect((await curl('revoked', '--cacert', caFile)).output).toBe('hello');
    expect((await curl('expired')).output).toContain('unable to get local issuer certificate');
  });

  test('Node says what is wrong', async () => {
    await expectSaid('Node', (kind) => node(kind, kind === 'revoked' ? { crl: ca.crl } : {}));
    expect(await node('revoked')).toBeUndefined();
  });

  test('GnuTLS says what is wrong', async (context) => {
    if (!needsTools('gnutls-cli')) context.skip();
    await expectSaid('GnuTLS', async (kind) => {
      const args = ['--x509cafile', caFile, '-p', portOf(kind), 'localhost'];
      const { output } = await run('gnutls-cli', args, {
        env: NO_TRUST,
        input: 'GET / HTTP/1.0\r\n\r\n',
      });
      const [status] = /Status: .*/.exec(output) ?? [output];
      return status.includes('The certificate is trusted') ? undefined : status;
    });
  });

  test('Chromium says what is wrong', async (context) => {
    if (!needsTools('chromium')) context.skip();
    const page = await startChromium(trustingHome(caFile));
    await expectSaid('Chromium', (kind) => page.open(`https://localhost:${portOf(kind)}/`));
  });
});

function node(kind: Kind, options: object = {}): Promise<string | undefined> {
  return new Promise((resolve) => {
    const where = { port: ports.get(kind) ?? 0, host: '127.0.0.1', servername: 'localhost' };
    const socket = connect({ ca: ca.cert, ...where, ...options });
    socket.once('secureConnect', () => {
      resolve(undefined);
      socket.destroy();
    });
    socket.once('error', (error: Error & { code?: string }) => {
      resolve(error.code ?? error.message);
    });
  });
}
