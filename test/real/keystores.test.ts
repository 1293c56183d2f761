/**
 * Every key store that devcert writes, opened by programs that others wrote, with the password wrong
 * by one letter refused; and every one that those programs write, read by devcert.
 */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterAll, describe, expect, test } from 'vitest';
import { encodeJksKeyStore, encodeJksTrustStore } from '../../src/keystore/jks.ts';
import { encodePem } from '../../src/keystore/pem.ts';
import { encodePkcs12KeyStore, encodePkcs12TrustStore } from '../../src/keystore/pkcs12.ts';
import { encodeEncryptedKey } from '../../src/keystore/encrypted-key.ts';
import { readKeyStore } from '../../src/keystore/read.ts';
import { needs, needsTools } from '../helpers/require.ts';
import { findProgram, run } from '../helpers/run.ts';
import { makeChain } from '../keystore/chain.ts';

const folder = mkdtempSync(join(tmpdir(), 'devcert-keystores-'));
const password = 'changeit-7';
const wrong = 'changeit-8';
const now = new Date('2026-05-01T12:00:00Z');
const chains = { ec: await makeChain('p256'), rsa: await makeChain('rsa2048') };
const { certificates, key } = chains.ec;
const trusted = certificates.slice(1).map((certificate, i) => ({ certificate, alias: `ca ${i}` }));

