/**
 * What we sign, judged by TLS stacks that we did not write, in real handshakes: right names pass;
 * a wrong name, a wrong date, a wrong purpose and everything outside the constraints that a thief with
 * the issuer's key may sign are refused by each.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkServerIdentity, connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OID } from '../../src/x509/oids.ts';
import { forgeLeaf, issueFor, makeAuthority, purpose, writePair } from '../helpers/forge.ts';
import { needs, needsTools } from '../helpers/require.ts';
import { findProgram, run } from '../helpers/run.ts';
import { startServer, type TestServer } from '../helpers/server.ts';

const DAY_MS = 86_400_000;
const folder = mkdtempSync(join(tmpdir(), 'devcert-engines-'));
const servers = new Map<string, TestServer>();
const files = new Map<string, { cert: string; ca: string }>();
let rootPem = '';

/** Each visit: the server's certificate, the host that the client means, and whether it may get in. */
const visits = [
  ['good', 'localhost', true],
  ['good', 'app.localhost', true],
  ['good', 'api.test', true],
  ['good', 'x.app.test', true],
  ['good', '127.0.0.1', true],
  ['good', '192.168.7.7', true],
  ['rsa', 'localhost', true],
  ['p384', 'localhost', true],
  ['good', 'other.test', false],
  ['good', 'localhost.evil.com', false],
  ['good', '127.0.0.2', false],
  ['expired', 'localhost', false],
  ['future', 'localhost', false],
  ['signing', 'localhost', false],
  ['client', 'localhost', false],
  ['outside', 'bank.example.com', false],
  ['eviltest', 'eviltest', false],
  ['address', '8.8.8.8', false],
  ['mixed', 'localhost', false],
] as const;

beforeAll(async () => {
  const authority = await makeAuthority();
  rootPem = authority.rootPem;
  const dns = (...names: string[]) => names.map((value) => ({ type: 'dns' as const, value }));
  const names = [
    'localhost',
    'app.localhost',
    'api.test',
    '*.app.test',
    '127.0.0.1',
    '192.168.7.7',
  ];
  const now = Date.now();
  const pairs = {
    good: await issueFor(authority, names),
    rsa: await issueFor(authority, ['localhost'], { key: 'rsa2048' }),
    p384: await issueFor(authority, ['localhost'], { key: 'p384' }),
    expired: await forgeLeaf(authority, {
      names: dns('localhost'),
      notBefore: new Date(now - 9 * DAY_MS),
      notAfter: new Date(now - DAY_MS),
    }),
    future: await forgeLeaf(authority, {
      names: dns('localhost'),
      notBefore: new Date(now + 3 * DAY_MS), // NSS lets a day pass for clocks that differ
      notAfter: new Date(now + 9 * DAY_MS),
    }),
    signing: await forgeLeaf(authority, {
      names: dns('localhost'),
      purpose: purpose(OID.codeSigning),
    }),
    client: await forgeLeaf(authority, {
      names: dns('localhost'),
      purpose: purpose(OID.clientAuth),
    }),
    outside: await forgeLeaf(authority, { names: dns('bank.example.com') }),
    eviltest: await forgeLeaf(authority, { names: dns('eviltest') }),
    address: await forgeLeaf(authority, { names: [{ type: 'ip', value: '8.8.8.8' }] }),
    mixed: await forgeLeaf(authority, { names: dns('localhost', 'bank.example.com') }),
  };
  for (const [name, pair] of Object.entries(pairs)) {
    files.set(name, writePair(join(folder, name), pair, rootPem));
    servers.set(name, await startServer({ cert: pair.certPem, key: pair.keyPem }));
  }
});

