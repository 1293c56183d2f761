import { describe, expect, test } from 'vitest';
import {
  assertPermitted,
  defaultConstraints,
  intersectConstraints,
  isPermitted,
  localDomains,
} from '../../src/names/constraints.ts';
import { networkBytes } from '../../src/names/subtrees.ts';
import type { Constraints } from '../../src/names/constraints.ts';
import { parseName, parseNames } from '../../src/names/names.ts';
import { addPermits, advised, parsePermit } from '../../src/names/permit.ts';
import { loadSuffixes } from '../../src/names/publicsuffix.ts';
import { DevcertError } from '../../src/errors.ts';

const name = (text: string) => parseName(text, { client: true });

describe('defaultConstraints()', () => {
  // RFC 6761, RFC 6762, RFC 8375, and what networks and systems call themselves.
  test.each([
    ...['localhost', 'a.localhost', 'api.test', 'www.example', 'a.invalid', 'printer.local'],
    ...['a.internal', 'nas.home.arpa', 'localhost.localdomain', 'pi.lan', '*.api.test'],
    // The ends of each network: RFC 1122, RFC 1918, RFC 3927, RFC 6598, RFC 4193, RFC 4291.
    ...['127.0.0.0', '127.255.255.255', '::1', '10.0.0.0', '10.255.255.255', '172.16.0.0'],
    ...['172.31.255.255', '192.168.0.0', '192.168.255.255', '169.254.0.0', '169.254.255.255'],
    ...['100.64.0.0', '100.127.255.255', 'fc00::', 'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ...['fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ])('permits %s', (text) => {
    expect(isPermitted(defaultConstraints('localhost'), parseName(text))).toBe(true);
  });

  test.each([
    ...['example.com', 'com', 'dev', 'corp', 'arpa', 'in-addr.arpa', 'mytest', 'localhost.com'],
    ...['126.255.255.255', '128.0.0.0', '9.255.255.255', '11.0.0.0', '172.15.255.255'],
    ...['172.32.0.0', '192.167.255.255', '192.169.0.0', '169.253.255.255', '169.255.0.0'],
    ...['100.63.255.255', '100.128.0.0', '::', '::2', 'fbff:ffff::', 'fe00::', 'fe7f:ffff::'],
    ...['fec0::', '8.8.8.8', '2606:4700::1111'],
  ])('does not permit %s', (text) => {
    expect(isPermitted(defaultConstraints('localhost'), parseName(text))).toBe(false);
  });

  test.each([
    ['engine', ['engine']],
    ['DESKTOP-7.', ['desktop-7']],
    ['engine.corp', ['engine.corp']],
    ['bücherei', ['xn--bcherei-n2a']],
    // Covered already
    ['ada.local', []],
    ['localhost.localdomain', []],
    ['ip-10-0-0-1.ec2.internal', []],
    // Somebody's, or there to be registered
    ['accounts.google.com', []],
    ['google.com', []],
    ['build.corp.example.com', []],
    ['box.fritz.box', []],
    ['ada.github.io', []],
    ['bücher.de', []],
    // Everyone's
    ['com', []],
    ['dev', []],
    ['za', []],
    ['engine.za', []],
    ['co.uk', []],
    ['github.io', []],
    ['ec2-1-2-3-4.compute.amazonaws.com', []],
    // Not a name
    ['', []],
    ['127.0.0.1', []],
    ['::1', []],
    ['*.corp.example.com', []],
    ['.corp.example.com', []],
    ["Ada's Mac", []],
    ['my_host', []],
    ['a\0b\n', []],
    ['x'.repeat(10_000), []],
  ])('for host name %j adds %j', (hostname, added) => {
    const { dns } = defaultConstraints(hostname);
    expect(dns).toEqual([...localDomains, ...added]);
  });

  test('adds permits after the host name, each once and none that is covered', async () => {
    const permits = ['Corp.Example.com', 'api.corp.example.com', 'a.test', 'engine', 'bücher.de'];
    const { dns } = await addPermits(defaultConstraints('engine'), permits);
    expect(dns.slice(localDomains.length)).toEqual([
      'engine',
      'corp.example.com',
      'xn--bcher-kva.de',
    ]);
  });

  test('refuses a bad permit', async () => {
    const constraints = defaultConstraints('engine');
    await expect(addPermits(constraints, ['com'])).rejects.toMatchObject({ code: 'refused' });
  });

  test('gives networks that networkBytes() takes', () => {
    const { ip } = defaultConstraints('');
    expect(ip.map((cidr) => networkBytes(cidr).length)).toEqual([8, 32, 8, 8, 8, 8, 8, 32, 32]);
  });
});

describe('parsePermit()', () => {
  test.each([
    ['corp.example.com', 'corp.example.com'],
    ['Corp.Example.COM.', 'corp.example.com'],
    ['bücher.de', 'xn--bcher-kva.de'],
    ['corp', 'corp'],
    ['me.github.io', 'me.github.io'],
    // Permitted anyway, even where the list has them
    ['test', 'test'],
    ['localhost', 'localhost'],
    ['home.arpa', 'home.arpa'],
    ['app.localhost', 'app.localhost'],
  ])('takes %j', async (text, domain) => {
    expect(await parsePermit(text)).toBe(domain);
  });

  test.each([
    'com',
    'za',
    'CO.UK',
    'github.io',
    'ck',
    'foo.ck',
    'kawasaki.jp',
    'рф',
    'xn--p1ai',
    'dev',
    'arpa',
  ])('refuses the public suffix %j', async (text) => {
    await expect(parsePermit(text)).rejects.toMatchObject({ code: 'refused', exitCode: 6 });
  });

  test.each([
    ['*.corp.example', /devcert install --permit corp\.example$/],
    ['.corp.example', /devcert install --permit corp\.example$/],
    ['*.com', /devcert install --permit com$/],
    ['*.*.corp', /devcert install --permit corp$/],
    ['10.0.0.1', /private and loopback/],
    ['::1', /private and loopback/],
    ['my_app.corp.example.com', /devcert install --permit corp\.example$/],
    ['https://corp.example', /devcert install --permit corp\.example$/],
    ['a@corp.example', /devcert install --permit corp\.example$/],
    ['', /devcert install --permit corp\.example$/],
    ['*.', /devcert install --permit corp\.example$/],
    ['a.*.b', /devcert install --permit corp\.example$/],
    ['10.0.0.0/8', /devcert install --permit corp\.example$/],
    ['*.'.repeat(10_000) + 'corp', /devcert install --permit corp$/],
    ['a..b', /devcert install --permit corp\.example$/],
  ])('refuses %j', async (text, hint) => {
    const error: unknown = await parsePermit(text).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'invalid-name', exitCode: 2 });
    expect(error).toMatchObject({ hint: expect.stringMatching(hint) as string });
    expect((error as Error).message.length).toBeLessThan(200);
  });
});

