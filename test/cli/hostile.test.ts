/** Files of 10 MB and less that are made to hang or kill whoever reads them: an error with two lines, or data. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generateKey, encodePrivateKey } from '../../src/keys.ts';
import { encodePem } from '../../src/keystore/pem.ts';
import { integer, octetString, oid, sequence, contextTag } from '../../src/x509/der.ts';
import { freshHome } from '../helpers/cli.ts';
import { make } from '../inspect/certificates.ts';

const SIZE = 10 * 1024 * 1024 - 4096;
const fill = (hex: string) => Buffer.alloc(SIZE, Buffer.from(hex, 'hex'));
const long = (tag: number, body: Buffer) =>
  Buffer.concat([
    Buffer.of(tag, 0x83),
    Buffer.from(body.length.toString(16).padStart(6, '0'), 'hex'),
    body,
  ]);
const block = (label: string, body: string) =>
  Buffer.from(`-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`);
const repeat = (text: string) => Buffer.from(text.repeat(Math.floor(SIZE / text.length)));
const jks = (entries: number, hex: string) =>
  Buffer.concat([
    Buffer.from(`feedfeed00000002${entries.toString(16).padStart(8, '0')}`, 'hex'),
    fill(hex),
  ]);

/** A key store whose MAC asks for as many rounds as there are. */
function slowStore(): Buffer {
  const safe = sequence();
  const hash = sequence(sequence(oid('2.16.840.1.101.3.4.2.1')), octetString(Buffer.alloc(32)));
  const mac = sequence(hash, octetString(Buffer.alloc(8)), integer(2_000_000_000));
  const content = contextTag(0, true, octetString(safe));
  return sequence(integer(3), sequence(oid('1.2.840.113549.1.7.1'), content), mac);
}

/** As many keys as certificates, all of one name: what pairing and searching for issuers choke on. */
function crowd(): Buffer {
  const three = Array.from({ length: 3 }, () =>
    make({ authority: true, subject: { commonName: 'x' } }),
  );
  const keys = Array.from({ length: 450 }, () => encodePrivateKey(generateKey('p256')));
  const certificates = three.flatMap(({ pem }) => Array.from({ length: 150 }, () => pem));
  return Buffer.from([...keys, ...certificates, ...three.map(({ keyPem }) => keyPem)].join(''));
}

const files: readonly (readonly [string, () => Buffer])[] = [
  ['PEM with two million headers', () => block('RSA PRIVATE KEY', repeat('a: b\n').toString())],
  ['PEM with one long header', () => block('RSA PRIVATE KEY', `a:${repeat('b').toString()}`)],
  [
    'a quarter of a million tiny PEM blocks',
    () => repeat('-----BEGIN A-----\nAA==\n-----END A-----\n'),
  ],
  ['PEM that begins half a million times', () => repeat('-----BEGIN A-----\n')],
  [
    'PEM in UTF-16',
    () =>
      Buffer.concat([
        Buffer.of(255, 254),
        Buffer.from(
          repeat('-----BEGIN A-----\na: b\n')
            .toString()
            .slice(0, SIZE / 2),
          'utf16le',
        ),
      ]),
  ],
  ['base64 of noise', () => block('CERTIFICATE', randomBytes(SIZE / 2).toString('base64'))],
  ['nothing but line ends', () => repeat('\n')],
  ['spaces', () => block('CERTIFICATE', repeat(' ').toString())],
  ['values in each other, without a length', () => fill('3080')],
  ['strings in each other, without a length', () => fill('2480')],
  ['a sequence of five million values', () => long(0x30, fill('0500'))],
  ['a key store of five million parts', () => sequenceOf('020103', fill('3000'))],
  ['a number of 10 MB', () => long(0x30, Buffer.concat([long(2, fill('7f')), Buffer.of(2, 1, 3)]))],
  ['a JKS with four thousand million entries', () => jks(0xffffffff, '00')],
  ['a JKS of empty names', () => jks(0x7fffffff, '0000000200000000000000000000')],
  ['a PKCS#12 with two thousand million rounds', slowStore],
  ['hundreds of keys and certificates of one name', crowd],
];

function sequenceOf(start: string, rest: Buffer): Buffer {
  return long(0x30, Buffer.concat([Buffer.from(start, 'hex'), rest]));
}

const readers: readonly (readonly string[])[] = [
  ['inspect'],
  ['ca', 'import', '--name', 'x'],
  ['csr', 'localhost', '--key-file'],
  ['sign'],
  ['export', '--format', 'der', '--key-file', '.devcert/key.pem', '--cert-file'],
];

test.each(files)('%s: read or refused, by every command that reads files', async (_, content) => {
  const { run, project } = freshHome();
  expect((await run(['localhost'])).status).toBe(0);
  const file = join(project, 'hostile');
  writeFileSync(file, content());
  for (const reader of readers) {
    // Seconds at most; a hang ends by SIGKILL, an abort of Node by SIGABRT.
    const { status, signal, stderr } = await run([...reader, file], { killAfterMs: 120_000 });
    expect({ reader, signal }).toEqual({ reader, signal: null });
    expect([0, 1, 2, 6], reader.join(' ')).toContain(status);
    expect(stderr, reader.join(' ')).not.toMatch(/^ +at /m);
    expect(stderr.length).toBeLessThan(4000);
  }
});

test('the PEM helper of these tests makes what devcert reads', () => {
  expect(encodePem('A', Buffer.of(0))).toBe(block('A', 'AA==').toString());
});
