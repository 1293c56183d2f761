/** Roots that were replaced: kept in `retired` until no store holds them any more. */
import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder, replaceFiles } from '../files.ts';
import { removeQuietly } from '../filesystem.ts';
import { readRoot } from './authority.ts';
import { sha256Of } from './origin.ts';
import { isFolder } from './staged.ts';

const RETIRED = 'retired';

/** Absolute paths of the roots that were replaced and may still be in a store. */
export function retiredRootFiles(folder: string): string[] {
  const retired = join(folder, RETIRED);
  if (!isFolder(retired)) return [];
  return readdirSync(retired)
    .filter((name) => /^[0-9a-f]{64}\.pem$/.test(name))
    .map((name) => join(retired, name));
}

/** Forgets a retired root, by its path: no store holds it any more. */
export function dropRetired(folder: string, file: string): void {
  rmSync(file, { force: true });
  if (retiredRootFiles(folder).length === 0) removeQuietly(join(folder, RETIRED), rmdirSync);
}

/** Keeps a root that is replaced. */
export function retire(folder: string, rootPem: string): void {
  const root = readRoot(rootPem, folder);
  const name = `${sha256Of(root)}.pem`;
  makeFolder(join(folder, RETIRED), 0o700);
  replaceFiles([{ path: join(folder, RETIRED, name), data: root.toString(), mode: 0o644 }]);
}
