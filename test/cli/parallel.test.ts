/** Many at once, and killed at any moment: one authority, whole pairs, and the next run goes on. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readLedger } from '../../src/ledger/ledger.ts';
import { freshHome } from '../helpers/cli.ts';
import { stateNames } from '../helpers/state.ts';

function verifies(folder: string, state: string): boolean {
  const leaf = new X509Certificate(readFileSync(join(folder, 'cert.pem')));
  const issuer = new X509Certificate(readFileSync(join(state, 'issuer.pem')));
  const root = new X509Certificate(readFileSync(join(state, 'root.pem')));
  const key = createPrivateKey(readFileSync(join(folder, 'key.pem')));
  const ca = new X509Certificate(readFileSync(join(folder, 'ca.pem')));
  return (
    leaf.verify(issuer.publicKey) &&
    issuer.verify(root.publicKey) &&
    leaf.checkPrivateKey(key) &&
    ca.fingerprint256 === root.fingerprint256
  );
}

describe('devcert, many at once', () => {
  test('50 parallel first runs: one authority, 50 certificates that verify (statement 1)', async () => {
    const { run, project, state } = freshHome();
    const runs = Array.from({ length: 50 }, (_, i) => run([`app${i}.test`, '--out', `out${i}`]));
    const ended = await Promise.all(runs);
    expect(ended.filter(({ status }) => status !== 0)).toEqual([]);
    expect(ended.filter(({ stderr }) => stderr.includes('nothing trusts it yet'))).toHaveLength(1);
    for (let i = 0; i < 50; i++) expect(verifies(join(project, `out${i}`), state)).toBe(true);
    expect(readLedger(state)).toHaveLength(50);
    expect(stateNames(state)).toEqual([
      'devcert-state.json',
      'folders',
      'issuer-key.pem',
      'issuer.pem',
      'ledger.jsonl',
      'root.pem',
    ]);
  });

  test('20 at once into one folder: one pair that belongs together', async () => {
    const { run, project, state } = freshHome();
    const names = (i: number) => (i % 2 === 0 ? ['localhost'] : ['localhost', 'api.test']);
    const ended = await Promise.all(Array.from({ length: 20 }, (_, i) => run(names(i))));
    expect(ended.filter(({ status }) => status !== 0)).toEqual([]);
    expect(verifies(join(project, '.devcert'), state)).toBe(true);
    expect(readLedger(state)).toHaveLength(1);
  });

  test('killed at any moment of creation or issuing, the next run completes (statements 2 and 19)', async () => {
    for (let round = 0; round < 40; round++) {
      const { run, project, state } = freshHome();
      // From before the first system call to after the last one, in steps of 2.5 ms.
      await run([], { killAfterMs: 20 + round * 2.5 });
      const ran = await run([]);
      expect([round, ran.status, ran.stderr]).toEqual([round, 0, ran.stderr]);
      expect(verifies(join(project, '.devcert'), state)).toBe(true);
      expect(existsSync(join(state, 'journal.json'))).toBe(false);
      // And a new pair over the old one, killed as well.
      await run(['--force'], { killAfterMs: 20 + round * 2.5 });
      expect(await run(['other.test'])).toMatchObject({ status: 0 });
      expect(verifies(join(project, '.devcert'), state)).toBe(true);
    }
  });
});
