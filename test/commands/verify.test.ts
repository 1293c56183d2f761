/** `verify` and `inspect HOST:PORT` on servers of this process: good ones, broken ones, hostile ones. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer, type TlsOptions } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { hasShell } from '../helpers/can.ts';
import { issue } from '../../src/commands/issue.ts';
import { inspect } from '../../src/commands/inspect.ts';
import { withServers } from '../../src/commands/inspect.ts';
import { verify, type VerifyOptions } from '../../src/commands/verify.ts';
import { listen, plainServer } from '../helpers/listen.ts';
import { projectMachine } from '../helpers/stores.ts';
import { make } from '../inspect/certificates.ts';

/** A project with a certificate for localhost and api.test. */
async function project() {
  const { context } = projectMachine(undefined, { now: () => new Date() });
  await issue(context, ['localhost', 'api.test']);
  const read = (name: string) => readFileSync(join(context.cwd, '.devcert', name), 'utf8');
  const pair = { cert: read('cert.pem'), key: read('key.pem') };
  const serve = (options: TlsOptions = {}) => listen(createServer({ ...pair, ...options }));
  const check = (target: string, options: VerifyOptions = {}) => verify(context, target, options);
  return { context, pair, serve, check };
}

const codesOf = ({ problems }: { problems: readonly { code: string }[] }) =>
  problems.map(({ code }) => code);

describe('verify()', () => {
  test('verifies a server by TLS 1.3 and 1.2, and tells what was agreed on', async () => {
    const { serve, check } = await project();
    for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
      const port = await serve({ minVersion: version, maxVersion: version, ALPNProtocols: ['h2'] });
      const result = await check(`localhost:${port}`);
      expect(result).toMatchObject({
        ...{ isVerified: true, exitCode: 0, problems: [], roots: 'devcert' },
        server: { version, alpn: 'h2', address: '127.0.0.1' },
      });
      expect(result.steps.filter(({ state }) => state !== 'ok')).toEqual([]);
      expect(result.certificates).toHaveLength(2);
    }
  });

  test('a server that offers other protocols than HTTP is asked again without', async () => {
    const { serve, check } = await project();
    const port = await serve({ ALPNProtocols: ['mqtt'] });
    expect(await check(`localhost:${port}`)).toMatchObject({ isVerified: true });
  });

  test('the leaf alone: the issuer is missing', async () => {
    const { serve, check, pair } = await project();
    const port = await serve({ cert: new X509Certificate(pair.cert).toString() });
    const result = await check(`localhost:${port}`);
    expect(codesOf(result)).toEqual(['missing-issuer']);
    expect(result.exitCode).toBe(4);
  });

  test('another name, date, purpose, root', async () => {
    const { serve, check, context } = await project();
    const address = `localhost:${await serve()}`;
    expect(codesOf(await check(address, { name: 'other.test' }))).toEqual(['wrong-name']);
    expect(await check(address, { at: '2031-01-01' })).toMatchObject({ exitCode: 5 });
    expect(codesOf(await check(address, { purpose: 'client' }))).toEqual(['wrong-purpose']);
    const foreign = make({ authority: true });
    writeFileSync(join(context.cwd, 'roots.pem'), foreign.pem);
    expect(codesOf(await check(address, { roots: 'roots.pem' }))).toEqual(['other-authority']);
    writeFileSync(join(context.cwd, 'own.pem'), readFileSync(join(context.folder, 'root.pem')));
    expect(await check(address, { roots: 'own.pem' })).toMatchObject({ isVerified: true });
  });

  test('roots that cannot be read are an error, and nothing is asked', async () => {
    const { check, context } = await project();
    let asked = 0;
    const port = await plainServer(() => asked++);
    writeFileSync(join(context.cwd, 'empty.pem'), '');
    writeFileSync(join(context.cwd, 'junk.pem'), 'junk');
    for (const [roots, code] of [
      ['none.pem', 'file'],
      ['.', 'file'],
      ['empty.pem', 'invalid-input'],
      ['junk.pem', 'invalid-input'],
      ['.devcert/key.pem', 'invalid-input'],
      ['system', 'file'],
    ] as const)
      await expect(check(`localhost:${port}`, { roots }), roots).rejects.toMatchObject({ code });
    const nobody = projectMachine().context;
    await expect(verify(nobody, `localhost:${port}`)).rejects.toMatchObject({
      code: 'no-authority',
    });
    expect(asked).toBe(0);
  });

  test('words that are none are refused', async () => {
    const { check } = await project();
    for (const [target, options, code] of [
      ['none.pem', {}, 'file'],
      ['http://localhost', {}, 'usage'],
      ['localhost:1', { name: 'a b' }, 'invalid-name'],
      ['localhost:1', { name: '*.api.test' }, 'invalid-name'],
      ['localhost:1', { purpose: 'mail' }, 'usage'],
      ['localhost:1', { at: 'tomorrow' }, 'usage'],
      ['localhost:1', { at: '2027-02-30' }, 'usage'],
      ['localhost:1', { starttls: 'xmpp' }, 'usage'],
      ['.devcert/cert.pem', { starttls: 'smtp' }, 'usage'],
      ['.devcert/key.pem', {}, 'invalid-input'],
      ['localhost:1', { timeout: 0 }, 'usage'],
    ] as const)
      await expect(check(target, options), target).rejects.toMatchObject({ code });
  });

  test('a file is verified as a server that sends it; its name is looked at if one is given', async () => {
    const { check } = await project();
    const file = '.devcert/cert.pem';
    const result = await check(file);
    expect(result).toMatchObject({ isVerified: true });
    expect(result.steps.find(({ step }) => step === 'name')?.state).toBe('skipped');
    expect(await check(file, { name: 'api.test' })).toMatchObject({ isVerified: true });
    expect(codesOf(await check(file, { name: 'x.test' }))).toEqual(['wrong-name']);
  });

  test('a server that asks for a certificate of the client is verified, and that is told', async () => {
    const { serve, check, context } = await project();
    const ca = readFileSync(join(context.folder, 'root.pem'));
    for (const version of ['TLSv1.3', 'TLSv1.2'] as const)
      for (const strict of [true, false]) {
        const port = await serve({
          ...{ ca, requestCert: true, rejectUnauthorized: strict },
          ...{ minVersion: version, maxVersion: version },
        });
        const result = await check(`localhost:${port}`);
        expect(result).toMatchObject({
          isVerified: true,
          server: { clientCertificate: { required: strict } },
        });
        expect(codesOf(result)).toEqual(strict ? ['client-certificate-required'] : []);
        expect(result.server?.clientCertificate?.authorities[0]).toContain('CN=devcert root');
      }
  });
});

