import { describe, expect, test } from 'vitest';
import { inspectFile } from '../../src/inspect/file.ts';
import { chains, pemOf } from './chains.ts';

const around = { now: new Date(), authorities: [] };

describe('inspectFile() of a chain', () => {
  test.each(chains.map((it) => [it.title, it] as const))('finds what there is: %s', (_, it) => {
    const { problems } = inspectFile({ file: 'f', bytes: Buffer.from(pemOf(it.chain)) }, around);
    expect(problems.map(({ code }) => code)).toEqual(it.codes);
  });
});
