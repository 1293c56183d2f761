import { describe, expect, test } from 'vitest';
import { checked, textsOf } from '../src/arguments.ts';
import * as devcert from '../src/index.ts';

type Call = (...args: unknown[]) => Promise<unknown>;
const functions = Object.entries(devcert as unknown as Record<string, Call>).filter(
  ([name]) => !['DevcertError', 'recipes', 'listAuthorities'].includes(name),
);
/** Wrong whether it is a name, a list, a CSR, or options: nothing takes a number or this list. */
const wrong = [7, [7], Symbol.iterator];

describe('the library', () => {
  test.each(functions)('%s() refuses wrong types as `usage`', async (_, call) => {
    for (const value of wrong)
      await expect(call(value, value, {})).rejects.toMatchObject({ code: 'usage' });
  });

  test.each([{ cn: 7 }, { out: ['x'] }, { force: 'yes' }, { permit: [7] }, { client: [{}] }])(
    'refuses the option %j',
    (options) => {
      expect(() => checked(options)).toThrow(expect.objectContaining({ code: 'usage' }) as Error);
    },
  );

  test('takes one name alone for one name, not for its letters', async () => {
    expect(textsOf('localhost', 'names')).toEqual(['localhost']);
    expect(checked({ permit: 'corp.example', client: true })).toEqual({
      permit: ['corp.example'],
      client: true,
    });
    // "*.test" as letters would be told as "*".
    const refused = { code: 'invalid-name', message: expect.stringContaining('*.test') as string };
    await expect(devcert.certificateFor('*.test')).rejects.toMatchObject(refused);
    await expect(devcert.issue('*.test')).rejects.toMatchObject(refused);
    await expect(devcert.csr('*.test')).rejects.toMatchObject(refused);
  });
});
