/** The folder in the state folder with what `run` and `env` have programs trust: copies of the root, and bundles with it. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { withFileError } from '../disk/filesystem.ts';

/** Absolute path. */
export function environmentFolder(stateFolder: string): string {
  return join(stateFolder, 'environment');
}

/**
 * Deletes it, when a root is to be trusted no more: what still names a file in it trusts nothing by it.
 *
 * @throws DevcertError `file`.
 */
export function removeEnvironment(stateFolder: string): void {
  const folder = environmentFolder(stateFolder);
  withFileError('delete', folder, () => {
    rmSync(folder, { recursive: true, force: true });
  });
}
