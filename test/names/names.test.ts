import { isIPv4, isIPv6 } from 'node:net';
import { domainToUnicode } from 'node:url';
import { describe, expect, test } from 'vitest';
import { DevcertError } from '../../src/errors.ts';
import {
  formatName,
  isLoopbackName,
  nameNotes,
  parseName,
  parseNames,
  type Name,
  type NameOptions,
} from '../../src/names/names.ts';
import { ipBytes } from '../../src/names/ip.ts';

/** The error that parseName must throw for `text`. */
function refusal(text: string, options?: NameOptions): DevcertError {
  try {
    const name = parseName(text, options);
    throw new Error(`accepted ${JSON.stringify(text)} as ${JSON.stringify(name)}`);
  } catch (error) {
    if (error instanceof DevcertError) return error;
    throw error;
  }
}

const client = { client: true };
const long = (labels: number, last: number) =>
  `${'a'.repeat(63)}.`.repeat(labels) + 'b'.repeat(last);

describe('parseName() takes DNS names', () => {
  test.each([
    ['localhost', 'localhost'],
    ['Example.COM', 'example.com'],
    ['app.localhost', 'app.localhost'],
    ['api.test.', 'api.test'],
    ['*.app.localhost', '*.app.localhost'],
    ['*.a.test.', '*.a.test'],
    ['my_app.test', 'my_app.test'],
    ['_dmarc.x', '_dmarc.x'],
    ['1.2.3.example', '1.2.3.example'],
    ['3com', '3com'],
    ['0xabc.test', '0xabc.test'],
    ['0xcafe-bar', '0xcafe-bar'],
    ['ab--cd.test', 'ab--cd.test'],
    ['a'.repeat(63), 'a'.repeat(63)],
    [long(3, 61), long(3, 61)],
    [`${long(3, 61)}.`, long(3, 61)],
    // IDNA, UTS #46
    ['BÜCHER.example', 'xn--bcher-kva.example'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['bu\u0308cher.example', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['XN--BCHER-KVA.Example', 'xn--bcher-kva.example'],
    ['*.bücher.example', '*.xn--bcher-kva.example'],
    ['straße.test', 'xn--strae-oqa.test'],
    ['faß.test', 'xn--fa-hia.test'],
    ['İ.test', 'xn--i-9bb.test'],
    ['\u212aelvin.test', 'kelvin.test'],
    ['ａｐｐ．test', 'app.test'],
    ['アプリ。test。', 'xn--cckvf7b.test'],
    ['пример.test', 'xn--e1afmkfd.test'],
    ['한국.test', 'xn--3e0b707e.test'],
    ['עברית.test', 'xn--5dbqzzl.test'],
    ['मराठी.test', 'xn--d2b1ag0dl.test'],
    // Joiners and dots where their scripts have them
    ['क\u094d\u200dष.test', 'xn--11b2ezcw70k.test'],
    ['paral·lel.test', 'xn--parallel-koa.test'],
    ['ア・プリ.test', 'xn--cckvf7b6c.test'],
    // UTS #39 highly restrictive mixtures
    ['appアプリの名.test', undefined],
    ['go한국漢.test', undefined],
    ['goㄅ漢.test', undefined],
    ['テスト漢字ひらがな.test', undefined],
    // Different scripts in different labels
    ['почта.bücher.test', undefined],
  ])('%j', (text, value) => {
    const name = parseName(text);
    expect(name.type).toBe('dns');
    if (value !== undefined) expect(name.value).toBe(value);
    expect(parseName(name.value)).toEqual(name);
  });
});

describe('parseName() takes IP addresses in any spelling', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['[::1]', '::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['0000:0000:0000:0000:0000:0000:0000:0001', '::1'],
    ['::', '::'],
    ['::0.0.0.1', '::1'],
    ['::FFFF:127.0.0.1', '::ffff:127.0.0.1'],
    ['::ffff:7f00:1', '::ffff:127.0.0.1'],
    ['[0:0:0:0:0:ffff:7f00:1]', '::ffff:127.0.0.1'],
    ['FE80::A', 'fe80::a'],
    // RFC 5952 4.2.2: a single zero group stays; 4.2.3: the longest run, the first of equals
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:db8::1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['fd00:0:0:0:0:0:0:0', 'fd00::'],
  ])('%j', (text, value) => {
    expect(parseName(text)).toEqual({ type: 'ip', value });
  });
});

