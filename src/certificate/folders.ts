/** The folders that certificates and keys are written into. */
import { existsSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder, removeStaleTemporaries, replaceFiles } from '../files.ts';
import type { CertificatePaths } from './output.ts';

const FOLDER_MODE = 0o755;

/**
 * Makes the folders, each new one of ours with a `.gitignore`: a key does not belong into a repository.
 *
 * @returns the paths it made, outermost first.
 */
export function prepareFolders(paths: CertificatePaths, now: Date): string[] {
  const files = [paths.keyFile ?? paths.certFile, paths.certFile];
  const folders = new Set(files.map((file) => dirname(file)));
  const made: string[] = [];
  for (const folder of folders) {
    const created = makeFolder(folder, FOLDER_MODE);
    made.push(...created);
    removeStaleTemporaries(folder, now);
    const gitignore = join(folder, '.gitignore');
    if (created.length > 0 && paths.caFile !== undefined && !existsSync(gitignore))
      replaceFiles([{ path: gitignore, data: '*\n', mode: 0o644 }]);
  }
  return made;
}

/** Removes a folder that nothing is in. Never throws. */
export function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Something is in it by now, so it stays: the error that led here is the one to tell.
  }
}
