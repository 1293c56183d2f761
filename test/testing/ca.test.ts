/** The CA of tests: what it makes is good, or wrong in exactly one way by the judgement of `verify`. */
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:https';
import { connect } from 'node:tls';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type BrokenKind,
  brokenKinds,
  createTestCa,
  type TestCa,
  type TestLeaf,
} from '../../src/entry/testing.ts';
import { readKeyStore } from '../../src/keystore/read.ts';
import { parseName } from '../../src/names/names.ts';
import { DAY_MS } from '../../src/policy.ts';
import { verdict } from '../../src/verify/verdict.ts';
import { hasModes } from '../helpers/can.ts';
import { listen } from '../helpers/listen.ts';

const ca = createTestCa();

function ders(pem: string): Buffer[] {
  return readKeyStore(Buffer.from(pem)).entries.flatMap(({ certificates }) => certificates);
}

/** What `verify` says of a leaf, by the root of the CA and its lists. */
async function codes(
  own: TestCa,
  leaf: TestLeaf,
  purpose: 'server' | 'client' = 'server',
  name = 'api.test',
): Promise<string[]> {
  const { problems, isVerified } = await verdict({
    ...{ target: 'it', sent: ders(leaf.cert), purpose, at: new Date() },
    ...(purpose === 'server' ? { name: parseName(name) } : {}),
    roots: { label: 'ca.pem', certificates: ders(own.cert).map((der) => new X509Certificate(der)) },
    crls: readKeyStore(Buffer.from(own.crl.join(''))).entries.flatMap(({ crl }) => crl ?? []),
    world: () => ({
      ...{ known: [], retired: [], isIssuedHere: () => false, systemTrusts: false },
      asked: { label: 'ca.pem', ca: 'default' },
    }),
    systemRoots: () => Promise.resolve([]),
  });
  expect(isVerified).toBe(problems.length === 0);
  return problems.map(({ code }) => code);
}