describe('isPermitted()', () => {
  const constraints: Constraints = {
    dns: ['localhost', 'corp.example'],
    ip: ['10.0.0.0/8', 'fe80::/10'],
  };

  test.each([
    ['localhost', true],
    ['app.localhost', true],
    ['a.b.corp.example', true],
    ['corp.example', true],
    ['*.corp.example', true],
    ['*.app.corp.example', true],
    ['evilcorp.example', false],
    ['evillocalhost', false],
    ['example', false],
    ['x.example', false],
    ['*.x.example', false],
    ['localhost.evil', false],
    ['corp.example.evil', false],
    ['10.0.0.0', true],
    ['10.255.255.255', true],
    ['11.0.0.0', false],
    ['9.255.255.255', false],
    ['fe80::1', true],
    ['febf:ffff::', true],
    ['fec0::', false],
    ['::1', false],
    // An iPAddress of 16 bytes is in no network of 4
    ['::ffff:10.0.0.1', false],
    ['a@anywhere.com', true],
    ['x://anywhere.com/', true],
  ])('%j: %j', (text, expected) => {
    expect(isPermitted(constraints, name(text))).toBe(expected);
  });

  test('*.example is outside though all names it matches in corp.example are not', () => {
    expect(isPermitted(constraints, { type: 'dns', value: '*.example' })).toBe(false);
  });

  test('blocks IPv6 if only IPv4 networks are listed, and the other way round', () => {
    expect(isPermitted({ dns: [], ip: ['10.0.0.0/8'] }, name('::1'))).toBe(false);
    expect(isPermitted({ dns: [], ip: ['::/0'] }, name('10.0.0.1'))).toBe(false);
  });

  test('does not constrain a form without entries, nor anything without constraints', () => {
    expect(isPermitted({ dns: [], ip: ['10.0.0.0/8'] }, name('anything.com'))).toBe(true);
    expect(isPermitted({ dns: ['test'], ip: [] }, name('8.8.8.8'))).toBe(true);
    for (const text of ['anything.com', '8.8.8.8', '2001:4860::8888', 'a@b.com'])
      expect(isPermitted(undefined, name(text))).toBe(true);
  });

  test.each([
    ['localhost', true],
    ['127.8.8.8', true],
    ['172.16.0.1', true],
    ['172.31.255.255', true],
    ['172.32.0.0', false],
    ['192.168.1.1', true],
    ['192.169.0.0', false],
    ['169.254.1.1', true],
    ['100.64.0.0', true],
    ['100.127.255.255', true],
    ['100.128.0.0', false],
    ['8.8.8.8', false],
    ['::1', true],
    ['::2', false],
    ['fd00::1', true],
    ['fe80::1', true],
    ['2001:4860::8888', false],
    ['outside.example.com', false],
    ['eviltest', false],
  ])('%j under the default constraints: %j', (text, expected) => {
    expect(isPermitted(defaultConstraints('engine'), name(text))).toBe(expected);
  });
});

