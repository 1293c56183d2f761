import { expect, test } from 'vitest';
import { findingCodes } from '../../src/cli/finding-words.ts';
import { lints } from './lints.ts';

test('every rule has one row, with a code that there is and what to do, or a reason', () => {
  expect(new Set(lints.map(({ rule }) => rule)).size).toBe(lints.length);
  const known = new Set<string>(['-', ...findingCodes]);
  expect(lints.filter(({ code, text }) => !known.has(code) || text.length < 15)).toEqual([]);
});

test('every code stands in the table', () => {
  const used = new Set(lints.map(({ code }) => code));
  expect(findingCodes.filter((code) => !used.has(code))).toEqual([]);
});
