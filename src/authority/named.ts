/** The authorities that have names: folders below `authorities` in the state folder. */
import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { DevcertError, orUndefined } from '../errors.ts';
import { makeFolder } from '../disk/files.ts';
import { withFileError } from '../disk/filesystem.ts';
import { authoritiesFolder, authorityFolderIn } from '../disk/paths.ts';
import { hasAuthority } from './folder.ts';
import { FOLDERS, GUARD_FOLDERS, MARKER } from './marker.ts';
import { makeStateFolder, purge } from './purge.ts';
import { retiredRootFiles } from './retired.ts';
import { FOLDER_MODE, isFolder } from './staged.ts';

/** Names of all that are there, sorted; the default authority has none. */
export function authorityNames(stateFolder: string): string[] {
  return entries(stateFolder)
    .filter(
      (name) => isName(stateFolder, name) && hasAuthority(authorityFolderIn(stateFolder, name)),
    )
    .sort();
}

/** Deletes all of them. @param kept as of {@link purge} @returns false if any of that or somebody else's files are left in one. */
export function purgeNamed(stateFolder: string, kept: readonly string[]): boolean {
  for (const name of entries(stateFolder))
    // A link leads to what is somebody else's.
    if (isName(stateFolder, name) && isFolder(authorityFolderIn(stateFolder, name)))
      purge(authorityFolderIn(stateFolder, name), kept);
  return removeAuthoritiesFolder(stateFolder);
}

/**
 * Makes the folders above them as closed as the default authority's, and as well remembered: so they
 * go again with the last one, whichever that is.
 */
export function makeAuthoritiesFolder(stateFolder: string): void {
  makeStateFolder(stateFolder);
  makeFolder(authoritiesFolder(stateFolder), FOLDER_MODE);
}

/** Takes the folders above them away if none is left. @returns true if theirs is gone. */
export function removeAuthoritiesFolder(stateFolder: string): boolean {
  const folder = authoritiesFolder(stateFolder);
  if (entries(stateFolder).length > 0) return false;
  if (existsSync(folder))
    withFileError('delete', folder, () => {
      rmdirSync(folder);
    });
  if (isIdle(stateFolder)) purge(stateFolder);
  return true;
}

/** True for a state folder in which nothing is but what marks it. @param besides names of what else may be in it. */
export function isIdle(stateFolder: string, ...besides: readonly string[]): boolean {
  return (
    existsSync(stateFolder) &&
    !hasAuthority(stateFolder) &&
    retiredRootFiles(stateFolder).length === 0 &&
    readdirSync(stateFolder).every((name) => [...IDLE, ...besides].includes(name))
  );
}

/** @throws DevcertError `no-authority`, with the command that makes it. */
export function assertExists(folder: string, name: string | undefined): void {
  if (hasAuthority(folder)) return;
  throw new DevcertError(
    'no-authority',
    name === undefined ? 'there is no CA yet' : `there is no CA "${name}"`,
    { hint: name === undefined ? { command: 'install' } : { command: 'ca create', names: name } },
  );
}

/** What is in a state folder without an authority. */
const IDLE = [FOLDERS, MARKER, ...GUARD_FOLDERS];

function entries(stateFolder: string): string[] {
  const folder = authoritiesFolder(stateFolder);
  return existsSync(folder) ? withFileError('read', folder, () => readdirSync(folder)) : [];
}

function isName(stateFolder: string, name: string): boolean {
  const folder = orUndefined(() => authorityFolderIn(stateFolder, name));
  return folder !== undefined && folder !== stateFolder;
}
