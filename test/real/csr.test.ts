/**
 * CSRs made by other people's tools are signed, and what comes of them verifies and serves; our CSRs are read
 * and signed by other people's tools; and nothing that a greedy CSR of OpenSSL asks for is granted.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Authority } from '../../src/authority/authority.ts';
import { certify } from '../../src/certificate/certify.ts';
import { findCsr } from '../../src/certificate/csr-file.ts';
import { grantCsr } from '../../src/certificate/csr-policy.ts';
import { readKeyStore } from '../../src/keystore/read.ts';
import { readCsr } from '../../src/x509/csr.ts';
import { OID } from '../../src/x509/oids.ts';
import { readExtensions, readNames } from '../../src/x509/read.ts';
import { freshHome } from '../helpers/cli.ts';
import { makeAuthority } from '../helpers/forge.ts';
import { visit } from '../helpers/recipe-server.ts';
import { needs, needsTools } from '../helpers/require.ts';
import { findProgram, run } from '../helpers/run.ts';
import { startServer } from '../helpers/server.ts';

const folder = mkdtempSync(join(tmpdir(), 'devcert-csr-'));
const path = (name: string) => join(folder, name);
let authority: Authority;

beforeAll(async () => {
  authority = await makeAuthority();
  writeFileSync(path('root.pem'), authority.rootPem);
  writeFileSync(path('issuer.pem'), authority.chainPem);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a program that must succeed. */
