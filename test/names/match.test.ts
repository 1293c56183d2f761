import { describe, expect, test } from 'vitest';
import { isNamed } from '../../src/names/match.ts';
import { parseName } from '../../src/names/names.ts';

const dns = (value: string) => ({ type: 'dns', value });
const ip = (value: string) => ({ type: 'ip', value });

describe('isNamed()', () => {
  test.each([
    ['api.test', 'api.test'],
    ['api.test', 'API.TEST'],
    ['www.api.test', '*.api.test'],
    ['localhost', 'localhost'],
    ['my_app.test', 'my_app.test'],
  ])('"%s" is "%s"', (wanted, name) => {
    expect(isNamed([dns('other.test'), dns(name)], parseName(wanted))).toBe(true);
  });

  test.each([
    ['api.test', '*.test'],
    ['localhost', '*'],
    ['api.test', '*'],
    ['a.b.api.test', '*.api.test'],
    ['api.test', '*.api.test'],
    ['www.api.test', 'w*.api.test'],
    ['www.api.test', '*w.api.test'],
    ['www.api.test', 'www.*.test'],
    ['www.api.test', '*.*.test'],
    ['www.api.test', 'api.test'],
    ['www.api.test', '.api.test'],
    ['api.test', 'api.test.'],
    ['api.test', ' api.test'],
    ['api.test', 'api.test\0.evil.example'],
    ['api.test', 'api.test,other.test'],
    ['192.168.1.1', '192.168.1.1'],
    ['192.168.1.1', '*.168.1.1'],
    ['::1', '::1'],
  ])('"%s" is not the DNS name "%s"', (wanted, name) => {
    expect(isNamed([dns(name)], parseName(wanted))).toBe(false);
  });

  test('an address is one of the same bytes, and no name', () => {
    expect(isNamed([ip('::1')], parseName('[0:0::1]'))).toBe(true);
    expect(isNamed([ip('127.0.0.1')], parseName('127.0.0.1'))).toBe(true);
    expect(isNamed([ip('::ffff:127.0.0.1')], parseName('127.0.0.1'))).toBe(false);
    expect(isNamed([ip('127.0.0.2')], parseName('127.0.0.1'))).toBe(false);
    expect(isNamed([{ type: 'email', value: 'api.test' }], parseName('api.test'))).toBe(false);
  });

  test('an e-mail address and a URI are themselves alone', () => {
    const mail = parseName('ada@example.test', { client: true });
    expect(isNamed([{ type: 'email', value: 'ada@example.test' }], mail)).toBe(true);
    expect(isNamed([{ type: 'email', value: 'Ada@example.test' }], mail)).toBe(false);
  });
});
