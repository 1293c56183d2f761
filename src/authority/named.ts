/** The authorities that have names: folders below `authorities` in the state folder. */
import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { DevcertError } from '../errors.ts';
import { authoritiesFolder, authorityFolderIn } from '../paths.ts';
import { hasAuthority } from './folder.ts';
import { purge } from './purge.ts';

/** Names of all that are there, sorted; the default authority has none. */
export function authorityNames(stateFolder: string): string[] {
  const folder = authoritiesFolder(stateFolder);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter(
      (name) => isName(stateFolder, name) && hasAuthority(authorityFolderIn(stateFolder, name)),
    )
    .sort();
}

/** Deletes all of them. @returns false if files of somebody else are left in one. */
export function purgeNamed(stateFolder: string): boolean {
  const folder = authoritiesFolder(stateFolder);
  if (!existsSync(folder)) return true;
  for (const name of readdirSync(folder))
    if (isName(stateFolder, name)) purge(authorityFolderIn(stateFolder, name));
  return removeAuthoritiesFolder(stateFolder);
}

/** Takes the folder above them away if none is left. @returns true if it is gone. */
export function removeAuthoritiesFolder(stateFolder: string): boolean {
  const folder = authoritiesFolder(stateFolder);
  if (!existsSync(folder)) return true;
  if (readdirSync(folder).length > 0) return false;
  rmdirSync(folder);
  return true;
}

/** @throws DevcertError `no-authority`, with the command that makes it. */
export function assertExists(folder: string, name: string | undefined): void {
  if (hasAuthority(folder)) return;
  throw new DevcertError(
    'no-authority',
    name === undefined ? 'there is no authority yet' : `there is no authority "${name}"`,
    { hint: name === undefined ? 'devcert install' : `devcert ca create ${name}` },
  );
}

function isName(stateFolder: string, name: string): boolean {
  try {
    return authorityFolderIn(stateFolder, name) !== stateFolder;
  } catch (error) {
    if (error instanceof DevcertError) return false;
    throw error;
  }
}
