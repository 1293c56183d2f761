import { X509Certificate } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectPlain } from 'node:net';
import { connect, createServer, type TlsOptions } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { loadRoot } from '../../src/authority/folder.ts';
import { createNamed, replaceNamed } from '../../src/commands/ca.ts';
import { certificateFor } from '../../src/commands/certificate.ts';
import { type Context, contextOf } from '../../src/commands/context.ts';
import { install } from '../../src/commands/install.ts';
import { protect, unprotect } from '../../src/commands/protect.ts';
import { sniCallback, type SniOptions } from '../../src/commands/sni.ts';
import type { Lists } from '../../src/commands/context.ts';
import { publicKeyHash } from '../../src/keys.ts';
import { ALLOW_MS, DAY_MS, MAX_SERVER_CONTEXTS } from '../../src/policy.ts';
import { Keyring } from '../../src/signer/keyring.ts';
import { listen, plainServer } from '../helpers/listen.ts';
import { agentKey, doubleAgent } from '../helpers/ssh-agent.ts';
import { projectMachine } from '../helpers/stores.ts';
import { HOSTILE } from '../helpers/server-names.ts';

let now = new Date();
let failures: Error[] = [];
const rejections: unknown[] = [];
const onRejection = (error: unknown) => void rejections.push(error);

beforeEach(() => {
  now = new Date();
  failures = [];
  rejections.length = 0;
  process.on('unhandledRejection', onRejection);
});
afterEach(() => {
  process.removeListener('unhandledRejection', onRejection);
  expect(rejections).toEqual([]);
});

function machine(): Context {
  return projectMachine([{}], { now: () => now }).context;
}

type Answer = { readonly context: unknown } | undefined;

/** The callback, as a promise of what it says. */
async function answering(context: Context, options: Lists<SniOptions>, limit?: number) {
  const failed = (error: Error) => void failures.push(error);
  const callback = await sniCallback(context, options, failed, limit);
  const ask = (name: unknown) =>
    new Promise<Answer>((resolve, reject) => {
      callback(name as string, (error, context) => {
        if (error === null) resolve(context);
        else reject(error);
      });
    });
  return { callback, ask };
}

/** What a server gives a client of this name, judged by the root. */
async function visit(options: TlsOptions, names: readonly string[], ca?: string) {
  const port = await listen(createServer(options, (socket) => socket.end()));
  return Promise.all(
    names.map(
      (servername) =>
        new Promise<string>((resolve) => {
          const client = connect({ host: '127.0.0.1', port, servername, ca }, () => {
            resolve(client.getPeerCertificate().subjectaltname ?? '');
            client.destroy();
          });
          client.on('error', (error: NodeJS.ErrnoException) => {
            resolve(error.code ?? error.message);
          });
        }),
    ),
  );
}

/** The certificate that a client of this name is shown. */
async function certificateOf(SNICallback: TlsOptions['SNICallback'], servername: string) {
  const port = await listen(createServer({ SNICallback }));
  return new Promise<X509Certificate>((resolve, reject) => {
    const options = { host: '127.0.0.1', port, servername, rejectUnauthorized: false };
    const client = connect(options, () => {
      const shown = client.getPeerX509Certificate();
      if (shown === undefined) reject(new Error('no certificate'));
      else resolve(shown);
      client.destroy();
    });
    client.on('error', reject);
  });
}

/** What a server answers to a client's first bytes, with this one in the middle of the name. */
async function answerTo(port: number, byte: number): Promise<'alert' | 'handshake'> {
  const hello = await new Promise<Buffer>((resolve) => {
    void plainServer((socket) => socket.once('data', resolve)).then((port) => {
      connect({ host: '127.0.0.1', port, servername: 'a-.test' }).on('error', () => undefined);
    });
  });
  hello[hello.indexOf('a-.test') + 1] = byte;
  const answer = await new Promise<Buffer>((resolve, reject) => {
    const socket = connectPlain(port, '127.0.0.1', () => socket.write(hello));
    socket.once('data', resolve).once('error', reject);
  });
  return answer[0] === 21 ? 'alert' : 'handshake'; // RFC 8446 5.1
}

