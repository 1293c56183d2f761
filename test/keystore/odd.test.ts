/** Files as other tools leave them: with more after their end, of kinds that are only named, with two passwords. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { inspectFile, type InspectSurroundings } from '../../src/inspect/file.ts';
import type { InspectedFile } from '../../src/inspect/types.ts';
import { DIGEST_LENGTH, digestOf } from '../../src/keystore/jks-format.ts';
import { encodeJksKeyStore } from '../../src/keystore/jks.ts';
import { encodePem } from '../../src/keystore/pem.ts';
import { readKeyStore, type ReadOptions } from '../../src/keystore/read.ts';
import { readElement } from '../../src/x509/asn1.ts';
import { contextTag, integer, octetString, oid, sequence } from '../../src/x509/der.ts';
import { generalNames } from '../../src/x509/general-names.ts';
import { shownAs } from '../../src/x509/wording.ts';
import { fixtures, pemFixtures } from './fixtures.ts';
import { odd } from './odd-files.ts';
import { failure } from '../helpers/failure.ts';

const now = new Date('2026-05-10T12:00:00Z');
const around: InspectSurroundings = { now, authorities: [] };
const leaf = new X509Certificate(pemFixtures.leaf).raw;
const ca = new X509Certificate(pemFixtures.ca).raw;
const key = createPrivateKey(pemFixtures.leafKey);
const password = 'changeit';
const zeros = Buffer.alloc(300);

function inspect(bytes: Buffer | string, passwords: ReadOptions = {}): InspectedFile {
  return inspectFile({ file: 'file', bytes: Buffer.from(bytes), ...passwords }, around);
}

describe('readKeyStore() passes over what comes after the end', () => {
  test.each([
    ['a certificate', leaf, 'der', 'certificate'],
    ['a private key', key.export({ type: 'pkcs8', format: 'der' }), 'der', 'key'],
    ['a SEC 1 key', key.export({ type: 'sec1', format: 'der' }), 'der', 'key'],
    ['a CSR', odd.sm2Csr, 'der', 'csr'],
    ['a CRL', odd.crl, 'der', 'crl'],
    ['PKCS#7', fixtures.certificates, 'pkcs7', 'certificate'],
    ['a PKCS#12', fixtures.modern, 'pkcs12', 'key'],
    ['a JKS', fixtures.jks, 'jks', 'key'],
  ] as const)('%s', (_, bytes, format, kind) => {
    expect(readKeyStore(bytes, { password }).trailing).toBe(0);
    for (const rest of [Buffer.from('\n'), Buffer.from('\r\n\r\n'), zeros]) {
      const store = readKeyStore(Buffer.concat([bytes, rest]), { password });
      expect(store).toMatchObject({ format, trailing: rest.length });
      expect(store.entries[0]?.kind).toBe(kind);
    }
  });

  test('and a certificate after another one in DER is a certificate, too', () => {
    const { entries, trailing } = readKeyStore(Buffer.concat([leaf, ca, zeros]));
    expect(entries.map(({ certificates }) => certificates[0])).toEqual([leaf, ca]);
    expect(trailing).toBe(zeros.length);
  });

  test('and a changed byte before the end of a JKS is still seen', () => {
    const bytes = Buffer.concat([fixtures.jks, zeros]);
    bytes[30] = (bytes[30] ?? 0) ^ 1;
    expect(failure(() => readKeyStore(bytes, { password })).code).toBe('password');
  });

  test('and what is visible of a locked PKCS#12 is shown', () => {
    const file = inspect(Buffer.concat([fixtures.modern, zeros]));
    expect(file).toMatchObject({ kind: 'key-store', isLocked: true, trailing: 300 });
    expect(file.protection?.keys).toMatchObject([{ name: 'AES-256' }]);
  });
});

describe('readKeyStore() names what it does not read', () => {
  const sshLine =
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBnPSW2BO/uvUjDlv/018tAKdVv5TiIQ8K2M0+pKYB/m me\n';
  const pgp = (what: string) =>
    `-----BEGIN PGP ${what}-----\nVersion: 2\n\nmDMEaSkQ\n=Ab3+\n-----END PGP ${what}-----\n`;
  const clear = `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nhello: there\n${pgp('SIGNATURE')}`;
  const putty = (encryption: string) =>
    `PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: ${encryption}\r\nComment: x\r\n`;
  const pem = (label: string, der: Buffer) => encodePem(label, der);
  const cases = [
    [
      'an OpenSSH key',
      pem('OPENSSH PRIVATE KEY', odd.openSsh),
      [{ kind: 'openssh-private-key', detail: 'ssh-ed25519', encrypted: false }],
    ],
    [
      'an encrypted OpenSSH key',
      pem('OPENSSH PRIVATE KEY', odd.openSshEncrypted),
      [{ kind: 'openssh-private-key', detail: 'ecdsa-sha2-nistp256', encrypted: true }],
    ],
    ['a public OpenSSH key', sshLine, [{ kind: 'openssh-public-key', detail: 'ssh-ed25519' }]],
    [
      'a public key of RFC 4716',
      '---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n',
      [{ kind: 'openssh-public-key' }],
    ],
    [
      'a PuTTY key',
      putty('none'),
      [{ kind: 'putty-key', detail: 'ssh-ed25519', encrypted: false }],
    ],
    [
      'an encrypted PuTTY key',
      putty('aes256-cbc'),
      [{ kind: 'putty-key', detail: 'ssh-ed25519', encrypted: true }],
    ],
    ['an OpenPGP key', pgp('PUBLIC KEY BLOCK'), [{ kind: 'pgp', detail: 'PGP PUBLIC KEY BLOCK' }]],
    [
      'a text signed by OpenPGP',
      clear,
      [
        { kind: 'pgp', detail: 'PGP SIGNED MESSAGE' },
        { kind: 'pgp', detail: 'PGP SIGNATURE' },
      ],
    ],
    [
      'Diffie-Hellman parameters',
      pem('DH PARAMETERS', sequence()),
      [{ kind: 'pem-block', detail: 'DH PARAMETERS' }],
    ],
  ] as const;

  test.each(cases)('%s, beside a certificate that it does not hide', (_, text, others) => {
    for (const file of [text + pemFixtures.leaf, pemFixtures.leaf + text]) {
      const store = readKeyStore(Buffer.from(file));
      expect(store.entries).toEqual([{ kind: 'certificate', certificates: [leaf] }]);
      expect(store.others).toEqual(others);
    }
  });

  test.each(cases)('%s, alone, for inspect only', (_, text, others) => {
    expect(inspect(text)).toMatchObject({ kind: 'other', others, certificates: [], keys: [] });
    const error = failure(() => readKeyStore(Buffer.from(text)));
    expect([error.code, error.hint === undefined]).toEqual(['invalid-input', false]);
  });

  test('an open OpenSSH key is an open key', () => {
    expect(inspect(pem('OPENSSH PRIVATE KEY', odd.openSsh)).hasOpenKey).toBe(true);
    expect(inspect(pem('OPENSSH PRIVATE KEY', odd.openSshEncrypted)).hasOpenKey).toBe(false);
  });

  test('says how to convert an OpenSSH key, and that of Ed25519 that none can', () => {
    const hint = (der: Buffer) =>
      failure(() => readKeyStore(Buffer.from(pem('OPENSSH PRIVATE KEY', der)))).hint;
    expect(hint(odd.openSshEncrypted)).toContain('ssh-keygen -p -m PKCS8');
    expect(hint(odd.openSsh)).toBe('OpenSSH converts RSA and ECDSA keys only: make a new key');
  });

  test.each([
    ['BKS', odd.bks, 'a BKS key store'],
    ['UBER', odd.uber, 'a UBER key store'],
    ['BCFKS', odd.bcfks, 'a BCFKS key store'],
    ['JCEKS', fixtures.jceks, 'a JCEKS key store'],
    ['SQLite', Buffer.from('SQLite format 3\0 and more'), 'a database'],
    ['a keychain', Buffer.from('kych\0\x01\0\0'), 'a keychain of macOS'],
    ['SST', Buffer.from('\0\0\0\0CERT\x20\0\0\0'), 'a serialized certificate store of Windows'],
    ['PVK', Buffer.from('1ef1b5b00000', 'hex'), 'a private key in the format PVK'],
    ['MSBLOB', Buffer.from('0702000000a40000', 'hex'), 'a key in the format MSBLOB'],
    ['a public MSBLOB', Buffer.from('0602000000240000', 'hex'), 'a key in the format MSBLOB'],
    ['OpenPGP', Buffer.from('98330469291', 'hex'), 'keys of OpenPGP'],
    ['JWK', Buffer.from('{"kty": "EC", "crv": "P-256"}'), 'a JSON Web Key'],
    ['Base64', Buffer.from(leaf.toString('base64')), 'Base64 without the lines of PEM'],
  ])('a file of %s', (_, bytes, what) => {
    const error = failure(() => readKeyStore(bytes, { password }));
    expect(error.code).toBe('invalid-input');
    expect(error.message).toContain(`cannot read ${what}`);
    expect(error.hint).not.toBeUndefined();
  });
});

describe('readKeyStore() of keys that are only named', () => {
  const asPem = (label: string, der: Buffer) => Buffer.from(encodePem(label, der));
  test.each([
    ['alone', odd.sm2Key],
    ['as PEM', asPem('EC PRIVATE KEY', odd.sm2Key)],
    ['encrypted', odd.sm2Encrypted],
  ])('SM2, %s', (_, bytes) => {
    expect(readKeyStore(bytes, { password }).entries).toEqual([
      { kind: 'other-key', keyType: 'sm2', certificates: [] },
    ]);
    expect(inspect(bytes, { password }).keys).toMatchObject([{ type: 'sm2', encrypted: false }]);
  });

  test('SM2 in a public key, certificate and CSR has one name and one hash', () => {
    const [publicKey] = inspect(odd.sm2Public).publicKeys;
    const [certificate] = inspect(odd.sm2Certificate).certificates;
    const [csr] = inspect(odd.sm2Csr).csrs;
    expect(publicKey?.type).toBe('sm2');
    expect(publicKey?.sha256).toMatch(/^[\da-f]{64}$/);
    expect(certificate?.key).toEqual(publicKey);
    expect(csr?.key).toEqual(publicKey);
    expect(certificate?.signature).toBe('sm2WithSm3');
  });

  test.each([
    ['2.16.840.1.101.3.4.3.18', 'ml-dsa-65'],
    ['2.16.840.1.101.3.4.3.24', 'slh-dsa-sha2-256s'],
    ['2.16.840.1.101.3.4.3.31', 'slh-dsa-shake-256f'],
    ['2.16.840.1.101.3.4.4.2', 'ml-kem-768'],
    ['1.2.643.7.1.1.1.1', 'gost2012-256'],
  ])('%s is %s', (id, type) => {
    const der = sequence(integer(0), sequence(oid(id)), octetString(Buffer.alloc(32, 7)));
    const file = Buffer.concat([asPem('PRIVATE KEY', der), Buffer.from(pemFixtures.leaf)]);
    expect(readKeyStore(file).entries).toEqual([
      { kind: 'other-key', keyType: type, certificates: [] },
      { kind: 'certificate', certificates: [leaf] },
    ]);
  });

  test("DSA in OpenSSL's own form, and the public RSA key of PKCS#1", () => {
    for (const bytes of [odd.dsa, asPem('DSA PRIVATE KEY', odd.dsa)])
      expect(inspect(bytes).keys).toMatchObject([{ type: 'dsa1024' }]);
    const pkcs1 = sequence(integer(Buffer.alloc(256, 0x77)), integer(65537));
    for (const bytes of [pkcs1, asPem('RSA PUBLIC KEY', pkcs1)])
      expect(inspect(bytes)).toMatchObject({
        kind: 'public-key',
        publicKeys: [{ type: 'rsa2047' }],
      });
  });

  test('a DSA or DH key of any size takes no time', () => {
    for (const id of ['1.2.840.10040.4.1', '1.2.840.113549.1.3.1', '1.2.840.10046.2.1']) {
      const number = integer(Buffer.alloc(500_000, 0x77));
      const algorithm = sequence(oid(id), sequence(number, number, number));
      const der = sequence(integer(0), algorithm, octetString(number));
      expect(readKeyStore(der).entries).toMatchObject([{ kind: 'other-key' }]);
    }
  });
});

describe('generalNames()', () => {
  test('reads UTF-8, and Latin-1 where it is none', () => {
    const name = (bytes: Buffer) => sequence(contextTag(2, false, bytes));
    const shown = (bytes: Buffer) => generalNames(readElement(name(bytes)), shownAs);
    expect(shown(Buffer.from('bücher.test'))).toEqual([{ type: 'dns', value: 'bücher.test' }]);
    expect(shown(Buffer.from('bücher.test', 'latin1'))).toEqual([
      { type: 'dns', value: 'bücher.test' },
    ]);
  });

  test('and a PEM body with spaces in its lines is read as OpenSSL reads it', () => {
    const spaced = pemFixtures.leaf.replace(
      /^([A-Za-z0-9+/]{20})(?=[A-Za-z0-9+/]{10})/gm,
      '$1 \t ',
    );
    expect(spaced).not.toBe(pemFixtures.leaf);
    expect(readKeyStore(Buffer.from(spaced)).entries[0]?.certificates).toEqual([leaf]);
  });
});

describe('inspectFile() of a CRL', () => {
  test('tells who revokes how many, and when the next one is due', () => {
    const told = {
      issuer: 'CN=Größe €',
      thisUpdate: new Date('2026-05-01T00:00:00Z'),
      nextUpdate: new Date('2026-06-01T00:00:00Z'),
      revoked: 1,
      number: '1000',
      signature: 'ecdsaWithSha256',
    };
    for (const bytes of [odd.crl, Buffer.from(encodePem('X509 CRL', odd.crl))])
      expect(inspect(bytes)).toMatchObject({ kind: 'crl', crls: [told] });
    const beside = inspect(pemFixtures.leaf + encodePem('X509 CRL', odd.crl));
    expect(beside).toMatchObject({ kind: 'certificate', crls: [told] });
  });
});

describe('readKeyStore() of a JKS whose key has a password of its own', () => {
  const keyPassword = 'another one';
  const body = encodeJksKeyStore(
    { key, certificates: [leaf, ca], alias: 'möbel 😀' },
    keyPassword,
    now,
  ).subarray(0, -DIGEST_LENGTH);
  const file = Buffer.concat([body, digestOf(body, password)]);
  const entry = { alias: 'möbel 😀', certificates: [leaf, ca] };

  test('shows its certificates and leaves the key locked', () => {
    expect(readKeyStore(file, { password })).toMatchObject({
      isVerified: true,
      entries: [{ kind: 'encrypted-key', hasOwnPassword: true, ...entry }],
    });
    expect(inspect(file, { password })).toMatchObject({
      isLocked: true,
      keys: [{ encrypted: true, hasOwnPassword: true, alias: 'möbel 😀', certificate: 0 }],
    });
  });

  test('opens it with both, and with that of the key alone', () => {
    for (const passwords of [{ password, keyPassword }, { keyPassword }]) {
      const { entries, isVerified } = readKeyStore(file, passwords);
      expect(isVerified).toBe('password' in passwords);
      expect(entries).toMatchObject([{ kind: 'key', ...entry }]);
      expect(entries[0]?.key?.equals(key)).toBe(true);
      // A key that only a password opened does not lie open.
      expect(inspect(file, passwords).hasOpenKey).toBe(false);
    }
  });

  test('refuses a wrong one of either', () => {
    for (const passwords of [
      { password, keyPassword: password },
      { password: 'changeiT', keyPassword },
      { keyPassword: 'another oNe' },
    ])
      expect(failure(() => readKeyStore(file, passwords)).code).toBe('password');
  });
});

describe('readKeyStore() of a PKCS#12 whose key has a password of its own', () => {
  const [password, keyPassword] = ['storepass', 'keypass1'];
  const file = odd.ownPassword;

  test('shows its certificate and leaves the key locked', () => {
    const { entries, isVerified } = readKeyStore(file, { password });
    expect(isVerified).toBe(true);
    expect(entries).toMatchObject([
      { kind: 'certificate', certificates: [expect.any(Buffer)] },
      { kind: 'encrypted-key', hasOwnPassword: true, alias: 'ca', certificates: [] },
    ]);
    expect(inspect(file, { password })).toMatchObject({
      kind: 'key-store',
      isLocked: true,
      hasOpenKey: false,
      certificates: [{ subject: 'CN=own.test' }],
      keys: [{ encrypted: true, hasOwnPassword: true, alias: 'ca' }],
    });
  });

  test('opens it with both', () => {
    const passwords = { password, keyPassword };
    expect(readKeyStore(file, passwords).entries).toMatchObject([{ kind: 'key', alias: 'ca' }]);
    expect(inspect(file, passwords)).toMatchObject({
      isLocked: false,
      hasOpenKey: false,
      keys: [{ type: 'p256', certificate: 0 }],
    });
  });

  test('refuses a wrong one of either, and that of the key alone', () => {
    for (const passwords of [
      { password, keyPassword: 'keypass2' },
      { password: keyPassword },
      { password: 'storepasS', keyPassword },
    ])
      expect(failure(() => readKeyStore(file, passwords)).code).toBe('password');
  });
});
