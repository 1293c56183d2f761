/** `devcert csr` and `devcert sign` by the command line. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { encodePrivateKey, generateKey } from '../../src/keys.ts';
import { encodePem } from '../../src/keystore/pem.ts';
import { encodeEncryptedKey, pkcs8Of } from '../../src/keystore/encrypted-key.ts';
import { findCsr } from '../../src/certificate/csr-file.ts';
import { readCsr } from '../../src/x509/csr.ts';
import { OID } from '../../src/x509/oids.ts';
import { readNames, readUsages } from '../../src/x509/read.ts';
import { hasLinks, seenMode } from '../helpers/can.ts';
import { freshHome, twoLines } from '../helpers/cli.ts';
import { altNames, buildCsr, DNS, extension } from '../helpers/csr.ts';
import { boolean, sequence } from '../../src/x509/der.ts';

const key = generateKey('p256');
const good = buildCsr({ key, extensions: [altNames([DNS, 'localhost'])] });
const pem = (der: Buffer) => encodePem('CERTIFICATE REQUEST', der);
const load = (file: string) => new X509Certificate(readFileSync(file));

describe('devcert csr', () => {
  test('makes a key and a CSR that devcert sign turns into a whole folder', async () => {
    const { run, project, state } = freshHome();
    const folder = join(project, '.devcert/csr');
    const made = await run(['csr', 'localhost', 'api.test']);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout).toContain('Made a CSR for localhost, api.test');
    expect(readdirSync(folder).sort()).toEqual(['.gitignore', 'csr.pem', 'key.pem']);
    expect(statSync(join(folder, 'key.pem')).mode & 0o777).toBe(seenMode(0o600));
    expect(existsSync(state)).toBe(false); // no authority for it
    expect((await run(['csr', 'localhost', 'api.test'])).stdout).toContain('is there already');

    const signed = await run(['sign', '.devcert/csr/csr.pem']);
    expect(signed.stdout).toContain('Signed a certificate for localhost, api.test');
    const certificate = load(join(folder, 'cert.pem'));
    expect(certificate.checkPrivateKey(keyIn(folder))).toBe(true);
    expect(existsSync(join(folder, 'ca.pem'))).toBe(true);
    const again = await run(['sign', '.devcert/csr/csr.pem']);
    expect(again.stdout).toContain('is there already for localhost');
    expect(load(join(folder, 'cert.pem')).fingerprint256).toBe(certificate.fingerprint256);
  });

  test('never replaces a key without --force, and uses the one that is there', async () => {
    const { run, project } = freshHome();
    const folder = join(project, '.devcert/csr');
    await run(['csr', 'localhost']);
    const before = readFileSync(join(folder, 'key.pem'), 'utf8');
    const other = await run(['csr', 'other.test', '--json']);
    expect(JSON.parse(other.stdout)).toMatchObject({ written: true, keyCreated: false });
    expect(readFileSync(join(folder, 'key.pem'), 'utf8')).toBe(before);
    const kind = await run(['csr', 'other.test', '--key', 'p384']);
    expect(kind.status).toBe(2);
    expect(twoLines(kind).error).toContain('holds a key of type p256 already');
    await run(['csr', 'other.test', '--key', 'p384', '--force']);
    expect(readFileSync(join(folder, 'key.pem'), 'utf8')).not.toBe(before);
    writeFileSync(join(folder, 'csr.pem'), 'somebody’s notes');
    expect((await run(['csr', 'other.test'])).status).toBe(1);
    expect(readFileSync(join(folder, 'csr.pem'), 'utf8')).toBe('somebody’s notes');
  });

  test('the key of a certificate in .devcert stays as it is', async () => {
    const { run, project } = freshHome();
    await run(['localhost']);
    const before = readFileSync(join(project, '.devcert/key.pem'), 'utf8');
    await run(['csr', 'localhost']);
    expect(readFileSync(join(project, '.devcert/key.pem'), 'utf8')).toBe(before);
    // A folder with a signed CSR's key is not one to issue into.
    await run(['sign', '.devcert/csr/csr.pem']);
    const clash = await run(['localhost', '--out', '.devcert/csr', '--days', '9']);
    expect(clash.status).toBe(1);
    expect(twoLines(clash).error).toContain('key.pem" is there already');
  });

  test('--key-file: PEM, DER, encrypted, and everything that is no key', async () => {
    const { run, project } = freshHome();
    const file = (name: string, data: string | Buffer) => {
      writeFileSync(join(project, name), data, { mode: 0o600 });
      return name;
    };
    file('password', 'correct horse\n');
    const encrypted = file('encrypted.pem', encodeEncryptedKey(key, 'correct horse'));
    const cases = [
      [[file('key.pem', encodePrivateKey(key))], 0],
      [[file('key.der', pkcs8Of(key))], 0],
      [[encrypted, '--password-file', 'password'], 0],
      [[encrypted], 1],
      [[file('empty', '')], 1],
      [[file('csr', pem(good))], 1],
      [['missing'], 1],
    ] as const;
    for (const [args, status] of cases) {
      const ran = await run(['csr', 'localhost', '--out', 'c', '--key-file', ...args]);
      expect([args, ran.status]).toEqual([args, status]);
      if (status !== 0) twoLines(ran);
    }
    const { publicKey } = readCsr(findCsr(readFileSync(join(project, 'c/csr.pem'))));
    expect(publicKey.equals(readCsr(good).publicKey)).toBe(true);
    expect(existsSync(join(project, 'c/key.pem'))).toBe(false);
  });

  test('--der, --cn, --client, and no link is followed', async () => {
    const { run, project } = freshHome();
    await run(['csr', '--client', 'alice', '--der', '--out', 'c']);
    const csr = readCsr(readFileSync(join(project, 'c/csr.der')));
    expect(csr.subject).toEqual([{ type: OID.commonName, value: 'alice (devcert client)' }]);
    await run(['csr', 'localhost', '--cn', 'My server', '--out', 'd']);
    const named = readCsr(findCsr(readFileSync(join(project, 'd/csr.pem'))));
    expect(named.subject[0]?.value).toBe('My server');
    if (!hasLinks) return;
    mkdirSync(join(project, 'elsewhere'));
    symlinkSync('elsewhere', join(project, '.devcert'));
    expect((await run(['csr', 'localhost'])).status).toBe(1);
    expect(readdirSync(join(project, 'elsewhere'))).toEqual([]);
  });
});

describe('devcert sign', () => {
  test('PEM, DER, with text around it, and from a pipe to a pipe (statement 29)', async () => {
    const { run, project } = freshHome();
    writeFileSync(join(project, 'a.csr'), pem(good));
    writeFileSync(join(project, 'b.der'), good);
    writeFileSync(join(project, 'c.txt'), `0 some text\r\n${pem(good).replace(/\n/g, '\r\n')}more`);
    for (const [file, made] of [
      ['a.csr', 'a.crt'],
      ['b.der', 'b.crt'],
      ['c.txt', 'c.crt'],
    ] as const) {
      const ran = await run(['sign', file]);
      expect(ran.stdout).toContain(join(project, made));
      expect(readNames(load(join(project, made)).raw)).toEqual(['localhost']);
    }
    for (const input of [good, pem(good)]) {
      const piped = await run(['sign', '-'], { input });
      expect(piped.status).toBe(0);
      expect(piped.stdout.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
      expect(readNames(new X509Certificate(piped.stdout).raw)).toEqual(['localhost']);
    }
    expect(readdirSync(project).sort()).toEqual(
      ['a.crt', 'a.csr', 'b.crt', 'b.der', 'c.crt', 'c.txt'].sort(),
    );
  });

  test('what is dropped is told, on stderr where the certificate goes to stdout', async () => {
    const { run, project } = freshHome();
    const greedy = pem(
      buildCsr({
        key,
        extensions: [
          altNames([DNS, 'localhost']),
          extension(OID.basicConstraints, sequence(boolean(true))),
        ],
      }),
    );
    writeFileSync(join(project, 'a.csr'), greedy);
    const ran = await run(['sign', 'a.csr', '--client', '--days', '9']);
    expect(ran.status).toBe(0);
    expect(ran.stdout).toContain('Not granted:\n  CA:TRUE');
    expect(readUsages(load(join(project, 'a.crt')).raw)).toEqual(['clientAuth']);
    const piped = await run(['sign', '-'], { input: greedy });
    expect(piped.stderr).toContain('note: not granted: CA:TRUE');
    expect(piped.stdout).not.toContain('CA:TRUE');
    const json = JSON.parse((await run(['sign', 'a.csr', '--json'])).stdout) as object;
    expect(json).toMatchObject({ dropped: ['CA:TRUE: the certificate can sign no others'] });
  });

  test('what is bad is refused in two lines, and nothing is written (statement 27)', async () => {
    const { run, project } = freshHome();
    const google = pem(buildCsr({ key, extensions: [altNames([DNS, 'google.com'])] }));
    const escaped = pem(buildCsr({ key, extensions: [altNames([DNS, '../escaped'])] }));
    const forged = pem(
      buildCsr({ key, extensions: [altNames([DNS, 'localhost'])], tamper: () => Buffer.alloc(9) }),
    );
    const cases = [
      [google, 6],
      [escaped, 2],
      [forged, 1],
      ['', 1],
      ['garbage', 1],
      [encodePrivateKey(key), 1],
      [pem(good) + pem(good), 1],
      [Buffer.concat([good, Buffer.of(0)]), 1],
      [Buffer.alloc(10_000_000, 0x30), 1],
      [Buffer.alloc(10_000_000, 'A'), 1],
    ] as const;
    for (const [input, status] of cases) {
      const ran = await run(['sign', '-', '--out', 'o'], { input });
      expect([input.length, ran.status]).toEqual([input.length, status]);
      expect(twoLines(ran).error).not.toContain('PRIVATE KEY-----');
    }
    writeFileSync(join(project, 'big.csr'), Buffer.alloc(10_000_000, 0x30));
    for (const args of [['big.csr'], ['missing.csr'], ['.'], [], ['a', 'b']])
      twoLines(await run(['sign', ...args]));
    expect(readdirSync(project)).toEqual(['big.csr']);
  });

  test('overwrites neither what is not ours nor the certificate of another key', async () => {
    const { run, project } = freshHome();
    writeFileSync(join(project, 'a.csr'), pem(good));
    writeFileSync(join(project, 'a.crt'), 'not ours');
    expect((await run(['sign', 'a.csr'])).status).toBe(1);
    expect(readFileSync(join(project, 'a.crt'), 'utf8')).toBe('not ours');
    expect((await run(['sign', 'a.csr', '--force'])).status).toBe(0);

    await run(['localhost']);
    const before = readFileSync(join(project, '.devcert/cert.pem'), 'utf8');
    const clash = await run(['sign', 'a.csr', '--out', '.devcert']);
    expect(clash.status).toBe(1);
    expect(twoLines(clash).error).toContain('is for another key');
    expect(readFileSync(join(project, '.devcert/cert.pem'), 'utf8')).toBe(before);
    writeFileSync(join(project, 'x.crt'), pem(good));
    expect((await run(['sign', 'x.crt'])).status).toBe(2); // would overwrite the CSR
  });

  test('a replaced authority signs the same key again', async () => {
    const { run, project } = freshHome();
    writeFileSync(join(project, 'a.csr'), pem(good));
    await run(['sign', 'a.csr', '--client']);
    const before = load(join(project, 'a.crt'));
    await run(['install', '--stores', 'nss', '--permit', 'corp.com']);
    const after = load(join(project, 'a.crt'));
    expect(after.fingerprint256).not.toBe(before.fingerprint256);
    expect(after.publicKey.equals(before.publicKey)).toBe(true);
    expect(after.subject).toBe(before.subject);
  });
});

function keyIn(folder: string) {
  return createPrivateKey(readFileSync(join(folder, 'key.pem')));
}
