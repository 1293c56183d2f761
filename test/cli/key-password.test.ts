/** At a terminal: a store whose key has a password of its own asks for one after the other. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { DIGEST_LENGTH, digestOf } from '../../src/keystore/jks-format.ts';
import { encodeJksKeyStore } from '../../src/keystore/jks.ts';
import { hasShell } from '../helpers/can.ts';
import { freshHome, type Home } from '../helpers/cli.ts';
import { needs } from '../helpers/require.ts';
import { findProgram } from '../helpers/run.ts';
import { type Answer, typed } from '../helpers/typed.ts';
import { odd } from '../keystore/odd-files.ts';

const hasTerminal = hasShell && needs(findProgram('python3') !== undefined, 'python3');
let home: Home;

beforeEach(() => {
  home = freshHome();
});

const at = (name: string) => join(home.project, name);
const [storePassword, keyPassword] = ['storepass', 'keypass1'];

/** Issuer and root of another machine, as a JKS in which the key is under another password. */
async function authorityStore(): Promise<void> {
  const other = freshHome();
  expect((await other.run(['localhost'])).status).toBe(0);
  const [issuer, root] = ['issuer.pem', 'root.pem'].map(
    (name) => new X509Certificate(readFileSync(join(other.state, name))),
  );
  if (issuer === undefined || root === undefined) throw new Error('no authority');
  const key = createPrivateKey(readFileSync(join(other.state, 'issuer-key.pem')));
  const entry = { key, certificates: [issuer.raw, root.raw] };
  const body = encodeJksKeyStore({ ...entry, alias: 'ca' }, keyPassword, new Date());
  const own = body.subarray(0, -DIGEST_LENGTH);
  writeFileSync(at('ca.jks'), Buffer.concat([own, digestOf(own, storePassword)]));
}

const typedAt = (args: string, ...answers: readonly Answer[]) =>
  typed(
    args.split(' '),
    answers.map(([asked, answer]) => [asked, `${answer}\r`] as const),
    { env: { ...home.env, CI: '' }, cwd: home.project },
  );

const both = [
  ['Password for the encrypted file', storePassword],
  ['Password for the key in it, which has one of its own', keyPassword],
] as const;

describe.runIf(hasTerminal)('a key with a password of its own', () => {
  test('is asked for by inspect, and Enter goes without', async () => {
    writeFileSync(at('own.p12'), odd.ownPassword);
    const second = 'Password for the key in own.p12, which has one of its own';
    const first = ['Password for own.p12', storePassword] as const;
    const opened = await typedAt('inspect own.p12', first, [second, keyPassword]);
    expect(opened).toMatchObject({ status: 0 });
    expect(opened.output).toContain('P-256 (elliptic curve), belongs to the certificate');
    const locked = await typedAt('inspect own.p12', first, [second, '']);
    expect(locked.status).toBe(0);
    expect(locked.output).toContain('encrypted, needs a password of its own');
    for (const { output } of [opened, locked]) expect(output).not.toMatch(/storepass|keypass1/);
  });

  test('is asked for by csr --key-file and ca import', async () => {
    await authorityStore();
    const outputs: string[] = [];
    for (const args of [
      'csr own.test --key-file ca.jks --out csr',
      'ca import --name own ca.jks',
    ]) {
      const { status, output } = await typedAt(args, ...both);
      expect({ status, output }).toMatchObject({ status: 0 });
      outputs.push(output);
      expect(output).not.toMatch(/storepass|keypass1/);
    }
    expect(readFileSync(at('csr/csr.pem'), 'utf8')).toContain('BEGIN CERTIFICATE REQUEST');
    expect(outputs[1]).toContain('Imported the CA own');
  });

  test('and a wrong one is refused', async () => {
    writeFileSync(at('own.p12'), odd.ownPassword);
    const [store, [asked]] = both;
    const refused = await typedAt('csr own.test --key-file own.p12', store, [asked, 'keypass2']);
    expect(refused.status).toBe(1);
    expect(refused.output).toContain('the password does not open the private key');
  });
});
