import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isStaged, removeStaged } from '../../src/authority/staged.ts';
import { temporaryFolder } from '../helpers/host.ts';

describe('isStaged()', () => {
  test.each([
    ['all of an authority', ['issuer-key.pem', 'issuer.pem', 'origin.json', 'root.pem'], true],
    ['what is left of it', ['root.pem'], true],
    ['a file on its way', ['.root.pem.12-0123456789abcdef.devcert-tmp'], true],
    ['nothing', [], true],
    ['a page', ['page.tsx'], false],
    ['a page beside a root', ['root.pem', 'page.tsx'], false],
    ['another dot file', ['.gitkeep'], false],
  ])('of a folder that holds %s', (_, names, staged) => {
    const folder = join(temporaryFolder(), 'next');
    mkdirSync(folder);
    for (const name of names) writeFileSync(join(folder, name), '');
    expect(isStaged(folder)).toBe(staged);
    removeStaged(folder);
    // It goes whole or stays whole.
    expect(isStaged(folder)).toBe(false);
    for (const name of staged ? [] : names)
      expect(() => {
        writeFileSync(join(folder, name), '', { flag: 'r+' });
      }).not.toThrow();
  });

  test('of a file, of nothing, and below a file', () => {
    const file = join(temporaryFolder(), 'next');
    expect(isStaged(file)).toBe(false);
    writeFileSync(file, '');
    expect(isStaged(file)).toBe(false);
    expect(isStaged(join(file, 'next'))).toBe(false);
  });
});