describe('verify() where TLS does not come about', () => {
  test('nothing listens, a name that is none, HTTP, other greetings', async () => {
    const { check } = await project();
    expect(codesOf(await check('localhost:1'))).toEqual(['nothing-listens']);
    expect(codesOf(await check('nowhere.invalid:443'))).toEqual(['name-unknown']);
    const says = (text: string) => plainServer((socket) => socket.write(text));
    const http = await plainServer((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    });
    expect(codesOf(await check(`localhost:${http}`))).toEqual(['http']);
    for (const [text, fix] of [
      ['220 mail.test ESMTP\r\n', '--starttls smtp'],
      ['* OK ready\r\n', '--starttls imap'],
      ['SSH-2.0-x\r\n', 'SSH'],
    ] as const) {
      const { problems } = await check(`localhost:${await says(text)}`);
      expect(problems).toEqual([expect.objectContaining({ code: 'not-tls' })]);
      expect(problems[0]?.fix).toContain(fix);
    }
  });

  test('an HTTP server that closes on what it does not know is still told', async () => {
    const { check } = await project();
    const port = await plainServer((socket) => {
      socket.once('data', (bytes) => {
        if (bytes.toString('latin1').startsWith('GET')) socket.end('HTTP/1.0 200 OK\r\n\r\n');
        else socket.destroy();
      });
    });
    expect(codesOf(await check(`localhost:${port}`))).toEqual(['http']);
  });

  test('a server that closes, hangs, hangs in the middle, sends without end', async () => {
    const { check } = await project();
    const closes = await plainServer((socket) => socket.once('data', () => socket.destroy()));
    expect(codesOf(await check(`localhost:${closes}`))).toEqual(['closed']);
    const hangs = await plainServer(() => undefined);
    expect(codesOf(await check(`127.0.0.1:${hangs}`, { timeout: 1 }))).toEqual(['no-answer']);
    const stops = await plainServer((socket) => {
      socket.write(Buffer.from('16030301000200', 'hex'));
    });
    expect(codesOf(await check(`127.0.0.1:${stops}`, { timeout: 1 }))).toEqual(['no-answer']);
    const endless = await plainServer((socket) => {
      const more = () => {
        while (socket.writable && socket.write(Buffer.alloc(16_384, 'x')));
      };
      socket.on('drain', more);
      more();
    });
    expect(codesOf(await check(`127.0.0.1:${endless}`, { timeout: 1 }))).toEqual(['not-tls']);
    const records = await plainServer((socket) => {
      const record = Buffer.concat([Buffer.from('1603034000', 'hex'), Buffer.alloc(0x4000)]);
      const more = () => {
        while (socket.writable && socket.write(record));
      };
      socket.on('drain', more);
      more();
    });
    expect((await check(`127.0.0.1:${records}`, { timeout: 1 })).isVerified).toBe(false);
  });

  test('old versions and weak ciphers are named', async () => {
    const { serve, check } = await project();
    const old = { ciphers: 'ALL:@SECLEVEL=0' };
    for (const version of ['TLSv1', 'TLSv1.1'] as const) {
      const port = await serve({ ...old, minVersion: version, maxVersion: version });
      const { problems } = await check(`localhost:${port}`);
      expect(problems[0]).toMatchObject({ code: 'tls-too-old' });
      expect(problems[0]?.message).toContain(version === 'TLSv1' ? 'TLS 1.0' : 'TLS 1.1');
    }
    const weak = await serve({
      ciphers: 'ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0',
      maxVersion: 'TLSv1.2',
    });
    expect(codesOf(await check(`localhost:${weak}`))).toEqual(['tls-weak']);
  });

  test('a name that the server does not serve', async () => {
    const { serve, check, context } = await project();
    const port = await serve({
      SNICallback: (name, done) => {
        done(new Error(`not "${name}"`));
      },
    });
    const result = await check(`localhost:${port}`);
    expect(result.isVerified).toBe(false);
    expect(['tls-refused', 'name-refused', 'closed']).toContain(codesOf(result)[0]);
    await expect(withServers(context, [`localhost:${port}`])).rejects.toMatchObject({
      code: 'command',
    });
  });

  test.runIf(hasShell)('the key of another certificate', async () => {
    const { serve, check, pair } = await project();
    const inner = await serve({ maxVersion: 'TLSv1.2' });
    const [own = '', issuer = ''] = pair.cert.split(/(?<=-----END CERTIFICATE-----\n)/);
    const other = make({ names: ['localhost'] });
    const port = await swapping(inner, [own, issuer], [other.der, new X509Certificate(issuer).raw]);
    const result = await check(`localhost:${port}`);
    expect(codesOf(result)[0]).toBe('wrong-key');
    expect(result.isVerified).toBe(false);
  });
});

