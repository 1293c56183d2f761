import { describe, expect, test } from 'vitest';
import { allowNames, parseServerName } from '../../src/names/server-names.ts';
import { HOSTILE } from '../helpers/server-names.ts';

describe('parseServerName()', () => {
  test.for([
    ['app.test', 'app.test'],
    ['APP.Test', 'app.test'],
    ['app.test.', 'app.test'],
    ['localhost', 'localhost'],
    ['xn--bcher-kva.test', 'xn--bcher-kva.test'],
    ['XN--BCHER-KVA.test', 'xn--bcher-kva.test'],
    ['under_score.test', 'under_score.test'],
    ['constructor', 'constructor'],
  ])('takes %s', ([sent, name]) => {
    expect(parseServerName(sent)).toBe(name);
  });

  test.for(HOSTILE.map((it) => [it]))('refuses %j', ([sent]) => {
    expect(() => parseServerName(sent)).toThrow(expect.objectContaining({ code: 'invalid-name' }));
  });

  test('says what a client sent on one short line that steers nothing', () => {
    const message = (sent: unknown): string => {
      try {
        return parseServerName(sent);
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(message('a\n\u001b[31mred\u202e')).toBe(
      'the client asks for "a [31mred", which is no host name',
    );
    expect(message('é'.repeat(65_536)).length).toBeLessThan(120);
    expect(message({ toString: () => 'x' })).toBe(
      'the client asks for object, which is no host name',
    );
  });
});

describe('allowNames()', () => {
  test('gives a host its own name, or the wildcard directly above it', () => {
    const { nameFor } = allowNames(['App.test.', '*.app.test', 'bücher.test']);
    expect(nameFor('app.test')).toBe('app.test');
    expect(nameFor('a.app.test')).toBe('*.app.test');
    expect(nameFor('b.app.test')).toBe('*.app.test');
    expect(nameFor('a.b.app.test')).toBeUndefined();
    expect(nameFor('other.test')).toBeUndefined();
    expect(nameFor('xn--bcher-kva.test')).toBe('xn--bcher-kva.test');
    expect(nameFor('constructor')).toBeUndefined();
  });

  test('takes more names than one certificate may have', () => {
    const { nameFor } = allowNames(Array.from({ length: 10_000 }, (_, index) => `n${index}.test`));
    expect(nameFor('n9999.test')).toBe('n9999.test');
  });

  test.for([
    [['*.test'], 'invalid-name'],
    [['*'], 'invalid-name'],
    [['a.test\n'], 'invalid-name'],
    [['https://app.test'], 'invalid-name'],
    [['ada@app.test'], 'invalid-name'],
    [['app.test', '127.0.0.1'], 'usage'],
    [[], 'usage'],
  ] as const)('refuses %j as `%s`', ([names, code]) => {
    expect(() => allowNames(names)).toThrow(expect.objectContaining({ code }));
  });
});
