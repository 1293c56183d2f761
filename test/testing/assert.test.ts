/** assertServer() and assertClient(): content with what is right, and loud about everything else. */
import { AssertionError } from 'node:assert';
import { createServer, request } from 'node:https';
import { createServer as createPlain } from 'node:net';
import { describe, expect, test } from 'vitest';
import {
  assertClient,
  assertServer,
  type BrokenKind,
  brokenKinds,
  type ClientTarget,
  createTestCa,
} from '../../src/entry/testing.ts';
import { listen } from '../helpers/listen.ts';

const ca = createTestCa();
const other = createTestCa({ name: 'other' });

async function serve(options: Parameters<typeof createServer>[0]) {
  const server = createServer({ ciphers: 'DEFAULT@SECLEVEL=0', ...options }, (_, response) =>
    response.end('hello'),
  );
  return { server, port: await listen(server) };
}

/** The AssertionError that is thrown, which all test runners show with its difference. */
async function failure(promise: Promise<unknown>): Promise<AssertionError> {
  const error = await promise.then(
    () => undefined,
    (it: unknown) => it,
  );
  expect(error).toBeInstanceOf(AssertionError);
  return error as AssertionError;
}

describe('assertServer()', () => {
  test('is content with a server that is trusted, however it is named', async () => {
    const { server, port } = await serve(ca.leaf(['localhost', 'api.test', '127.0.0.1']));
    await assertServer(port, { ca });
    await assertServer(server, { ca, name: 'api.test', crl: ca.crl });
    await assertServer(`https://127.0.0.1:${port}/path`, { ca: ca.cert });
    const result = await assertServer(`localhost:${port}`, { ca: other.cert + ca.cert });
    expect(result).toMatchObject({ isVerified: true, name: 'localhost' });
    const { message, actual, expected } = await failure(
      assertServer(port, { ca, refused: 'expired' }),
    );
    expect(message).toBe(
      `localhost:${port} as "localhost" should be refused as expired but it is trusted`,
    );
    expect([actual, expected]).toEqual([[], ['expired']]);
  });

  test.each(brokenKinds)('knows a server that is %s, and takes no other reason', async (kind) => {
    const { port } = await serve(ca.broken(kind, 'localhost'));
    const crl = kind === 'revoked' ? { crl: ca.crl } : {};
    await assertServer(port, { ca, refused: kind, ...crl });
    const trusted = await failure(assertServer(port, { ca, ...crl }));
    expect(trusted.message).toContain(`should be trusted, but it is refused:\n  ${kind}: `);
    expect(trusted.actual).toContain(kind);
    const wrong = kind === 'expired' ? 'wrong-name' : 'expired';
    await failure(assertServer(port, { ca, refused: wrong, ...crl }));
  });

  test('wants all reasons, not one of them', async () => {
    const { port } = await serve(ca.expired('localhost'));
    await failure(assertServer(port, { ca, name: 'api.test', refused: 'expired' }));
    await assertServer(port, { ca, name: 'api.test', refused: ['wrong-name', 'expired'] });
    await failure(assertServer(port, { ca: other, refused: 'expired' }));
    await assertServer(port, { ca: other, refused: ['unknown-authority', 'expired'] });
    await assertServer(port, { ca, at: new Date(Date.now() - 40 * 86_400_000) });
  });

  test('says what is there where it is no server with TLS', async () => {
    const plain = await listen(createPlain((socket) => socket.end('hello\r\n')));
    await assertServer(plain, { ca, refused: 'not-tls' });
    expect((await failure(assertServer(plain, { ca }))).message).toContain('not-tls');
  });

  test('knows whom a server lets in, by both versions', async () => {
    const mutual = { ...ca.leaf('localhost'), ca: ca.cert, requestCert: true };
    const { port } = await serve(mutual);
    const accepts = [ca.client('alice')];
    const refuses = [other.client('alice'), ca.expired('alice', { client: true })];
    await assertServer(port, { ca, accepts, refuses });
    expect((await failure(assertServer(port, { ca, accepts: refuses }))).message).toMatch(
      /TLS 1\.3, accepts\[0\] \(O=devcert test certificate, CN=alice \(devcert client\); by .*\): should be let in, is refused/,
    );
    const { message } = await failure(assertServer(port, { ca, refuses: accepts }));
    expect(message).toContain('TLS 1.2, refuses[0]');
    await failure(assertServer(port, { ca, accepts, optional: true }));

    const lax = await serve({ ...mutual, rejectUnauthorized: false });
    await assertServer(lax.port, { ca, accepts: [...accepts, ...refuses], optional: true });
    const found = await failure(assertServer(lax.port, { ca, accepts, refuses }));
    expect(found.message).toContain('no certificate: should be refused, is let in (HTTP 200)');
    expect(found.actual).toContain('TLS 1.3, no certificate: let in');
  });

  test('refuses what cannot be meant', async () => {
    const untyped = assertServer as (...args: unknown[]) => Promise<unknown>;
    for (const args of [
      [undefined, { ca }],
      [70_000, { ca }],
      ['nowhere', { ca }],
      [createServer(), { ca }],
      [1],
      [1, null],
      [1, {}],
      [1, { ca: 7 }],
      [1, { ca, refused: 7 }],
      [1, { ca, starttls: 'gopher' }],
    ])
      await expect(untyped(...args)).rejects.toMatchObject({ code: 'usage' });
    await expect(assertServer(1, { ca: 'ca.pem' })).rejects.toMatchObject({
      code: 'invalid-input',
    });
  });
});