afterAll(async () => {
  for (const server of servers.values()) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const port = (name: string) => servers.get(name)?.port ?? 0;
const ca = () => files.get('good')?.ca ?? '';
const isAddress = (host: string) => /^[\d.]+$/.test(host);
const quiet = { env: { SSL_CERT_FILE: undefined, SSL_CERT_DIR: undefined } };

type Client = (name: string, host: string) => Promise<boolean>;

const clients: Record<string, { program: string; visit: Client }> = {
  'OpenSSL s_client': {
    program: 'openssl',
    visit: async (name, host) => {
      const expected = isAddress(host) ? ['-verify_ip', host] : ['-verify_hostname', host];
      const args = ['s_client', '-connect', `127.0.0.1:${port(name)}`, '-CAfile', ca()];
      const { status } = await run(
        'openssl',
        [...args, '-verify_return_error', '-x509_strict', ...expected],
        quiet,
      );
      return status === 0;
    },
  },
  'OpenSSL verify -x509_strict': {
    program: 'openssl',
    visit: async (name, host) => {
      const cert = files.get(name)?.cert ?? '';
      const expected = isAddress(host) ? ['-verify_ip', host] : ['-verify_hostname', host];
      const args = [
        'verify',
        '-x509_strict',
        '-purpose',
        'sslserver',
        '-CAfile',
        ca(),
        '-untrusted',
        cert,
      ];
      const { status } = await run('openssl', [...args, ...expected, cert], quiet);
      return status === 0;
    },
  },
  'gnutls-cli': {
    program: 'gnutls-cli',
    visit: async (name, host) => {
      const { status } = await run('gnutls-cli', [
        ...['--x509cafile', ca(), '--verify-hostname', host, '--port', String(port(name))],
        '127.0.0.1',
      ]);
      return status === 0;
    },
  },
  curl: {
    program: 'curl',
    visit: async (name, host) => {
      const target = ['--connect-to', `${host}:${port(name)}:127.0.0.1:${port(name)}`];
      const { status } = await run(
        'curl',
        ['-sS', '--cacert', ca(), ...target, `https://${host}:${port(name)}/`],
        {
          env: { ...quiet.env, CURL_CA_BUNDLE: undefined },
        },
      );
      return status === 0;
    },
  },
  Python: {
    program: 'python3',
    visit: async (name, host) => {
      const script =
        'import socket,ssl,sys;c=ssl.create_default_context(cafile=sys.argv[1]);c.verify_flags|=ssl.VERIFY_X509_STRICT;' +
        'c.wrap_socket(socket.create_connection(("127.0.0.1",int(sys.argv[2]))),server_hostname=sys.argv[3])';
      const { status } = await run(
        'python3',
        ['-c', script, ca(), String(port(name)), host],
        quiet,
      );
      return status === 0;
    },
  },
  Node: {
    program: 'node',
    visit: (name, host) =>
      new Promise((resolve) => {
        const servername = isAddress(host) ? {} : { servername: host };
        const socket = connect({
          host: '127.0.0.1',
          port: port(name),
          ca: rootPem,
          ...servername,
          checkServerIdentity: (_asked, certificate) => checkServerIdentity(host, certificate),
        });
        socket.on('secureConnect', () => {
          socket.destroy();
          resolve(true);
        });
        socket.on('error', () => {
          resolve(false);
        });
      }),
  },
};

async function expectVerdicts(visit: Client): Promise<void> {
  const verdicts: [string, string, boolean][] = [];
  for (const [name, host] of visits) verdicts.push([name, host, await visit(name, host)]);
  expect(verdicts).toEqual(visits);
}

describe('certificates and forgeries, as seen by', () => {
  for (const [name, { program, visit }] of Object.entries(clients))
    test(name, async ({ skip }) => {
      if (!needs(findProgram(program) !== undefined, program)) skip();
      await expectVerdicts(visit);
    });

  test('Java', async ({ skip }) => {
    if (!needsTools('java')) skip();
    const source = join(import.meta.dirname, '../helpers/TlsClient.java');
    const targets = visits.map(([name, host]) => `${host}:${port(name)}`);
    const { output } = await run('java', [source, ca(), ...targets], { timeoutMs: 120_000 });
    await expectVerdicts((name, host) =>
      Promise.resolve(output.split('\n').includes(`${host}:${port(name)} ok`)),
    );
  });

  test('NSS (vfychain, which looks at no host name)', async ({ skip }) => {
    if (!needsTools('vfychain')) skip();
    const database = join(folder, 'nss');
    mkdirSync(database);
    await run('certutil', ['-N', '--empty-password', '-d', `sql:${database}`]);
    const issuer = join(folder, 'issuer.pem');
    writeFileSync(
      issuer,
      /-----BEGIN[^]*?END CERTIFICATE-----\n([^]*)/.exec(
        readFileSync(files.get('good')?.cert ?? '', 'utf8'),
      )?.[1] ?? '',
    );
    await run('certutil', [
      '-A',
      '-d',
      `sql:${database}`,
      '-t',
      ',,',
      '-n',
      'issuer',
      '-i',
      issuer,
    ]);
    const verify = async (name: string) => {
      const cert = files.get(name)?.cert ?? '';
      const { output } = await run('vfychain', ['-d', `sql:${database}`, '-u', '1', '-a', cert]);
      return output.includes('Chain is good');
    };
    expect(await verify('good')).toBe(false); // nothing trusts it yet
    await run('certutil', ['-A', '-d', `sql:${database}`, '-t', 'C,,', '-n', 'root', '-i', ca()]);
    for (const name of ['good', 'rsa', 'p384'])
      expect([name, await verify(name)]).toEqual([name, true]);
    for (const name of [
      'expired',
      'future',
      'signing',
      'client',
      'outside',
      'eviltest',
      'address',
      'mixed',
    ])
      expect([name, await verify(name)]).toEqual([name, false]);
    await run('certutil', ['-D', '-d', `sql:${database}`, '-n', 'root']);
    expect(await verify('good')).toBe(false);
  });
});
