/**
 * 100,000 damaged and hostile inputs for everything that reads other people's files: no crash, no hang, no
 * accepted forgery. Another seed each time with DEVCERT_TEST_FUZZ_SEED.
 */
import { expect, test } from 'vitest';
import { fuzzCsrs } from '../certificate/csr-fuzz.ts';
import { fuzzInspect, fuzzReaders } from '../keystore/fuzz.ts';

const seed = Number(process.env.DEVCERT_TEST_FUZZ_SEED ?? 20260503);

test.each([
  ['PEM, PKCS#7, PKCS#12 and JKS', 60_000, fuzzReaders],
  ['CSRs', 25_000, fuzzCsrs],
  ['files to inspect', 15_000, fuzzInspect],
] as const)(
  '%s: %i inputs',
  (_, count, run) => {
    const { read, refused } = run(count, seed);
    expect(read + refused).toBe(count);
    // Neither means that the damage is of no use.
    expect(read).toBeGreaterThan(count / 50);
    expect(refused).toBeGreaterThan(count / 10);
  },
  600_000,
);