describe('createTestCa()', () => {
  test('is data but for its methods: it can be cloned, and is short to print', () => {
    const ca = createTestCa();
    expect(structuredClone(ca)).toEqual({ cert: ca.cert, intermediate: ca.intermediate });
  });

  test('makes leaves that are good for their names, servers, clients and both', async () => {
    expect(await codes(ca, ca.leaf('api.test'))).toEqual([]);
    expect(await codes(ca, ca.leaf(['*.api.test', '::1']), 'server', '::1')).toEqual([]);
    expect(
      await codes(ca, ca.leaf('example.com', { key: 'p384' }), 'server', 'example.com'),
    ).toEqual([]);
    expect(await codes(ca, ca.client('alice'), 'client')).toEqual([]);
    expect(await codes(ca, ca.client('alice'))).toContain('wrong-purpose');
    const peer = ca.leaf('api.test', { peer: true });
    expect([...(await codes(ca, peer)), ...(await codes(ca, peer, 'client'))]).toEqual([]);
    expect(new X509Certificate(ca.client('alice').cert).subject).toContain(
      'CN=alice (devcert client)',
    );
    expect(new X509Certificate(ca.client('alice', { cn: 'alice' }).cert).subject).toMatch(
      /CN=alice$/m,
    );
  });

  test.each(brokenKinds)('a server certificate that is %s is nothing else', async (kind) => {
    const own = createTestCa();
    const leaf = own.broken(kind, 'api.test');
    expect(leaf).toMatchObject({ broken: kind });
    expect(await codes(own, leaf)).toEqual([kind]);
    expect(await codes(own, own.leaf('api.test'))).toEqual([]);
  });

  test.each(brokenKinds.filter((kind) => kind !== 'wrong-name'))(
    'a client certificate that is %s is nothing else',
    async (kind) => {
      const own = createTestCa();
      expect(await codes(own, own.broken(kind, 'alice', { client: true }), 'client')).toEqual([
        kind,
      ]);
    },
  );

  test('a client of the wrong name is somebody else', () => {
    expect(ca.wrongName('alice', { client: true }).names).toEqual([
      'spiffe://localhost/somebody-else',
    ]);
  });

  test('has a function for each kind', () => {
    const made: TestLeaf[] = [
      ...[ca.expired('a.test'), ca.notYetValid('a.test'), ca.wrongName('a.test')],
      ...[ca.selfSigned('a.test'), ca.unknownAuthority('a.test'), ca.missingIssuer('a.test')],
      ...[ca.wrongPurpose('a.test'), ca.weakKey('a.test'), ca.weakSignature('a.test')],
      ca.revoked('a.test'),
    ];
    expect(made.map(({ broken }) => broken)).toEqual([...brokenKinds]);
  });

  test('tells what is in a leaf, and takes dates', () => {
    const [notBefore, notAfter] = [
      new Date('2026-01-01T00:00:00Z'),
      new Date('2026-02-01T00:00:00Z'),
    ];
    const leaf = ca.leaf('API.test', { notBefore, notAfter });
    expect(leaf).toMatchObject({ names: ['api.test'], notBefore, notAfter, broken: undefined });
    const { serialNumber, subjectAltName } = new X509Certificate(leaf.cert);
    expect([serialNumber, subjectAltName]).toEqual([leaf.serialNumber, 'DNS:api.test']);
    expect(ders(leaf.cert)).toHaveLength(2);
    expect(leaf.cert.endsWith(ca.intermediate)).toBe(true);
  });

  test('goes by the clock of the test', () => {
    vi.useFakeTimers({ now: new Date('2031-05-01T00:00:00Z'), toFake: ['Date'] });
    const { notBefore, notAfter } = createTestCa().leaf('api.test');
    expect(notBefore).toEqual(new Date('2031-04-30T00:00:00Z'));
    expect(notAfter).toEqual(new Date('2031-05-31T00:00:00Z'));
  });

  test('revokes what it issued, and says so in its list from then on', async () => {
    const own = createTestCa();
    const leaf = own.leaf('api.test');
    expect(await codes(own, leaf)).toEqual([]);
    own.revoke(leaf);
    expect(await codes(own, leaf)).toEqual(['revoked']);
    expect(await codes(own, own.leaf('api.test'))).toEqual([]);
    expect(() => {
      own.revoke({ serialNumber: 'x' });
    }).toThrow(/the leaf: not one of this CA/);
  });

  test('Node takes the good one and gives its word for each broken one, by ca and crl', async () => {
    const own = createTestCa();
    const words: Partial<Record<BrokenKind, string>> = {
      expired: 'CERT_HAS_EXPIRED',
      'not-yet-valid': 'CERT_NOT_YET_VALID',
      'wrong-name': 'ERR_TLS_CERT_ALTNAME_INVALID',
      'self-signed': 'DEPTH_ZERO_SELF_SIGNED_CERT',
      'unknown-authority': 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'missing-issuer': 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'wrong-purpose': 'INVALID_PURPOSE',
      revoked: 'CERT_REVOKED',
    };
    expect(await greet(own, own.leaf('localhost'))).toBe('');
    for (const [kind, word] of Object.entries(words))
      expect([kind, await greet(own, own.broken(kind as BrokenKind, 'localhost'))]).toEqual([
        kind,
        word,
      ]);
  });

  test('refuses what is no name, no kind and no date', () => {
    const untyped = ca as unknown as Record<'leaf' | 'broken', (...args: unknown[]) => TestLeaf>;
    expect(() => ca.leaf('http://x')).toThrow(expect.objectContaining({ code: 'invalid-name' }));
    for (const call of [
      () => untyped.leaf(7),
      () => untyped.leaf('a.test', null),
      () => untyped.leaf('a.test', 'yes'),
      () => untyped.broken('rotten', 'a.test'),
      () => untyped.broken(7, 'a.test'),
      () => untyped.leaf('a.test', { notAfter: '2026-01-01' }),
      () => untyped.leaf('a.test', { notAfter: new Date(NaN) }),
      () => untyped.leaf('a.test', { key: 'rsa1024' }),
      () => untyped.leaf('a.test', { client: 'yes' }),
      () => createTestCa({ name: 7 } as unknown as { name: string }),
    ])
      expect(call).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});

describe('files()', () => {
  test('writes a leaf into a folder of its own, which close() deletes', () => {
    const leaf = ca.leaf('api.test');
    const files = leaf.files();
    expect(readFileSync(files.certFile, 'utf8')).toBe(leaf.cert);
    expect(readFileSync(files.keyFile, 'utf8')).toBe(leaf.key);
    expect(readFileSync(files.caFile, 'utf8')).toBe(ca.cert);
    if (hasModes) {
      expect(statSync(files.folder).mode & 0o777).toBe(0o700);
      expect(statSync(files.keyFile).mode & 0o777).toBe(0o600);
    }
    files.close();
    files.close();
    expect(existsSync(files.folder)).toBe(false);
  });

  test('is disposed of by `using`, and leaves no listener behind', () => {
    const listeners = process.listenerCount('exit');
    const folder = (() => {
      using files = ca.files();
      expect(readFileSync(files.caFile, 'utf8')).toBe(ca.cert);
      using other = ca.broken('expired', 'api.test').files();
      expect(process.listenerCount('exit')).toBe(listeners + 1);
      expect(other.folder).not.toBe(files.folder);
      return files.folder;
    })();
    expect(existsSync(folder)).toBe(false);
    expect(process.listenerCount('exit')).toBe(listeners);
  });
});

afterEach(() => {
  vi.useRealTimers();
});

/** What Node's client says of a server with this leaf; empty if it is content. */
async function greet(own: TestCa, leaf: TestLeaf): Promise<string> {
  const port = await listen(createServer(leaf));
  // Lists only where they are needed: with them a missing issuer is a missing list.
  const crl = leaf.broken === 'revoked' ? { crl: own.crl } : {};
  return new Promise((resolve) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      servername: 'localhost',
      ca: own.cert,
      ...crl,
    });
    socket.once('secureConnect', () => {
      resolve('');
      socket.destroy();
    });
    socket.once('error', (error: Error & { code?: string }) => {
      resolve(error.code ?? error.message);
    });
  });
}

test('what has expired and what is not valid yet stays so', () => {
  expect(ca.expired('a.test').notAfter.getTime()).toBeLessThan(Date.now() - DAY_MS);
  expect(ca.notYetValid('a.test').notBefore.getTime()).toBeGreaterThan(Date.now() + 365 * DAY_MS);
});
