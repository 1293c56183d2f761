/** Private keys that abort Node, or that nobody verifies: wherever one is read. */
import { createCipheriv, createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importAuthority } from '../../src/commands/ca.ts';
import { csr } from '../../src/commands/csr.ts';
import { issue } from '../../src/commands/issue.ts';
import { DevcertError } from '../../src/errors.ts';
import { inspectFile } from '../../src/inspect/file.ts';
import { inspectLines } from '../../src/cli/inspect/lines.ts';
import { generateKey, keyTypeOf, publicKeyDer, publicKeyHash } from '../../src/keys.ts';
import { digestOf, JKS_MAGIC, KEY_ENTRY, protectKey } from '../../src/keystore/jks-format.ts';
import { encryptPbes2 } from '../../src/keystore/pbes2.ts';
import { encodePem } from '../../src/keystore/pem.ts';
import { encodeEncryptedPrivateKeyInfo, pkcs8Of } from '../../src/keystore/encrypted-key.ts';
import { decodePrivateKey, decodePrivateKeyPem } from '../../src/keystore/private-key.ts';
import { readKeyStore } from '../../src/keystore/read.ts';
import { bitString, contextTag, integer, octetString, oid, sequence } from '../../src/x509/der.ts';
import {
  badPssParameters,
  EC_KEY,
  oddDsaKeys,
  P256_ORDER,
  pkcs8,
  pssKey,
  sec1,
  spelledOut,
} from '../helpers/odd-keys.ts';
import { projectMachine } from '../helpers/stores.ts';
import { now } from '../inspect/certificates.ts';

const password = 'changeit';
const numbers: readonly [string, Buffer][] = [
  ['zero', Buffer.alloc(32)],
  ['the order of the curve', Buffer.from(P256_ORDER, 'hex')],
  ['32 bytes of ff', Buffer.alloc(32, 0xff)],
  ['115 bytes', Buffer.alloc(115, 0xff)],
];

/** A file of every format with this key in it. */
const formats: readonly [string, (number: Buffer, curve?: Buffer) => Buffer][] = [
  ['DER', pkcs8],
  ['PKCS#8', (...key) => Buffer.from(encodePem('PRIVATE KEY', pkcs8(...key)))],
  ['SEC 1', (...key) => Buffer.from(encodePem('EC PRIVATE KEY', sec1(...key)))],
  [
    'encrypted PKCS#8',
    (...key) => {
      const encrypted = encryptPbes2(pkcs8(...key), password, 1);
      return Buffer.from(
        encodePem('ENCRYPTED PRIVATE KEY', encodeEncryptedPrivateKeyInfo(encrypted)),
      );
    },
  ],
  ['encrypted PEM', (...key) => encryptedPem(sec1(...key))],
  ['PKCS#12', (...key) => pkcs12(pkcs8(...key))],
  ['JKS', (...key) => jks(pkcs8(...key))],
];

// RFC 1421 as OpenSSL has it: the key is MD5 over password and salt.
function encryptedPem(der: Buffer): Buffer {
  const iv = randomBytes(16);
  const key = createHash('md5').update(password).update(iv.subarray(0, 8)).digest();
  const cipher = createCipheriv('aes-128-cbc', key, iv);
  const body = encodePem('EC PRIVATE KEY', Buffer.concat([cipher.update(der), cipher.final()]));
  const headers = `Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,${iv.toString('hex')}\n\n`;
  return Buffer.from(body.replace('\n', `\n${headers}`));
}

function pkcs12(key: Buffer): Buffer {
  const data = (content: Buffer) =>
    sequence(oid('1.2.840.113549.1.7.1'), contextTag(0, true, octetString(content)));
  const keyBag = sequence(oid('1.2.840.113549.1.12.10.1.1'), contextTag(0, true, key));
  return sequence(integer(3), data(sequence(data(sequence(keyBag)))));
}

function jks(key: Buffer): Buffer {
  const hex = (text: string) => Buffer.from(text, 'hex');
  const uint32 = (value: number) => hex(value.toString(16).padStart(8, '0'));
  const algorithm = sequence(oid('1.3.6.1.4.1.42.2.17.1.1'));
  const encrypted = sequence(algorithm, octetString(protectKey(key, password)));
  const entry = [uint32(KEY_ENTRY), hex('000161'), Buffer.alloc(8), uint32(encrypted.length)];
  const head = [uint32(JKS_MAGIC), uint32(2), uint32(1)];
  const body = Buffer.concat([...head, ...entry, encrypted, uint32(0)]);
  return Buffer.concat([body, digestOf(body, password)]);
}

