/** The reference in the library's guide is what the docstrings say, and names everything that is exported. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import * as library from '../src/index.ts';

const ROOT = resolve(import.meta.dirname, '..');

test('the guide has the reference that `npm run reference` writes, of every function', () => {
  const args = [join(ROOT, '.ci/reference.mjs'), '--print'];
  const made = execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 60_000 });
  const guide = readFileSync(join(ROOT, 'src/guides/library.md'), 'utf8').replaceAll('\r\n', '\n');
  expect(guide).toBe(made);
  const titles = [...guide.matchAll(/^### (\w+)$/gm)].map(([, title]) => title);
  expect(titles).toEqual(expect.arrayContaining(Object.keys(library)));
  // A class with its fields, a parameter, what is returned, and an error with its condition.
  expect(guide).toContain('  exitCode: number; // The process exit code');
  expect(guide).toContain(
    '- `address`: `HOST:PORT`.\n- Throws DevcertError `usage`, `file`, `command`',
  );
});
