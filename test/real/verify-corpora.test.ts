/**
 * `verify` on chains that other people made to find false accepts: BetterTLS (its Go module makes them), NIST's PKITS
 * (a PyPI package ships them), and x509-limbo where `DEVCERT_TEST_LIMBO` names its `limbo.json`, which no registry carries.
 * `RECORD_SCORES=1` writes the scores for the guide,
 * and takes all of BetterTLS in the place of an eighth.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { BETTERTLS, betterTls } from '../corpora/bettertls.ts';
import { type Case, judge } from '../corpora/cases.ts';
import { limbo, LIMBO } from '../corpora/limbo.ts';
import { pkits, VECTORS } from '../corpora/pkits.ts';
import { readScores, RECORDING, recordScore, scoreOf, undeclared } from '../corpora/table.ts';
import { needs } from '../helpers/require.ts';

const folder = mkdtempSync(join(tmpdir(), 'devcert-corpora-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** As recorded, without an undeclared difference. */
async function expectScore(corpus: string, version: string, cases: readonly Case[]) {
  const answers = await judge(cases);
  expect(undeclared(answers)).toEqual([]);
  const score = scoreOf(corpus, version, answers);
  if (RECORDING) recordScore(score);
  else expect(readScores()).toContainEqual(score);
}

describe('verify() accepts nothing that it should not', () => {
  test('BetterTLS', { timeout: 1_500_000 }, async (context) => {
    const cases = await betterTls(folder);
    if (!needs(cases !== undefined, 'Go, or its module of BetterTLS')) context.skip();
    expect(cases?.length).toBeGreaterThan(8000);
    const version = BETTERTLS.split('@')[1] ?? '';
    if (RECORDING) await expectScore('BetterTLS', version, cases ?? []);
    const part = (cases ?? []).filter(({ id }, at) => id.includes('path') || at % 8 === 3);
    expect(undeclared(await judge(part))).toEqual([]);
  });

  test("NIST's PKITS", { timeout: 400_000 }, async (context) => {
    const cases = await pkits(folder);
    if (!needs(cases !== undefined, 'pip, or the package cryptography_vectors')) context.skip();
    expect(cases?.length).toBeGreaterThan(200);
    await expectScore('PKITS', VECTORS.replace('==', ' '), cases ?? []);
  });

  // No registry has it: without the file there is no such test.
  const file = LIMBO;
  if (file === undefined) return;
  test('x509-limbo', { timeout: 400_000 }, async () => {
    const cases = limbo(file);
    expect(cases.length).toBeGreaterThan(200);
    await expectScore('x509-limbo', 'without what it takes of BetterTLS', cases);
  });
});
