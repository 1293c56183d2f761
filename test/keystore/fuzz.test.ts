import { expect, test } from 'vitest';
import { fuzzReaders } from './fuzz.ts';

// More in CI: DEVCERT_TEST_FUZZ=100000, and another seed each time with DEVCERT_TEST_FUZZ_SEED.
const count = Number(process.env.DEVCERT_TEST_FUZZ ?? 5000);
const seed = Number(process.env.DEVCERT_TEST_FUZZ_SEED ?? 20260501);

test(`readKeyStore() takes ${count} damaged files without a crash, a hang or a forgery`, () => {
  const { read, refused, slowestMs } = fuzzReaders(count, seed);
  expect(read + refused).toBe(count);
  // Neither means that the damage is of no use.
  expect(read).toBeGreaterThan(count / 50);
  expect(refused).toBeGreaterThan(count / 2);
  expect(slowestMs).toBeLessThan(1000);
}, 600_000);