describe('a private key out of the range of its curve', () => {
  test.each(formats)('is refused in %s', (_, encode) => {
    for (const [, number] of numbers)
      expect(() => readKeyStore(encode(number), { password })).toThrow(
        expect.objectContaining({
          code: 'weak-key',
          message: expect.stringMatching(
            /^the private key is none: its number is out of (?:range|the range of prime256v1)$/,
          ) as string,
        }) as Error,
      );
  });

  test.each(formats)('is read in %s if it is in range', (_, encode) => {
    const number = Buffer.alloc(32, 7);
    const [entry] = readKeyStore(encode(number), { password }).entries;
    expect(entry?.key === undefined ? undefined : keyTypeOf(entry.key)).toBe('p256');
  });

  test.each(numbers)(
    'of %s does not end the process of `csr`, `ca import`, issuing',
    async (_, number) => {
      const { context } = projectMachine(undefined, {}, 'config/state');
      const pem = encodePem('PRIVATE KEY', pkcs8(number));
      const keyFile = join(context.cwd, 'bad.pem');
      writeFileSync(keyFile, pem);
      const weak = { code: 'weak-key' };
      await expect(csr(context, [], { keyFile })).rejects.toMatchObject(weak);
      await expect(importAuthority(context, [keyFile], {})).rejects.toMatchObject(weak);
      // What a repository may bring along: no key that is ours, so nothing is issued over it.
      mkdirSync(join(context.cwd, '.devcert'));
      writeFileSync(join(context.cwd, '.devcert/key.pem'), pem);
      await expect(issue(context, ['localhost'], {})).rejects.toMatchObject({ code: 'file' });
    },
  );
});

describe('a private key on a curve that is spelled out', () => {
  test.each(formats)('is refused in %s', (_, encode) => {
    expect(() => readKeyStore(encode(Buffer.alloc(32, 7), spelledOut), { password })).toThrow(
      'the private key is on a curve that is spelled out, not named',
    );
  });

  test('is refused by `csr --key-file`', async () => {
    const { context } = projectMachine(undefined, {}, 'config/state');
    const keyFile = join(context.cwd, 'spelled.pem');
    writeFileSync(keyFile, encodePem('PRIVATE KEY', pkcs8(Buffer.alloc(32, 7), spelledOut)));
    await expect(csr(context, [], { keyFile })).rejects.toMatchObject({ code: 'weak-key' });
  });

  test('in a public key is told by inspect', () => {
    const point = spkiOf(Buffer.alloc(32, 7)).subarray(-65);
    const spki = sequence(sequence(oid(EC_KEY), spelledOut), bitString(point));
    const file = inspectFile(
      { file: 'x', bytes: Buffer.from(encodePem('PUBLIC KEY', spki)) },
      { now, authorities: [] },
    );
    expect(file.publicKeys).toMatchObject([{ type: 'ec-unnamed-curve' }]);
    const plain = (text: string) => text;
    const style = { good: plain, bad: plain, dim: plain };
    const lines = inspectLines({ files: [file], relations: [], exitCode: 0 }, style);
    expect(lines.join('\n')).toContain('elliptic curve without a name');
  });
});

function spkiOf(number: Buffer): Buffer {
  return publicKeyDer(decodePrivateKey(sec1(number), 'sec1'));
}

describe('RSA-PSS', () => {
  test('with parameters that cannot be read is data or an error, and not strong', () => {
    const rsa = generateKey('rsa2048');
    for (const parameters of badPssParameters) {
      const { privateKey, publicKey } = pssKey(rsa, parameters);
      for (const der of [privateKey, publicKey]) {
        const label = der === privateKey ? 'PRIVATE KEY' : 'PUBLIC KEY';
        const bytes = Buffer.from(encodePem(label, der));
        let types: string[] = [];
        try {
          const file = inspectFile({ file: 'x', bytes }, { now, authorities: [] });
          types = [...file.keys, ...file.publicKeys].map(({ type }) => type);
        } catch (error) {
          expect(error).toBeInstanceOf(DevcertError);
        }
        for (const type of types) expect(type).toMatch(/^rsa-pss/);
      }
    }
  });
});

test('a DSA key that OpenSSL cannot use does not end the process: inspect tells its kind, with a size if it has one', () => {
  const typesOf = (der: Buffer) => {
    try {
      const bytes = Buffer.from(encodePem('PUBLIC KEY', der));
      const file = inspectFile({ file: 'x', bytes }, { now, authorities: [] });
      return file.publicKeys.map(({ type }) => type);
    } catch (error) {
      expect(error).toBeInstanceOf(DevcertError);
      return [];
    }
  };
  const types = oddDsaKeys.flatMap(typesOf);
  expect(types.length).toBeGreaterThan(0);
  for (const type of types) expect(type).toMatch(/^dsa\d*$/);
  const { publicKey } = generateKeyPairSync('dsa', {
    ...{ modulusLength: 1024, divisorLength: 160 },
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  expect(typesOf(publicKey)).toEqual(['dsa1024']);
});

test('decodePrivateKeyPem() takes the first key, and none of a certificate or an encrypted one', () => {
  const key = generateKey('p384');
  const pem = encodePem('PRIVATE KEY', pkcs8Of(key));
  const read = decodePrivateKeyPem(`${encodePem('CERTIFICATE', Buffer.alloc(3))}text\n${pem}`);
  expect(read === undefined ? undefined : publicKeyHash(read)).toBe(publicKeyHash(key));
  expect(decodePrivateKeyPem(encryptedPem(sec1(Buffer.alloc(32, 7))).toString())).toBeUndefined();
  expect(decodePrivateKeyPem('')).toBeUndefined();
});
