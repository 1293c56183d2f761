import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { generateKey } from '../../src/keys.ts';
import { type KeyEntry, uniqueAliases } from '../../src/keystore/entries.ts';
import { encodeJksKeyStore, encodeJksTrustStore } from '../../src/keystore/jks.ts';
import { encodePkcs12KeyStore, encodePkcs12TrustStore } from '../../src/keystore/pkcs12.ts';
import { encodeEncryptedKey } from '../../src/keystore/encrypted-key.ts';
import { readKeyStore } from '../../src/keystore/read.ts';
import { fieldsOf, readElement } from '../../src/x509/asn1.ts';
import { decodeOid } from '../../src/x509/asn1-values.ts';
import { decodePem, encodePem } from '../../src/keystore/pem.ts';
import { makeChain } from './chain.ts';

const now = new Date('2026-05-01T12:00:00Z');
const password = 'correct Horse 1';
const chain = await makeChain();
const rsaChain = await makeChain('rsa2048');
const [leaf = Buffer.alloc(0), issuer = Buffer.alloc(0), root = Buffer.alloc(0)] =
  chain.certificates;
const trusted = [
  { certificate: root, alias: 'root' },
  { certificate: issuer, alias: 'issuer' },
];

const keyStores: [string, (entry: KeyEntry, password: string) => Buffer][] = [
  ['encodePkcs12KeyStore()', (entry, password) => encodePkcs12KeyStore(entry, { password })],
  [
    'encodePkcs12KeyStore() with legacy',
    (entry, password) => encodePkcs12KeyStore(entry, { password, legacy: true }),
  ],
  ['encodeJksKeyStore()', (entry, password) => encodeJksKeyStore(entry, password, now)],
];

describe.each(keyStores)('%s', (_, encode) => {
  test.each([
    ['EC', chain],
    ['RSA', rsaChain],
  ])('holds an %s key, its whole chain and the alias', (_, entry) => {
    const store = readKeyStore(encode(entry, password), { password });
    expect(store.isVerified).toBe(true);
    expect(store.entries).toHaveLength(1);
    expect(store.entries[0]).toMatchObject({ kind: 'key', alias: 'test entry' });
    expect(store.entries[0]?.key?.equals(entry.key)).toBe(true);
    expect(store.entries[0]?.certificates).toEqual(entry.certificates);
  });

  test('refuses a password that is wrong by one letter, or by its case', () => {
    const file = encode(chain, password);
    for (const wrong of ['correct Horse 2', 'correct horse 1', 'correct Horse 1 ', ''])
      expect(() => readKeyStore(file, { password: wrong })).toThrow(
        expect.objectContaining({ code: 'password' }),
      );
  });

  test('never holds the key in plain text', () => {
    const secret = Buffer.from(chain.key.export({ format: 'jwk' }).d ?? '', 'base64url');
    expect(secret).toHaveLength(32);
    expect(encode(chain, password).includes(secret)).toBe(false);
  });

  test('takes any password: empty, long, not ASCII', () => {
    for (const password of ['', 'x'.repeat(300), 'pässwörd 🐻'])
      expect(readKeyStore(encode(chain, password), { password }).entries).toHaveLength(1);
  });

  test('takes an alias of any characters', () => {
    const alias = 'zoë «ca»';
    const store = readKeyStore(encode({ ...chain, alias }, password), { password });
    expect(store.entries[0]?.alias).toBe(alias);
  });

  test('refuses a key that does not fit, no certificate, and no alias', () => {
    expect(() => encode({ ...chain, key: generateKey('p256') }, password)).toThrow(RangeError);
    expect(() => encode({ ...chain, certificates: [] }, password)).toThrow(RangeError);
    expect(() => encode({ ...chain, alias: '' }, password)).toThrow(RangeError);
  });
});

describe('encodePkcs12KeyStore()', () => {
  test('salts every file anew', () => {
    const files = [1, 2].map(() => encodePkcs12KeyStore(chain, { password }));
    expect(files[0]?.equals(files[1] ?? Buffer.alloc(0))).toBe(false);
  });

  test.each([false, true])('is opened by Node, legacy %s', (legacy) => {
    const pfx = encodePkcs12KeyStore(chain, { password, legacy });
    createSecureContext({ pfx, passphrase: password });
    expect(() => createSecureContext({ pfx, passphrase: 'correct Horse 2' })).toThrow(
      'mac verify failure',
    );
  });
});