const homes = jdks();
const hasJava = needs(homes.length > 0, 'a JDK in /usr/lib/jvm');
const hasNss = needs(
  findProgram('pk12util') !== undefined && findProgram('certutil') !== undefined,
  'pk12util and certutil of NSS (libnss3-tools)',
);
const hasCerttool = needsTools('certtool');
const hasMkcert = needsTools('mkcert');

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, content: Buffer | string): string {
  const file = join(folder, name);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

const keyStores = [
  ['EC', 'modern', write('ec.p12', encodePkcs12KeyStore(chains.ec, { password }))],
  ['RSA', 'modern', write('rsa.p12', encodePkcs12KeyStore(chains.rsa, { password }))],
  [
    'EC',
    'legacy',
    write('ec-legacy.p12', encodePkcs12KeyStore(chains.ec, { password, legacy: true })),
  ],
  [
    'RSA',
    'legacy',
    write('rsa-legacy.p12', encodePkcs12KeyStore(chains.rsa, { password, legacy: true })),
  ],
] as const;
const jksKeyStore = write('ec.jks', encodeJksKeyStore(chains.ec, password, now));
const trustStores = [
  ['PKCS#12', 'PKCS12', write('trust.p12', encodePkcs12TrustStore(trusted, { password }))],
  [
    'legacy PKCS#12',
    'PKCS12',
    write('trust-legacy.p12', encodePkcs12TrustStore(trusted, { password, legacy: true })),
  ],
  ['JKS', 'JKS', write('trust.jks', encodeJksTrustStore(trusted, password, now))],
] as const;
// What `checkPassword()` and `passwordNotes()` claim of Java.
const foreignPassword = 'größe-€-пароль';
const foreign = [
  [
    'modern',
    'PKCS12',
    encodePkcs12TrustStore(trusted, { password: foreignPassword }),
    (opensSome: boolean) => opensSome,
  ],
  [
    'legacy',
    'PKCS12',
    encodePkcs12TrustStore(trusted, { password: foreignPassword, legacy: true }),
    () => false,
  ],
  ['old', 'JKS', encodeJksTrustStore(trusted, foreignPassword, now), () => true],
] as const;
const foreignKeyStore = write(
  'foreign.p12',
  encodePkcs12KeyStore(chains.ec, { password: foreignPassword }),
);
const foreignJks = write('foreign.jks', encodeJksKeyStore(chains.ec, foreignPassword, now));
const plainTrustStore = write('trust-plain.p12', encodePkcs12TrustStore(trusted, undefined));

function jdks(): string[] {
  try {
    return readdirSync('/usr/lib/jvm', { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join('/usr/lib/jvm', name))
      .filter((home) => existsSync(join(home, 'bin', 'keytool')));
  } catch {
    return []; // no such folder: no JDK
  }
}

describe('OpenSSL', () => {
  test.each(keyStores)('opens the %s key store, %s form (statement 22)', async (_, form, file) => {
    const args = ['pkcs12', '-info', '-in', file, '-nodes', '-passin'];
    const opened = await run('openssl', [...args, `pass:${password}`]);
    expect(opened.status).toBe(0);
    expect(opened.output).toContain('friendlyName: test entry');
    expect(opened.output.match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
    expect(opened.output.match(/BEGIN PRIVATE KEY/g)).toHaveLength(1);
    expect(opened.output).toContain(
      form === 'legacy' ? 'pbeWithSHA1And3-KeyTripleDES-CBC' : 'PBES2, PBKDF2, AES-256-CBC',
    );
    expect(opened.output).toContain(form === 'legacy' ? 'MAC: sha1' : 'MAC: sha256');
    const withLegacy = await run('openssl', [...args, `pass:${password}`, '-legacy']);
    expect(withLegacy.status).toBe(0);
    const refused = await run('openssl', [...args, `pass:${wrong}`]);
    expect(refused.status).not.toBe(0);
    expect(refused.output).toContain('invalid password');
  });

  test('opens the encrypted key with its password only', async () => {
    const file = write('encrypted.key', encodeEncryptedKey(key, password));
    const args = ['pkey', '-in', file, '-noout', '-check', '-passin'];
    expect(await run('openssl', [...args, `pass:${password}`])).toMatchObject({ status: 0 });
    expect((await run('openssl', [...args, `pass:${wrong}`])).status).not.toBe(0);
  });
});

describe('Node', () => {
  test.each(keyStores)('serves with the %s key store, %s form (statement 22)', (_, __, file) => {
    const pfx = readFileSync(file);
    createSecureContext({ pfx, passphrase: password });
    expect(() => createSecureContext({ pfx, passphrase: wrong })).toThrow('mac verify failure');
  });
});

describe.skipIf(!hasNss)('NSS', () => {
  const database = `sql:${join(folder, 'nss')}`;

  test.each(keyStores)('lists and imports the %s key store, %s form', async (kind, form, file) => {
    const listed = await run('pk12util', ['-l', file, '-W', password]);
    expect(listed).toMatchObject({ status: 0 });
    expect(listed.output).toContain('Friendly Name: test entry');
    expect((await run('pk12util', ['-l', file, '-W', wrong])).status).not.toBe(0);
    const own = `${database}-${kind}-${form}`;
    mkdirSync(own.slice(4));
    await run('certutil', ['-N', '-d', own, '--empty-password']);
    expect((await run('pk12util', ['-i', file, '-d', own, '-W', wrong])).status).not.toBe(0);
    expect(await run('pk12util', ['-i', file, '-d', own, '-W', password])).toMatchObject({
      status: 0,
    });
    // "u": the certificate has its private key.
    expect((await run('certutil', ['-L', '-d', own])).output).toMatch(/^test entry\s+u,u,u$/m);
  });
});

describe.skipIf(!hasCerttool)('GnuTLS', () => {
  test.each(keyStores)('opens the %s key store, %s form', async (_, __, file) => {
    const args = ['--p12-info', '--inder', '--infile', file, '--password'];
    const opened = await run('certtool', [...args, password]);
    expect(opened).toMatchObject({ status: 0 });
    expect(opened.output.match(/BEGIN CERTIFICATE/g)).toHaveLength(3);
    const refused = await run('certtool', [...args, wrong]);
    expect(refused.output).not.toContain('BEGIN CERTIFICATE');
  });
});

describe.skipIf(!hasJava)('Java', () => {
  describe.each(homes)('%s', (home) => {
    const keytool = join(home, 'bin', 'keytool');
    const list = (file: string, storepass: string) =>
      run(keytool, [
        '-J-Duser.language=en',
        '-list',
        '-v',
        '-keystore',
        file,
        '-storepass',
        storepass,
      ]);

    test.each([...keyStores, ['EC', 'JKS', jksKeyStore] as const])(
      'keytool lists the %s key store, %s form, with its chain',
      async (_, __, file) => {
        const opened = await list(file, password);
        expect(opened).toMatchObject({ status: 0 });
        expect(opened.output).toContain('Alias name: test entry');
        expect(opened.output).toContain('Entry type: PrivateKeyEntry');
        expect(opened.output).toContain('Certificate chain length: 3');
        const refused = await list(file, wrong);
        expect(refused.status).not.toBe(0);
        expect(refused.output).toMatch(/password was incorrect/);
      },
    );

    test('keytool takes the key out of the JKS', async () => {
      const copy = join(folder, `copy-${homes.indexOf(home)}.p12`);
      const passwords = ['-srcstorepass', password, '-deststorepass', password];
      const copied = await run(keytool, [
        ...['-importkeystore', '-srckeystore', jksKeyStore, '-srcstoretype', 'JKS', ...passwords],
        ...['-destkeystore', copy, '-deststoretype', 'PKCS12', '-noprompt'],
      ]);
      expect(copied).toMatchObject({ status: 0 });
      const { entries } = readKeyStore(readFileSync(copy), { password });
      expect(entries[0]?.key?.equals(key)).toBe(true);
      expect(entries[0]?.certificates).toEqual(certificates);
    });

    const count = (...args: string[]) =>
      run(join(home, 'bin', 'java'), [join(import.meta.dirname, 'TrustStoreCount.java'), ...args]);

    test.each(trustStores)('trusts what is in the %s trust store', async (_, type, file) => {
      const opened = await list(file, password);
      expect(opened.output.match(/Entry type: trustedCertEntry/g)).toHaveLength(trusted.length);
      expect((await count(file, type, password)).output).toContain(`issuers: ${trusted.length}`);
      const refused = await count(file, type, wrong);
      expect(refused.status).not.toBe(0);
      expect(refused.output).toMatch(/password was incorrect/);
    });

    test('trusts what is in the plain trust store, with a password and without', async () => {
      for (const args of [[], [password]])
        expect((await count(plainTrustStore, 'PKCS12', ...args)).output).toContain(
          `issuers: ${trusted.length}`,
        );
    });

    test('a PKCS#12 password outside ASCII opens from 25 on only, a JKS one everywhere', async () => {
      const version = await run(join(home, 'bin', 'java'), ['-version']);
      const opensSome = Number(/version "(\d+)/.exec(version.output)?.[1]) >= 25;
      for (const [kind, type, bytes, isOpen] of foreign) {
        const file = write(`foreign-${kind}.${type}`, bytes);
        const counted = await count(file, type, foreignPassword);
        expect([kind, counted.output.includes(`issuers: ${trusted.length}`)]).toEqual([
          kind,
          isOpen(opensSome),
        ]);
      }
      const listed = await list(foreignKeyStore, foreignPassword);
      expect(listed.status).toBe(opensSome ? 0 : 1);
      expect((await list(foreignJks, foreignPassword)).status).toBe(0);
    });

    test('trusts nothing in a key store', async () => {
      expect((await count(keyStores[0][2], 'PKCS12', password)).output).toContain(
        'trustAnchors parameter must be non-empty',
      );
    });

    test.each(['PKCS12', 'JKS'])('keytool writes %s that devcert reads', async (type) => {
      const file = join(folder, `keytool-${homes.indexOf(home)}.${type}`);
      const store = ['-keystore', file, '-storetype', type, '-storepass', password, '-noprompt'];
      const pair = ['-alias', 'made', '-keyalg', 'EC', '-dname', 'CN=made', '-keypass', password];
      const ca = write(
        'ca.pem',
        encodePem('CERTIFICATE', trusted[0]?.certificate ?? Buffer.alloc(0)),
      );
      expect((await run(keytool, ['-genkeypair', ...pair, ...store])).status).toBe(0);
      expect(
        (await run(keytool, ['-importcert', '-alias', 'ca', '-file', ca, ...store])).status,
      ).toBe(0);
      const { entries, isVerified } = readKeyStore(readFileSync(file), { password });
      expect(isVerified).toBe(true);
      expect(entries.map(({ kind, alias }) => `${kind} ${alias ?? ''}`).sort()).toEqual([
        'certificate ca',
        'key made',
      ]);
      expect(() => readKeyStore(readFileSync(file), { password: wrong })).toThrow(
        'the password does not open',
      );
    });
  });
});

describe('readKeyStore() reads what others wrote', () => {
  const pem = write(
    'all.pem',
    certificates.map((der) => encodePem('CERTIFICATE', der)).join('') +
      key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );

  function expectAll(file: string, options: { password?: string } = { password }): void {
    const { entries } = readKeyStore(readFileSync(file), options);
    expect(entries).toMatchObject([{ kind: 'key', certificates }]);
    expect(entries[0]?.key?.equals(key)).toBe(true);
  }

  test.each([
    ['default', []],
    ['legacy', ['-legacy']],
    ['descert', ['-descert']],
    ['without encryption', ['-keypbe', 'NONE', '-certpbe', 'NONE']],
    ['without a MAC', ['-nomac']],
    ['SHA-512 and 100,000 iterations', ['-macalg', 'sha512', '-iter', '100000']],
  ])('OpenSSL, %s', async (name, flags) => {
    const file = join(folder, `openssl ${name}.p12`);
    const args = ['pkcs12', '-export', '-in', pem, '-out', file, '-passout', `pass:${password}`];
    expect(await run('openssl', [...args, ...flags])).toMatchObject({ status: 0 });
    expectAll(file);
    if (name !== 'without a MAC')
      expect(() => readKeyStore(readFileSync(file), { password: wrong })).toThrow(
        'the password does not open',
      );
  });

  test('OpenSSL, an empty password', async () => {
    const file = join(folder, 'openssl-empty.p12');
    const args = ['pkcs12', '-export', '-in', pem, '-out', file, '-passout', 'pass:'];
    expect(await run('openssl', args)).toMatchObject({ status: 0 });
    expectAll(file, {});
  });

  test.skipIf(!hasNss).each([
    ['its default', []],
    [
      '3DES and RC2',
      [
        '-c',
        'PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC',
        '-C',
        'PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC',
      ],
    ],
  ])('NSS pk12util, %s', async (name, flags) => {
    const database = `sql:${join(folder, `nss-out-${name}`)}`;
    mkdirSync(database.slice(4));
    await run('certutil', ['-N', '-d', database, '--empty-password']);
    await run('pk12util', ['-i', join(folder, 'ec.p12'), '-d', database, '-W', password]);
    const file = join(folder, `nss ${name}.p12`);
    const args = ['-o', file, '-n', 'test entry', '-d', database, '-W', password, ...flags];
    expect(await run('pk12util', args)).toMatchObject({ status: 0 });
    expectAll(file);
  });

  test.skipIf(!hasMkcert)('mkcert', async () => {
    const caroot = join(folder, 'mkcert');
    mkdirSync(caroot);
    const file = join(folder, 'mkcert.p12');
    const env = { CAROOT: caroot, TRUST_STORES: 'none' };
    const made = await run('mkcert', ['-pkcs12', '-p12-file', file, 'localhost'], { env });
    expect(made).toMatchObject({ status: 0 });
    const { entries, isVerified } = readKeyStore(readFileSync(file), { password: 'changeit' });
    expect(isVerified).toBe(true);
    expect(entries.map(({ kind }) => kind)).toEqual(['key']);
    expect(entries[0]?.certificates).toHaveLength(2);
    // The authority itself: a PKCS#8 RSA key and its certificate.
    const root = ['rootCA.pem', 'rootCA-key.pem'].map((name) => readFileSync(join(caroot, name)));
    expect(readKeyStore(Buffer.concat(root)).entries).toMatchObject([{ kind: 'key' }]);
  });
});
