import { expect, test } from 'vitest';
import { fuzzedInChild } from '../helpers/fuzz-child.ts';

const fuzz = fuzzedInChild('test/certificate/csr-fuzz.ts');

// The long runs are in test/real/fuzz.test.ts.
test('readCsr() and grantCsr() take 3000 hostile CSRs and grant nothing that is not harmless', async () => {
  const { read, refused } = await fuzz('fuzzCsrs', 3000, 20260502);
  expect(read + refused).toBe(3000);
  // Signatures are random, so it is never the same number.
  expect(read).toBeGreaterThan(60);
  expect(refused).toBeGreaterThan(1000);
});
