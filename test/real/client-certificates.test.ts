/**
 * Client certificates of every form at servers that we did not write: accepted where they should be, and a
 * server's certificate, an expired one, a foreign one and none refused. The common names that Java takes
 * for a host, and that devcert notes, are refused by Java and by nobody else.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { certify } from '../../src/certificate/certify.ts';
import { grantCsr } from '../../src/certificate/csr-policy.ts';
import { encodePrivateKey, generateKey } from '../../src/keys.ts';
import { encodePkcs12KeyStore } from '../../src/keystore/pkcs12.ts';
import { decodePem } from '../../src/keystore/pem.ts';
import { encodeCsr, readCsr } from '../../src/x509/csr.ts';
import { OID } from '../../src/x509/oids.ts';
import { encodeSubject } from '../../src/x509/subject.ts';
import { forgeLeaf, issueFor, makeAuthority, purpose, writePair } from '../helpers/forge.ts';
import { freePort, startProgram, visit } from '../helpers/recipe-server.ts';
import { needsTools } from '../helpers/require.ts';
import { findProgram } from '../helpers/run.ts';
import { startServer } from '../helpers/server.ts';

const DAY_MS = 86_400_000;
const folder = mkdtempSync(join(tmpdir(), 'devcert-clients-'));
const identities = new Map<string, { cert?: Buffer; key?: Buffer }>();
let server: Awaited<ReturnType<typeof issueFor>>;
let rootPem = '';
let files: ReturnType<typeof writePair>;

/** Who gets in, and who does at a Java server. */
const clients = [
  ['a user', true, true],
  ['a user with a bare common name', true, false],
  ['a user with an underscore', true, true],
  ['an e-mail address', true, true],
  ['a URI', true, true],
  ['a DNS name', true, true],
  ['a peer', true, true],
  ['of a CSR', true, true],
  ['with RSA', true, true],
  ['none', false, false],
  ['a server', false, false],
  ['expired', false, false],
  ['of another CA', false, false],
] as const;

beforeAll(async () => {
  const authority = await makeAuthority();
  const stranger = await makeAuthority();
  rootPem = authority.rootPem;
  const client = (name: string, more: object = {}) =>
    issueFor(authority, [name], { client: true, ...more });
  const key = generateKey('p256');
  const csr = encodeCsr(key, encodeSubject({ commonName: 'Ada Lovelace' }), [
    { type: 'email', value: 'ada@example.test' },
  ]);
  const granted = grantCsr(readCsr(csr), { client: true }).request;
  const { certPem } = await certify(authority, granted, 'ada@engine', new Date());
  const pairs = {
    'a user': await client('alice'),
    'a user with a bare common name': await client('alice', { cn: 'alice' }),
    'a user with an underscore': await client('app_user', { cn: 'app_user' }),
    'an e-mail address': await client('ada@example.test'),
    'a URI': await client('spiffe://localhost/orders'),
    'a DNS name': await client('orders.test'),
    'a peer': await issueFor(authority, ['orders.test'], { peer: true }),
    'of a CSR': {
      certPem,
      keyPem: encodePrivateKey(key),
    },
    'with RSA': await client('alice', { key: 'rsa2048' }),
    'a server': await issueFor(authority, ['localhost']),
    expired: await forgeLeaf(authority, {
      names: [{ type: 'email', value: 'ada@example.test' }],
      purpose: purpose(OID.clientAuth),
      notBefore: new Date(Date.now() - 9 * DAY_MS),
      notAfter: new Date(Date.now() - DAY_MS),
    }),
    'of another CA': await issueFor(stranger, ['alice'], { client: true }),
  };
  for (const [name, { certPem, keyPem }] of Object.entries(pairs))
    identities.set(name, { cert: Buffer.from(certPem), key: Buffer.from(keyPem) });
  identities.set('none', {});
  server = await issueFor(authority, ['localhost']);
  files = writePair(folder, server, rootPem);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function expectVerdicts(port: number, isJava = false): Promise<void> {
  const verdicts: [string, boolean][] = [];
  for (const [name] of clients) {
    const seen = await visit(port, { ca: Buffer.from(rootPem), ...identities.get(name) });
    verdicts.push([name, 'page' in seen]);
  }
  expect(verdicts).toEqual(clients.map(([name, others, java]) => [name, isJava ? java : others]));
}

describe('client certificates at', () => {
  test('Node', async () => {
    const running = await startServer({
      cert: server.certPem,
      key: server.keyPem,
      ca: rootPem,
      requestCert: true,
      rejectUnauthorized: true,
    });
    try {
      await expectVerdicts(running.port);
    } finally {
      await running.close();
    }
  });

  test('OpenSSL s_server -Verify', async ({ skip }) => {
    if (!needsTools('openssl')) skip();
    const port = await freePort();
    const pair = ['-cert', files.cert, '-cert_chain', files.cert, '-key', files.key];
    const checks = ['-Verify', '3', '-verify_return_error', '-CAfile', files.ca, '-x509_strict'];
    const args = ['s_server', '-accept', `127.0.0.1:${String(port)}`, '-www', ...pair, ...checks];
    await startProgram(port, 'openssl', args, { cwd: folder });
    await expectVerdicts(port);
  });

  test('nginx', async ({ skip }) => {
    if (!needsTools('nginx')) skip();
    const port = await freePort();
    const config = join(folder, 'nginx.conf');
    writeFileSync(join(folder, 'index.html'), 'hello from devcert');
    writeFileSync(
      config,
      `daemon off; pid ${folder}/nginx.pid; error_log stderr; events {}
       http {
         access_log off; client_body_temp_path ${folder}/1; proxy_temp_path ${folder}/2;
         fastcgi_temp_path ${folder}/3; uwsgi_temp_path ${folder}/4; scgi_temp_path ${folder}/5;
         server {
           listen 127.0.0.1:${String(port)} ssl; root ${folder};
           ssl_certificate ${files.cert}; ssl_certificate_key ${files.key};
           ssl_client_certificate ${files.ca}; ssl_verify_client on; ssl_verify_depth 2;
         }
       }`,
    );
    const nginx = findProgram('nginx') ?? 'nginx';
    await startProgram(port, nginx, ['-c', config, '-g', 'master_process off;'], { cwd: folder });
    await expectVerdicts(port);
  });

  test('Java, which takes a bare common name for a host', async ({ skip }) => {
    if (!needsTools('java')) skip();
    const port = await freePort();
    const store = join(folder, 'server.p12');
    const certificates = decodePem(server.certPem).map(({ der }) => new X509Certificate(der).raw);
    const key = createPrivateKey(server.keyPem);
    writeFileSync(
      store,
      encodePkcs12KeyStore({ key, certificates, alias: 'server' }, { password: 'changeit' }),
    );
    const source = join(import.meta.dirname, '../helpers/MutualTlsServer.java');
    const args = [source, String(port), store, 'changeit', files.ca];
    await startProgram(port, 'java', args, { cwd: folder });
    await expectVerdicts(port, true);
  });
});
