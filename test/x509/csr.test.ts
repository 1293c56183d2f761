import { type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { generateKey, publicKeyDer } from '../../src/keys.ts';
import { decodeCsr, encodeCsr, readCsr } from '../../src/x509/csr.ts';
import { nullValue, oid, sequence } from '../../src/x509/der.ts';
import { signatureName } from '../../src/x509/judge.ts';
import { OID } from '../../src/x509/oids.ts';
import { encodeSubject } from '../../src/x509/subject.ts';
import { altNames, buildCsr, DNS, extensionAttribute, pssAlgorithm } from '../helpers/csr.ts';
import { oddKey } from '../helpers/odd-keys.ts';

const key = generateKey('p256');
const localhost = altNames([DNS, 'localhost']);

function refusal(der: Buffer): string {
  try {
    readCsr(der);
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'taken';
}

describe('encodeCsr()', () => {
  test.each(['p256', 'p384', 'rsa2048'] as const)('is read back, with a key of type %s', (type) => {
    const own = generateKey(type);
    const subject = encodeSubject({ commonName: 'localhost' });
    const csr = readCsr(encodeCsr(own, subject, [{ type: 'dns', value: 'localhost' }]));
    expect(publicKeyDer(csr.publicKey)).toEqual(publicKeyDer(own));
    expect(csr.subject).toEqual([{ type: OID.commonName, value: 'localhost' }]);
    expect(csr.extensions.map(({ type }) => type)).toEqual([OID.subjectAltName]);
    expect(csr.attributes).toEqual([OID.extensionRequest]);
  });
});

describe('readCsr()', () => {
  test('takes a CSR without attributes', () => {
    expect(readCsr(buildCsr({ key, subject: [[OID.commonName, 'x']] })).extensions).toEqual([]);
  });

  test('takes every hash from SHA-256 on, and Ed25519', () => {
    for (const [hash, algorithm] of [
      ['sha384', OID.ecdsaWithSha384],
      ['sha512', OID.ecdsaWithSha512],
    ] as const)
      expect(refusal(buildCsr({ key, hash, algorithm: sequence(oid(algorithm)) }))).toBe('taken');
    const ed25519 = oddKey('ed25519');
    const algorithm = sequence(oid(OID.ed25519));
    expect(refusal(buildCsr({ key: ed25519, hash: null, algorithm }))).toBe('taken');
  });

  test.each([
    ['MD5', 'md5', '1.2.840.113549.1.1.4'],
    ['SHA-1', 'sha1', '1.2.840.113549.1.1.5'],
  ])('refuses an RSA signature over %s', (_name, hash, algorithm) => {
    const rsa = generateKey('rsa2048');
    const identifier = sequence(oid(algorithm), nullValue());
    expect(refusal(buildCsr({ key: rsa, hash, algorithm: identifier }))).toBe('weak-key');
  });

  test('takes RSA-PSS over an RSA key from SHA-256 on, refuses it with SHA-1 or two hashes', () => {
    const rsa = generateKey('rsa2048');
    const sha256 = '2.16.840.1.101.3.4.2.1';
    const sha512 = '2.16.840.1.101.3.4.2.3';
    const signed = (hash: string, saltLength: number, algorithm: Buffer) =>
      refusal(buildCsr({ key: rsa, hash, saltLength, algorithm }));
    expect(signed('sha256', 32, pssAlgorithm(sha256))).toBe('taken');
    expect(signed('sha512', 64, pssAlgorithm(sha512, 64))).toBe('taken');
    expect(signed('sha256', 32, pssAlgorithm(sha512, 64))).toBe('invalid-input');
    expect(signed('sha256', 20, pssAlgorithm(sha256))).toBe('invalid-input');
    expect(signed('sha1', 20, pssAlgorithm(null))).toBe('weak-key');
    expect(signed('sha256', 32, pssAlgorithm(sha256, 32, sha512))).toBe('weak-key');
    expect(refusal(buildCsr({ key, algorithm: pssAlgorithm(sha256) }))).toBe('invalid-input');
  });

  test('takes the names of the attribute that Windows writes', () => {
    const attribute = extensionAttribute(OID.microsoftExtensionRequest, [localhost]);
    const csr = readCsr(buildCsr({ key, attributes: [attribute] }));
    expect(csr.extensions.map(({ type }) => type)).toEqual([OID.subjectAltName]);
  });

  test('refuses ECDSA over SHA-1, and algorithms that it does not know', () => {
    const sha1 = sequence(oid('1.2.840.10045.4.1'));
    expect(refusal(buildCsr({ key, hash: 'sha1', algorithm: sha1 }))).toBe('weak-key');
    expect(refusal(buildCsr({ key, algorithm: sequence(oid('1.2.3.4')) }))).toBe('weak-key');
  });

  test.each<[string, (signature: Buffer) => Buffer]>([
    ['changed', (it) => Buffer.concat([it.subarray(0, -1), Buffer.of((it.at(-1) ?? 0) ^ 1)])],
    ['empty', () => Buffer.alloc(0)],
    ['of zeros', (it) => Buffer.alloc(it.length)],
    ['longer than it should be', (it) => Buffer.concat([it, Buffer.of(0)])],
    // CVE-2022-21449: r = s = 0 passed in a JVM.
    ['(0, 0)', () => Buffer.from('3006020100020100', 'hex')],
  ])('refuses a signature that is %s', (_what, tamper) => {
    expect(refusal(buildCsr({ key, tamper }))).toBe('invalid-input');
  });

  test('refuses a key that the signature is not by, of the same and of another kind', () => {
    const others: KeyObject[] = [generateKey('p256'), generateKey('rsa2048')];
    for (const other of others)
      expect(refusal(buildCsr({ key, publicKey: publicKeyDer(other) }))).toBe('invalid-input');
  });

  test('refuses a curve that is spelled out (CVE-2020-0601)', () => {
    // openssl ecparam -name prime256v1 -genkey -param_enc explicit | openssl ec -pubout -outform DER
    const explicit = oddKey('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' });
    const spki = publicKeyDer(explicit);
    expect(spki.length).toBeGreaterThan(200);
    const csr = buildCsr({ key: explicit, publicKey: spki });
    expect(refusal(csr)).toBe('weak-key');
  });

  test('refuses another version', () => {
    expect(refusal(buildCsr({ key, version: 1 }))).toBe('invalid-input');
  });

  test('refuses bytes after the end, and every shorter piece', () => {
    const der = buildCsr({ key, extensions: [localhost] });
    expect(refusal(Buffer.concat([der, Buffer.of(0)]))).toBe('invalid-input');
    for (let length = 0; length < der.length; length++)
      expect(refusal(der.subarray(0, length))).toBe('invalid-input');
  });

  test('refuses a change of any byte', () => {
    const der = buildCsr({ key, extensions: [localhost] });
    for (let at = 0; at < der.length; at++) {
      const changed = Buffer.from(der);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      expect(['invalid-input', 'weak-key']).toContain(refusal(changed));
    }
  });

  test('refuses ten megabytes of nesting and ten of values without delay', () => {
    const nested = Buffer.alloc(10_000_000, 0x30);
    expect(refusal(nested)).toBe('invalid-input');
    let deep: Buffer = Buffer.from('0500', 'hex');
    for (let depth = 0; depth < 2000; depth++) deep = sequence(deep);
    expect(refusal(deep)).toBe('invalid-input');
    expect(refusal(sequence(sequence(deep), sequence(), Buffer.from('030100', 'hex')))).toBe(
      'invalid-input',
    );
    expect(refusal(sequence(Buffer.alloc(10_000_000, Buffer.from('0500', 'hex'))))).toBe(
      'invalid-input',
    );
  });
});

describe('decodeCsr()', () => {
  test('shows a CSR whose signature is wrong', () => {
    const der = buildCsr({ key, extensions: [localhost], tamper: () => Buffer.alloc(8) });
    expect(signatureName(decodeCsr(der).algorithm)).toBe('ecdsaWithSha256');
    expect(refusal(der)).toBe('invalid-input');
  });
});
