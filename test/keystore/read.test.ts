import { createHash, createHmac, createPrivateKey, pbkdf2Sync, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { DevcertError } from '../../src/errors.ts';
import { OID, PBES2 } from '../../src/keystore/oids.ts';
import { encryptPbes2 } from '../../src/keystore/pbes2.ts';
import { MAX_ITERATIONS } from '../../src/policy.ts';
import { decodePem, encodePem } from '../../src/keystore/pem.ts';
import { encodeEncryptedPrivateKeyInfo } from '../../src/keystore/encrypted-key.ts';
import { readKeyStore } from '../../src/keystore/read.ts';
import { contextTag, integer, nullValue, octetString, oid, sequence } from '../../src/x509/der.ts';
import { fixtures, pemFixtures } from './fixtures.ts';
import { failure } from '../helpers/failure.ts';

const key = createPrivateKey(pemFixtures.leafKey);
const leaf = new X509Certificate(pemFixtures.leaf).raw;
const ca = new X509Certificate(pemFixtures.ca).raw;
const password = 'changeit';
const pem = (...texts: string[]) => Buffer.from(texts.join(''));

describe('readKeyStore() of PKCS#12', () => {
  test.each(['modern', 'legacy', 'old', 'mixed', 'withoutMac', 'plain'] as const)(
    'reads key and chain of the fixture "%s"',
    (name) => {
      const store = readKeyStore(fixtures[name], { password });
      expect(store.format).toBe('pkcs12');
      expect(store.isVerified).toBe(!['withoutMac', 'plain'].includes(name));
      expect(store.entries).toMatchObject([
        { kind: 'key', alias: 'fixture', certificates: [leaf, ca] },
      ]);
      expect(store.entries[0]?.key?.equals(key)).toBe(true);
    },
  );

  test.each(['modern', 'legacy', 'old', 'mixed', 'withoutMac'] as const)(
    'refuses a wrong password and none for the fixture "%s"',
    (name) => {
      for (const wrong of ['changeiT', 'changei', ''])
        expect(failure(() => readKeyStore(fixtures[name], { password: wrong })).code).toBe(
          'password',
        );
      const error = failure(() => readKeyStore(fixtures[name]));
      expect([error.code, error.message]).toEqual(['password', 'the key store needs its password']);
      expect(error.hint).toContain("{ password: '…' }");
    },
  );

  test('opens a file with an empty password without asking for one', () => {
    expect(readKeyStore(fixtures.empty).entries[0]?.key?.equals(key)).toBe(true);
    expect(readKeyStore(fixtures.empty, { password: '' }).isVerified).toBe(true);
    expect(failure(() => readKeyStore(fixtures.empty, { password })).code).toBe('password');
  });

  test('sees what Java trusts', () => {
    const { entries } = readKeyStore(fixtures.javaTrust, { password });
    expect(entries).toEqual([
      { kind: 'certificate', alias: 'fixture-ca', certificates: [ca], trusted: true },
    ]);
  });

  test('checks the MAC before it decrypts: a damaged file is a wrong password', () => {
    const bytes = Buffer.from(fixtures.modern);
    const at = bytes.length >> 1;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    expect(failure(() => readKeyStore(bytes, { password })).code).toBe('password');
  });

  test('reads PBMAC1 (RFC 9579) and refuses a short key for it', () => {
    const file = (keyLength: number) => {
      const content = sequence();
      const salt = Buffer.alloc(16, 7);
      const mac = createHmac('sha512', pbkdf2Sync(password, salt, 5, keyLength, 'sha256'));
      const kdf = sequence(
        oid(PBES2.pbkdf2),
        sequence(
          octetString(salt),
          integer(5),
          integer(keyLength),
          sequence(oid(PBES2.hmacSha256)),
        ),
      );
      const algorithm = sequence(oid(OID.pbmac1), sequence(kdf, sequence(oid(PBES2.hmacSha512))));
      return sequence(
        integer(3),
        sequence(oid(OID.data), contextTag(0, true, octetString(content))),
        sequence(
          sequence(algorithm, octetString(mac.update(content).digest())),
          octetString(Buffer.from('NOT USED')),
          integer(1),
        ),
      );
    };
    expect(readKeyStore(file(32), { password })).toMatchObject({ isVerified: true, entries: [] });
    expect(failure(() => readKeyStore(file(32), { password: 'changeiT' })).code).toBe('password');
    expect(failure(() => readKeyStore(file(8), { password })).code).toBe('invalid-input');
  });

  test('refuses a MAC that was cut short', () => {
    const digest = createHash('sha256').update('').digest().subarray(0, 1);
    const file = sequence(
      integer(3),
      sequence(oid(OID.data), contextTag(0, true, octetString(sequence()))),
      sequence(
        sequence(sequence(oid(OID.sha256), nullValue()), octetString(digest)),
        octetString(Buffer.alloc(8)),
        integer(1),
      ),
    );
    expect(failure(() => readKeyStore(file, { password })).code).toBe('password');
  });
});

describe('readKeyStore() of JKS', () => {
  test('reads a key and its chain', () => {
    const store = readKeyStore(fixtures.jks, { password });
    expect(store).toMatchObject({ format: 'jks', isVerified: true });
    expect(store.entries).toMatchObject([
      { kind: 'key', alias: 'fixture', certificates: [leaf, ca] },
    ]);
    expect(store.entries[0]?.key?.equals(key)).toBe(true);
  });

  test('reads trusted certificates', () => {
    expect(readKeyStore(fixtures.jksTrust, { password }).entries).toEqual([
      { kind: 'certificate', alias: 'fixture-ca', certificates: [ca], trusted: true },
    ]);
  });

  test('without a password leaves keys encrypted and vouches for nothing', () => {
    const store = readKeyStore(fixtures.jks);
    expect(store.isVerified).toBe(false);
    expect(store.entries).toEqual([
      { kind: 'encrypted-key', alias: 'fixture', certificates: [leaf, ca] },
    ]);
  });

  test('refuses a wrong password, and a file that was changed', () => {
    expect(failure(() => readKeyStore(fixtures.jks, { password: 'changeiT' })).code).toBe(
      'password',
    );
    const bytes = Buffer.from(fixtures.jks);
    bytes[30] = (bytes[30] ?? 0) ^ 1;
    expect(failure(() => readKeyStore(bytes, { password })).code).toBe('password');
  });

  test('refuses JCEKS and says how to convert it', () => {
    const error = failure(() => readKeyStore(fixtures.jceks, { password }));
    expect(error.code).toBe('invalid-input');
    expect(error.hint).toContain('keytool -importkeystore');
  });

  test('refuses another version, and counts that the file cannot hold', () => {
    const head = (...words: number[]) => {
      const bytes = Buffer.alloc(4 * words.length + 20);
      words.forEach((word, i) => bytes.writeUInt32BE(word, 4 * i));
      return bytes;
    };
    for (const file of [
      head(0xfeedfeed, 1, 0),
      head(0xfeedfeed, 2, 0xffffffff),
      head(0xfeedfeed, 2, 1, 2, 0xffffffff),
      head(0xfeedfeed),
    ])
      expect(failure(() => readKeyStore(file)).code).toBe('invalid-input');
  });
});

describe('readKeyStore() of PEM and DER', () => {
  test('reads every kind of key, to the same key', () => {
    const forms = [
      Buffer.from(pemFixtures.leafKey),
      key.export({ type: 'pkcs8', format: 'der' }),
      key.export({ type: 'sec1', format: 'der' }),
      pem(key.export({ type: 'sec1', format: 'pem' }).toString()),
      pem(pemFixtures.encrypted),
      pem(pemFixtures.encryptedTripleDes),
      pem(pemFixtures.encryptedPem),
      decodePem(pemFixtures.encrypted)[0]?.der ?? Buffer.alloc(0),
    ];
    for (const form of forms) {
      const { entries } = readKeyStore(form, { password });
      expect(entries).toMatchObject([{ kind: 'key', certificates: [] }]);
      expect(entries[0]?.key?.equals(key)).toBe(true);
    }
  });

  test.each(['encrypted', 'encryptedTripleDes', 'encryptedPem'] as const)(
    'leaves the key "%s" encrypted without a password and refuses a wrong one',
    (name) => {
      const file = pem(pemFixtures[name], pemFixtures.leaf);
      expect(readKeyStore(file).entries.map(({ kind }) => kind)).toEqual([
        'certificate',
        'encrypted-key',
      ]);
      for (const wrong of ['changeiT', ''])
        expect(failure(() => readKeyStore(file, { password: wrong })).code).toBe('password');
    },
  );

  test('reads certificates and CSRs in both forms', () => {
    const csr = decodePem(pemFixtures.csr)[0]?.der ?? Buffer.alloc(0);
    for (const file of [pem(pemFixtures.leaf), leaf])
      expect(readKeyStore(file).entries).toEqual([{ kind: 'certificate', certificates: [leaf] }]);
    for (const file of [pem(pemFixtures.csr), csr])
      expect(readKeyStore(file).entries).toEqual([{ kind: 'csr', certificates: [], csr }]);
  });

  test('reads the certificate of a TRUSTED CERTIFICATE', () => {
    expect(readKeyStore(pem(pemFixtures.trusted)).entries[0]?.certificates).toEqual([ca]);
  });

  test('reads PKCS#7, DER and PEM', () => {
    const text = pem(encodePem('PKCS7', fixtures.certificates));
    expect(readKeyStore(fixtures.certificates).format).toBe('pkcs7');
    for (const file of [fixtures.certificates, text])
      expect(readKeyStore(file).entries.map(({ certificates }) => certificates[0])).toEqual([
        leaf,
        ca,
      ]);
  });

  test('passes over other blocks and tells their labels', () => {
    const parameters = encodePem('EC PARAMETERS', oid('1.2.840.10045.3.1.7'));
    const store = readKeyStore(pem(parameters, pemFixtures.leafKey));
    expect(store).toMatchObject({
      format: 'pem',
      others: [{ kind: 'pem-block', detail: 'EC PARAMETERS' }],
      isVerified: false,
    });
  });

  test('reads a text that begins like DER', () => {
    expect(readKeyStore(pem('0 is a digit\n', pemFixtures.leaf)).format).toBe('pem');
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('hello')],
    ['zeros', Buffer.alloc(100)],
    ['other DER', sequence(nullValue())],
    ['a certificate with bytes after it', pem(encodePem('CERTIFICATE', Buffer.concat([ca, ca])))],
    ['a certificate in pieces', ca.subarray(0, -1)],
    ['a PEM block of another kind', pem(encodePem('DH PARAMETERS', sequence()))],
    ['a key that is none', pem(encodePem('PRIVATE KEY', sequence()))],
    ['an OpenSSH key', pem(encodePem('OPENSSH PRIVATE KEY', Buffer.from('openssh-key-v1')))],
  ])('refuses %s', (_, file) => {
    const error = failure(() => readKeyStore(file, { password }));
    expect(error.code).toBe('invalid-input');
    expect(error.hint).not.toBeUndefined();
  });
});