/** Node's client, as it is or made careless. */
function get({ url, ca }: ClientTarget, options: object = {}): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { ca, ...options }, (response) => {
      resolve(response.resume().statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('assertClient()', () => {
  test('is content with a client that looks at certificates', async () => {
    const outcomes = await assertClient(get);
    expect(outcomes.map(({ kind, outcome }) => `${kind}: ${outcome}`)).toEqual([
      'good: accepted',
      ...['expired', 'not-yet-valid', 'wrong-name', 'self-signed', 'unknown-authority'].map(
        (it) => `${it}: refused`,
      ),
      ...['missing-issuer: refused', 'wrong-purpose: refused'],
    ]);
    expect(outcomes[1]?.error).toMatchObject({ code: 'CERT_HAS_EXPIRED' });
  });

  test('takes kinds, names and a CA', async () => {
    const kinds: BrokenKind[] = ['revoked', 'weak-signature'];
    const seen: ClientTarget[] = [];
    const client = (target: ClientTarget) => {
      seen.push(target);
      return get(target, { crl: ca.crl });
    };
    await assertClient(client, { ca, kinds, names: ['localhost', '127.0.0.1'] });
    expect(seen.map(({ kind }) => kind)).toEqual(['good', ...kinds]);
    expect(seen.every((it) => it.ca === ca.cert && it.host === 'localhost')).toBe(true);
  });

  test('finds out one that looks at nothing, or not at names', async () => {
    const careless = await failure(assertClient((it) => get(it, { rejectUnauthorized: false })));
    expect(careless.message).toContain('\n  "expired": it takes it\n');
    expect(careless.actual).toContain('self-signed: accepted');
    const nameless = await failure(
      assertClient((it) => get(it, { checkServerIdentity: () => undefined })),
    );
    expect(nameless.message.split('\n')).toEqual([
      'the client does not look at certificates as it should:',
      '  "wrong-name": it takes it',
    ]);
  });

  test('finds out one that asks first and looks then', async () => {
    const client = async (target: ClientTarget) => {
      await get(target, { rejectUnauthorized: false });
      return get(target);
    };
    const { message } = await failure(assertClient(client, { kinds: ['expired'] }));
    expect(message).toContain('"expired": it refuses it only after sending a request');
  });

  test('finds out one that trusts nothing, never connects or never ends', async () => {
    const kinds: BrokenKind[] = ['expired'];
    const strict = await failure(assertClient((it) => get({ ...it, ca: other.cert }), { kinds }));
    expect(strict.message).toMatch(/the good one: it refuses it \(.*certificate.*\)/);
    const wrapped = () => assertClient((it) => fetch(it.url), { kinds }); // which says `fetch failed` and has a cause
    // Under wine fetch cannot connect at all; the cause is told all the same.
    const cause = process.platform === 'win32' ? /fetch failed: ./ : /fetch failed: .*certificate/;
    expect((await failure(wrapped())).message.replaceAll('\n', ' | ')).toMatch(cause);
    const absent = await failure(assertClient(() => Promise.reject(new Error('no')), { kinds }));
    expect(absent.message).toContain('the good one: it never connects (no)');
    expect(absent.message).toContain('"expired": it never connects (no)');
    const hanging = await failure(
      assertClient(() => new Promise(() => undefined), { kinds, timeoutMs: 20 }),
    );
    expect(hanging.message).toContain('"expired": it does not end in time');
  });

  test('wants the certificate that a client should show', async () => {
    const { key, cert } = ca.client('alice');
    const options = { ca, kinds: ['expired'] as const, showsCertificate: true };
    await assertClient((it) => get(it, { key, cert }), options);
    const foreign = other.client('alice');
    expect((await failure(assertClient((it) => get(it, foreign), options))).message).toMatch(
      /the good one: it shows no certificate of the CA \(.+\)/,
    );
    await failure(assertClient((it) => get(it), options));
  });

  test('refuses what cannot be meant', async () => {
    const untyped = assertClient as (...args: unknown[]) => Promise<unknown>;
    for (const args of [
      [7],
      [get, { kinds: ['rotten'] }],
      [get, { kinds: 7 }],
      [get, null],
      [get, { timeoutMs: 'x' }],
    ])
      await expect(untyped(...args)).rejects.toMatchObject({ code: 'usage' });
  });
});
