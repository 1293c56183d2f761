/**
 * The other state folders of this user: `homes` in the default one lists each `DEVCERT_HOME` whose root was put
 * into stores, so that nobody takes that root for one that belongs to no folder any more.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DevcertError } from '../errors.ts';
import { readIfThere } from '../disk/files.ts';
import { withLock } from '../disk/lock.ts';
import { replaceFiles } from '../ledger/transaction.ts';
import { authorityFolders, certificateIn } from './certificates.ts';
import { HOMES, stateVersion } from './marker.ts';
import { isIdle } from './named.ts';
import { sha256Of } from './origin.ts';
import { assertOwnFolder } from './ownership.ts';
import { makeStateFolder, purge } from './purge.ts';
import { pendingRootFile } from './replace.ts';
import { retiredRootFiles } from './retired.ts';

/** Absolute paths of the other state folders, whether they are still there or not. */
export function readHomes(defaultFolder: string): string[] {
  try {
    const text = readIfThere(join(defaultFolder, HOMES))?.toString() ?? '[]';
    const homes: unknown = JSON.parse(text);
    return Array.isArray(homes) ? homes.filter((it) => typeof it === 'string') : [];
  } catch {
    return []; // damaged or not ours to read: an orphan is removed only when a person says so
  }
}

/**
 * Lists a state folder in the default one. Where that cannot be written nothing is listed, and nothing else
 * depends on it.
 */
export async function rememberHome(defaultFolder: string, folder: string): Promise<void> {
  if (readHomes(defaultFolder).includes(folder)) return;
  try {
    // One of devcert 0.1 is marked when it is migrated, not before.
    if (stateVersion(defaultFolder) === 1) assertOwnFolder(defaultFolder);
    else makeStateFolder(defaultFolder);
    await withLock(defaultFolder, () => {
      write(defaultFolder, [...readHomes(defaultFolder), folder]);
    });
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
  }
}

/** Takes a state folder off the list, and the default folder away if only the list was in it. */
export async function forgetHome(defaultFolder: string, folder: string): Promise<void> {
  if (!readHomes(defaultFolder).includes(folder)) return;
  await withLock(defaultFolder, () => {
    write(
      defaultFolder,
      readHomes(defaultFolder).filter((it) => it !== folder),
    );
  });
  if (isIdle(defaultFolder)) purge(defaultFolder);
}

/** Takes those off the list that are gone; the list itself with the last, and one that cannot be read. */
export function dropGoneHomes(defaultFolder: string): void {
  const homes = readHomes(defaultFolder);
  const left = homes.filter((home) => existsSync(home));
  if (left.length < homes.length || left.length === 0) write(defaultFolder, left);
}

/** What the state folders of this user know of roots. */
export interface KnownRoots {
  /** SHA-256 of every root: of authorities, of those that are to take over, of replaced ones. */
  readonly sha256: ReadonlySet<string>;
  /** Absolute paths of what should hold a root and cannot be read: folders, or the files of roots. */
  readonly unread: readonly string[];
}

/** @param stateFolders of which those that were never made hold nothing. @param homes which must be there */
export function knownRoots(stateFolders: readonly string[], homes: readonly string[]): KnownRoots {
  const folders = [...new Set([...stateFolders, ...homes])];
  const files = folders.flatMap((folder) =>
    authorityFolders(folder).flatMap((it) => [
      join(it, 'root.pem'),
      join(it, 'next', 'root.pem'),
      pendingRootFile(it),
      ...retiredRootFiles(it),
    ]),
  );
  const roots = files
    .filter((file) => existsSync(file))
    .map((file) => ({ file, root: certificateIn(file) }));
  return {
    sha256: new Set(roots.flatMap(({ root }) => (root === undefined ? [] : [sha256Of(root)]))),
    unread: [
      ...homes.filter((folder) => !existsSync(folder)),
      ...roots.flatMap(({ file, root }) => (root === undefined ? [file] : [])),
    ],
  };
}

function write(defaultFolder: string, homes: readonly string[]): void {
  const path = join(defaultFolder, HOMES);
  if (homes.length === 0) rmSync(path, { force: true });
  else
    replaceFiles([
      { path, data: `${JSON.stringify([...new Set(homes)], null, 2)}\n`, mode: 0o600 },
    ]);
}
