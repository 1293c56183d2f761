import { describe, expect, test } from 'vitest';
import { DevcertError } from '../../src/errors.ts';
import { decodePem, encodePem, isPem } from '../../src/keystore/pem.ts';
import { pemFixtures } from './fixtures.ts';

const der = Buffer.from(Array.from({ length: 100 }, (_, i) => i));
const pem = encodePem('CERTIFICATE', der);

/** What it gives, or the error it throws. */
function resultOf(action: () => unknown): unknown {
  try {
    return action();
  } catch (error) {
    return error;
  }
}

describe('encodePem()', () => {
  test('writes lines of 64 characters and a final newline', () => {
    const lines = pem.split('\n');
    expect(lines.map(({ length }) => length)).toEqual([27, 64, 64, 8, 25, 0]);
  });

  test('writes what OpenSSL wrote', () => {
    const [block] = decodePem(pemFixtures.ca);
    expect(encodePem('CERTIFICATE', block?.der ?? der)).toBe(pemFixtures.ca);
  });
});

describe('decodePem()', () => {
  test.each([
    ['LF', pem],
    ['CRLF', pem.replaceAll('\n', '\r\n')],
    ['CR', pem.replaceAll('\n', '\r')],
    ['no final newline', pem.trimEnd()],
    ['a byte order mark', `\ufeff${pem}`],
    ['text around it', `Bag Attributes\n    friendlyName: x\n${pem}trailer: -----\n`],
    ['spaces around the lines', pem.replaceAll('\n', ' \t\n   ')],
    ['empty lines', pem.replaceAll('\n', '\n\n')],
    ['one long line', pem.replace(/(?<=[^-])\n(?=[^-])/g, '')],
  ])('reads a block with %s', (_, text) => {
    for (const input of [text, Buffer.from(text)])
      expect(decodePem(input)).toEqual([{ label: 'CERTIFICATE', der, headers: new Map() }]);
  });

  test('reads UTF-16, as PowerShell redirects it', () => {
    const bytes = Buffer.from(`\ufeff${pem}`, 'utf16le');
    expect(isPem(bytes)).toBe(true);
    expect(decodePem(bytes)[0]?.der).toEqual(der);
  });

  test('reads the headers of an encrypted key', () => {
    const [block] = decodePem(pemFixtures.encryptedPem);
    expect(block?.headers.get('Proc-Type')).toBe('4,ENCRYPTED');
    expect(block?.headers.get('DEK-Info')).toMatch(/^AES-128-CBC,[0-9A-F]{32}$/);
  });

  test('reads every block, in order, up to a limit', () => {
    const text = pem + encodePem('PRIVATE KEY', Buffer.of(1));
    expect(decodePem(text).map(({ label }) => label)).toEqual(['CERTIFICATE', 'PRIVATE KEY']);
    expect(() => decodePem(text.repeat(501))).toThrow('more than 1000 PEM blocks');
  });

  test('finds nothing in other text', () => {
    expect(decodePem('hello\n-----BEGIN nothing-----\n')).toEqual([]);
    expect(isPem(Buffer.from('hello'))).toBe(false);
  });

  test.each([
    ['that does not end', pem.slice(0, 60)],
    ['that begins twice', pem.slice(0, 60) + '\n' + pem],
    ['with another end', pem.replace('END CERTIFICATE', 'END PRIVATE KEY')],
    ['with a foreign character', pem.replace('AAEC', 'AA!C')],
    ['with a missing character', pem.replace('AAEC', 'AAE')],
    ['without a body', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'],
  ])('refuses a block %s', (_, text) => {
    expect(() => decodePem(text)).toThrow('cannot read the PEM block "CERTIFICATE"');
  });

  test.each([
    ['beginnings', '-----BEGIN CERTIFICATE-----\n'],
    ['half beginnings', '-----BEGIN '],
    ['dashes', '-'],
    ['line ends', '\r'],
    ['spaces', ' '],
    ['base64', 'A'],
    ['headers', 'a:b\n'],
  ])('comes to an end with 10 MB of %s', (_, piece) => {
    // Half a second each; were it quadratic, the test's own time limit would end it.
    const text = piece.repeat(10_000_000 / piece.length);
    for (const input of [text, pem.slice(0, 28) + text]) {
      const found = resultOf(() => decodePem(input));
      expect(found instanceof DevcertError || Array.isArray(found)).toBe(true);
    }
  });
});
