/**
 * Folders that hold an authority on its way: `pending`, and of devcert 0.1 `next` and `staging-…`. A project
 * may have folders of these names, so what is in one tells whose it is.
 */
import { lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { DevcertError, systemCode } from '../errors.ts';
import { withFileError, fileError, shellCommand } from '../disk/filesystem.ts';
import { ORIGIN_FILE } from './origin.ts';

/** Says how an authority's key is kept; here, as what reads it needs this list at its start. */
export const KEEPING_FILE = 'keeping.json';

/** Of an authority's folder, and of all that devcert makes in the state folder. */
export const FOLDER_MODE = 0o700;
/** Of an authority's key. */
export const KEY_MODE = 0o600;
const CERTIFICATE_MODE = 0o644;

/**
 * The files of an authority. The key first and the root last: the order they are placed in, so that a root is
 * never there alone.
 */
export const AUTHORITY_FILES = [
  { name: ORIGIN_FILE, part: 'origin', mode: CERTIFICATE_MODE },
  { name: KEEPING_FILE, part: 'keeping', mode: CERTIFICATE_MODE },
  { name: 'issuer-key.pem', part: 'issuerKey', mode: KEY_MODE },
  { name: 'issuer.pem', part: 'issuer', mode: CERTIFICATE_MODE },
  { name: 'root.pem', part: 'root', mode: CERTIFICATE_MODE },
] as const;

/** True for the name of a file that devcert was writing. */
export function isTemporary(name: string): boolean {
  return /^\..*\.devcert-tmp$/.test(name);
}

/**
 * True for a folder that holds files of an authority and nothing else, or nothing: a run that was killed
 * leaves it so. False if it is not there.
 */
export function isStaged(path: string): boolean {
  if (!isFolder(path)) return false;
  try {
    return readdirSync(path).every(
      (name) => AUTHORITY_FILES.some((file) => file.name === name) || isTemporary(name),
    );
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false; // taken up by another devcert in this instant
    throw fileError(error, 'read', path);
  }
}

/** @throws DevcertError `refused` if what has the path that an authority on its way needs is not devcert's. */
export function assertFree(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined || isStaged(path)) return;
  throw new DevcertError('refused', `"${path}" is in the way, and not devcert's`, {
    hint: `move it away: ${shellCommand('move', path, `${path}.old`)}`,
  });
}

/** Deletes such a folder. Anything else stays. */
export function removeStaged(path: string): void {
  if (!isStaged(path)) return;
  withFileError('delete', path, () => {
    for (const name of readdirSync(path)) unlinkSync(join(path, name));
    rmdirSync(path);
  });
}

/** True for a folder that is not behind a link. @throws DevcertError `file` if that cannot be read. */
export function isFolder(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR') return false; // what would be above it is a file
    throw fileError(error, 'look at', path);
  }
}