const usual = 'give host names or IP addresses: devcert localhost api.test 127.0.0.1';

describe('parseName() refuses', () => {
  test.each([
    ['', 'is not a name', usual],
    ['.', 'empty label', usual],
    ['a..b', 'empty label', usual],
    ['.a', 'empty label', usual],
    ['localhost..', 'empty label', usual],
    ['ü..b', 'empty label', usual],
    [`${'a'.repeat(64)}.test`, 'more than 63', usual],
    [`${'ü'.repeat(63)}.test`, 'more than 63', usual],
    [long(3, 62), 'more than 253', usual],
    [`*.${long(3, 61)}`, 'more than 253', usual],
    ['-rf', 'hyphen', usual],
    ['--help', 'hyphen', usual],
    ['a-.b', 'hyphen', usual],
    ['a.-b', 'hyphen', usual],
    ['foo-.com', 'hyphen', usual],
    ['ü-.test', 'hyphen', usual],
    ['-ü.test', 'hyphen', usual],
    // What browsers read as IPv4
    ['256.1.1.1', 'ends in a number', usual],
    ['1.2.3', 'ends in a number', usual],
    ['127.1', 'ends in a number', usual],
    ['2130706433', 'ends in a number', usual],
    ['127.0.0.01', 'ends in a number', usual],
    ['0x7f.1', 'ends in a number', usual],
    ['0x7f000001', 'ends in a number', usual],
    ['a.0x', 'ends in a number', usual],
    ['host.1.', 'ends in a number', usual],
    ['*.1', 'ends in a number', usual],
    ['１２７.０.０.１', 'ends in a number', 'devcert 127.0.0.1'],
    ['１.２.３', 'ends in a number', usual],
    ['①.②.③', 'ends in a number', usual],
    // More than a name
    ['http://localhost:3000', 'is more than a name', 'devcert localhost'],
    ['https://API.test/path?q#f', 'is more than a name', 'devcert api.test'],
    ['wss://[::1]:8443/', 'is more than a name', 'devcert ::1'],
    ['localhost:3000', 'is more than a name', 'devcert localhost'],
    ['localhost:', 'is more than a name', 'devcert localhost'],
    ['localhost:3000/app', 'is more than a name', 'devcert localhost'],
    ['*.app.test:443', 'is more than a name', 'devcert "*.app.test"'],
    ['[::1]:8443', 'is more than a name', 'devcert ::1'],
    ['127.0.0.1:80', 'is more than a name', 'devcert 127.0.0.1'],
    ['127.0.0.1/8', 'is more than a name', 'devcert 127.0.0.1'],
    ['::1/128', 'is more than a name', 'devcert ::1'],
    ['bücher.test/x', 'is more than a name', 'devcert xn--bcher-kva.test'],
    ['http://', 'is a URI without a host', undefined],
    ['fe80::1%eth0', 'zone id', 'devcert fe80::1'],
    ['[fe80::1%25eth0]', 'zone id', 'devcert fe80::1'],
    // Wildcards
    ['*', 'wildcard', 'devcert "*.app.localhost"'],
    ['*.', 'empty label', usual],
    ['*.localhost', 'directly under', 'devcert "*.app.localhost"'],
    ['*.test', 'directly under', 'devcert "*.app.test"'],
    ['*.test.', 'directly under', 'devcert "*.app.test"'],
    ['a.*.b', 'wildcard', 'devcert "*.app.localhost"'],
    ['*.*.a.test', 'wildcard', 'devcert "*.app.localhost"'],
    ['a*.app.test', 'wildcard', 'devcert "*.app.localhost"'],
    ['app.*', 'wildcard', 'devcert "*.app.localhost"'],
    // Client names
    ['alice@Example.test', 'client', 'devcert --client alice@example.test'],
    ['spiffe://Example.test/alice', 'client', 'devcert --client spiffe://example.test/alice'],
    ['spiffe://example.test/$(x)', 'client', 'devcert --client'],
    // Hostile
    ['../x', 'is not a host name', usual],
    ['/etc/passwd', 'is not a host name', usual],
    ['a\\b', 'backslash', usual],
    ['$(x)', 'no host name has: $', usual],
    ['a;b', 'no host name has: ;', usual],
    ['a"b', 'quote', usual],
    ["a'b", 'quote', usual],
    ['`x`', 'quote', usual],
    ['%61.test', 'is not a host name', usual],
    ['a%2eb', 'is not a host name', usual],
    ['a%00b', 'is not a host name', usual],
    ['a#b', 'is more than a name', 'devcert a'],
    ['a,b', 'no host name has: ,', usual],
    ['DNS:x', 'is a URI without a host', undefined],
    ['[127.0.0.1]', 'is not a host name', usual],
    ['[::1', 'is not a host name', usual],
    ['1::2::3', 'is not a host name', usual],
    // What the conversion would accept, drop or decode
    ['xn--', 'internationalised', usual],
    ['xn--a', 'internationalised', usual],
    ['xn--zzzzzz99.test', 'internationalised', usual],
    ['xn--ascii-.test', 'internationalised', usual],
    ['xn--xn--.test', 'internationalised', usual],
    ['a\u00adb.test', 'invisible', usual],
    ['a\u200bb.test', 'invisible', usual],
    ['a\ufe0fb.test', 'invisible', usual],
    ['a\u202eb.test', 'invisible', usual],
    ['a\u3164b.test', 'invisible', usual],
    ['a\u200db.test', 'internationalised', usual],
    ['ü％２ｅ.test', 'internationalised', usual],
    ['ü／x.test', 'internationalised', usual],
    ['ü：80', 'internationalised', usual],
    ['\u0308a.test', 'internationalised', usual],
    ['אb.test', 'internationalised', usual],
    // Symbols: IDNA 2008
    ['🙂.test', '(xn--938h.test) holds a symbol', usual],
    ['xn--938h.test', 'holds a symbol', usual],
    ['☃.test', 'holds a symbol', usual],
    ['i❤.test', 'holds a symbol', usual],
    ['ü_x.test', 'holds a symbol', usual],
    ['a·b.test', 'holds a symbol', usual],
    ['a・b.test', 'holds a symbol', usual],
    ['ـــ.test', 'holds a symbol', usual],
    ['\u0660\u06f0.test', undefined, usual],
    // Look-alikes: UTS #39
    ['аpple.test', '(xn--pple-43d.test) mixes scripts', usual],
    ['xn--pple-43d.test', 'mixes scripts', usual],
    ['pαypal.test', 'mixes scripts', usual],
    ['тест漢.test', 'mixes scripts', usual],
    ['한ア.test', 'mixes scripts', usual],
    ['ⲁⲃⲅ.test', 'or uses a rare one', usual],
  ])('%j', (text, message, hint) => {
    const error = refusal(text);
    expect(error).toMatchObject({ code: 'invalid-name', exitCode: 2 });
    if (message !== undefined) expect(error.message).toContain(message);
    if (hint !== undefined) expect(DevcertError.typed(error).hint).toBe(hint);
  });

  test.each([
    'a\nb',
    'a\0b',
    'a\tb',
    ' localhost',
    'localhost ',
    'a\u001b[31mb',
    'a\u00a0b',
    'a\u2028b',
    'a\ud800b',
    'a\u3000b',
  ])('whitespace and control characters: %j', (text) => {
    const error = refusal(text);
    expect(error.message).toContain('holds whitespace or a control character');
    expect(error.message).not.toMatch(/[\p{Cc}\p{Cs}\u2028]/u);
  });

  test('10,000 characters, at once and showing 60 of them', () => {
    for (const text of ['a', 'a.', 'ü', '*.', '::', '[', 'a:1', 'x://', '@', '\u202e'])
      expect(refusal(text.repeat(10_000)).message).toMatch(/^".{0,60}" is too long$/u);
    for (const text of ['a', 'a.', 'ü', '*.', ':1', '[', 'xn--', '@', 'a@', '/', '0.', '%'])
      expect(refusal(text.repeat(1024 / text.length), client).message.length).toBeLessThan(200);
  });

  test('a pasted URL without showing the password in it', () => {
    for (const text of [
      'http://ada:s3cret@localhost:3000/',
      'http://ada:s3@cret@localhost/',
      'ada:s3cret@localhost',
      'ftp://ada:s3cret@localhost/',
    ]) {
      const { message, hint } = refusal(text);
      expect(message + String(hint)).not.toMatch(/s3|cret/);
      expect(refusal(text, client).message).not.toMatch(/s3|cret/);
    }
  });
});

