/**
 * What `devcert export` writes, in the hands of programs that others wrote: servers that serve from it,
 * clients that trust it, and tools that open it with its password and with none other. The codecs by
 * themselves are held against more of them in keystores.test.ts.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { createSecureContext, rootCertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshHome, type Home } from '../helpers/cli.ts';
import { needsTools } from '../helpers/require.ts';
import { run } from '../helpers/run.ts';
import { PAGE, startServer } from '../helpers/server.ts';

const password = 'changeit-7';
const wrong = 'changeit-8';
const base = mkdtempSync(join(tmpdir(), 'devcert-export-'));
const folder = join(base, 'project/.devcert');
const file = (name: string) => join(folder, name);
const java = (name: string) => join(import.meta.dirname, '../helpers', name);

const hasJava = needsTools('keytool');
const hasNss = needsTools('pk12util');
const hasCerttool = needsTools('certtool');
const hasCurl = needsTools('curl');

let home: Home;

beforeAll(async () => {
  home = freshHome(base);
  const devcert = async (...args: string[]) => {
    const ran = await home.run(args, { env: { WORD: password } });
    if (ran.status !== 0) throw new Error(ran.stderr);
  };
  const word = ['--password-env', 'WORD'];
  await devcert('localhost', '--format', 'p12', '--format', 'jks', '--format', 'der', ...word);
  await devcert('export', '--format', 'combined');
  await devcert('export', '--format', 'pem', '--encrypt', ...word);
  await devcert('export', '--format', 'p12', '--legacy', '--file', file('legacy.p12'), ...word);
  await devcert('export', '--trust', '--format', 'p12', '--with-public-roots', ...word);
  await devcert('export', '--trust', '--format', 'jks', ...word);
  await devcert('export', '--trust', '--format', 'pem', '--with-public-roots');
  await devcert('export', '--trust', '--format', 'der');
  writeFileSync(file('public.pem'), rootCertificates.join('\n'));
});

afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

/** curl's answer; it trusts what is in the file and nothing else. */
const curl = (port: number, trusted: string) =>
  run('curl', ['-sS', '--max-time', '20', '--cacert', trusted, `https://localhost:${port}/`]);

describe.skipIf(!hasCurl)('Node serves', () => {
  test.each(['keystore.p12', 'legacy.p12'])('from %s, to curl', async (name) => {
    const server = await startServer({ pfx: readFileSync(file(name)), passphrase: password });
    try {
      expect(await curl(server.port, file('ca.pem'))).toMatchObject({ status: 0 });
      const withPublic = await curl(server.port, file('truststore.pem'));
      expect(withPublic.output).toContain(PAGE);
      // The leaf is in this file, and no root: nothing to trust.
      expect((await curl(server.port, file('cert.der'))).status).not.toBe(0);
      expect((await curl(server.port, file('public.pem'))).status).toBe(60);
    } finally {
      await server.close();
    }
  });

  test.each(['keystore.p12', 'legacy.p12'])('and refuses another password for %s', (name) => {
    const pfx = readFileSync(file(name));
    expect(() => createSecureContext({ pfx, passphrase: wrong })).toThrow(/mac verify failure/);
  });

  test('from combined.pem and from the encrypted key', async () => {
    const combined = readFileSync(file('combined.pem'));
    const cert = readFileSync(file('cert.pem'));
    const encrypted = readFileSync(file('key-encrypted.pem'));
    for (const options of [
      { cert: combined, key: combined },
      { cert, key: encrypted, passphrase: password },
    ]) {
      const server = await startServer(options);
      expect((await curl(server.port, file('ca.pem'))).output).toContain(PAGE);
      await server.close();
    }
    expect(() => createSecureContext({ cert, key: encrypted, passphrase: wrong })).toThrow();
  });
});

