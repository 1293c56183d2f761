import { createPublicKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { worded } from '../../src/cli/inspect/problems.ts';
import { describeExtension } from '../../src/certificate/csr-requested.ts';
import { DevcertError } from '../../src/errors.ts';
import { inspectFile, type InspectSurroundings } from '../../src/inspect/file.ts';
import { inspectFiles } from '../../src/inspect/together.ts';
import type { InspectedFile, ProblemCode } from '../../src/inspect/types.ts';
import { generateKey } from '../../src/keys.ts';
import { encodeJksKeyStore, encodeJksTrustStore } from '../../src/keystore/jks.ts';
import { encodePkcs12KeyStore, encodePkcs12TrustStore } from '../../src/keystore/pkcs12.ts';
import { encodeEncryptedKey } from '../../src/keystore/encrypted-key.ts';
import { parseName } from '../../src/names/names.ts';
import { encodeCsr } from '../../src/x509/csr.ts';
import {
  contextTag,
  integer,
  octetString,
  oid,
  sequence,
  set,
  utf8String,
} from '../../src/x509/der.ts';
import { extensionDetails } from '../../src/x509/details.ts';
import { assertStrongKey } from '../../src/x509/judge.ts';
import { OID } from '../../src/x509/oids.ts';
import { encodeSubject } from '../../src/x509/subject.ts';
import { fixtures, pemFixtures } from '../keystore/fixtures.ts';
import { extension } from '../helpers/csr.ts';
import { make, makeThree, type Made, now, type Shape } from './certificates.ts';
import { oddKey } from '../helpers/odd-keys.ts';

const password = 'changeit';
const around: InspectSurroundings = { now, authorities: [] };

function inspect(content: Buffer | string, options: { password?: string; name?: string } = {}) {
  const { name = 'file', ...rest } = options;
  return inspectFile({ file: name, bytes: Buffer.from(content), ...rest }, around);
}

function wordsOf(file: InspectedFile) {
  return file.problems.map((it) => worded(it, file));
}

function codes(file: InspectedFile): ProblemCode[] {
  return file.problems.map(({ code }) => code);
}

const three = makeThree();
const { root, issuer, leaf } = three;
const entry = (made: Made, ...chain: Made[]) => ({
  key: made.key,
  alias: 'entry',
  certificates: [made, ...chain].map(({ der }) => der),
});
const trusted = (...mades: Made[]) =>
  mades.map(({ der }, index) => ({ certificate: der, alias: `ca ${index}` }));

describe('inspectFile() says what a file is', () => {
  const csr = encodeCsr(leaf.key, encodeSubject({}), [parseName('localhost')]);
  const files: [string, string, Buffer | string, object][] = [
    ['a certificate', 'PEM', leaf.pem, { kind: 'certificate', format: 'pem' }],
    ['a certificate', 'DER', leaf.der, { kind: 'certificate', format: 'der' }],
    ['a chain', 'PEM', leaf.pem + issuer.pem, { kind: 'chain' }],
    [
      'a private key',
      'PEM',
      leaf.keyPem,
      { kind: 'key', keys: [{ type: 'p256', encrypted: false }] },
    ],
    [
      'a key and its chain',
      'PEM',
      leaf.keyPem + leaf.pem + issuer.pem,
      { kind: 'key-and-certificate', keys: [{ certificate: 0 }] },
    ],
    ['a bundle of roots', 'PEM', root.pem + make({ authority: true }).pem, { kind: 'trust-store' }],
    ['several leaves', 'PEM', leaf.pem + make().pem, { kind: 'certificates' }],
    [
      'a CSR',
      'DER',
      csr,
      {
        kind: 'csr',
        csrs: [{ isSignatureValid: true, names: [{ type: 'dns', value: 'localhost' }] }],
      },
    ],
    [
      'a public key',
      'DER',
      leaf.x509.publicKey.export({ type: 'spki', format: 'der' }),
      { kind: 'public-key', publicKeys: [{ type: 'p256' }] },
    ],
    [
      'an encrypted key',
      'PEM',
      pemFixtures.encrypted,
      { kind: 'key', isLocked: true, keys: [{ type: 'encrypted' }] },
    ],
  ];
  test.each(files)('%s, %s', (_, __, content, expected) => {
    expect(inspect(content)).toMatchObject(expected);
  });

  test('a key store, PKCS#12 and JKS, with its password', () => {
    const p12 = encodePkcs12KeyStore(entry(leaf, issuer), { password });
    const jks = encodeJksKeyStore(entry(leaf, issuer), password, now);
    for (const content of [p12, jks]) {
      const file = inspect(content, { password });
      expect(file).toMatchObject({
        kind: 'key-store',
        isLocked: false,
        isVerified: true,
        hasOpenKey: false,
        keys: [{ type: 'p256', alias: 'entry', certificate: 0 }],
        chain: { order: [0, 1], isInOrder: true, endsWithRoot: false },
      });
      expect(codes(file)).toEqual([]);
    }
  });

  test('of a PKCS#12 without its password, what is visible', () => {
    const file = inspect(encodePkcs12KeyStore(entry(leaf), { password }));
    expect(file).toMatchObject({
      kind: 'key-store',
      isLocked: true,
      certificates: [],
      protection: {
        mac: { name: 'HMAC-SHA-256' },
        keys: [{ name: 'AES-256' }],
        certificates: [{ name: 'AES-256' }],
      },
    });
    expect(file.protection?.mac?.iterations).toBeGreaterThan(1000);
  });

  test('of a JKS without its password, everything but the key', () => {
    expect(inspect(encodeJksKeyStore(entry(leaf, issuer), password, now))).toMatchObject({
      kind: 'key-store',
      isLocked: true,
      isVerified: false,
      keys: [{ type: 'encrypted', encrypted: true, alias: 'entry', certificate: 0 }],
    });
  });

  test('a trust store', () => {
    const stores = [
      encodePkcs12TrustStore(trusted(root, issuer), { password }),
      encodeJksTrustStore(trusted(root, issuer), password, now),
    ];
    for (const store of stores) {
      const file = inspect(store, { password });
      expect(file).toMatchObject({ kind: 'trust-store', keys: [] });
      expect(file.certificates.map((it) => [it.alias, it.trusted])).toEqual([
        ['ca 0', true],
        ['ca 1', true],
      ]);
      expect(codes(file)).toEqual([]);
    }
  });

  test('refuses a wrong password and what is nothing it knows', () => {
    const p12 = encodePkcs12KeyStore(entry(leaf), { password });
    for (const [content, wrong, code] of [
      [p12, 'changeiT', 'password'],
      [Buffer.from('hello'), password, 'invalid-input'],
      [Buffer.alloc(0), password, 'invalid-input'],
    ] as const)
      expect(() => inspect(content, { password: wrong })).toThrow(
        expect.objectContaining({ code }) as DevcertError,
      );
  });
});

describe('inspectFile() tells of a certificate', () => {
  test('names, dates, usages, key and hashes', () => {
    const made = make({ names: ['localhost', '127.0.0.1'], endDays: 30 }, issuer);
    const [told] = inspect(made.pem).certificates;
    expect(told).toMatchObject({
      subject: 'CN=test',
      issuer: 'OU=test issuer',
      names: [
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
      ],
      notBefore: new Date(made.x509.validFrom),
      notAfter: new Date(made.x509.validTo),
      daysLeft: 30,
      isAuthority: false,
      purposes: ['serverAuth'],
      key: { type: 'p256' },
      signature: 'ecdsaWithSha256',
      serial: made.x509.serialNumber,
      sha256: made.x509.fingerprint256.replaceAll(':', '').toLowerCase(),
      sha1: made.x509.fingerprint.replaceAll(':', '').toLowerCase(),
    });
  });

  test('what an authority may certify', () => {
    const constraints = { dns: ['localhost'], ip: ['127.0.0.0/8', 'fc00::/7'] };
    expect(inspect(make({ authority: true, constraints }).pem).certificates[0]).toMatchObject({
      isAuthority: true,
      keyUsages: ['keyCertSign', 'cRLSign'],
      constraints: {
        permitted: [
          { type: 'dns', value: 'localhost' },
          { type: 'ip', value: '127.0.0.0/8' },
          { type: 'ip', value: 'fc00::/7' },
        ],
        excluded: [],
      },
    });
  });

  test('which authority of this machine made it', () => {
    const authorities = [{ name: 'work', root: root.x509, issuer: issuer.x509 }];
    const of = (made: Made) =>
      inspectFile({ file: 'f', bytes: made.der }, { now, authorities }).certificates[0]?.devcert;
    expect([root, issuer, leaf].map(of)).toEqual([
      { authority: 'work', as: 'root' },
      { authority: 'work', as: 'issuer' },
      { authority: 'work', as: 'leaf' },
    ]);
    expect(of(makeThree().leaf)).toBeUndefined(); // the same names, another key
  });

  test('the names of every form', () => {
    const other = contextTag(
      0,
      true,
      Buffer.concat([oid('1.3.6.1.4.1.311.20.2.3'), contextTag(0, true, utf8String('ada@corp'))]),
    );
    const directory = contextTag(4, true, encodeSubject({ commonName: 'a, b' }));
    const san = extension(
      OID.subjectAltName,
      sequence(
        other,
        directory,
        contextTag(6, false, Buffer.from('spiffe://x/y')),
        contextTag(8, false, oid('1.2.3').subarray(2)),
      ),
    );
    expect(inspect(make({ names: [], more: [san] }).pem).certificates[0]?.names).toEqual([
      { type: 'other', value: 'userPrincipalName ada@corp' },
      { type: 'directory', value: 'CN=a\\, b' },
      { type: 'uri', value: 'spiffe://x/y' },
      { type: 'other', value: '1.2.3' },
    ]);
  });
});

describe('inspectFile() finds', () => {
  test('nothing wrong with a good leaf, chain and root', () => {
    for (const content of [leaf.pem, leaf.pem + issuer.pem, root.pem, leaf.keyPem + leaf.pem])
      expect(codes(inspect(content))).toEqual([]);
  });

  const rsa1024 = oddKey('rsa', { modulusLength: 1024 });
  const ed25519 = oddKey('ed25519');
  const p521 = oddKey('ec', { namedCurve: 'P-521' });
  const shapes: [ProblemCode, string, Shape][] = [
    ['expired', 'a date in the past', { startDays: -90, endDays: -1 }],
    ['expires-soon', 'less than 30 days left', { startDays: -90, endDays: 29 }],
    ['not-yet-valid', 'a start in the future', { startDays: 1 }],
    ['too-long', 'more than 825 days', { endDays: 826 }],
    ['no-names', 'no names', { names: [] }],
    ['weak-key', 'RSA 1024', { key: rsa1024 }],
    ['unusual-key', 'Ed25519', { key: ed25519 }],
    ['unusual-key', 'P-521', { key: p521 }],
    ['no-server-purpose', 'code signing only', { purposes: [OID.codeSigning] }],
    ['no-server-purpose', 'no purpose', { purposes: null }],
    ['any-purpose', 'any purpose', { purposes: [OID.serverAuth, OID.anyExtendedKeyUsage] }],
    ['wildcard', '*.test', { names: ['*.test'], raw: true }],
    ['wildcard', 'a.*.test', { names: ['a.*.test'], raw: true }],
    ['underscore', 'my_app.test', { names: ['my_app.test'] }],
    [
      'damaged',
      'an extension of garbage',
      { more: [extension(OID.nameConstraints, octetString(Buffer.of(1)))] },
    ],
  ];
  test.each(shapes)('"%s": %s', (code, _, shape) => {
    const made = make(shape, issuer);
    const { problems } = inspect(made.pem);
    expect(problems.map((it) => it.code)).toEqual([code]);
    expect(problems[0]).toMatchObject({ certificate: 0 });
    expect(wordsOf(inspect(made.pem)).every((it) => it.message !== '' && it.hint !== '')).toBe(
      true,
    );
  });

  test.each(['md5', 'sha1'] as const)('"weak-signature": %s, but not on a root', (hash) => {
    const weakRoot = make({ authority: true, hash, endDays: 900 });
    expect(codes(inspect(make({ hash }, weakRoot).pem))).toEqual(['weak-signature']);
    expect(codes(inspect(weakRoot.pem))).toEqual([]);
  });

  test('"self-signed", and "authority-as-leaf" for what openssl req -x509 makes', () => {
    expect(codes(inspect(make().pem))).toEqual(['self-signed']);
    const careless = make({ authority: true, names: ['localhost'] });
    expect(codes(inspect(careless.pem))).toContain('authority-as-leaf');
    // Nothing of a file gets into a command to be typed but what can do no harm there.
    const evil = make({ subject: { commonName: 'x.test; reboot' }, names: [] }, issuer);
    expect(wordsOf(inspect(evil.pem))).toMatchObject([
      { hint: 'issue one with names: devcert NAMES…' },
    ]);
  });

  test('no fault in a client certificate for lacking names or serverAuth', () => {
    for (const names of [[], ['a.test'], ['ada@corp.example']])
      expect(codes(inspect(make({ names, purposes: [OID.clientAuth] }, issuer).pem))).toEqual([]);
  });

  test('"chain-order", "chain-root", "chain-unrelated"', () => {
    const stranger = make({ authority: true, subject: { commonName: 'stranger' } });
    expect(codes(inspect(issuer.pem + leaf.pem))).toEqual(['chain-order']);
    expect(codes(inspect(leaf.pem + issuer.pem + root.pem))).toEqual(['chain-root']);
    expect(codes(inspect(leaf.pem + issuer.pem + stranger.pem))).toEqual(['chain-unrelated']);
  });

  test('"chain-incomplete" where this machine knows better, or the certificate says so', () => {
    const authorities = [{ name: 'default', root: root.x509, issuer: issuer.x509 }];
    const alone = inspectFile({ file: 'f', bytes: Buffer.from(leaf.pem) }, { now, authorities });
    expect(codes(alone)).toEqual(['chain-incomplete']);
    const caIssuers = sequence(
      oid('1.3.6.1.5.5.7.48.2'),
      contextTag(6, false, Buffer.from('http://x/ca')),
    );
    const access = extension('1.3.6.1.5.5.7.1.1', sequence(caIssuers));
    expect(codes(inspect(make({ more: [access] }, issuer).pem))).toEqual(['chain-incomplete']);
  });

  test('"wrong-signature": an issuer with the right name and another key', () => {
    const other = makeThree();
    const { problems } = inspect(leaf.pem + other.issuer.pem);
    expect(problems).toMatchObject([{ code: 'wrong-signature', certificate: 0 }]);
  });

  test('"issuer-not-authority" and "outlives-issuer"', () => {
    const between = make({ subject: { commonName: 'no CA' }, endDays: 95 }, issuer);
    const below = make({ names: ['b.test'] }, between);
    expect(codes(inspect(below.pem + between.pem + issuer.pem))).toEqual(['issuer-not-authority']);
    const nameless = make({ endDays: 60, authority: true, subject: { commonName: 'short' } }, root);
    expect(codes(inspect(make({}, nameless).pem + nameless.pem))).toEqual(['outlives-issuer']);
  });

  test('"outside-constraints", in the file and by this machine\'s authority', () => {
    const constraints = { dns: ['test'], ip: ['127.0.0.0/8'] };
    const bounded = make({ authority: true, constraints, endDays: 900 });
    const outside = make({ names: ['a.test', 'bank.example', '127.0.0.1', '8.8.8.8'] }, bounded);
    const messages = inspect(outside.pem + bounded.pem)
      .problems.filter(({ code }) => code === 'outside-constraints')
      .map((it) => ('what' in it ? it.what.name : it.message));
    expect(messages).toEqual(['bank.example', '8.8.8.8']);
    const authorities = [{ name: 'default', root: bounded.x509, issuer: bounded.x509 }];
    const alone = inspectFile({ file: 'f', bytes: outside.der }, { now, authorities });
    expect(codes(alone)).toEqual(['outside-constraints', 'outside-constraints']);
  });

  test('"damaged" dates, and goes on', () => {
    const bytes = Buffer.from(leaf.der);
    // The first UTCTime: a 'Z' alone may stand in the random serial number before it.
    bytes[bytes.toString('latin1').search(/\d{12}Z/) + 7] = '{'.charCodeAt(0);
    const file = inspect(bytes);
    expect(file.certificates[0]).toMatchObject({ subject: 'CN=test', damaged: ['dates'] });
    expect(codes(file)).toContain('damaged');
  });

  test('"same-serial"', () => {
    const pair = [make({ serial: 2 }, issuer), make({ serial: 2, names: ['b.test'] }, issuer)];
    expect(codes(inspect(pair.map(({ pem }) => pem).join('')))).toEqual(['same-serial']);
  });

  test('"key-mismatch"', () => {
    expect(codes(inspect(make().keyPem + leaf.pem))).toEqual(['key-mismatch']);
  });

  const { n = '' } = generateKey('rsa2048').export({ format: 'jwk' });
  const exponentOne = createPublicKey({ key: { kty: 'RSA', n, e: 'AQ' }, format: 'jwk' });
  test.each([
    ['RSA with the exponent 1', exponentOne],
    ['secp256k1', oddKey('ec', { namedCurve: 'secp256k1' })],
    ['brainpoolP256r1', oddKey('ec', { namedCurve: 'brainpoolP256r1' })],
    ['Ed448', oddKey('ed448')],
    ['RSA-PSS', oddKey('rsa-pss', { modulusLength: 2048 })],
  ])('"weak-key" of what sign refuses: %s', (_, key) => {
    expect(() => {
      assertStrongKey(key);
    }).toThrow(expect.objectContaining({ code: 'weak-key' }));
    const der = { type: 'spki', format: 'pem' } as const;
    const publicKey = key.type === 'public' ? key : createPublicKey(key);
    expect(codes(inspect(publicKey.export(der) as string))).toEqual(['weak-key']);
  });

  test('a bit of keyUsage has one name, in inspect and in what sign drops', () => {
    const value = Buffer.of(3, 2, 6, 0x40); // nonRepudiation, which X.509 calls contentCommitment now
    const { keyUsages } = extensionDetails([{ type: OID.keyUsage, critical: true, value }], []);
    expect(keyUsages).toEqual(['contentCommitment']);
    expect(describeExtension({ type: OID.keyUsage, critical: true, value })).toContain(
      'contentCommitment',
    );
  });

  test('"weak-key" of a key, and of a CSR', () => {
    const pem = rsa1024.export({ type: 'pkcs8', format: 'pem' }) as string;
    expect(codes(inspect(pem))).toEqual(['weak-key']);
  });

  test('"key-in-trust-store"', () => {
    const store = encodePkcs12KeyStore(entry(leaf, issuer), { password });
    expect(codes(inspect(store, { password, name: '/x/truststore.p12' }))).toEqual([
      'key-in-trust-store',
    ]);
  });

  test('"old-encryption", "no-mac" and "not-for-java" of PKCS#12', () => {
    expect(codes(inspect(fixtures.legacy, { password }))).toContain('old-encryption');
    expect(codes(inspect(fixtures.old))).toContain('old-encryption');
    expect(codes(inspect(fixtures.withoutMac, { password }))).toContain('no-mac');
    expect(codes(inspect(fixtures.javaTrust, { password }))).not.toContain('not-for-java');
    expect(codes(inspect(pemFixtures.encryptedPem))).toEqual(['old-encryption']);
  });
});

describe('inspectFile() finds no fault', () => {
  test('with a PKCS#7, whose certificates are a set (RFC 5652 5.1), the root among them', () => {
    for (const ders of [
      [issuer.der, leaf.der],
      [root.der, issuer.der, leaf.der],
    ])
      expect(codes(inspect(pkcs7(ders)))).toEqual([]);
  });

  test('with a file name that has "trust" in a longer word', () => {
    const p12 = encodePkcs12KeyStore(entry(leaf, issuer), { password });
    for (const name of ['entrust.p12', 'trustpilot-api.p12'])
      expect(codes(inspect(p12, { password, name }))).toEqual([]);
    for (const name of ['trust.p12', 'client-truststore.p12', 'MyTrustStore.p12', 'cacerts'])
      expect(codes(inspect(p12, { password, name }))).toEqual(['key-in-trust-store']);
  });

  test('with a bundle of a thousand intermediates, whose first was issued by another of them', () => {
    const top = make({ authority: true, subject: { commonName: 'top' } }, root);
    const first = make({ authority: true, subject: { commonName: 'first' }, endDays: 80 }, top);
    const others = Array.from({ length: 12 }, (_, index) =>
      make({ authority: true, subject: { commonName: `ca ${index}` } }, root),
    );
    const small = inspect([first, top, ...others].map(({ pem }) => pem).join(''));
    expect([small.chain, codes(small)]).toEqual([undefined, []]);
    const many = Array.from({ length: 998 }, (_, index) => others[index % 12]?.pem ?? '');
    const large = inspect([first.pem, top.pem, ...many].join(''));
    expect([large.chain, codes(large)]).toEqual([undefined, []]);
    // Without a root they are no trust store.
    expect([small.kind, large.kind]).toEqual(['certificates', 'certificates']);
    expect(inspect([root, top, first].map(({ pem }) => pem).join('')).kind).not.toBe(
      'certificates',
    );
  });

  test('with a chain of twelve', () => {
    const chain = [root];
    for (let depth = 1; depth < 12; depth++)
      chain.unshift(
        make(
          depth === 11
            ? { endDays: 60 }
            : { authority: true, subject: { commonName: `ca ${depth}` }, endDays: 3000 - depth },
          chain[0],
        ),
      );
    const file = inspect(
      chain
        .slice(0, -1)
        .map(({ pem }) => pem)
        .join(''),
    );
    expect(file.chain?.order).toHaveLength(11);
    expect([file.kind, codes(file)]).toEqual(['chain', []]);
    expect(inspect(chain.map(({ pem }) => pem).join('')).chain?.order).toHaveLength(12);
  });

  test('and says of a chain without key identifiers who asks for them, as a note', () => {
    const { notes, problems } = inspect(leaf.pem + issuer.pem);
    expect(problems).toEqual([]);
    expect(notes).toMatchObject([
      { code: 'no-key-identifier', severity: 'note', certificate: 0 },
      { code: 'strict-form', severity: 'note', certificate: 1 },
      { code: 'no-key-identifier', severity: 'note', certificate: 1 },
    ]);
  });
});

/** DER of a SignedData with nothing but certificates (RFC 2315 9.1). */
function pkcs7(ders: readonly Buffer[]): Buffer {
  const data = sequence(oid('1.2.840.113549.1.7.1'));
  const certificates = contextTag(0, true, Buffer.concat(ders));
  const signed = sequence(integer(1), set(), data, certificates, set());
  return sequence(oid('1.2.840.113549.1.7.2'), contextTag(0, true, signed));
}

describe('inspectFile() of a CSR', () => {
  const csrWith = (key = leaf.key) =>
    encodeCsr(key, encodeSubject({ organization: 'x' }), [parseName('a.test')]);

  test('says what of it would not be granted', () => {
    const [csr] = inspect(csrWith()).csrs;
    expect(csr).toMatchObject({ subject: 'O=x', isSignatureValid: true });
    expect(csr?.dropped).toEqual(['subject organization "x"']);
  });

  test('shows one whose signature is not by its own key, and says so', () => {
    const bytes = csrWith();
    const at = bytes.indexOf('a.test');
    bytes[at] = 'b'.charCodeAt(0);
    const file = inspect(bytes);
    expect(file.csrs).toMatchObject([{ isSignatureValid: false, names: [{ value: 'b.test' }] }]);
    expect(codes(file)).toEqual(['wrong-signature']);
  });

  test('shows one that asks for nothing that can be granted', () => {
    const csr = encodeCsr(leaf.key, encodeSubject({}), []);
    expect(codes(inspect(csr))).toEqual(['not-granted']);
  });
});

describe('inspectFiles()', () => {
  const relate = (...contents: string[]) => {
    const inputs = contents.map((it, index) => ({ file: `${index}`, bytes: Buffer.from(it) }));
    return inspectFiles(inputs, around);
  };

  test('says whose key it is, and whose it is not', () => {
    expect(relate(leaf.pem, leaf.keyPem).relations).toEqual([
      { kind: 'key-of', file: '1', other: '0' },
    ]);
    const { relations, files } = relate(leaf.pem, make().keyPem);
    expect(relations).toEqual([{ kind: 'not-key-of', file: '1', other: '0' }]);
    expect(files.map(codes)).toEqual([[], ['key-mismatch']]);
  });

  test('says who signed it: by the signature, not by the name', () => {
    expect(relate(leaf.pem, issuer.pem).relations).toEqual([
      { kind: 'signed-by', file: '0', other: '1' },
    ]);
    expect(relate(leaf.pem, makeThree().issuer.pem).relations).toEqual([]);
    expect(relate(leaf.pem + issuer.pem, root.pem).relations).toEqual([
      { kind: 'signed-by', file: '0', other: '1' },
    ]);
  });

  test('knows the key of a CSR', () => {
    const csr = `-----BEGIN CERTIFICATE REQUEST-----\n${encodeCsr(leaf.key, encodeSubject({}), [parseName('a.test')]).toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    expect(relate(csr, leaf.keyPem).relations).toEqual([{ kind: 'csr-of', file: '0', other: '1' }]);
    expect(relate(csr, make().keyPem).relations).toEqual([]);
  });

  test("takes an encrypted key for nobody's", () => {
    const encrypted = encodeEncryptedKey(generateKey('p256'), password);
    expect(relate(leaf.pem, encrypted).relations).toEqual([]);
  });
});