describe('inspect() of a server', () => {
  test('shows what it sends on the screen that files have', async () => {
    const { serve, context } = await project();
    const target = `localhost:${await serve()}`;
    const { files } = inspect(context, await withServers(context, [target, '.devcert/key.pem']));
    expect(files[0]).toMatchObject({ file: target, kind: 'chain', format: 'pem' });
    expect(files[0]?.certificates[0]?.devcert).toEqual({ authority: 'default', as: 'leaf' });
  });

  test('a file of that name comes first', async () => {
    const { context, pair } = await project();
    writeFileSync(join(context.cwd, 'localhost:1'), pair.cert);
    expect(await withServers(context, ['localhost:1'])).toEqual(['localhost:1']);
  });
});

/** A server between, which puts other certificates into the TLS 1.2 handshake of the one behind it. */
function swapping(port: number, _own: readonly string[], others: readonly Buffer[]) {
  const list = Buffer.concat(others.flatMap((der) => [length(der.length, 3), der]));
  const body = Buffer.concat([length(list.length, 3), list]);
  const message = Buffer.concat([Buffer.from([11]), length(body.length, 3), body]);
  return plainServer((client: Socket) => {
    const behind = connect(port, '127.0.0.1').on('error', () => undefined);
    client.on('data', (bytes) => behind.write(bytes));
    client.on('close', () => behind.destroy());
    let seen = Buffer.alloc(0);
    behind.on('data', (bytes: Buffer) => {
      seen = Buffer.concat([seen, bytes]);
      while (seen.length >= 5 && seen.length >= 5 + seen.readUInt16BE(3)) {
        const end = 5 + seen.readUInt16BE(3);
        const record = seen.subarray(0, end);
        seen = seen.subarray(end);
        client.write(record[0] === 22 ? swapped(record, message) : record);
      }
    });
    behind.on('close', () => client.end());
  });
}

/** The record with another Certificate message; Node's server puts each message into a record of its own or all into one. */
function swapped(record: Buffer, message: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 5; at + 4 <= record.length;) {
    const end = at + 4 + record.readUIntBE(at + 1, 3);
    parts.push(record[at] === 11 ? message : record.subarray(at, end));
    at = end;
  }
  const content = Buffer.concat(parts);
  return Buffer.concat([record.subarray(0, 3), length(content.length, 2), content]);
}

function length(value: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntBE(value, 0, size);
  return bytes;
}