describe('limits', () => {
  const keyWith = (iterations: number) => {
    const salt = octetString(Buffer.alloc(8));
    const prf = sequence(oid(PBES2.hmacSha256), nullValue());
    const kdf = sequence(oid(PBES2.pbkdf2), sequence(salt, integer(iterations), prf));
    const scheme = sequence(oid(PBES2.aes256Cbc), octetString(Buffer.alloc(16)));
    const algorithm = sequence(oid(PBES2.pbes2), sequence(kdf, scheme));
    return encodeEncryptedPrivateKeyInfo({ algorithm, data: Buffer.alloc(32) });
  };

  test.each(['ENCRYPTED PRIVATE KEY', 'PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY'])(
    'a file cannot ask for hours of work with a "%s"',
    (label) => {
      for (const headers of ['', 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n']) {
        const text = encodePem(label, keyWith(2 ** 31 - 1));
        const file = pem(text.replace('-----\n', `-----\n${headers}`));
        // Were it done, the test's own time limit would end it.
        expect(failure(() => readKeyStore(file, { password }))).toBeInstanceOf(DevcertError);
      }
    },
  );

  test('the iterations of all keys in a file count together', () => {
    const half = encodePem('ENCRYPTED PRIVATE KEY', keyWith(MAX_ITERATIONS + 1));
    const error = failure(() => readKeyStore(pem(half), { password }));
    expect([error.code, error.message]).toEqual([
      'invalid-input',
      expect.stringContaining(`more than ${MAX_ITERATIONS} iterations`),
    ]);
    const good = encryptPbes2(key.export({ type: 'pkcs8', format: 'der' }), password, 100);
    const block = encodePem('ENCRYPTED PRIVATE KEY', encodeEncryptedPrivateKeyInfo(good));
    const rest = encodePem('ENCRYPTED PRIVATE KEY', keyWith(MAX_ITERATIONS - 99));
    expect(failure(() => readKeyStore(pem(block, rest), { password })).code).toBe('invalid-input');
  });

  test.each([
    ['no iterations', integer(0), Buffer.alloc(8)],
    ['negative iterations', Buffer.from('0201ff', 'hex'), Buffer.alloc(8)],
    ['a salt of 2 kB', integer(1), Buffer.alloc(2048)],
  ])('refuses %s', (_, iterations, salt) => {
    const algorithm = sequence(oid(OID.pbeSha1TripleDes), sequence(octetString(salt), iterations));
    const file = encodeEncryptedPrivateKeyInfo({ algorithm, data: Buffer.alloc(16) });
    expect(failure(() => readKeyStore(file, { password })).code).toBe('invalid-input');
  });

  test('refuses an encryption that it does not know, and names it', () => {
    const algorithm = sequence(oid('1.2.840.113549.1.5.3'), sequence());
    const file = encodeEncryptedPrivateKeyInfo({ algorithm, data: Buffer.alloc(16) });
    expect(failure(() => readKeyStore(file, { password })).message).toContain(
      '"1.2.840.113549.1.5.3" is not supported',
    );
  });
});
