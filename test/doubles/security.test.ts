/** The double of `security` is as strict as what it stands for: else tests over it would prove nothing. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Authority } from '../../src/authority/authority.ts';
import { forgeLeaf, issueFor, makeAuthority, purpose } from '../helpers/forge.ts';
import { temporaryFolder } from '../helpers/host.ts';
import { type Knobs, security, securityProcess } from '../helpers/macos.ts';

let authority: Authority;
beforeAll(async () => {
  authority = await makeAuthority();
});

function keychains() {
  const root = temporaryFolder();
  const file = (name: string, text: string) => {
    mkdirSync(join(root, 'Library/Keychains'), { recursive: true });
    writeFileSync(join(root, name), text);
    return join(root, name);
  };
  const login = file('login.keychain-db', '');
  file('Library/Keychains/System.keychain', '');
  const ca = file('ca.pem', authority.rootPem);
  const issuer = file('issuer.pem', authority.chainPem);
  const run = (args: readonly string[], knobs: Knobs = {}, uid = 501) =>
    security(args, { root, home: root, uid, ...knobs });
  const verify = (leaf: string, name = 'localhost') =>
    run([
      ...['verify-cert', '-c', file('leaf.pem', leaf), '-c', issuer, '-c', ca],
      ...['-p', 'ssl', '-n', name, '-L', '-q'],
    ]);
  return { root, login, ca, run, verify, held: () => readFileSync(login, 'utf8') };
}

const system = '/Library/Keychains/System.keychain';
const good = ['-r', 'trustRoot', '-p', 'ssl', '-p', 'basic'];

describe('the double of security', () => {
  test.each([
    [['add-trusted-cert', '-x'], 2, 'illegal option'],
    [['add-trusted-cert', '-k'], 2, 'requires an argument'],
    [['add-trusted-cert'], 2, 'Usage'],
    [['add-trusted-cert', 'a.pem', '-d'], 2, 'Usage'], // BSD getopt stops at the first word
    [['add-trusted-cert', '-r', 'deny', 'a.pem'], 70, 'model'],
    [['add-trusted-cert', '-p', 'smime', 'a.pem'], 70, 'model'],
    [['delete-certificate', '-Z', 'AB', '-t', 'k'], 70, 'model'], // it would skip the removal
    [['delete-certificate', '-c', 'name', 'k'], 70, 'model'],
    [['find-certificate', '-c', 'name', 'k'], 70, 'model'],
    [['find-certificate', '-a', '-c', 'name', '-Z', '/nowhere'], 70, 'model'],
    [['verify-cert', '-c', 'a.pem', '-n', 'h', '-p', 'ssl'], 70, 'model'],
    [['authorizationdb', 'write'], 70, 'model'],
    [[], 70, 'model'],
  ])('%j ends with %i', (args, exitCode, words) => {
    const result = keychains().run(args);
    expect(result.exitCode).toBe(exitCode);
    expect(result.stderr).toContain(words);
  });

  test('as a program it says and does the same', async () => {
    const { root, login, ca, run } = keychains();
    const where = { root, home: root };
    const add = ['add-trusted-cert', ...good, '-k', login, ca];
    for (const knobs of [{ ui: 'none' }, { ui: 'cancel', locked: true }, {}] as const)
      expect(await securityProcess(add, { ...where, ...knobs })).toEqual(run(add, knobs));
    const find = ['find-certificate', '-a', '-c', 'devcert', '-Z', login];
    expect(await securityProcess(find, where)).toEqual(run(find));
    expect(run(find).stdout).toContain('SHA-256 hash');
    expect(await securityProcess(['lock'], where)).toMatchObject({ exitCode: 70 });
  });

  test('a cancelled dialog leaves the certificate in the keychain, untrusted', async () => {
    const { run, login, ca, held, verify } = keychains();
    const leaf = (await issueFor(authority, ['localhost'])).certificate.toString();
    const result = run(['add-trusted-cert', ...good, '-k', login, ca], { ui: 'cancel' });
    expect(result).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/canceled/) as string,
    });
    expect(held()).toContain(authority.root.raw.toString('base64'));
    expect(verify(leaf).exitCode).toBe(1);
  });

  test('without -k no keychain is written; a second time is no failure', () => {
    const { run, login, ca, held } = keychains();
    expect(run(['add-trusted-cert', ...good, ca]).exitCode).toBe(0);
    expect(held()).toBe('');
    for (let i = 0; i < 2; i++)
      expect(run(['add-trusted-cert', ...good, '-k', login, ca]).exitCode).toBe(0);
    const found = run(['find-certificate', '-a', '-c', 'devcert ROOT', '-Z', login]);
    const sha256 = authority.root.fingerprint256.replaceAll(':', '');
    expect(found.stdout.match(/^SHA-256 hash: (.*)$/gm)).toEqual([`SHA-256 hash: ${sha256}`]);
    expect(run(['find-certificate', '-a', '-c', 'nobody', '-Z', login])).toMatchObject({
      exitCode: 0,
      stdout: '',
    });
  });

  test('removing what is not there exits with 1 and Apple’s words', () => {
    const { run, login, ca } = keychains();
    expect(run(['remove-trusted-cert', ca])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('No Trust Settings were found') as string,
    });
    expect(run(['delete-certificate', '-Z', 'AB', login])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('Unable to delete certificate matching') as string,
    });
    expect(run(['trust-settings-export', join(login, '../out')]).exitCode).toBe(1);
  });

  test('the machine’s settings: root may add without SIP, the last removal always asks', () => {
    const { run, ca } = keychains();
    const add = ['add-trusted-cert', '-d', ...good, '-k', system, ca];
    expect(run(add, { ui: 'none' }, 0).exitCode).toBe(1);
    expect(run(add, { ui: 'none', sip: 'off' }, 501).exitCode).toBe(1);
    expect(run(add, { ui: 'none', sip: 'off' }, 0).exitCode).toBe(0);
    const remove = ['remove-trusted-cert', '-d', ca];
    expect(run(remove, { ui: 'none', sip: 'off' }, 0).exitCode).toBe(1);
    expect(run(remove, {}, 0).exitCode).toBe(0);
  });

  test('verify-cert judges chain, name, date, purpose and constraints', async () => {
    const { run, ca, verify } = keychains();
    const dns = (value: string) => ({ names: [{ type: 'dns' as const, value }] });
    const ip = (value: string) => ({ names: [{ type: 'ip' as const, value }] });
    const leaf = (await issueFor(authority, ['localhost', '127.0.0.1'])).certificate.toString();
    expect(verify(leaf).exitCode).toBe(1);
    run(['add-trusted-cert', ...good, ca]);
    expect(verify(leaf).exitCode).toBe(0);
    expect(verify(leaf, '127.0.0.1').exitCode).toBe(0);
    expect(verify(leaf, 'other.test').exitCode).toBe(1);
    const forge = async (forgery: Parameters<typeof forgeLeaf>[1]) =>
      (await forgeLeaf(authority, forgery)).certificate.toString();
    const year = 366 * 86_400_000;
    const bad = [
      [await forge(dns('bank.com')), 'bank.com'],
      [await forge(ip('8.8.8.8')), '8.8.8.8'],
      [await forge({ ...dns('localhost'), purpose: purpose('1.3.6.1.5.5.7.3.3') }), 'localhost'],
      [
        await forge({ ...dns('localhost'), notAfter: new Date(Date.now() + 3 * year) }),
        'localhost',
      ],
      [await forge({ ...dns('localhost'), notAfter: new Date(Date.now() - 1000) }), 'localhost'],
    ] as const;
    for (const [pem, name] of bad)
      expect({ name, exitCode: verify(pem, name).exitCode }).toEqual({ name, exitCode: 1 });
    const fine = [
      [await forge(dns('a.test')), 'a.test'],
      [await forge(ip('10.1.2.3')), '10.1.2.3'],
    ] as const;
    for (const [pem, name] of fine)
      expect({ name, exitCode: verify(pem, name).exitCode }).toEqual({ name, exitCode: 0 });
    expect(verify(authority.rootPem).exitCode).toBe(70);
  });
});
