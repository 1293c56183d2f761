/** A file of PEM with something damaged in it: that is named for people who look, and hides nothing else. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { inspectFile } from '../../src/inspect/file.ts';
import { problemLines } from '../../src/cli/inspect/problems.ts';
import { DevcertError } from '../../src/errors.ts';
import { encodePem, isPem } from '../../src/keystore/pem.ts';
import { readKeyStore } from '../../src/keystore/read.ts';
import { sequence } from '../../src/x509/der.ts';
import { fixtures, pemFixtures } from './fixtures.ts';
import { odd } from './odd-files.ts';

const around = { now: new Date('2026-05-10T12:00:00Z'), authorities: [] };
const leaf = new X509Certificate(pemFixtures.leaf);
const key = createPrivateKey(pemFixtures.leafKey);
const good = pemFixtures.leaf + pemFixtures.leafKey;
const same = (text: string) => text;

const block = (label: string, der: Buffer = Buffer.from('https://example.test/')) =>
  encodePem(label, der);
const inspect = (text: string, password?: string) =>
  inspectFile({ file: 'file', bytes: Buffer.from(text), password }, around);

const damaged = [
  'PRIVATE KEY',
  'RSA PRIVATE KEY',
  'EC PRIVATE KEY',
  'DSA PRIVATE KEY',
  'PUBLIC KEY',
  'RSA PUBLIC KEY',
  'CERTIFICATE',
  'TRUSTED CERTIFICATE',
  'CERTIFICATE REQUEST',
  'X509 CRL',
  'PKCS7',
].map((label) => [label, block(label)] as const);

const cases = [
  ...damaged,
  ['CERTIFICATE', block('CERTIFICATE', leaf.raw.subarray(0, -9))],
  ['CERTIFICATE REQUEST', block('CERTIFICATE REQUEST', sequence(sequence()))],
  ['X509 CRL', block('X509 CRL', sequence(sequence()))],
  ['PRIVATE KEY', block('PRIVATE KEY').replace('aHR0', 'aH!0')],
  ['CERTIFICATE', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'],
  ['CERTIFICATE', block('CERTIFICATE').replace('END CERTIFICATE', 'END PRIVATE KEY')],
  ['PRIVATE KEY', '-----BEGIN PRIVATE KEY-----\nMIIE\n'],
] as const;

describe('inspectFile() names a damaged block and shows the rest', () => {
  test.each(cases)('%s', (label, text) => {
    for (const file of [good + text, text + good]) {
      expect(isPem(Buffer.from(file))).toBe(true);
      const shown = inspect(file);
      expect(shown.certificates.map(({ sha256 }) => sha256)).toEqual([
        leaf.fingerprint256.replaceAll(':', '').toLowerCase(),
      ]);
      expect(shown).toMatchObject({
        kind: 'key-and-certificate',
        keys: [{ encrypted: false, certificate: 0 }],
        hasOpenKey: true,
        others: [{ kind: 'damaged', detail: label }],
      });
      const told = shown.problems.filter(({ code }) => code === 'damaged');
      const message = expect.stringContaining(`"${label}"`) as string;
      expect(told).toEqual([expect.objectContaining({ message })]);
      const style = { good: same, bad: same, dim: same };
      expect(problemLines(shown, style).join('\n')).toContain(`"${label}"`);
    }
  });

  test.each(cases.filter(([label]) => !/REQUEST|CRL/.test(label)))(
    '%s, which nothing but inspect passes over',
    (_, text) => {
      expect(() => readKeyStore(Buffer.from(good + text))).toThrow(DevcertError);
    },
  );

  test.each(cases)('%s, alone, is refused', (_, text) => {
    expect(() => inspect(text)).toThrow(DevcertError);
  });

  test('several of them, each once', () => {
    const all = damaged.map(([, text]) => text).join('');
    expect(inspect(all + good).others.map(({ detail }) => detail)).toEqual(
      expect.arrayContaining(damaged.map(([label]) => label)),
    );
  });

  test('beside a PKCS#12 in PEM and a key of OpenSSH, which say what they are', () => {
    const text = block('PKCS12', fixtures.modern) + block('PRIVATE KEY');
    expect(inspect(text).others).toMatchObject([
      { kind: 'pem-block', detail: 'PKCS12' },
      { kind: 'damaged', detail: 'PRIVATE KEY' },
    ]);
    expect(inspect(block('OPENSSH PRIVATE KEY', odd.openSsh) + block('CERTIFICATE'))).toMatchObject(
      { kind: 'other', hasOpenKey: true },
    );
  });

  test('a wrong password is still one, and a right one does not hide the open key', () => {
    const pem = key.export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'right',
    });
    const file = good + pem.toString() + block('PRIVATE KEY');
    expect(() => inspect(file, 'wrong')).toThrow('the password does not open the private key');
    expect(inspect(file, 'right')).toMatchObject({ hasOpenKey: true, keys: [{}, {}] });
  });

  test('no more than a thousand are looked at', () => {
    expect(() => inspect(good + '-----BEGIN X-----\n'.repeat(500_000))).toThrow('more than 1000');
  });
});
