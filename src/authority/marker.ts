/** What makes a folder a state folder, and tells whether devcert made it. */
import { authorityFolders, certificateIn } from './certificates.ts';
import { existsSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { DevcertError } from '../errors.ts';
import { makeFolder, readIfThere, writeExclusive } from '../disk/files.ts';
import { removeQuietly } from '../disk/filesystem.ts';
import { VERSION } from '../ledger/ledger.ts';
import { replaceFiles } from '../ledger/transaction.ts';
import { FOLDER_MODE, isTemporary } from './staged.ts';

/** In every state folder: `{ "version": 2 }`, the version of how the state is kept. Devcert 0.1 had none. */
export const MARKER = 'devcert-state.json';
/** The folder of roots that were replaced. */
export const RETIRED = 'retired';
/** Lists the folders that devcert had to make for the state, which may be the state folder itself. */
export const FOLDERS = 'folders';
/** In the default state folder: lists the other ones of this user. */
export const HOMES = 'homes';

/**
 * True for a folder that devcert may keep its state in: empty, marked, or of an earlier version, which is
 * known by a root certificate. Dot files of git and `lost+found` do not count.
 *
 * @param names what is in it.
 */
export function isStateFolder(folder: string, names: readonly string[]): boolean {
  return names.includes(MARKER) || strangers(names).length === 0 || holdsRoot(folder);
}

/** The name of the authority in a folder; undefined for the default one. */
export function authorityNameOf(folder: string): string | undefined {
  const below = /^(.+)[\\/]authorities[\\/]([^\\/]+)(?:[\\/]pending)?$/.exec(folder);
  // A state folder may itself lie in a folder of that name.
  return existsSync(join(below?.[1] ?? folder, MARKER)) ? below?.[2] : undefined;
}

/** What is in a folder that an empty one has not. */
export function strangers(names: readonly string[]): string[] {
  return names.filter((name) => !/^\.git|^lost\+found$/.test(name) && !isTemporary(name));
}

/** The marker's content. */
export const markerText = `{ "version": ${VERSION} }\n`;

/** Marks a folder, and notes which folders were made for it. @param made absolute paths. */
export function markStateFolder(folder: string, made: readonly string[]): void {
  writeExclusive(join(folder, MARKER), markerText, 0o644);
  keepOut(folder);
  if (made.length === 0) return;
  const data = [...new Set([...madeFolders(folder), ...made])].join('\n');
  replaceFiles([{ path: join(folder, FOLDERS), data, mode: 0o600 }]);
}

/** Absolute paths of the folders that devcert noted it made, in no order. */
export function madeFolders(folder: string): string[] {
  return readIfThere(join(folder, FOLDERS))?.toString().split('\n') ?? [];
}

/**
 * The version of a state folder: 1 for one of devcert 0.1, undefined if nothing is kept there yet.
 *
 * @throws DevcertError `refused` for one that a newer devcert keeps.
 */
export function stateVersion(folder: string): number | undefined {
  const text = readIfThere(join(folder, MARKER))?.toString();
  if (text === undefined) return holdsRoot(folder) || hasLists(folder) ? 1 : undefined;
  const version = Number(/^\{ "version": (\d{1,6}) \}/.exec(text)?.[1]);
  if (version <= VERSION) return version;
  throw new DevcertError('refused', `a newer devcert keeps "${folder}"`, {
    hint: 'use that one, or update this: npm install --global devcert-local',
  });
}

/**
 * Has devcert 0.1 refuse the folder, which would take what is kept here for its own and delete it: its lock
 * is a file, it locks wherever there is a `next`, and it reads every root in `retired` before it deletes.
 */
export function keepOut(folder: string): void {
  for (const name of GUARD_FOLDERS) makeFolder(join(folder, name), FOLDER_MODE);
  writeExclusive(join(folder, RETIRED, GUARD_FILE), GUARD_TEXT, 0o644);
}

/** Takes away what {@link keepOut} made. */
export function removeGuards(folder: string): void {
  removeQuietly(join(folder, RETIRED, GUARD_FILE));
  for (const name of GUARD_FOLDERS) removeQuietly(join(folder, name), rmdirSync);
}

/** The folders that {@link keepOut} makes. */
export const GUARD_FOLDERS: readonly string[] = ['lock', 'next', RETIRED];
const GUARD_FILE = 'a newer devcert keeps this folder - use that one.pem';
const GUARD_TEXT = 'This file keeps devcert 0.1 from deleting what a newer devcert wrote.\n';

function hasLists(folder: string): boolean {
  return ['inventory.json', 'exports.json'].some((name) => existsSync(join(folder, name)));
}

function holdsRoot(folder: string): boolean {
  // What is not there, not readable or something else does not speak for devcert.
  return [...authorityFolders(folder), join(folder, 'next')].some(
    (it) => certificateIn(join(it, 'root.pem')) !== undefined,
  );
}