describe('parseName() for a client certificate', () => {
  test.each<[string, Name]>([
    ['alice@example.test', { type: 'email', value: 'alice@example.test' }],
    ['Alice.B+dev@BÜCHER.test', { type: 'email', value: 'Alice.B+dev@xn--bcher-kva.test' }],
    ['alice@localhost', { type: 'email', value: 'alice@localhost' }],
    ['SPIFFE://Example.TEST/Alice', { type: 'uri', value: 'spiffe://example.test/Alice' }],
    [
      'https://localhost:3000/a?b=%20#c',
      { type: 'uri', value: 'https://localhost:3000/a?b=%20#c' },
    ],
    ['x://[0:0::1]:1/a', { type: 'uri', value: 'x://[::1]:1/a' }],
    ['x://127.0.0.1', { type: 'uri', value: 'x://127.0.0.1' }],
    ['x://bücher.test./', { type: 'uri', value: 'x://xn--bcher-kva.test/' }],
    ['localhost', { type: 'dns', value: 'localhost' }],
    ['::1', { type: 'ip', value: '::1' }],
  ])('takes %j', (text, name) => {
    expect(parseName(text, client)).toEqual(name);
    expect(parseName(name.value, client)).toEqual(name);
  });

  test.each([
    ['alice@', 'is not an e-mail address'],
    ['@localhost', 'is not an e-mail address'],
    ['a b@localhost', 'whitespace'],
    ['a..b@localhost', 'is not an e-mail address'],
    ['-rf@localhost', 'is not an e-mail address'],
    ['$(x)@localhost', 'is not an e-mail address'],
    ['ü@localhost', 'is not an e-mail address'],
    ['a@b@localhost', 'is not an e-mail address'],
    [`${'a'.repeat(65)}@localhost`, 'is not an e-mail address'],
    [`${'a'.repeat(64)}@${long(3, 10)}`, 'more than 254'],
    ['alice@*.a.test', 'wildcard'],
    ['alice@127.0.0.1', 'ends in a number'],
    ['alice@a..b', 'empty label'],
    ['urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6', 'is a URI without a host'],
    ['news:alt.test', 'is a URI without a host'],
    ['file:///etc/passwd', 'is a URI without a host'],
    ['x://:80/', 'is a URI without a host'],
    ['x://localhost:65536', 'has no valid port'],
    ['x://localhost:/', 'no host name has: :'],
    ['x://ada@localhost/', 'user name or a password'],
    ['x://*.a.test/', 'wildcard'],
    ['x://1.2.3/', 'ends in a number'],
    ['x://localhost/ü', 'percent-encoded'],
    ['x://localhost/%zz', 'percent-encoded'],
    ['localhost:3000', 'is more than a name'],
  ])('refuses %j', (text, message) => {
    const error = refusal(text, client);
    expect(error.code).toBe('invalid-name');
    expect(error.message).toContain(message);
    expect(error.hint).toBeTruthy();
  });
});

