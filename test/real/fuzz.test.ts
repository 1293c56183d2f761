/**
 * More than 100,000 damaged and hostile inputs for everything that reads other people's files: no crash, no hang,
 * no accepted forgery, in child processes with limits of time and memory. Another seed each time with
 * DEVCERT_TEST_FUZZ_SEED.
 */
import { expect, test } from 'vitest';
import { fuzzedInChild } from '../helpers/fuzz-child.ts';

const seed = Number(process.env.DEVCERT_TEST_FUZZ_SEED ?? 20260503);
const run = {
  keystore: fuzzedInChild('test/keystore/fuzz.ts'),
  keys: fuzzedInChild('test/keystore/fuzz-keys.ts'),
  csrs: fuzzedInChild('test/certificate/csr-fuzz.ts'),
  chains: fuzzedInChild('test/inspect/fuzz-chains.ts'),
};

// Each in a child: at once, as many as there are cores on any machine.
test.concurrent.each([
  ['PEM, PKCS#7, PKCS#12 and JKS', 60_000, run.keystore, 'fuzzReaders'],
  ['CSRs', 25_000, run.csrs, 'fuzzCsrs'],
  ['files to inspect', 15_000, run.keystore, 'fuzzInspect'],
  ['keys of every kind', 30_000, run.keys, 'fuzzKeys'],
  ['chains with thousands of names and constraints', 250, run.chains, 'fuzzChains'],
] as const)(
  '%s: %i inputs',
  async (_, count, fuzz, name) => {
    const { read, refused } = await fuzz(name, count, seed);
    // Of keys, one of every kind beside them.
    expect(read + refused).toBeGreaterThanOrEqual(count);
    // Neither means that the damage is of no use.
    expect(read).toBeGreaterThan(count / 50);
    expect(refused).toBeGreaterThan(count / 10);
  },
  600_000,
);