describe.skipIf(!hasJava || !hasCurl)('a JVM', () => {
  test.each([
    ['PKCS12', 'keystore.p12'],
    ['PKCS12', 'legacy.p12'],
    ['JKS', 'keystore.jks'],
  ])('serves from the %s %s, to curl', async (type, name) => {
    const server = await startJvm(type, file(name), password);
    try {
      expect((await curl(server.port, file('ca.pem'))).output).toContain('hello from the JVM');
      expect((await curl(server.port, file('public.pem'))).status).toBe(60);
    } finally {
      await server.close();
    }
    await expect(startJvm(type, file(name), wrong)).rejects.toThrow(
      /password was incorrect|password verification failed/,
    );
  });

  test('trusts what is in the trust stores, with their passwords only', async () => {
    const server = await startServer({
      pfx: readFileSync(file('keystore.p12')),
      passphrase: password,
    });
    const client = (store: string, word: string) =>
      run('java', [
        `-Djavax.net.ssl.trustStore=${store}`,
        `-Djavax.net.ssl.trustStorePassword=${word}`,
        ...[java('TlsClient.java'), 'default', `localhost:${server.port}`],
        `other.test:${server.port}`,
      ]);
    try {
      for (const name of ['truststore.p12', 'truststore.jks']) {
        const { output } = await client(file(name), password);
        expect(output).toContain(`localhost:${server.port} ok`);
        expect(output).toMatch(/other\.test:\d+ refused/);
        expect((await client(file(name), wrong)).output).not.toMatch(/ ok$/m);
      }
      // The JDK's own roots do not hold ours.
      const { output } = await run('java', [
        ...[java('TlsClient.java'), 'default', `localhost:${server.port}`],
      ]);
      expect(output).toMatch(/localhost:\d+ refused/);
    } finally {
      await server.close();
    }
  });

  test.each(['keystore.p12', 'keystore.jks', 'truststore.p12', 'truststore.jks'])(
    'keytool lists %s with its password only',
    async (name) => {
      const list = (word: string) =>
        run('keytool', ['-list', '-keystore', file(name), '-storepass', word]);
      const { status, output } = await list(password);
      expect(status).toBe(0);
      expect(output).toContain(name.startsWith('key') ? 'devcert, ' : 'devcert-root, ');
      expect(output).toContain(name.startsWith('key') ? 'PrivateKeyEntry' : 'trustedCertEntry');
      expect((await list(wrong)).status).not.toBe(0);
    },
  );
});

describe('tools', () => {
  test('OpenSSL reads DER and encrypted PEM, and their key is that of the certificate', async () => {
    const certificate = await run('openssl', [
      ...['x509', '-inform', 'DER', '-in', file('cert.der'), '-noout', '-pubkey'],
    ]);
    for (const args of [
      ['-inform', 'DER', '-in', file('key.der')],
      ['-in', file('key-encrypted.pem'), '-passin', `pass:${password}`],
      ['-in', file('combined.pem')],
    ])
      expect(await run('openssl', ['pkey', ...args, '-pubout'])).toEqual(certificate);
    const verify = ['verify', '-x509_strict', '-CAfile', file('ca.pem'), '-untrusted'];
    expect((await run('openssl', [...verify, file('cert.pem'), file('combined.pem')])).status).toBe(
      0,
    );
    const root = await run('openssl', ['x509', '-inform', 'DER', '-in', file('ca.der')]);
    expect(root.output).toBe(readFileSync(file('ca.pem'), 'utf8'));
  });

  test.skipIf(!hasNss).each(['keystore.p12', 'legacy.p12'])(
    'NSS opens %s with its password only',
    async (name) => {
      const list = (word: string) => run('pk12util', ['-l', file(name), '-W', word]);
      expect((await list(password)).output).toContain('Friendly Name: devcert');
      expect((await list(wrong)).status).not.toBe(0);
    },
  );

  test.skipIf(!hasCerttool).each(['keystore.p12', 'legacy.p12', 'truststore.p12'])(
    'GnuTLS opens %s with its password only',
    async (name) => {
      const info = (word: string) =>
        run('certtool', ['--p12-info', '--inder', '--infile', file(name), '--password', word]);
      expect((await info(password)).status).toBe(0);
      expect((await info(wrong)).status).not.toBe(0);
    },
  );
});

/** A server in a JVM; fails with what it said if it does not come up. */
async function startJvm(type: string, store: string, word: string) {
  const child: ChildProcess = spawn('java', [java('TlsServer.java'), type, store, word], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr?.on('data', (data: Buffer) => (errors += data.toString()));
  const ended = new Promise<void>((resolve) =>
    child.on('close', () => {
      resolve();
    }),
  );
  if (child.stdout === null) throw new Error('no output');
  for await (const line of createInterface(child.stdout)) {
    return {
      port: Number(line),
      close: () => {
        child.stdin?.end();
        return ended;
      },
    };
  }
  await ended;
  throw new Error(errors);
}
