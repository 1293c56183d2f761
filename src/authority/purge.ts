/** Deleting an authority and everything devcert keeps about it. */
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder } from '../files.ts';
import { attempt } from '../filesystem.ts';

/** Everything devcert ever writes into its state folder; other people's files there stay. */
const OWN =
  /^(root\.pem|issuer\.pem|issuer-key\.pem|inventory\.json|exports\.json|folders|lock|next|pending|retired|origin\.json|rotation|staging-.*|\..*\.devcert-tmp)$/;
/** Lists the other state folders of this user, in the default one: {@link purge} leaves it. */
export const HOMES = 'homes';
/** Lists the folders above the state folder that devcert had to make. */
export const FOLDERS = 'folders';

/**
 * Makes the state folder and remembers which folders above it had to be made for it, so that
 * {@link purge} takes those away again, too.
 *
 * A kill between the two steps leaves empty folders that nobody remembers: `~/.config` at worst. No order
 * avoids it, as the note needs a folder to lie in; one that lies elsewhere, or folders made under another
 * name and renamed, would leave a stranger trace of the same kill: something of devcert's in the home.
 */
export function makeStateFolder(folder: string): void {
  const parents = makeFolder(folder, 0o700).filter((path) => path !== folder);
  if (parents.length > 0) writeFileSync(join(folder, FOLDERS), parents.join('\n'), { mode: 0o600 });
}

/**
 * Deletes the authority, its key and the inventory. No store may trust the root any more, or it is kept.
 *
 * @param kept names of what stays: a root that a store still trusts.
 * @returns true if the folder is gone; false if something is left in it.
 */
export function purge(folder: string, kept: readonly string[] = []): boolean {
  if (!existsSync(folder)) return true;
  const parents = readParents(folder);
  const entries = attempt('delete', folder, () => readdirSync(folder));
  // With it goes the list of folders, when it goes itself.
  const stays = [...kept, ...(kept.length > 0 || entries.includes(HOMES) ? [FOLDERS] : [])];
  for (const entry of entries)
    if (OWN.test(entry) && !stays.includes(entry))
      attempt('delete', join(folder, entry), () => {
        rmSync(join(folder, entry), { recursive: true, force: true });
      });
  const gone = removeEmpty(folder);
  for (const parent of parents) removeEmpty(parent);
  return gone;
}

// Innermost first, and only real ancestors of the folder, whatever the file says.
function readParents(folder: string): string[] {
  const file = join(folder, FOLDERS);
  if (!existsSync(file)) return [];
  const listed = new Set(readFileSync(file, 'utf8').split('\n'));
  const ancestors: string[] = [];
  for (let path = dirname(folder); path !== dirname(path); path = dirname(path))
    ancestors.push(path);
  return ancestors.filter((path) => listed.has(path));
}

function removeEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false; // not empty: somebody uses it
  }
}
