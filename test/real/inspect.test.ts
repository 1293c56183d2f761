/** Files that other programs write, told rightly by the built command; OpenSSL is asked for the same facts. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { InspectResult } from '../../src/commands/inspect.ts';
import { parseName } from '../../src/names/names.ts';
import { freshHome } from '../helpers/cli.ts';
import { needs } from '../helpers/require.ts';
import { findProgram, run } from '../helpers/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'devcert-inspect-'));
const password = 'changeit-7';
const home = freshHome(join(folder, 'home'));
const at = (name: string) => join(folder, name);
writeFileSync(at('password'), `${password}\n`, { mode: 0o600 });

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const has = (program: string, from: string) =>
  needs(findProgram(program) !== undefined, `${program} (${from})`);
const hasKeytool = has('keytool', 'a JDK');
const hasNss = has('pk12util', 'libnss3-tools');
const hasCerttool = has('certtool', 'gnutls-bin');
const hasMkcert = has('mkcert', 'mkcert');

async function must(file: string, ...args: string[]): Promise<string> {
  const env = { CAROOT: at('mkcert') };
  const { status, output } = await run(file, args, { cwd: folder, env });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${output}`);
  return output;
}

const openssl = (...args: string[]) => must('openssl', ...args);

async function inspect(...args: string[]): Promise<InspectResult> {
  const ran = await home.run(['inspect', '--json', ...args], { cwd: folder });
  if (ran.stdout === '') throw new Error(ran.stderr);
  const result = JSON.parse(ran.stdout) as InspectResult;
  expect(ran.status).toBe(result.exitCode);
  return result;
}

const withPassword = ['--password-file', 'password'];

async function inspectOne(...args: string[]) {
  const [file] = (await inspect(...args)).files;
  if (file === undefined) throw new Error('no file');
  return file;
}

/** What devcert says of the first certificate of a file is what OpenSSL says. */
async function agreesWithOpenssl(name: string): Promise<void> {
  const [told] = (await inspectOne(name)).certificates;
  const facts = await openssl('x509', '-in', name, '-noout', '-serial', '-enddate', '-startdate');
  const fact = (label: string) => new RegExp(`^${label}=(.*)$`, 'm').exec(facts)?.[1] ?? '';
  const print = async (hash: string) =>
    (await openssl('x509', '-in', name, '-noout', '-fingerprint', `-${hash}`))
      .replace(/^.*=/, '')
      .replace(/[:\n]/g, '')
      .toLowerCase();
  expect(told).toMatchObject({
    serial: fact('serial'),
    notBefore: new Date(fact('notBefore')).toISOString(),
    notAfter: new Date(fact('notAfter')).toISOString(),
    sha256: await print('sha256'),
    sha1: await print('sha1'),
  });
  const subject = await openssl(
    'x509',
    '-in',
    name,
    '-noout',
    '-subject',
    '-nameopt',
    'sep_comma_plus_space,utf8',
  );
  expect(subject.trim()).toBe(`subject=${told?.subject ?? ''}`);
  const san = await openssl('x509', '-in', name, '-noout', '-ext', 'subjectAltName');
  const names = [...san.matchAll(/(?:DNS|IP Address|email|URI):([^,\s]+)/g)].map(
    (it) => it[1] ?? '',
  );
  expect(told?.names.map(({ value }) => value)).toEqual(
    // OpenSSL writes out every group of an IPv6 address.
    names.map((name) => (/^[\dA-F:]*:[\dA-F:]*$/.test(name) ? parseName(name).value : name)),
  );
}

