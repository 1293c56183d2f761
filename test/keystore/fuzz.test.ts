import { expect, test } from 'vitest';
import { fuzzedInChild } from '../helpers/fuzz-child.ts';

// The long runs are in test/real/fuzz.test.ts.
const count = 5000;
const seed = 20260501;
const fuzz = fuzzedInChild('test/keystore/fuzz.ts');

test(`readKeyStore() takes ${count} damaged files without a crash, a hang or a forgery`, async () => {
  const { read, refused } = await fuzz('fuzzReaders', count, seed);
  expect(read + refused).toBe(count);
  // Neither means that the damage is of no use.
  expect(read).toBeGreaterThan(count / 50);
  expect(refused).toBeGreaterThan(count / 2);
});

test('inspectFiles() tells of 1000 damaged files without a crash or a hang', async () => {
  const { read, refused } = await fuzz('fuzzInspect', 1000, seed);
  expect(read + refused).toBe(1000);
  expect(read).toBeGreaterThan(200);
  expect(refused).toBeGreaterThan(200);
});