describe('assertPermitted()', () => {
  const refusal = (...texts: string[]): DevcertError => {
    try {
      assertPermitted(defaultConstraints('engine'), parseNames(texts, { client: true }));
    } catch (error) {
      if (error instanceof DevcertError) return error;
      throw error;
    }
    throw new Error('nothing refused');
  };

  test('lets names pass that are inside, and all if nothing is constrained', () => {
    const inside = ['localhost', '127.0.0.1', '*.app.test', 'engine', 'a@b.com'];
    expect(() => refusal(...inside)).toThrow('nothing refused');
    assertPermitted(undefined, parseNames(['example.com', '8.8.8.8']));
  });

  test.each([
    [
      ['*.api.corp.co.uk'],
      'only if "api.corp.co.uk" is yours, because whoever copies the key could forge it, too: devcert install --permit api.corp.co.uk',
    ],
    [['db.corp'], 'devcert install --permit db.corp'],
    [['corp'], 'a name of your own ends in ".test" or ".localhost": devcert corp.test'],
  ])('hints at a permit for %j itself without the list of suffixes', (texts, hint) => {
    expect(refusal(...texts)).toMatchObject({ code: 'outside-constraints', hint });
  });

  test.each([
    [
      ['api.corp.com'],
      'only if "corp.com" is yours, because whoever copies the key could forge it, too: devcert install --permit corp.com',
    ],
    [
      ['*.api.corp.co.uk'],
      'only if "corp.co.uk" is yours, because whoever copies the key could forge it, too: devcert install --permit corp.co.uk',
    ],
    [
      ['me.github.io'],
      'only if "me.github.io" is yours, because whoever copies the key could forge it, too: devcert install --permit me.github.io',
    ],
    [['db.corp'], 'devcert install --permit db.corp'],
    [['corp'], 'a name of your own ends in ".test" or ".localhost": devcert corp.test'],
    [
      ['a.x.com', 'b.x.com', 'c.y.com', 'localhost'],
      'only if "x.com" is yours, because whoever copies the key could forge it, too: devcert install --permit x.com --permit y.com',
    ],
    [['8.8.8.8'], 'of IP addresses only private and loopback ones are permitted'],
    [['x.com', '2001:4860::8888'], 'of IP addresses only private and loopback ones are permitted'],
    [['::ffff:127.0.0.1'], 'write the IPv4 address as such: devcert 127.0.0.1'],
    [['co.uk'], '"co.uk" is a public suffix; use a name of your own: devcert my-company.test'],
    [
      ['*.github.io'],
      '"github.io" is a public suffix; use a name of your own: devcert my-company.test',
    ],
  ])('refuses %j with the next thing to do, by the list', async (texts, hint) => {
    expect(await advised(refusal(...texts))).toMatchObject({
      code: 'outside-constraints',
      exitCode: 6,
      hint,
    });
  });

  test('names every name outside', () => {
    expect(refusal('localhost', 'bücher.de', '8.8.8.8')).toMatchObject({
      message: '"xn--bcher-kva.de (bücher.de)", "8.8.8.8" are outside what this CA may sign',
    });
    expect(refusal('x.com')).toMatchObject({
      message: '"x.com" is outside what this CA may sign',
    });
  });
});

test.each([
  ['10.0.0.0/8', '0a000000ff000000'],
  ['172.16.0.0/12', 'ac100000fff00000'],
  ['100.64.0.0/10', '64400000ffc00000'],
  ['0.0.0.0/0', '0000000000000000'],
  ['1.2.3.4/32', '01020304ffffffff'],
  ['::1/128', `${'0'.repeat(31)}1${'f'.repeat(32)}`],
  ['fc00::/7', `fc00${'0'.repeat(28)}fe00${'0'.repeat(28)}`],
])('networkBytes() of %j', (cidr, hex) => {
  expect(networkBytes(cidr).toString('hex')).toBe(hex);
});