describe('parseNames()', () => {
  test('gives canonical names, each once, in order', () => {
    expect(
      parseNames([
        'b.test',
        'B.TEST.',
        '[::1]',
        'a.test',
        '0::1',
        'BÜCHER.test',
        'xn--bcher-kva.test',
      ]),
    ).toEqual([
      { type: 'dns', value: 'b.test' },
      { type: 'ip', value: '::1' },
      { type: 'dns', value: 'a.test' },
      { type: 'dns', value: 'xn--bcher-kva.test' },
    ]);
    expect(parseNames([])).toEqual([]);
  });

  test('takes 100 names and refuses 101', () => {
    const texts = Array.from({ length: 100 }, (_, i) => `n${i}.test`);
    expect(parseNames([...texts, ...texts])).toHaveLength(100);
    expect(() => parseNames([...texts, 'one-more.test'])).toThrow(
      expect.objectContaining({
        code: 'usage',
        hint: expect.stringContaining('several') as string,
      }),
    );
  });

  test('passes its options on', () => {
    expect(() => parseNames(['a@b.test'])).toThrow(DevcertError);
    expect(parseNames(['a@b.test'], client)).toEqual([{ type: 'email', value: 'a@b.test' }]);
  });
});

test.each([
  ['localhost', 'localhost'],
  ['[::1]', '::1'],
  ['bücher.example', 'xn--bcher-kva.example (bücher.example)'],
  ['*.bücher.example', '*.xn--bcher-kva.example (*.bücher.example)'],
  ['ada@bücher.example', 'ada@xn--bcher-kva.example (ada@bücher.example)'],
  ['x://bücher.example/', 'x://xn--bcher-kva.example/'],
])('formatName() of %j', (text, shown) => {
  expect(formatName(parseName(text, client))).toBe(shown);
});