async function must(file: string, args: readonly string[], input = ''): Promise<string> {
  const { status, output } = await run(file, args, { cwd: folder, input });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${output}`);
  return output;
}

const names = ['localhost', 'api.test', '127.0.0.1'];
const san = 'subjectAltName=DNS:localhost,DNS:api.test,IP:127.0.0.1';
const openssl = (name: string, algorithm: readonly string[]) => async () => {
  const args = ['req', '-new', '-nodes', '-subj', '/O=Bank/CN=localhost', '-addext', san];
  await must('openssl', [...args, ...algorithm, '-keyout', `${name}.key`, '-out', `${name}.csr`]);
  return { csr: readFileSync(path(`${name}.csr`)), key: readFileSync(path(`${name}.key`)) };
};

interface Made {
  readonly csr: Buffer;
  /** PEM, DER or a key store under `changeit`. */
  readonly key?: Buffer;
}

/** Each gives a CSR for the names, and its key where that comes out of the tool. */
const makers: Record<string, { program: string; make: () => Promise<Made> }> = {
  'OpenSSL, RSA': { program: 'openssl', make: openssl('rsa', ['-newkey', 'rsa:2048']) },
  'OpenSSL, P-384': {
    program: 'openssl',
    make: openssl('p384', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384']),
  },
  'OpenSSL, Ed25519': { program: 'openssl', make: openssl('ed', ['-newkey', 'ed25519']) },
  'GnuTLS certtool': {
    program: 'certtool',
    make: async () => {
      const template = 'cn = "localhost"\ndns_name = localhost\ndns_name = api.test\n';
      writeFileSync(path('template'), `${template}ip_address = 127.0.0.1\ntls_www_server\nca\n`);
      await must('certtool', ['--generate-privkey', '--ecc', '--outfile', 'gnutls.key']);
      const load = ['--load-privkey', 'gnutls.key', '--template', 'template'];
      await must('certtool', ['--generate-request', ...load, '--outfile', 'gnutls.csr']);
      return { csr: readFileSync(path('gnutls.csr')), key: readFileSync(path('gnutls.key')) };
    },
  },
  'Java keytool': {
    program: 'keytool',
    make: async () => {
      const store = ['-keystore', 'java.p12', '-storepass', 'changeit', '-alias', 'a'];
      const dname = ['-dname', 'CN=localhost, O=Bank', '-keyalg', 'RSA', '-keysize', '2048'];
      await must('keytool', ['-genkeypair', ...store, ...dname, '-storetype', 'PKCS12']);
      const ext = ['-ext', 'san=dns:localhost,dns:api.test,ip:127.0.0.1'];
      await must('keytool', ['-certreq', ...store, ...ext, '-file', 'java.csr']);
      return { csr: readFileSync(path('java.csr')), key: readFileSync(path('java.p12')) };
    },
  },
  'NSS certutil': {
    program: 'certutil',
    make: async () => {
      mkdirSync(path('nss'));
      writeFileSync(path('noise'), 'x'.repeat(1000));
      await must('certutil', ['-N', '--empty-password', '-d', 'sql:nss']);
      const extSan = ['--extSAN', 'dns:localhost,dns:api.test,ip:127.0.0.1'];
      const key = ['-k', 'ec', '-q', 'nistp256', '-z', 'noise', '-s', 'CN=localhost'];
      // DER: certutil writes PEM with -a only.
      await must('certutil', ['-R', '-d', 'sql:nss', ...key, ...extSan, '-o', 'nss.der']);
      return { csr: readFileSync(path('nss.der')) };
    },
  },
};

async function sign(csr: Buffer): Promise<{ certificate: X509Certificate; pem: string }> {
  const { request } = grantCsr(readCsr(findCsr(csr)));
  const { certificate, certPem } = await certify(authority, request, 'ada@engine', new Date());
  return { certificate, pem: certPem };
}

async function opensslVerifies(file: string, host: string): Promise<boolean> {
  const chain = ['-CAfile', 'root.pem', '-untrusted', 'issuer.pem'];
  const checks = ['-x509_strict', '-purpose', 'sslserver', '-verify_hostname', host];
  const { status } = await run('openssl', ['verify', ...checks, ...chain, file], { cwd: folder });
  return status === 0;
}

async function javaVisits(ports: readonly number[]): Promise<string> {
  const source = join(import.meta.dirname, '../helpers/TlsClient.java');
  const targets = ports.flatMap((port) => [`localhost:${String(port)}`, `x.test:${String(port)}`]);
  const { output } = await run('java', [source, path('root.pem'), ...targets]);
  return output;
}

describe('a CSR of another tool', () => {
  test('is signed, verifies and serves', async ({ skip }) => {
    const programs = Object.values(makers).map(({ program }) => program);
    const missing = [...programs, 'java', 'gnutls-cli', 'vfychain'].filter(
      (program) => findProgram(program) === undefined,
    );
    if (!needs(missing.length === 0, missing.join(', '))) skip();
    await must('certutil', ['-N', '--empty-password', '-d', `sql:${folder}`]);
    for (const [file, trust] of [
      ['root.pem', 'C,,'],
      ['issuer.pem', ',,'],
    ] as const)
      await must('certutil', ['-A', '-d', `sql:${folder}`, '-t', trust, '-n', file, '-i', file]);
    const servers: { name: string; port: number; close: () => Promise<void> }[] = [];
    try {
      for (const [name, { make }] of Object.entries(makers)) {
        const { csr, key } = await make();
        const { certificate, pem } = await sign(csr);
        expect([name, readNames(certificate.raw)]).toEqual([name, names]);
        writeFileSync(path('leaf.pem'), certificate.toString());
        writeFileSync(path('chain.pem'), pem);
        expect([name, await opensslVerifies('leaf.pem', 'localhost')]).toEqual([name, true]);
        expect([name, await opensslVerifies('leaf.pem', 'other.test')]).toEqual([name, false]);
        const verify = ['--verify', '--load-ca-certificate', 'root.pem', '--infile', 'chain.pem'];
        await must('certtool', [...verify, '--verify-hostname', 'api.test']);
        // NSS knows no Ed25519 in certificates.
        if (!name.includes('Ed25519')) {
          const vfychain = ['-d', `sql:${folder}`, '-u', '1', '-a', 'leaf.pem'];
          expect(await must('vfychain', vfychain)).toContain('Chain is good');
        }
        if (key === undefined) continue;
        const entry = readKeyStore(key, { password: 'changeit' }).entries.find((it) => it.key);
        if (entry?.key === undefined) throw new Error(`${name}: no key`);
        expect(certificate.checkPrivateKey(entry.key)).toBe(true);
        const keyPem = entry.key.export({ type: 'pkcs8', format: 'pem' }).toString();
        servers.push({ name, ...(await startServer({ cert: pem, key: keyPem })) });
      }
      const java = await javaVisits(servers.map(({ port }) => port));
      for (const { name, port } of servers) {
        const seen = await visit(port, { ca: Buffer.from(authority.rootPem) });
        expect([name, seen]).toEqual([name, { page: expect.stringContaining('hello') as string }]);
        const stranger = await makeAuthority();
        expect(await visit(port, { ca: Buffer.from(stranger.rootPem) })).toHaveProperty('error');
        const p = String(port);
        const gnutls = ['--x509cafile', 'root.pem', '--port', p, '127.0.0.1'];
        await must('gnutls-cli', ['--verify-hostname', 'api.test', ...gnutls]);
        expect(java).toContain(`localhost:${p} ok`);
        expect(java).toContain(`x.test:${p} refused`);
      }
      expect(servers.length).toBe(5);
    } finally {
      for (const { close } of servers) await close();
    }
  });

  test('gets nothing of what it should not have', async ({ skip }) => {
    if (!needsTools('openssl')) skip();
    const greedy = [
      'basicConstraints=critical,CA:TRUE,pathlen:3',
      'keyUsage=critical,keyCertSign,cRLSign',
      'extendedKeyUsage=codeSigning,anyExtendedKeyUsage',
      'subjectAltName=DNS:localhost,email:ceo@bank.example,dirName:dir_sect',
    ].flatMap((extension) => ['-addext', extension]);
    writeFileSync(
      path('greedy.cnf'),
      '[req]\ndistinguished_name=dn\nattributes=attributes\nprompt=no\n' +
        '[dn]\nC=DE\nO=Bank\nCN=www.google.com\n[attributes]\nchallengePassword=open sesame\n' +
        '[dir_sect]\nCN=www.google.com\n',
    );
    const args = ['req', '-new', '-config', 'greedy.cnf', '-newkey', 'rsa:2048', '-nodes'];
    await must('openssl', [...args, ...greedy, '-keyout', 'greedy.key', '-out', 'greedy.csr']);
    const csr = readFileSync(path('greedy.csr'));
    const { dropped } = grantCsr(readCsr(findCsr(csr)));
    for (const word of ['CA:TRUE', 'codeSigning', 'keyCertSign', 'Bank', 'e-mail', 'challenge'])
      expect(dropped.join('\n')).toContain(word);
    expect(dropped.join('\n')).not.toContain('sesame');
    const { certificate } = await sign(csr);
    expect(certificate.ca).toBe(false);
    expect(readNames(certificate.raw)).toEqual(['localhost']);
    expect(certificate.toLegacyObject().ext_key_usage).toEqual([OID.serverAuth]);
    expect(certificate.subject).not.toMatch(/google|Bank/);
    expect(readExtensions(certificate.raw)).toHaveLength(6);

    // As an authority it is of no use: what its key signs is refused.
    writeFileSync(path('greedy.pem'), certificate.toString());
    const leaf = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-x509'];
    const issuer = ['-CA', 'greedy.pem', '-CAkey', 'greedy.key', '-subj', '/CN=localhost'];
    const out = ['-keyout', '/dev/null', '-out', 'below.pem', '-addext', san];
    await must('openssl', ['req', ...leaf, ...issuer, ...out]);
    writeFileSync(path('untrusted.pem'), certificate.toString() + authority.chainPem);
    const chain = ['-CAfile', 'root.pem', '-untrusted', 'untrusted.pem', 'below.pem'];
    const verified = await run('openssl', ['verify', ...chain], { cwd: folder });
    expect(verified.status).not.toBe(0);
    expect(verified.output).toMatch(/invalid CA certificate/i);
  });

  test('that is weak is refused', async ({ skip }) => {
    if (!needsTools('openssl')) skip();
    const weak: Record<string, readonly string[]> = {
      'RSA 1024': ['-newkey', 'rsa:1024'],
      'SHA-1': ['-newkey', 'rsa:2048', '-sha1'],
      MD5: ['-newkey', 'rsa:2048', '-md5'],
      secp256k1: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1'],
      'explicit parameters': [
        ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
        ...['-pkeyopt', 'ec_param_enc:explicit'],
      ],
      'RSA-PSS': ['-newkey', 'rsa-pss'],
      DSA: ['-newkey', 'dsa:dsa.param'],
    };
    const pss = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32', '-sha256'];
    const { csr } = await openssl('pss', ['-newkey', 'rsa:2048', ...pss])();
    expect(readNames((await sign(csr)).certificate.raw)).toContain('localhost');
    await must('openssl', ['dsaparam', '-out', 'dsa.param', '1024']);
    for (const [name, algorithm] of Object.entries(weak)) {
      const { csr } = await openssl('weak', algorithm)();
      const refused = sign(csr).catch((error: unknown) => error);
      expect([name, await refused]).toEqual([name, expect.objectContaining({ code: 'weak-key' })]);
    }
  });
});

describe('our CSR', () => {
  test.for([
    ['p256', []],
    ['rsa2048', ['--key', 'rsa2048']],
    ['p384', ['--key', 'p384', '--der']],
  ] as const)(
    'with a key of type %s is read and signed by others',
    async ([type, args], { skip }) => {
      if (!needsTools('certtool')) skip();
      const { run: devcert, project } = freshHome();
      const ran = await devcert(['csr', ...names, '--out', 'c', ...args]);
      expect([ran.status, ran.stderr]).toEqual([0, '']);
      const isDer = (args as readonly string[]).includes('--der');
      const csr = join(project, 'c', isDer ? 'csr.der' : 'csr.pem');
      const inform = isDer ? ['-inform', 'DER'] : [];
      const shown = await must('openssl', [
        'req',
        '-in',
        csr,
        ...inform,
        '-verify',
        '-text',
        '-noout',
      ]);
      expect(shown).toMatch(/verify OK/);
      expect(shown).toContain('DNS:localhost, DNS:api.test, IP Address:127.0.0.1');
      const crq = ['--crq-info', '--infile', csr, ...(isDer ? ['--inder'] : [])];
      expect(await must('certtool', crq)).toContain('Self signature: verified');
      if (!isDer && findProgram('keytool') !== undefined)
        expect(await must('keytool', ['-printcertreq', '-file', csr])).toContain('api.test');

      const ca = [
        '-x509',
        '-nodes',
        '-subj',
        '/CN=Company CA',
        '-keyout',
        'ca.key',
        '-out',
        'ca.pem',
      ];
      await must('openssl', ['req', '-newkey', 'rsa:2048', ...ca]);
      const sign = ['-req', '-in', csr, ...inform, '-CA', 'ca.pem', '-CAkey', 'ca.key'];
      await must('openssl', ['x509', ...sign, '-copy_extensions', 'copy', '-out', `${type}.crt`]);
      const certificate = new X509Certificate(readFileSync(path(`${type}.crt`)));
      expect(readNames(certificate.raw)).toEqual(names);
      const key = createPrivateKey(readFileSync(join(project, 'c/key.pem')));
      expect(certificate.checkPrivateKey(key)).toBe(true);
    },
  );
});