describe('OpenSSL', () => {
  test('self-signed certificate, its key, both, and the wrong key', async () => {
    await openssl(
      ...[
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        'o.key',
        '-out',
        'o.pem',
        '-days',
        '90',
        '-subj',
        '/C=DE/O=Größe/CN=localhost',
        '-utf8',
        '-addext',
        'subjectAltName=DNS:localhost,IP:127.0.0.1,email:a@b.test,URI:https://x/y',
        '-addext',
        'extendedKeyUsage=serverAuth,codeSigning',
      ],
    );
    await agreesWithOpenssl('o.pem');
    const { files, relations } = await inspect('o.pem', 'o.key');
    expect(relations).toEqual([{ kind: 'key-of', file: 'o.key', other: 'o.pem' }]);
    expect(files[0]?.certificates[0]).toMatchObject({
      purposes: ['serverAuth', 'codeSigning'],
      key: { type: 'rsa2048' },
      isSelfSigned: true,
    });
    await openssl(
      'genpkey',
      '-algorithm',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-384',
      '-out',
      'other.key',
    );
    expect((await inspect('o.pem', 'other.key')).relations).toEqual([
      { kind: 'not-key-of', file: 'other.key', other: 'o.pem' },
    ]);
  });

  test('keys in every form, encrypted ones with their password', async () => {
    await openssl('genrsa', '-traditional', '-out', 'pkcs1.key', '2048');
    await openssl('ecparam', '-genkey', '-name', 'prime256v1', '-out', 'sec1.key');
    await openssl(
      'pkcs8',
      '-topk8',
      '-in',
      'sec1.key',
      '-out',
      'encrypted.key',
      '-passout',
      `pass:${password}`,
    );
    await openssl(
      'rsa',
      '-aes128',
      '-traditional',
      '-in',
      'pkcs1.key',
      '-out',
      'old.key',
      '-passout',
      `pass:${password}`,
    );
    expect((await inspectOne('pkcs1.key')).keys).toMatchObject([{ type: 'rsa2048' }]);
    expect((await inspectOne('sec1.key')).keys).toMatchObject([{ type: 'p256' }]);
    expect(await inspectOne('encrypted.key')).toMatchObject({ isLocked: true, hasOpenKey: false });
    const opened = await inspect('encrypted.key', 'sec1.key', ...withPassword);
    expect(opened.files[0]?.keys[0]?.sha256).toBe(opened.files[1]?.keys[0]?.sha256);
    expect((await inspectOne('old.key', ...withPassword)).problems).toMatchObject([
      { code: 'old-encryption' },
    ]);
  });

  test('a certificate outside the constraints of its CA, SHA-1, RSA 1024; its CSR', async () => {
    await openssl(
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-keyout',
        'ca.key',
        '-out',
        'ca.pem',
        '-days',
        '3650',
        '-subj',
        '/CN=a CA',
        '-addext',
        'nameConstraints=critical,permitted;DNS:test,excluded;DNS:evil.test,permitted;IP:10.0.0.0/255.0.0.0',
        '-addext',
        'keyUsage=keyCertSign,cRLSign',
      ],
    );
    await openssl(
      ...[
        'req',
        '-new',
        '-newkey',
        'rsa:1024',
        '-nodes',
        '-keyout',
        'w.key',
        '-out',
        'w.csr',
        '-subj',
        '/CN=w',
        '-addext',
        'subjectAltName=DNS:a.test,DNS:b.evil.test,DNS:bank.example,IP:10.1.2.3,IP:8.8.8.8',
      ],
    );
    await openssl(
      ...[
        'x509',
        '-req',
        '-in',
        'w.csr',
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-out',
        'w.pem',
        '-days',
        '30',
        '-sha1',
        '-copy_extensions',
        'copy',
      ],
    );
    await agreesWithOpenssl('w.pem');
    const { files, relations } = await inspect('w.pem', 'ca.pem', 'w.csr', 'w.key');
    expect(relations).toEqual(
      [
        { kind: 'csr-of', file: 'w.csr', other: 'w.pem' },
        { kind: 'csr-of', file: 'w.csr', other: 'w.key' },
        { kind: 'key-of', file: 'w.key', other: 'w.pem' },
        { kind: 'signed-by', file: 'w.pem', other: 'ca.pem' },
      ].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind)),
    );
    expect(files[0]?.problems.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['weak-key', 'weak-signature', 'no-server-purpose']),
    );
    expect(files[2]?.problems.map(({ code }) => code)).toContain('weak-key');
    writeFileSync(
      at('chain.pem'),
      (await openssl('x509', '-in', 'w.pem')) + (await openssl('x509', '-in', 'ca.pem')),
    );
    const outside = (await inspectOne('chain.pem')).problems.filter(
      ({ code }) => code === 'outside-constraints',
    );
    expect(outside.map((it) => ('what' in it ? it.what.name : it.message))).toEqual([
      'b.evil.test',
      'bank.example',
      '8.8.8.8',
    ]);
    // OpenSSL's own verdict on the same file.
    expect(
      (await run('openssl', ['verify', '-CAfile', at('ca.pem'), at('w.pem')])).output,
    ).toContain('subtree');
  });

  test('PKCS#12, modern and legacy, PKCS#7, TRUSTED CERTIFICATE', async () => {
    const pair = ['-in', 'o.pem', '-inkey', 'o.key', '-passout', `pass:${password}`];
    await openssl('pkcs12', '-export', ...pair, '-name', 'möbel', '-out', 'm.p12');
    await openssl('pkcs12', '-export', '-legacy', ...pair, '-out', 'l.p12');
    expect(await inspectOne('m.p12', ...withPassword)).toMatchObject({
      kind: 'key-store',
      isVerified: true,
      keys: [{ type: 'rsa2048', alias: 'möbel', certificate: 0 }],
      protection: { mac: { name: 'HMAC-SHA-256', iterations: 2048 } },
    });
    expect(await inspectOne('l.p12')).toMatchObject({
      isLocked: true,
      problems: [{ code: 'old-encryption' }],
      protection: {
        keys: [{ name: '3DES' }],
        certificates: [{ name: 'RC2-40' }],
        mac: { name: 'HMAC-SHA-1' },
      },
    });
    await openssl(
      'crl2pkcs7',
      '-nocrl',
      '-certfile',
      'o.pem',
      '-certfile',
      'ca.pem',
      '-outform',
      'DER',
      '-out',
      'c.p7b',
    );
    const p7 = await inspectOne('c.p7b');
    expect([p7.format, p7.certificates.length]).toEqual(['pkcs7', 2]);
    await openssl('x509', '-in', 'ca.pem', '-addtrust', 'serverAuth', '-trustout', '-out', 't.pem');
    expect((await inspectOne('t.pem')).certificates).toMatchObject([{ subject: 'CN=a CA' }]);
  });

  test('a wrong password is refused in two lines, without the password in them', async () => {
    writeFileSync(at('wrong'), 'changeit-8\n', { mode: 0o600 });
    const ran = await home.run(['inspect', 'm.p12', '--password-file', 'wrong'], { cwd: folder });
    expect(ran.status).toBe(1);
    expect(ran.stderr).toMatch(
      /^devcert: error: the password does not open .*\ndevcert: hint: .*\n$/,
    );
    expect(ran.stderr + ran.stdout).not.toContain('changeit');
  });

  test('a pipe', async () => {
    const pem = await openssl('x509', '-in', 'o.pem');
    const { output, status } = await run(
      process.execPath,
      [join(import.meta.dirname, '../../dist/bin/devcert.cjs'), 'inspect', '-'],
      { input: pem, env: home.env },
    );
    expect(status).toBe(0);
    expect(output).toMatch(
      /^-: certificate, PEM\n\n {2}names +localhost, 127\.0\.0\.1, a@b\.test, https:\/\/x\/y\n/,
    );
  });
});

