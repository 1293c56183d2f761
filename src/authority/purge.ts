/** Deleting an authority and everything devcert keeps about it. */
import { accessSync, constants, existsSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { makeFolder } from '../disk/files.ts';
import { removeQuietly, shellCommand, withFileError } from '../disk/filesystem.ts';
import { DevcertError, say, systemCode } from '../errors.ts';
import { LOCK } from '../disk/lock.ts';
import { JOURNAL } from '../ledger/journal.ts';
import { applyChange } from '../ledger/transaction.ts';
import {
  authorityNameOf,
  FOLDERS,
  HOMES,
  madeFolders,
  MARKER,
  markStateFolder,
  removeGuards,
} from './marker.ts';
import { assertOwnFolder } from './ownership.ts';
import { dropRetired, retiredRootFiles } from './retired.ts';
import { FOLDER_MODE, isFolder, isTemporary, removeStaged } from './staged.ts';

/** The files that devcert ever writes into its state folder; other people's there stay. */
const OWN =
  /^(root\.pem|issuer\.pem|issuer-key\.pem|ledger\.jsonl|journal\.json|devcert-state\.json|folders|devcert\.lock|install\.lock|origin\.json|keeping\.json|rotation)$/;

/**
 * Makes the state folder if it is not there, marks it, and remembers which folders had to be made, so that
 * {@link purge} takes those away again, and no others.
 *
 * A kill between the two steps leaves empty folders that nobody remembers: `~/.config` at worst. No order
 * avoids it, as the note needs a folder to lie in; one that lies elsewhere, or folders made under another
 * name and renamed, would leave a stranger trace of the same kill: something of devcert's in the home.
 *
 * @throws DevcertError `refused` if it is not this user's alone or holds what is not devcert's; `file`.
 */
export function makeStateFolder(folder: string): void {
  const made = makeFolder(folder, FOLDER_MODE);
  // Between the question whose it is and this moment somebody may have made it, or one above it.
  assertOwnFolder(folder);
  markStateFolder(folder, made);
}

/**
 * Makes sure that {@link purge} can delete what is in the folder, before any store loses the root.
 *
 * @throws DevcertError `refused`.
 */
export function assertPurgeable(folder: string): void {
  if (!existsSync(folder)) return;
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    const isReadOnly = systemCode(error) === 'EROFS';
    const why = isReadOnly ? 'is on a read-only file system' : 'cannot be written by you';
    const cure = isReadOnly ? 'mount it writable' : shellCommand('permissions', folder);
    throw new DevcertError(
      'refused',
      `"${folder}" ${why}: the CA in it is not deleted, and no store was changed`,
      {
        hint: say`${cure}, then again; or clear the stores alone: ${{ command: 'uninstall', ca: authorityNameOf(folder) }}`,
        cause: error,
      },
    );
  }
}

/**
 * Deletes the authority, its key and the ledger. No store may trust the root any more, or it is kept.
 *
 * @param kept absolute paths of roots that a store still trusts: what is below the folder stays, with what
 *   marks the folder.
 * @returns false if any of that or somebody else's files are in the folder. Otherwise it is gone, unless
 *   devcert did not make it: then it stays, empty.
 */
export function purge(folder: string, kept: readonly string[] = []): boolean {
  if (!existsSync(folder)) return true;
  const names = withFileError('read', folder, () => readdirSync(folder));
  const made = madeFolders(folder);
  const stays = new Set(kept.filter((path) => path.startsWith(join(folder, sep))));
  const isMarked = stays.size > 0 || names.includes(HOMES);
  if (isMarked) for (const name of [MARKER, FOLDERS]) stays.add(join(folder, name));
  for (const retired of retiredRootFiles(folder)) if (!stays.has(retired)) dropRetired(retired);
  const own = names.filter((name) => OWN.test(name) && !KEPT_TO_THE_END.includes(name));
  const removals = own.map((name) => join(folder, name)).filter((path) => !stays.has(path));
  // By a journal: killed half-way, what is left would be a damaged authority.
  applyChange({ files: [], removals }, { journal: join(folder, JOURNAL) });
  if (!isMarked) removeGuards(folder);
  // The marker last: without it, what is left would be taken for somebody else's.
  for (const name of [...readdirSync(folder).filter((it) => it !== MARKER), MARKER]) {
    const path = join(folder, name);
    if (STAGED.test(name)) removeStaged(path);
    else if (
      (OWN.test(name) || isTemporary(name)) &&
      existsSync(path) &&
      !isFolder(path) &&
      !stays.has(path)
    )
      withFileError('delete', path, () => {
        unlinkSync(path);
      });
  }
  if (isMarked) return false;
  // An early version did not note that it made the folder itself.
  if (!made.includes(folder) && names.includes(MARKER)) return readdirSync(folder).length === 0;
  const gone = removeEmpty(folder);
  for (const parent of ancestorsOf(folder)) if (made.includes(parent)) removeEmpty(parent);
  return gone;
}

const STAGED = /^pending$/;
/** What tells whose the folder is, and what guards the change itself. */
const KEPT_TO_THE_END: readonly string[] = [MARKER, FOLDERS, LOCK, JOURNAL];

// Innermost first, and only real ancestors of the folder, whatever the file says.
function ancestorsOf(folder: string): string[] {
  const above = dirname(folder);
  return above === folder ? [] : [above, ...ancestorsOf(above)];
}

/** False if it is not empty: somebody uses it. */
function removeEmpty(folder: string): boolean {
  return removeQuietly(folder, rmdirSync);
}
