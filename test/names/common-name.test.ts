import { describe, expect, test } from 'vitest';
import {
  commonNameNotes,
  commonNameObjection,
  commonNameOf,
  parseCommonName,
} from '../../src/names/common-name.ts';
import type { Constraints } from '../../src/names/constraints.ts';
import { parseLeafRequest } from '../../src/names/request.ts';

const constraints: Constraints = { dns: ['localhost', 'test'], ip: ['127.0.0.0/8'] };
const client = (name: string, cn?: string) =>
  parseLeafRequest([name], { client: true, ...(cn === undefined ? {} : { cn }) });
const peer = (name: string, cn?: string) =>
  parseLeafRequest([name], { peer: true, ...(cn === undefined ? {} : { cn }) });

describe('parseCommonName()', () => {
  test.each(['alice', 'Ada Lovelace', 'ada@example.test', 'Übung', 'x'.repeat(64)])(
    'takes "%s"',
    (text) => {
      expect(parseCommonName(text)).toBe(text);
    },
  );

  test.each([
    ['nothing', ''],
    ['white space', '  '],
    ['a space in front', ' alice'],
    ['65 characters', 'x'.repeat(65)],
    ['a line end', 'a\nb'],
    ['a tab', 'a\tb'],
    ['NUL', 'alice\0.example'],
    ['a bidirectional override', 'a\u202eb'],
    ['a zero-width space', 'a\u200bb'],
    ['half a surrogate pair', 'a\ud800'],
  ])('refuses %s', (_what, text) => {
    expect(() => parseCommonName(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('commonNameOf()', () => {
  test('is none for a server', () => {
    expect(commonNameOf(parseLeafRequest(['localhost']))).toBeUndefined();
  });

  test('is the e-mail address, or has a space, so that no stack takes it for a host', () => {
    expect(commonNameOf(client('ada@example.test'))).toBe('ada@example.test');
    expect(commonNameOf(client('alice'))).toBe('alice (devcert client)');
    expect(commonNameOf(client('web.test'))).toBe('web.test (devcert client)');
    expect(commonNameOf(peer('orders.test'))).toBe('orders.test (devcert peer)');
  });

  test('keeps its end where the name is long', () => {
    const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.test`;
    const name = commonNameOf(client(long)) ?? '';
    expect(name).toHaveLength(64);
    expect(name).toMatch(/ \(devcert client\)$/);
  });
});

describe('commonNameObjection()', () => {
  test.each([
    ['alice', undefined],
    ['app_user', undefined],
    ['Ada Lovelace', undefined],
    ['alice.test', undefined],
    ['localhost', undefined],
    ['www.google.com', 'outside what this CA may sign'],
    ['WWW.Google.COM.', 'outside what this CA may sign'],
    ['*.google.com', 'outside what this CA may sign'],
    ['a_b.google.com', 'outside what this CA may sign'],
    ['8.8.8.8', 'outside what this CA may sign'],
    ['eviltest.com', 'outside what this CA may sign'],
  ])('of a client to "%s": %s', (cn, objection) => {
    const text = commonNameObjection(constraints, client('alice', cn));
    if (objection === undefined) expect(text).toBeUndefined();
    else expect(text).toContain(objection);
  });

  test('is against a word that could be the host of a peer without a DNS name', () => {
    expect(commonNameObjection(constraints, peer('orders.test', 'intranet'))).toBeUndefined();
    expect(commonNameObjection(constraints, peer('spiffe://localhost/x', 'intranet'))).toContain(
      'taken for a host',
    );
  });

  test('is none without constraints', () => {
    expect(commonNameObjection(undefined, client('alice', 'www.google.com'))).toBeUndefined();
  });
});

describe('commonNameNotes()', () => {
  test('says who refuses a plain user name, and who needs one', () => {
    expect(commonNameNotes(constraints, client('alice', 'alice'))[0]).toContain('Java servers');
    expect(commonNameNotes(constraints, client('alice'))[0]).toContain('--cn alice');
    expect(commonNameNotes(constraints, client('alice', 'app_user'))).toEqual([]);
    expect(commonNameNotes(constraints, client('ada@example.test'))).toEqual([]);
    expect(commonNameNotes(constraints, parseLeafRequest(['localhost']))).toEqual([]);
  });
});

describe('parseLeafRequest()', () => {
  test('names a user or service by a URI of this machine', () => {
    expect(client('alice').names).toEqual([{ type: 'uri', value: 'spiffe://localhost/alice' }]);
    expect(client('localhost').names).toEqual([{ type: 'dns', value: 'localhost' }]);
    expect(client('web.test').names).toEqual([{ type: 'dns', value: 'web.test' }]);
    expect(peer('orders').names).toEqual([{ type: 'dns', value: 'orders' }]);
  });

  test('gives clients, peers and servers their usages', () => {
    expect(client('alice').usages).toEqual(['clientAuth']);
    expect(peer('localhost').usages).toEqual(['serverAuth', 'clientAuth']);
    expect(parseLeafRequest([]).usages).toEqual(['serverAuth']);
  });

  test.each([
    ['--cn for a server', ['localhost'], { cn: 'x' }],
    ['--client and --peer', ['localhost'], { client: true, peer: true }],
    ['a client without a name', [], { client: true }],
    ['a peer without a name', [], { peer: true }],
  ])('refuses %s', (_what, names, options) => {
    expect(() => parseLeafRequest(names, options)).toThrow(
      expect.objectContaining({ code: 'usage', hint: expect.any(String) as string }),
    );
  });
});