/** In which relations are told. */
const order = ['key-of', 'not-key-of', 'csr-of', 'signed-by'];

test.skipIf(!hasKeytool)('keytool: JKS and PKCS#12 stores of keys and of trust', async () => {
  const own = ['-storepass', password, '-keypass', password, '-noprompt'];
  for (const type of ['JKS', 'PKCS12']) {
    const pair = [
      '-genkeypair',
      '-alias',
      'tomcat',
      '-keyalg',
      'RSA',
      '-dname',
      'CN=localhost',
      '-ext',
      'san=dns:localhost',
      '-storetype',
      type,
      '-keystore',
      `k.${type}`,
    ];
    await must('keytool', ...pair, ...own);
    await openssl('x509', '-in', 'ca.pem', '-out', 'ca2.pem');
    await must(
      'keytool',
      '-importcert',
      '-alias',
      'my-ca',
      '-file',
      'ca2.pem',
      '-storetype',
      type,
      '-keystore',
      `t.${type}`,
      '-storepass',
      password,
      '-noprompt',
    );
    expect(await inspectOne(`k.${type}`, ...withPassword)).toMatchObject({
      kind: 'key-store',
      isVerified: true,
      keys: [{ alias: 'tomcat', type: 'rsa2048', certificate: 0 }],
      certificates: [{ names: [{ value: 'localhost' }] }],
    });
    const trust = await inspectOne(`t.${type}`, ...withPassword);
    expect(trust).toMatchObject({
      kind: 'trust-store',
      keys: [],
      problems: [],
      certificates: [{ alias: 'my-ca', trusted: true, subject: 'CN=a CA' }],
    });
  }
  // A key beside the authorities, as a slip of the alias makes it.
  await must(
    'keytool',
    '-importcert',
    '-alias',
    'my-ca',
    '-file',
    'ca2.pem',
    '-keystore',
    'k.JKS',
    '-storepass',
    password,
    '-noprompt',
  );
  expect((await inspectOne('k.JKS', ...withPassword)).problems.map(({ code }) => code)).toContain(
    'key-in-trust-store',
  );
});

