/** Whether git would take a file into the repository, as far as its usual lines say. Runs no git. */
import { existsSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { readIfThere } from '../disk/files.ts';

/** True if the file is in a work tree and no `.gitignore` above it has a line for its name, its path or its folder. */
export function isCommittable(file: string): boolean {
  for (let at = dirname(file), before = file; at !== before; before = at, at = dirname(at)) {
    if (ignores(at, file)) return false;
    if (existsSync(join(at, '.git'))) return true;
  }
  return false;
}

/** Patterns with wildcards are not read, but for the two that people write: one line too many does no harm. */
function ignores(folder: string, file: string): boolean {
  const path = relative(folder, file).replaceAll('\\', '/');
  const parents = path.split('/').slice(0, -1);
  const usual = [
    ...['*', `*.${basename(file).split('.').at(-1) ?? ''}`, basename(file), path],
    ...parents.flatMap((name, index) => [name, parents.slice(0, index + 1).join('/')]),
  ];
  const lines = (readIfThere(join(folder, '.gitignore'))?.toString() ?? '').split(/\r?\n/);
  return lines.some((line) => usual.includes(line.trim().replace(/^\/|\/$/g, '')));
}
