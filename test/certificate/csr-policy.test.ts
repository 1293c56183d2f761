import { createPublicKey, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { certify } from '../../src/certificate/certify.ts';
import { grantCsr, holdCommonName } from '../../src/certificate/csr-policy.ts';
import { generateKey } from '../../src/keys.ts';
import { readCsr } from '../../src/x509/csr.ts';
import { boolean, integer, namedBits, oid, sequence, set, utf8String } from '../../src/x509/der.ts';
import { OID } from '../../src/x509/oids.ts';
import { readCommonName, readExtensions, readNames, readUsages } from '../../src/x509/read.ts';
import {
  altNames,
  buildCsr,
  type CsrParts,
  DNS,
  EMAIL,
  extension,
  extensionAttribute,
  extensionRequest,
  IP,
  pssAlgorithm,
  URI,
} from '../helpers/csr.ts';
import { makeAuthority } from '../helpers/forge.ts';
import { oddKey } from '../helpers/odd-keys.ts';

const key = generateKey('p256');
const now = new Date('2026-11-24T12:00:00Z');
const read = (parts: CsrParts) => readCsr(buildCsr({ key, ...parts }));
const localhost = altNames([DNS, 'localhost']);
const values = (names: readonly { value: string }[]) => names.map(({ value }) => value);

function refusal(parts: CsrParts, options: Parameters<typeof grantCsr>[1] = {}): string {
  try {
    grantCsr(read(parts), options);
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return 'granted';
}

/** The whole way, as `devcert sign` goes it. */
async function signed(parts: CsrParts, options: Parameters<typeof grantCsr>[1] = {}) {
  const authority = await makeAuthority(now);
  const granted = holdCommonName(grantCsr(read(parts), options), authority.constraints);
  const { certificate } = await certify(authority, granted.request, 'ada@engine', now);
  return { certificate, dropped: granted.dropped };
}

describe('grantCsr()', () => {
  test('grants the names of the attribute that Windows writes, not the common name', async () => {
    const attribute = (...lists: Buffer[][]) =>
      extensionAttribute(OID.microsoftExtensionRequest, ...lists);
    const subject = [[OID.commonName, 'other.test']] as const;
    const { certificate, dropped } = await signed({
      subject,
      attributes: [attribute([localhost])],
    });
    expect(readNames(certificate.raw)).toEqual(['localhost']);
    expect(dropped).toEqual([
      `common name "other.test": a server's names are its alternative names`,
    ]);
    // Readers differ in which of two they believe.
    const both = [attribute([localhost]), extensionRequest([altNames([DNS, 'a.test'])])];
    expect(refusal({ subject, attributes: both })).toBe('invalid-input');
  });

  test('takes an RSA key whose CSR is signed by RSA-PSS', async () => {
    const rsa = generateKey('rsa2048');
    const algorithm = pssAlgorithm('2.16.840.1.101.3.4.2.1');
    const { certificate } = await signed({
      key: rsa,
      extensions: [localhost],
      saltLength: 32,
      algorithm,
    });
    expect(readNames(certificate.raw)).toEqual(['localhost']);
  });

  test('says of a wrong name what makes a better CSR', () => {
    const csr = read({ extensions: [altNames([DNS, 'localhost:8443'])] });
    expect(() => grantCsr(csr)).toThrow(
      expect.objectContaining({
        code: 'invalid-name',
        message: 'a name of the CSR: "localhost:8443" is more than a name',
        hint: 'have it made again: devcert csr localhost',
      }),
    );
  });

  test('grants key and names, and tells all that it drops (statements 25, 26)', async () => {
    const wishes = [
      localhost,
      extension(OID.basicConstraints, sequence(boolean(true), integer(5)), true),
      extension(OID.keyUsage, namedBits([0, 5, 6]), true),
      extension(OID.extendedKeyUsage, sequence(oid(OID.codeSigning), oid(OID.serverAuth))),
      extension(OID.nameConstraints, sequence()),
      extension('1.2.3.4.5', sequence(), true),
    ];
    const challenge = sequence(oid('1.2.840.113549.1.9.7'), set(utf8String('secret words')));
    const { certificate, dropped } = await signed({
      subject: [
        [OID.organization, 'Bank'],
        [OID.commonName, 'www.google.com'],
      ],
      attributes: [challenge, extensionRequest(wishes)],
    });
    expect(dropped).toEqual([
      `common name "www.google.com": a server's names are its alternative names`,
      'subject organization "Bank"',
      'CA:TRUE: the certificate can sign no others',
      'key usage digitalSignature, keyCertSign, cRLSign: decided here',
      'extended key usage codeSigning, serverAuth: decided here',
      'extension nameConstraints',
      'extension 1.2.3.4.5',
      'attribute challengePassword',
    ]);
    expect(dropped.join()).not.toContain('secret');
    expect(certificate.ca).toBe(false);
    expect(certificate.subject).not.toMatch(/Bank|google/);
    expect(readUsages(certificate.raw)).toEqual(['serverAuth']);
    expect(readNames(certificate.raw)).toEqual(['localhost']);
    expect(readExtensions(certificate.raw).map(({ type }) => type)).toEqual([
      OID.basicConstraints,
      OID.keyUsage,
      OID.extendedKeyUsage,
      OID.subjectAltName,
      OID.subjectKeyIdentifier,
      OID.authorityKeyIdentifier,
    ]);
    const basic = readExtensions(certificate.raw)[0];
    expect(basic).toMatchObject({ critical: true, value: Buffer.from('3000', 'hex') });
  });

  test('damaged extensions are dropped, too', () => {
    const { dropped } = grantCsr(
      read({
        extensions: [
          localhost,
          extension(OID.basicConstraints, Buffer.from('30ff', 'hex')),
          extension(OID.extendedKeyUsage, Buffer.alloc(0)),
          extension(OID.keyUsage, Buffer.from('0500', 'hex')),
        ],
      }),
    );
    expect(dropped).toHaveLength(3);
    for (const line of dropped) expect(line).toContain('damaged');
  });

  test.each<[string, (readonly [number, string | Buffer])[], string]>([
    ['../escaped', [[DNS, '../escaped']], 'invalid-name'],
    ['a NUL', [[DNS, 'localhost\0.google.com']], 'invalid-name'],
    ['a NUL at the end', [[DNS, 'localhost\0']], 'invalid-name'],
    ['control characters', [[DNS, 'local\u001b[2Jhost']], 'invalid-name'],
    ['a line end', [[DNS, 'localhost\nevil.test']], 'invalid-name'],
    ['a space', [[DNS, 'local host']], 'invalid-name'],
    ['bytes of Latin-1', [[DNS, 'b\u00fccher.test']], 'invalid-name'],
    ['bytes of UTF-8', [[DNS, Buffer.from('bücher.test')]], 'invalid-name'],
    ['an A-label of mixed scripts', [[DNS, 'xn--pple-43d.test']], 'invalid-name'],
    ['a damaged A-label', [[DNS, 'xn--\u007f.test']], 'invalid-name'],
    ['*.test', [[DNS, '*.test']], 'invalid-name'],
    ['*', [[DNS, '*']], 'invalid-name'],
    ['**.app.test', [[DNS, '**.app.test']], 'invalid-name'],
    ['a*.app.test', [[DNS, 'a*.app.test']], 'invalid-name'],
    ['app.*.test', [[DNS, 'app.*.test']], 'invalid-name'],
    ['*.*.app.test', [[DNS, '*.*.app.test']], 'invalid-name'],
    ['an empty name', [[DNS, '']], 'invalid-name'],
    ['a dot', [[DNS, '.']], 'invalid-name'],
    ['.localhost', [[DNS, '.localhost']], 'invalid-name'],
    ['a URL as a DNS name', [[DNS, 'https://localhost']], 'invalid-name'],
    ['a port', [[DNS, 'localhost:443']], 'invalid-name'],
    ['an e-mail address as a DNS name', [[DNS, 'ada@localhost']], 'invalid-name'],
    ['300 characters', [[DNS, `${'a.'.repeat(150)}test`]], 'invalid-name'],
    [
      'one bad name among good ones',
      [
        [DNS, 'localhost'],
        [DNS, '*.test'],
      ],
      'invalid-name',
    ],
    ['no name at all', [], 'invalid-input'],
    ['an address of five bytes', [[IP, Buffer.alloc(5)]], 'invalid-input'],
    ['a directory name', [[4, sequence()]], 'invalid-input'],
    [
      'a thousand names',
      Array.from({ length: 1000 }, (_, i) => [DNS, `a${i}.test`] as const),
      'invalid-input',
    ],
    ['an e-mail address alone, for a server', [[EMAIL, 'ada@example.test']], 'invalid-input'],
  ])('refuses %s', (_what, names, code) => {
    expect(refusal({ extensions: [altNames(...names)] })).toBe(code);
  });

  test.each<[string, (readonly [number, string | Buffer])[]]>([
    ['google.com', [[DNS, 'google.com']]],
    ['GOOGLE.com.', [[DNS, 'GOOGLE.com.']]],
    ['localhost.google.com', [[DNS, 'localhost.google.com']]],
    ['*.google.com', [[DNS, '*.google.com']]],
    ['eviltest', [[DNS, 'eviltest']]],
    [
      'google.com beside localhost',
      [
        [DNS, 'localhost'],
        [DNS, 'google.com'],
      ],
    ],
    ['8.8.8.8', [[IP, Buffer.from([8, 8, 8, 8])]]],
    ['8.8.8.8 as a DNS name', [[DNS, '8.8.8.8']]],
    ['::ffff:8.8.8.8', [[IP, Buffer.from('00000000000000000000ffff08080808', 'hex')]]],
    ['::ffff:127.0.0.1', [[IP, Buffer.from('00000000000000000000ffff7f000001', 'hex')]]],
    ['2001:4860::8888', [[IP, Buffer.from('20014860000000000000000000008888', 'hex')]]],
  ])('%s is outside the constraints, and nothing is signed', async (_what, names) => {
    await expect(signed({ extensions: [altNames(...names)] })).rejects.toMatchObject({
      code: 'outside-constraints',
    });
  });

  test('takes an address that stands in a DNS name for the address', () => {
    const { request } = grantCsr(read({ extensions: [altNames([DNS, '127.0.0.1'])] }));
    expect(request.names).toEqual([{ type: 'ip', value: '127.0.0.1' }]);
  });

  test('makes names canonical, each once', () => {
    const names = altNames([DNS, 'LOCALHOST'], [DNS, 'localhost.'], [DNS, 'xn--bcher-kva.test']);
    const { request } = grantCsr(read({ extensions: [names] }));
    expect(values(request.names)).toEqual(['localhost', 'xn--bcher-kva.test']);
  });

  test('drops names that cannot be read beside one that can', () => {
    const names = altNames(
      [DNS, 'localhost'],
      [IP, Buffer.alloc(5)],
      [0x20, Buffer.from('0400', 'hex')],
    );
    const { request, dropped } = grantCsr(read({ extensions: [names] }));
    expect(values(request.names)).toEqual(['localhost']);
    expect(dropped).toEqual([
      'a name of another form, or damaged (tag 7)',
      'a name of another form, or damaged (tag 0)',
    ]);
  });

  test('drops mail addresses and URIs of a server, and tells it', () => {
    const names = altNames([DNS, 'localhost'], [EMAIL, 'a@b.test'], [URI, 'spiffe://localhost/a']);
    const { request, dropped } = grantCsr(read({ extensions: [names] }));
    expect(values(request.names)).toEqual(['localhost']);
    expect(dropped).toHaveLength(2);
    const client = grantCsr(read({ extensions: [names] }), { client: true });
    expect(client.request.names).toHaveLength(3);
    expect(client.dropped).toEqual([]);
  });

  test('refuses whatever is asked for twice', () => {
    const two = altNames([DNS, 'api.test']);
    for (const parts of [
      { extensions: [localhost, two] },
      { extensions: [localhost, localhost] },
      { attributes: [extensionRequest([localhost]), extensionRequest([two])] },
      { attributes: [extensionRequest([localhost], [two])] },
      { attributes: [extensionRequest([localhost]), extensionRequest([])] },
    ])
      expect(refusal(parts)).toBe('invalid-input');
  });

  test('takes a common name for the name where there is no other (statement 28)', () => {
    const named = (text: string) => ({ subject: [[OID.commonName, text]] as const });
    expect(values(grantCsr(read(named('api.test'))).request.names)).toEqual(['api.test']);
    const client = grantCsr(read(named('alice')), { client: true }).request;
    expect(client).toMatchObject({ commonName: 'alice', usages: ['clientAuth'] });
    expect(values(client.names)).toEqual(['spiffe://localhost/alice']);
    for (const text of ['', 'Ada Lovelace', '../escaped', '*.test', 'a\0b'])
      expect(['invalid-name', 'invalid-input']).toContain(refusal(named(text)));
    expect(refusal({})).toBe('invalid-input');
    expect(refusal({ extensions: [] })).toBe('invalid-input');
  });

  test('a client’s common name is taken, unless it looks like a foreign host', async () => {
    const of = (text: string) => ({
      subject: [[OID.commonName, text]] as const,
      extensions: [altNames([EMAIL, 'ada@example.test'])],
    });
    const plain = await signed(of('alice'), { client: true });
    expect(readCommonName(plain.certificate.raw)).toBe('alice');
    expect(plain.dropped).toEqual([]);
    for (const text of ['www.google.com', 'a\nb', 'x'.repeat(70)]) {
      const { certificate, dropped } = await signed(of(text), { client: true });
      expect(readCommonName(certificate.raw)).toBe('ada@example.test');
      expect(dropped[0]).toContain('common name');
      expect(dropped.join('')).not.toMatch(/\n/);
    }
  });

  test('a peer gets both usages, a client and peer at once is a mistake', () => {
    const parts = { extensions: [localhost] };
    const { request } = grantCsr(read(parts), { peer: true });
    expect(request.usages).toEqual(['serverAuth', 'clientAuth']);
    expect(refusal(parts, { client: true, peer: true })).toBe('usage');
  });

  test('foreign text cannot steer the terminal or fill it', () => {
    const { dropped } = grantCsr(
      read({
        subject: [
          [OID.organization, `\u001b[2J\u202e${'x'.repeat(5000)}`],
          ...Array.from({ length: 500 }, () => [OID.organizationalUnit, 'y'] as const),
        ],
        extensions: [localhost],
      }),
    );
    expect(dropped.join('')).not.toMatch(/[\u001b\u202e]/);
    expect(dropped.length).toBeLessThan(50);
    expect(dropped.at(-1)).toMatch(/^and \d+ more$/);
    expect(Math.max(...dropped.map((line) => line.length))).toBeLessThan(100);
  });

  test.each<[string, () => KeyObject]>([
    ['RSA 1024', () => oddKey('rsa', { modulusLength: 1024 })],
    ['RSA-PSS', () => oddKey('rsa-pss', { modulusLength: 2048 })],
    ['secp256k1', () => oddKey('ec', { namedCurve: 'secp256k1' })],
    ['P-224', () => oddKey('ec', { namedCurve: 'secp224r1' })],
  ])('refuses a key of %s', (_what, make) => {
    const csr = { ...read({ extensions: [localhost] }), publicKey: createPublicKey(make()) };
    expect(() => grantCsr(csr)).toThrow(expect.objectContaining({ code: 'weak-key' }));
  });
});

describe('certify()', () => {
  test('refuses the key of the issuer and of the root', async () => {
    const authority = await makeAuthority(now);
    const request = grantCsr(read({ extensions: [localhost] })).request;
    for (const { publicKey } of [authority.issuer, authority.root])
      await expect(certify(authority, { ...request, publicKey }, 'a@b', now)).rejects.toMatchObject(
        {
          code: 'refused',
        },
      );
  });

  test('refuses a weak key and a foreign common name, whoever asks', async () => {
    const authority = await makeAuthority(now);
    const request = grantCsr(read({ extensions: [localhost] }), { client: true }).request;
    const publicKey = createPublicKey(oddKey('rsa', { modulusLength: 1024 }));
    await expect(certify(authority, { ...request, publicKey }, 'a@b', now)).rejects.toMatchObject({
      code: 'weak-key',
    });
    const commonName = 'www.google.com';
    await expect(certify(authority, { ...request, commonName }, 'a@b', now)).rejects.toMatchObject({
      code: 'outside-constraints',
    });
  });
});
