import { expect, test } from 'vitest';
import { fuzzedInChild } from '../helpers/fuzz-child.ts';
import type { KeysResult } from './fuzz-keys.ts';

const fuzz = fuzzedInChild('test/keystore/fuzz-keys.ts');

test('keys of every kind, whole and damaged, are read or refused by a process that lives on', async () => {
  const { read, refused, kinds } = await fuzz<KeysResult>('fuzzKeys', 3000, 20260504);
  expect(kinds).toBeGreaterThan(20);
  expect(read).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(500);
});
