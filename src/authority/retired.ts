/** Roots that were replaced: kept in `retired` until no store holds them any more. */
import { readdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makeFolder } from '../disk/files.ts';
import type { FileToWrite } from '../ledger/transaction.ts';
import { readRoot } from './authority.ts';
import { sha256Of } from './origin.ts';
import { FOLDER_MODE, isFolder } from './staged.ts';
import { RETIRED } from './marker.ts';

/** Absolute paths of the roots that were replaced and may still be in a store. */
export function retiredRootFiles(folder: string): string[] {
  const retired = join(folder, RETIRED);
  if (!isFolder(retired)) return [];
  return readdirSync(retired)
    .filter((name) => /^[0-9a-f]{64}\.pem$/.test(name))
    .map((name) => join(retired, name));
}

/** SHA-256 of each of these: 64 hex digits. */
export function retiredRoots(folder: string): string[] {
  return retiredRootFiles(folder).map((file) => basename(file, '.pem'));
}

/** Forgets a retired root, by its path: no store holds it any more. */
export function dropRetired(file: string): void {
  rmSync(file, { force: true });
}

/** The file that keeps a root which is about to be replaced. */
export function retiredRoot(folder: string, rootPem: string): FileToWrite {
  const root = readRoot(rootPem, folder);
  makeFolder(join(folder, RETIRED), FOLDER_MODE);
  const path = join(folder, RETIRED, `${sha256Of(root)}.pem`);
  return { path, data: root.toString(), mode: 0o644 };
}