describe('sniCallback()', () => {
  test('has servers show a certificate for the name that a client asks for', async () => {
    const context = machine();
    const { cert, key, ca } = await certificateFor(context, ['localhost', '127.0.0.1']);
    const { callback } = await answering(context, { allow: ['app.test', '*.app.test'] });
    const names = ['app.test', 'A.app.test', 'b.app.test', 'other.test', 'localhost'];
    expect(await visit({ cert, key, SNICallback: callback }, names, ca)).toEqual([
      'DNS:app.test',
      'DNS:*.app.test',
      'DNS:*.app.test',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'DNS:localhost, IP Address:127.0.0.1',
    ]);
    expect(failures.map(({ message }) => message)).toEqual([
      'no certificate is made for "other.test": it is not allowed',
      'no certificate is made for "localhost": it is not allowed',
    ]);
    // Refused by a client that does not trust the root.
    expect(await visit({ SNICallback: callback }, ['app.test'])).toEqual([
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    ]);
  });

  test('leaves others to an alert where the server has no certificate of its own', async () => {
    const { callback } = await answering(machine(), { allow: ['app.test'] });
    expect(await visit({ SNICallback: callback }, ['other.test', 'app.test\n', ''])).toEqual(
      Array.from({ length: 3 }, () => 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE'),
    );
  });

  test('answers bytes that no client of Node can send with an alert, too', async () => {
    const { callback } = await answering(machine(), { allow: () => true });
    const port = await listen(createServer({ SNICallback: callback }));
    for (const byte of [0, 9, 10, 32, 0x2a, 0x80, 0xff])
      expect([byte, await answerTo(port, byte)]).toEqual([byte, 'alert']);
    expect(await answerTo(port, 0x61)).toBe('handshake');
  });

  test('signs nothing for what is no host name, whatever "allow" says', async () => {
    const allow = vi.fn(() => true);
    const { ask } = await answering(machine(), { allow });
    for (const name of HOSTILE) expect(await ask(name)).toBeUndefined();
    expect(allow).not.toHaveBeenCalled();
    expect(failures).toHaveLength(HOSTILE.length);
  });

  test('signs nothing outside the constraints, whatever "allow" says', async () => {
    const { ask } = await answering(machine(), { allow: () => true });
    expect(await ask('accounts.google.com')).toBeUndefined();
    expect(await ask('app.test')).toBeDefined();
    await expect(answering(machine(), { allow: ['app.example.com'] })).rejects.toMatchObject({
      code: 'outside-constraints',
    });
  });

  const noes: readonly (readonly [string, () => unknown])[] = [
    ['says no', () => false],
    ['says something else', () => 'yes'],
    ['throws', () => expect.fail('no')],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['throws no error', () => Promise.reject(Object.create(null) as Error)],
  ];
  test.for(noes)('refuses where "allow" %s, and asks again', async ([, no]) => {
    const allow = vi.fn(no as (name: string) => boolean);
    const { ask } = await answering(machine(), { allow });
    for (let i = 0; i < 2; i++) expect(await ask('App.test.')).toBeUndefined();
    expect(allow.mock.calls).toEqual([['app.test'], ['app.test']]);
    expect(failures).toHaveLength(2);
  });

  test('waits for "allow", and not for ever', async () => {
    const allow = (name: string) =>
      new Promise<boolean>((resolve) => {
        if (name === 'slow.test') setTimeout(resolve, ALLOW_MS / 2, true);
      });
    const { ask } = await answering(machine(), { allow });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const [slow, never] = [ask('slow.test'), ask('never.test')];
      await vi.advanceTimersByTimeAsync(ALLOW_MS);
      expect(await slow).toBeDefined();
      expect(await never).toBeUndefined();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
    expect(failures.map(({ message }) => message)).toEqual([
      '"allow" did not answer for "never.test" in time',
    ]);
  });

  test('makes one for all who wait, and for every spelling', async () => {
    const allow = vi.fn(() => Promise.resolve(true));
    const { ask } = await answering(machine(), { allow });
    const all = await Promise.all(['app.test', 'APP.test', 'app.test.', 'app.test'].map(ask));
    all.push(await ask('aPP.tEST.'));
    expect(new Set(all).size).toBe(1);
    expect(allow).toHaveBeenCalledOnce();
  });

  test('keeps so many at most, those that were used last', async () => {
    const asked: string[] = [];
    const allow = (name: string) => asked.push(name) > 0;
    const { ask } = await answering(machine(), { allow }, 3);
    for (const it of 'abcadacd') await ask(`${it}.test`);
    expect(asked.splice(0)).toEqual(['a.test', 'b.test', 'c.test', 'd.test']);
    await ask('b.test');
    expect(asked.splice(0)).toEqual(['b.test']);
    // Those who wait together are no more than those who come one after the other.
    await Promise.all(Array.from({ length: 50 }, (_, index) => ask(`n${index}.test`)));
    for (let index = 0; index < 50; index++) await ask(`n${index}.test`);
    expect(asked).toHaveLength(100);
    expect(MAX_SERVER_CONTEXTS).toBeLessThanOrEqual(500);
  });

  test('makes it anew before it ends, and after a jump of the clock either way', async () => {
    const { ask } = await answering(machine(), { allow: ['app.test'], days: 9 });
    const first = await ask('app.test');
    now = new Date(now.getTime() + 5.9 * DAY_MS);
    expect(await ask('app.test')).toBe(first);
    now = new Date(now.getTime() + 0.2 * DAY_MS);
    const second = await ask('app.test');
    expect(second).not.toBe(first);
    now = new Date(now.getTime() + 730 * DAY_MS);
    const third = await ask('app.test');
    expect(third).not.toBe(second);
    now = new Date(now.getTime() - 735 * DAY_MS);
    expect(await ask('app.test')).not.toBe(third);
    // Before the CA was made: nobody can sign, and what there is is not valid yet.
    now = new Date(now.getTime() - 30 * DAY_MS);
    expect(await ask('app.test')).toBeUndefined();
    expect(failures.at(-1)).toMatchObject({ code: 'expired' });
  });

  test('takes over from a CA that was replaced, and goes on without one that was removed', async () => {
    const context = machine();
    const { callback, ask } = await answering(context, { allow: ['app.test', 'b.test'] });
    const trusted = async () =>
      visit({ SNICallback: callback }, ['app.test'], await loadRoot(context.folder));
    expect(await trusted()).toEqual(['DNS:app.test']);
    await replaceNamed(context, undefined, [], {});
    const [first, second] = await Promise.all([ask('app.test'), ask('app.test')]);
    expect(first).toBe(second);
    expect(await trusted()).toEqual(['DNS:app.test']);
    rmSync(context.folder, { recursive: true });
    expect(await ask('app.test')).toBe(first);
    expect(await ask('b.test')).toBeUndefined();
    expect(failures.at(-1)).toMatchObject({ code: 'no-authority' });
    expect(existsSync(context.folder)).toBe(false);
    await install(context, {});
    expect(await trusted()).toEqual(['DNS:app.test']);
  });

  test('makes the CA now, and none that a handshake asks for', async () => {
    const context = machine();
    await answering(context, { allow: () => true });
    expect(existsSync(join(context.folder, 'root.pem'))).toBe(true);
    const build = projectMachine([{}], { env: { NODE_ENV: 'production' } }).context;
    await expect(answering(build, { allow: ['app.test'] })).rejects.toMatchObject({
      code: 'refused',
    });
    expect(existsSync(build.folder)).toBe(false);
    const named = contextOf(context, 'people');
    await expect(answering(named, { allow: ['app.test'] })).rejects.toMatchObject({
      code: 'no-authority',
    });
  });

  test('refuses a CA that is sealed, in an SSH agent or for clients, before any client', async () => {
    const sealed = machine();
    await install(sealed, { sealed: ['app.test'] });
    const kept = machine();
    const { agent } = await doubleAgent({ keys: [agentKey()] });
    const withAgent = { ...kept, keys: new Keyring({ agent }) };
    await install(withAgent, { sshAgent: true });
    const clients = machine();
    await createNamed(clients, 'people', { clientsOnly: true });
    for (const context of [sealed, withAgent, contextOf(clients, 'people')])
      for (const allow of [['app.test'], () => true])
        await expect(answering(context, { allow })).rejects.toMatchObject({ code: 'refused' });
  });

  test('opens an encrypted key now, and asks nobody later', async () => {
    const context = machine();
    const asked = vi.fn(() => Promise.resolve('correct horse'));
    const asking = () => ({ ...context, keys: new Keyring({ passphrase: asked }) });
    await install(asking(), { passphrase: true });
    await expect(
      answering({ ...context, keys: new Keyring() }, { allow: ['app.test'] }),
    ).rejects.toMatchObject({ code: 'password' });
    asked.mockClear();
    const { ask } = await answering(asking(), { allow: ['app.test', 'b.test', 'c.test'] });
    expect(asked).toHaveBeenCalledOnce();
    const first = await ask('app.test');
    expect(await ask('b.test')).toBeDefined();
    // Another key, which is encrypted, too: the certificate that is there does, and no other is made.
    await replaceNamed(asking(), undefined, [], {});
    asked.mockClear();
    expect(await ask('app.test')).toBe(first);
    expect(await ask('c.test')).toBeUndefined();
    expect(failures.map((it) => (it as { code?: string }).code)).toEqual(['refused', 'refused']);
    expect(asked).not.toHaveBeenCalled();
    await unprotect(asking(), undefined);
    expect(await ask('c.test')).toBeDefined();
    // The same key, encrypted in the meantime: it is open here.
    await protect(asking(), undefined, { keepKey: true });
    asked.mockClear();
    expect(await ask('c.test')).toBeDefined();
    expect(asked).not.toHaveBeenCalled();
  });

  test('gives every context what the program wants in it, and the certificate what it asks for', async () => {
    const { callback } = await answering(machine(), {
      ...{ allow: ['app.test'], key: 'p384', days: 7, secureContext: { maxVersion: 'TLSv1.2' } },
    });
    const seen = await certificateOf(callback, 'app.test');
    expect(seen.publicKey.asymmetricKeyDetails?.namedCurve).toBe('secp384r1');
    const days = (Date.parse(seen.validTo) - now.getTime()) / DAY_MS;
    expect(Math.round(days)).toBe(7);
  });

  test('gives every name a serial number and dates of its own, and all of them one key', async () => {
    const { callback } = await answering(machine(), { allow: () => true });
    const shown = [await certificateOf(callback, 'a.test')];
    now = new Date(now.getTime() + DAY_MS);
    shown.push(await certificateOf(callback, 'b.test'));
    const [a, b] = shown;
    expect(Date.parse(b?.validTo ?? '') - Date.parse(a?.validTo ?? '')).toBe(DAY_MS);
    expect(Date.parse(b?.validFrom ?? '') - Date.parse(a?.validFrom ?? '')).toBe(DAY_MS);
    expect(shown.map(({ subjectAltName }) => subjectAltName)).toEqual(['DNS:a.test', 'DNS:b.test']);
    expect(a?.serialNumber).not.toBe(b?.serialNumber);
    expect(new Set(shown.map(({ publicKey }) => publicKeyHash(publicKey))).size).toBe(1);
  });
});