describe('trust stores', () => {
  test.each([
    ['encodePkcs12TrustStore()', encodePkcs12TrustStore(trusted, { password })],
    ['legacy', encodePkcs12TrustStore(trusted, { password, legacy: true })],
    ['encodeJksTrustStore()', encodeJksTrustStore(trusted, password, now)],
  ])('%s marks every certificate as trusted, under its alias', (_, file) => {
    const { entries, isVerified } = readKeyStore(file, { password });
    expect(isVerified).toBe(true);
    expect(entries).toEqual(
      trusted.map(({ certificate, alias }) => ({
        kind: 'certificate',
        alias,
        certificates: [certificate],
        trusted: true,
      })),
    );
    expect(() => readKeyStore(file, { password: `${password}.` })).toThrow(
      expect.objectContaining({ code: 'password' }),
    );
  });

  test('encodePkcs12TrustStore() without a password writes plain text and no MAC', () => {
    const file = encodePkcs12TrustStore(trusted, undefined);
    expect(file.includes(root)).toBe(true);
    const store = readKeyStore(file);
    expect(store.isVerified).toBe(false);
    expect(store.entries.map(({ trusted }) => trusted)).toEqual([true, true]);
  });

  test('encodeJksTrustStore() writes the same bytes for the same date', () => {
    const file = () => encodeJksTrustStore(trusted, password, now);
    expect(file()).toEqual(file());
    expect(file().subarray(0, 12).toString('hex')).toBe('feedfeed0000000200000002');
  });

  test('encodeJksTrustStore() writes aliases as Java looks for them: in lower case', () => {
    const file = encodeJksTrustStore([{ certificate: root, alias: 'My CA' }], password, now);
    expect(readKeyStore(file).entries[0]?.alias).toBe('my ca');
  });

  test('refuse aliases that differ in case only', () => {
    const twice = [
      { certificate: root, alias: 'ca' },
      { certificate: issuer, alias: 'CA' },
    ];
    expect(() => encodePkcs12TrustStore(twice, undefined)).toThrow(RangeError);
    expect(() => encodeJksTrustStore(twice, password, now)).toThrow(RangeError);
  });

  test('uniqueAliases() numbers what repeats', () => {
    expect(uniqueAliases(['CA', 'ca-2', 'ca', '', ' Ca '])).toEqual([
      'ca',
      'ca-2',
      'ca-3',
      'certificate',
      'ca-4',
    ]);
  });
});

describe('encodeEncryptedKey()', () => {
  test('is read back with its password only', () => {
    const pem = Buffer.from(encodeEncryptedKey(chain.key, password));
    expect(pem.toString()).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
    expect(readKeyStore(pem).entries[0]?.kind).toBe('encrypted-key');
    expect(readKeyStore(pem, { password }).entries[0]?.key?.equals(chain.key)).toBe(true);
    expect(() => readKeyStore(pem, { password: 'wrong' })).toThrow(
      expect.objectContaining({ code: 'password' }),
    );
  });

  test('uses PBES2', () => {
    const [block] = decodePem(encodeEncryptedKey(chain.key, password));
    const info = fieldsOf(readElement(block?.der ?? Buffer.alloc(0)));
    expect(decodeOid(fieldsOf(info.next()).next())).toBe('1.2.840.113549.1.5.13');
  });
});

describe('PEM files', () => {
  test('keep a key with its chain, whatever the order', () => {
    const blocks = [root, leaf, issuer].map((der) => encodePem('CERTIFICATE', der));
    const key = chain.key.export({ type: 'sec1', format: 'pem' });
    const { entries } = readKeyStore(Buffer.from([...blocks, key.toString()].join('')));
    expect(entries).toHaveLength(1);
    expect(entries[0]?.certificates).toEqual([leaf, issuer, root]);
    expect(new X509Certificate(entries[0]?.certificates[0] ?? root).subject).toBe('CN=leaf');
  });
});