test('nameNotes() tells of underscores and of what a wildcard does not match', () => {
  expect(nameNotes(parseName('app.test'))).toEqual([]);
  expect(nameNotes(parseName('a_b@a.test', client))).toEqual([]);
  expect(nameNotes(parseName('my_app.test'))).toEqual([
    '"my_app.test" has an underscore: Java and some others refuse the certificate for it',
  ]);
  expect(nameNotes(parseName('*.app.test'))).toEqual([
    '"*.app.test" stands for one label: it matches neither "app.test" nor "a.b.app.test"',
  ]);
});

test.each([
  ['localhost', true],
  ['app.localhost', true],
  ['*.app.localhost', true],
  ['127.0.0.1', true],
  ['127.255.255.254', true],
  ['::1', true],
  ['mylocalhost', false],
  ['localhost.test', false],
  ['127.test', false],
  ['128.0.0.1', false],
  ['::', false],
  ['a@localhost', false],
])('isLoopbackName() of %j is %j', (text, expected) => {
  expect(isLoopbackName(parseName(text, client))).toBe(expected);
});

test.each([
  ['127.0.0.1', '7f000001'],
  ['255.1.0.16', 'ff010010'],
  ['::', '0'.repeat(32)],
  ['::1', `${'0'.repeat(31)}1`],
  ['fe80::', `fe80${'0'.repeat(28)}`],
  ['2001:db8::a:b', '20010db800000000000000000' + '00a000b'],
  ['::ffff:127.0.0.1', `${'0'.repeat(20)}ffff7f000001`],
  ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
])('ipBytes() of %j', (value, hex) => {
  expect(ipBytes(value).toString('hex')).toBe(hex);
});

test.each(['', 'localhost', '[::1]', 'fe80::1%eth0', '256.0.0.1', '1.2.3'])(
  'ipBytes() refuses %j',
  (value) => {
    expect(() => ipBytes(value)).toThrow(RangeError);
  },
);

