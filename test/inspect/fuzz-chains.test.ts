import { expect, test } from 'vitest';
import { fuzzedInChild } from '../helpers/fuzz-child.ts';
import type { ChainsResult } from './fuzz-chains.ts';

const fuzz = fuzzedInChild('test/inspect/fuzz-chains.ts');

// The long run is in test/real/fuzz.test.ts.
test('thousands of names under thousands of subtrees of every kind are judged, in seconds', async () => {
  const { read, refused, largest } = await fuzz<ChainsResult>('fuzzChains', 25, 20260505);
  expect(read + refused).toBe(25);
  expect(read).toBeGreaterThan(1);
  expect(refused).toBeGreaterThan(1);
  expect(largest.names).toBeGreaterThan(9900);
  expect(largest.subtrees).toBeGreaterThan(20_000);
});
