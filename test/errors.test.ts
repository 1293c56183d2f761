import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { asError, DevcertError, isError, systemCode } from '../src/errors.ts';

// In Jest a test has classes of its own, so that what Node throws is no instance of its `Error`.
const elsewhere = (code: string): unknown => runInNewContext(code);

describe('errors of another realm', () => {
  test('are known by isError(), and by their class', () => {
    const range = elsewhere("new RangeError('x')");
    expect(range).not.toBeInstanceOf(Error);
    expect([isError(range), isError(range, 'RangeError'), isError(range, 'SyntaxError')]).toEqual([
      true,
      true,
      false,
    ]);
    expect(isError(new DevcertError('file', 'x'))).toBe(true);
    for (const other of [undefined, null, 'Error', { message: 'x' }, Object.create(null)])
      expect(isError(other)).toBe(false);
  });

  test('have their system code', () => {
    expect(systemCode(elsewhere("Object.assign(new Error('x'), { code: 'ENOENT' })"))).toBe(
      'ENOENT',
    );
    expect(systemCode(elsewhere("Object.assign(new Error('x'), { code: 5 })"))).toBeUndefined();
    expect(systemCode({ code: 'ENOENT' })).toBeUndefined();
  });

  test('stay themselves in asError()', () => {
    const error = elsewhere("new TypeError('x')");
    expect(asError(error)).toBe(error);
    expect(asError('x')).toMatchObject({ message: 'not an error', cause: 'x' });
  });
});
