import { expect, test } from 'vitest';
import { fuzzCsrs } from './csr-fuzz.ts';

// The long runs are in test/real/fuzz.test.ts.
test('readCsr() and grantCsr() take 3000 hostile CSRs and grant nothing that is not harmless', () => {
  const { read, refused } = fuzzCsrs(3000, 20260502);
  expect(read + refused).toBe(3000);
  // Signatures are random, so it is never the same number.
  expect(read).toBeGreaterThan(60);
  expect(refused).toBeGreaterThan(1000);
}, 120_000);