test.skipIf(!hasMkcert)('mkcert: its root, leaf and PKCS#12', async () => {
  mkdirSync(at('mkcert'));
  await must(
    'mkcert',
    '-cert-file',
    'mk.pem',
    '-key-file',
    'mk.key',
    'localhost',
    '*.app.test',
    '::1',
  );
  await must('mkcert', '-pkcs12', '-p12-file', 'mk.p12', 'localhost');
  await agreesWithOpenssl('mk.pem');
  const { relations, files } = await inspect('mk.pem', 'mk.key', 'mkcert/rootCA.pem');
  expect(relations.map(({ kind }) => kind)).toEqual(['key-of', 'signed-by']);
  expect(files[2]?.certificates[0]).toMatchObject({ isAuthority: true, isSelfSigned: true });
  writeFileSync(at('changeit'), 'changeit\n', { mode: 0o600 });
  const p12 = await inspectOne('mk.p12', '--password-file', 'changeit');
  expect(p12).toMatchObject({
    kind: 'key-store',
    chain: { endsWithRoot: true },
    keys: [{ certificate: 0 }],
  });
  expect(p12.problems.map(({ code }) => code)).toContain('old-encryption');
});

test.skipIf(!hasNss)('NSS pk12util: a key store', async () => {
  const database = `sql:${at('nss')}`;
  mkdirSync(at('nss'));
  await must('certutil', '-N', '-d', database, '--empty-password');
  await must('pk12util', '-i', 'm.p12', '-d', database, '-W', password);
  await must('pk12util', '-o', 'nss.p12', '-n', 'möbel', '-d', database, '-W', password);
  expect(await inspectOne('nss.p12', ...withPassword)).toMatchObject({
    kind: 'key-store',
    isVerified: true,
    keys: [{ alias: 'möbel', type: 'rsa2048', certificate: 0 }],
  });
});

test.skipIf(!hasCerttool)('GnuTLS certtool: a certificate and a key store', async () => {
  writeFileSync(
    at('template'),
    'cn = gnutls\ndns_name = g.test\nip_address = 10.0.0.1\ntls_www_client\nexpiration_days = 60\nsigning_key\n',
  );
  await must(
    'certtool',
    '--generate-privkey',
    '--key-type',
    'ecdsa',
    '--curve',
    'secp384r1',
    '--outfile',
    'g.key',
  );
  await must(
    'certtool',
    '--generate-self-signed',
    '--load-privkey',
    'g.key',
    '--template',
    'template',
    '--outfile',
    'g.pem',
  );
  await agreesWithOpenssl('g.pem');
  expect((await inspectOne('g.pem')).certificates[0]).toMatchObject({
    purposes: ['clientAuth'],
    key: { type: 'p384' },
  });
  await must(
    'certtool',
    '--to-p12',
    '--load-privkey',
    'g.key',
    '--load-certificate',
    'g.pem',
    '--p12-name',
    'g',
    '--password',
    password,
    '--outder',
    '--outfile',
    'g.p12',
  );
  expect(await inspectOne('g.p12', ...withPassword)).toMatchObject({
    kind: 'key-store',
    keys: [{ alias: 'g', certificate: 0 }],
  });
});

test("devcert: what it issued is known as its own, elsewhere as a stranger's", async () => {
  await home.run(['localhost', 'api.test']);
  const dot = join(home.project, '.devcert');
  const own = await inspect(join(dot, 'cert.pem'), join(dot, 'key.pem'), join(dot, 'ca.pem'));
  expect(own.files.map(({ problems }) => problems)).toEqual([[], [], []]);
  expect(own.files[0]).toMatchObject({
    kind: 'chain',
    certificates: [
      { devcert: { authority: 'default', as: 'leaf' } },
      { devcert: { as: 'issuer' } },
    ],
  });
  expect(own.files[2]?.certificates[0]?.devcert?.as).toBe('root');
  expect(own.relations.map(({ kind }) => kind)).toEqual(['key-of', 'signed-by']);
  const elsewhere = freshHome(at('elsewhere'));
  const ran = await elsewhere.run(['inspect', '--json', join(dot, 'cert.pem')]);
  expect(
    (JSON.parse(ran.stdout) as InspectResult).files[0]?.certificates[0]?.devcert,
  ).toBeUndefined();
  expect(readdirSync(at('elsewhere'))).toEqual(['project']); // no state was made
});

test('the roots of this machine: each one a line, none of them damaged', async () => {
  const file = '/etc/ssl/certs/ca-certificates.crt';
  const store = await inspectOne(file);
  expect(store.kind).toBe('trust-store');
  expect(store.certificates.filter(({ damaged }) => damaged.length > 0)).toEqual([]);
  const { stdout } = await home.run(['inspect', file]);
  expect(stdout.match(/\d{4}-\d\d-\d\d {2}/g)).toHaveLength(store.certificates.length);
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
});