test.each([
  '',
  '10.0.0.0',
  '10.0.0.0/',
  '10.0.0.0/33',
  '::/129',
  '10.0.0.1/8',
  'x/8',
  '10.0.0.0/-1',
  '10.0.0.0/8/8',
])('networkBytes() refuses %j', (cidr) => {
  expect(() => networkBytes(cidr)).toThrow(RangeError);
});

test.each([
  ['com', true, undefined],
  ['github.io', true, undefined],
  ['foo.ck', true, undefined],
  ['www.ck', false, 'www.ck'],
  ['a.b.corp.co.uk', false, 'corp.co.uk'],
  ['a.me.github.io', false, 'me.github.io'],
  ['corp', false, undefined],
  ['a.b.corp', false, 'b.corp'],
  ['my_app.corp.com', false, 'corp.com'],
])(
  'isPublicSuffix() and registrableDomain() of %j: %j, %j',
  async (domain, isSuffix, registrable) => {
    const suffixes = await loadSuffixes();
    expect(suffixes.isPublicSuffix(domain)).toBe(isSuffix);
    expect(suffixes.registrableDomain(domain)).toBe(registrable);
  },
);

describe('intersectConstraints()', () => {
  const all = (dns: string[], ip: string[] = []) => ({ dns, ip });
  const may = (constraints: ReturnType<typeof intersectConstraints>, value: string) =>
    isPermitted(constraints, parseName(value));

  test('permits what every one of them permits', () => {
    expect(intersectConstraints([undefined, undefined])).toBeUndefined();
    const one = all(['test'], ['10.0.0.0/8']);
    expect(intersectConstraints([undefined, one, one])).toEqual(one);
    expect(intersectConstraints([all(['test', 'a.example']), all(['x.test', 'example'])])).toEqual(
      all(['a.example', 'x.test']),
    );
    expect(
      intersectConstraints([all([], ['10.0.0.0/8', '::1/128']), all([], ['10.1.0.0/16'])])?.ip,
    ).toEqual(['10.1.0.0/16']);
    expect(intersectConstraints([all([]), all(['test'], ['::1/128'])])).toEqual(
      all(['test'], ['::1/128']),
    );
  });

  test('intersects thousands of subtrees and judges thousands of names by them', () => {
    const many = (word: string) => Array.from({ length: 20_000 }, (_, i) => `${word}${i}.test`);
    const networks = Array.from({ length: 20_000 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`);
    const both = intersectConstraints([all(many('a'), networks), all(many('b'), networks)]);
    expect(both).toMatchObject({ dns: [], excluded: { dns: [''] } });
    expect(both?.ip).toHaveLength(20_000);
    const names = many('c').map((it) => parseName(it));
    const excluded = { dns: many('x.d'), ip: networks };
    expect(names.every((it) => isPermitted({ dns: [], ip: [], excluded }, it))).toBe(true);
    expect(() => {
      assertPermitted(all(many('a')), names);
    }).toThrow(/^"c0\.test", .* and 19980 more are outside/);
  });

  test('permits nothing of a form in which they have nothing in common', () => {
    const none = intersectConstraints([
      all(['test'], ['10.0.0.0/8']),
      all(['example'], ['192.168.0.0/16']),
    ]);
    for (const name of ['a.test', 'a.example', '*.a.test', '10.0.0.1', '192.168.0.1', '::1'])
      expect(may(none, name)).toBe(false);
  });

  test('adds up what each takes out, and the forms that are closed', () => {
    const both = intersectConstraints([
      { ...all(['test']), excluded: { dns: ['a.test'], ip: [] }, closed: ['email'] },
      { ...all(['test']), excluded: { dns: ['.b.test'], ip: ['10.0.0.0/8'] }, closed: ['uri'] },
    ]);
    for (const name of ['a.test', 'x.a.test', 'x.b.test', '*.b.test', '*.x.a.test', '10.1.1.1'])
      expect(may(both, name), name).toBe(false);
    for (const name of ['b.test', 'c.test', '*.c.test', '11.1.1.1'])
      expect(may(both, name), name).toBe(true);
    for (const name of ['ada@c.test', 'spiffe://c.test/ada'])
      expect(isPermitted(both, parseName(name, { client: true }))).toBe(false);
  });
});