describe('parseName() on random input', () => {
  /** Park and Miller's generator: the same numbers in every run. */
  function random(seed: number): (below: number) => number {
    let state = seed;
    return (below) => (state = (state * 48271) % 2147483647) % below;
  }

  test('gives a name that gives itself again, or a DevcertError of one short line', () => {
    const characters =
      'abz019-_.*:/@%[]?#$()\'"`\\ ~+&=;,<>|^{}!\0\n\r\t\x1b\x7f\x85' +
      'üßıİſKéñяаеоכا한アー漢ㄅ①１．。／％＠：🙂☃·・ـ٠۰' +
      '\u00ad\u034f\u0308\u200b\u200c\u200d\u202e\u2066\u3164\ufe0f\ufeff\ufffd';
    const pieces = [
      ...Array.from(characters),
      ...['\ud800', '\udc00', 'xn--', 'XN--', 'bcher-kva', 'localhost', 'test', 'http://', 'x://'],
      ...['127.0.0.1', '::1', '0x7f', '%2e', '%00', '../', '*.', 'ffff:', 'a'.repeat(62)],
    ];
    const starts = ['', '', '', '*.', 'a@', 'x://a', 'x://[::1]/', 'xn--'];
    const pick = random(20261124);
    const accepted = { dns: 0, ip: 0, email: 0, uri: 0 };
    for (let i = 0; i < 20_000; i++) {
      const rest = Array.from({ length: 1 + pick(1 + pick(8)) }, () => pieces[pick(pieces.length)]);
      const text = [starts[pick(starts.length)], ...rest].join('');
      const options = { client: pick(2) === 0 };
      try {
        const name = parseName(text, options);
        expect(parseName(name.value, options)).toEqual(name);
        expect(name.value).toMatch(/^[!-~]+$/);
        formatName(name);
        accepted[name.type]++;
      } catch (error) {
        if (!(error instanceof DevcertError))
          throw new Error(JSON.stringify(text), { cause: error });
        expect(`${error.message}${String(error.hint)}`).not.toMatch(/\p{C}/u);
        expect(error.message.length).toBeLessThan(400);
      }
    }
    // Hostile, yet not so hostile that nothing is tested.
    expect(accepted.dns).toBeGreaterThan(500);
    expect(accepted.uri).toBeGreaterThan(50);
    expect(accepted.email).toBeGreaterThan(50);
  });

  test('gives names of any script one spelling, whichever form they come in', () => {
    const pick = random(5892);
    let accepted = 0;
    for (let i = 0; i < 20_000; i++) {
      // Neighbours mostly share a script, so that many of them make a name.
      const block = 0x80 + 16 * pick(0x300);
      const label = Array.from({ length: 1 + pick(4) }, () => block + pick(16));
      try {
        const { value } = parseName(`${String.fromCodePoint(...label)}.test`);
        expect(value).toMatch(/^[a-z0-9-]+\.test$/);
        expect(parseName(value).value).toBe(value);
        expect(parseName(domainToUnicode(value)).value).toBe(value);
        accepted++;
      } catch (error) {
        if (!(error instanceof DevcertError)) throw error;
      }
    }
    expect(accepted).toBeGreaterThan(2000);
  });

  test('takes for IPv6 just what node:net takes', () => {
    const pick = random(2373);
    const pieces = [
      '0',
      '1',
      'ff',
      'ABCD',
      '00000',
      'g',
      ':',
      ':',
      ':',
      '::',
      '.',
      '1.2.3.4',
      '256',
    ];
    const found = { yes: 0, no: 0 };
    for (let i = 0; i < 50_000; i++) {
      const groups = Array.from({ length: 1 + pick(16) }, (_, at) =>
        pick(12) === 0 || at % 2 === 0 ? pieces[pick(pieces.length)] : ':',
      );
      const text = groups.join('');
      if (isIPv4(text)) continue;
      if (isIPv6(text)) expect(ipBytes(text)).toHaveLength(16);
      else expect(() => ipBytes(text), text).toThrow(RangeError);
      found[isIPv6(text) ? 'yes' : 'no']++;
    }
    expect(found.yes).toBeGreaterThan(500);
  });

  test('gives every random IPv6 address the bytes and the spelling of the URL standard', () => {
    const pick = random(4291);
    for (let i = 0; i < 2000; i++) {
      const groups = Array.from({ length: 8 }, () => (pick(2) === 0 ? 0 : pick(65536)));
      const text = groups.map((group) => group.toString(16).padStart(pick(5), '0')).join(':');
      const { type, value } = parseName(text.toUpperCase());
      expect(type).toBe('ip');
      const { hostname } = new URL(`http://[${text}]`);
      // The URL standard has no dotted tail for IPv4-mapped addresses.
      if (hostname.startsWith('[::ffff:'))
        expect(new URL(`http://[${value}]`).hostname).toBe(hostname);
      else expect(`[${value}]`).toBe(hostname);
      expect(ipBytes(value)).toEqual(ipBytes(text));
    }
  });
});
