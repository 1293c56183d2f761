/**
 * Several files that change together or not at all, also when the process is killed: a journal in the
 * state folder says what is under way, and the next devcert completes or undoes it.
 */
import {
  accessSync,
  appendFileSync,
  constants,
  existsSync,
  fsyncSync,
  linkSync,
  lstatSync,
  renameSync,
} from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import { DevcertError, systemCode } from '../errors.ts';
import { readIfThere } from '../disk/files.ts';
import {
  withFileError,
  checkRegular,
  removeQuietly,
  retrying,
  withDescriptor,
  shellCommand,
} from '../disk/filesystem.ts';
import { temporaryName, writeNew } from '../disk/temporary.ts';
import { cutBack, hashOf, type Journal, rename, sha256, sizeOf } from './journal.ts';

export interface FileToWrite {
  /** Absolute. */
  readonly path: string;
  readonly data: string | Buffer;
  /** The exact permission bits, whatever the umask and whatever an old file had: 0o600, 0o644. */
  readonly mode: number;
  /** Nothing may be there, not even in the last instant. */
  readonly isNew?: boolean | undefined;
}

/** What changes together. */
export interface Change {
  readonly files: readonly FileToWrite[];
  /** Absolute paths of files that go when the others are in place. */
  readonly removals?: readonly string[];
  /** Text that is added to the end of a file before any other is replaced. */
  readonly append?: { readonly path: string; readonly text: string } | undefined;
}

export interface ChangeOptions {
  /** Absolute path of the journal, under a lock; without one a kill can leave some files new and some old. */
  readonly journal?: string | undefined;
  /** Also survive a power cut: fsync of files and folders. */
  readonly sync?: boolean;
  /** Write even where the folder of a file is itself a symbolic link. */
  readonly followFolder?: boolean;
}

/**
 * Puts all files in place, in order, or leaves all as they were. Existing files are replaced, never
 * written into, and keep nothing: not even their mode.
 *
 * @throws DevcertError `file` if a target is anything but a regular file (before anything is
 *   written), or if the disk, the folder or the permissions do not allow it.
 */
export function replaceFiles(files: readonly FileToWrite[], options: ChangeOptions = {}): void {
  applyChange({ files }, options);
}

/** The same with files that go and text that is added. */
export function applyChange(change: Change, options: ChangeOptions = {}): void {
  const { files, removals = [], append } = change;
  const { journal, sync = false } = options;
  if (new Set(files.map(({ path }) => path)).size !== files.length)
    throw new RangeError('the same path twice');
  for (const { path } of files) checkTarget(path, options.followFolder === true);
  const steps = files.map((file): Step & FileToWrite => ({
    ...{ path: file.path, mode: file.mode, data: file.data, isNew: file.isNew },
    temporary: temporaryName(file.path),
    backup: temporaryName(file.path),
  }));
  const size = append === undefined ? 0 : sizeOf(append.path);
  const begun: (typeof steps)[number][] = [];
  try {
    if (journal !== undefined) {
      const plan: Journal = {
        steps: steps.map(({ path, temporary, backup, data }) => ({
          ...{ path, temporary, backup, sha256: sha256(data), before: hashOf(path) },
        })),
        removals,
        append: append && { ...append, size },
      };
      replaceFiles([{ path: journal, data: JSON.stringify(plan), mode: 0o600 }], { sync });
    }
    for (const step of steps) {
      begun.push(step);
      withFileError('write', step.path, () => {
        writeNew(step.temporary, step.data, step.mode, sync);
      });
    }
    if (append !== undefined)
      withFileError('write', append.path, () => {
        appendFileSync(append.path, append.text, { mode: 0o600 });
      });
    // The last rename is the last thing that can fail, so its file needs no backup.
    for (const step of steps.slice(0, -1)) step.isKept = backUp(step.path, step.backup);
    for (const step of steps) {
      if (step.isNew === true) moveNew(step.temporary, step.path);
      else rename(step.temporary, step.path);
      step.isPlaced = true;
    }
  } catch (error) {
    try {
      undo(begun, error);
    } finally {
      if (append !== undefined) cutBack(append.path, size);
      if (journal !== undefined) removeQuietly(journal);
    }
    throw error;
  }
  for (const path of removals) removeQuietly(path);
  for (const { backup, isKept } of steps) if (isKept === true) removeQuietly(backup);
  if (sync)
    for (const folder of new Set(steps.map(({ path }) => dirname(path)))) syncFolder(folder);
  if (journal !== undefined) removeQuietly(journal);
}

/**
 * Makes sure, as far as can be told before, that files can be put in these places.
 *
 * @param paths absolute.
 * @throws DevcertError `file`.
 */
export function assertWritable(paths: readonly string[], followFolders: boolean): void {
  for (const path of paths) {
    let folder = dirname(path);
    const isThere = () =>
      withFileError('write', path, () => lstatSync(folder, { throwIfNoEntry: false })) !==
      undefined;
    if (isThere()) checkTarget(path, followFolders);
    while (!isThere() && folder !== dirname(folder)) folder = dirname(folder);
    withFileError('write', path, () => {
      accessSync(folder, constants.W_OK);
    });
  }
}

interface Step {
  readonly path: string;
  readonly temporary: string;
  readonly backup: string;
  isKept?: boolean;
  isPlaced?: boolean;
}

function checkTarget(path: string, followFolder: boolean): void {
  if (!isAbsolute(path)) throw new RangeError(`not an absolute path: "${path}"`);
  const folder = dirname(path);
  if (!followFolder && withFileError('write', path, () => lstatSync(folder)).isSymbolicLink())
    throw new DevcertError('file', `cannot write "${path}": its folder is a symbolic link`, {
      hint: `use the path that the link points to: readlink "${folder}"`,
    });
  const stat = withFileError('write', path, () => lstatSync(path, { throwIfNoEntry: false }));
  if (stat !== undefined) checkRegular(stat, path, 'write');
}

/** Moves a file to a place where nothing is. */
function moveNew(from: string, to: string): void {
  let isThere: boolean;
  try {
    linkSync(from, to);
    removeQuietly(from);
    return;
  } catch (error) {
    // Where there are no hard links (FAT, some network drives) a look has to do.
    isThere = systemCode(error) === 'EEXIST' || existsSync(to);
  }
  if (!isThere) rename(from, to);
  else
    throw new DevcertError('file', `"${to}" was made by somebody else just now`, {
      hint: 'run the same again to use it',
    });
}

/** @returns false if there is nothing to keep. */
function backUp(path: string, backup: string): boolean {
  const stat = withFileError('keep', path, () => lstatSync(path, { throwIfNoEntry: false }));
  if (stat === undefined) return false;
  checkRegular(stat, path, 'write');
  try {
    linkSync(path, backup);
  } catch {
    // No links here, or not to somebody else's file: a copy, or the error that even that one meets.
    const data = readIfThere(path, { maxBytes: Infinity, follow: false }) ?? '';
    withFileError('write', path, () => {
      writeNew(backup, data, stat.mode & 0o777, false);
    });
  }
  return true;
}

/** Latest first. What cannot be put back keeps its backup, and the error names it. */
function undo(steps: readonly Step[], cause: unknown): void {
  for (const { path, temporary, backup, isPlaced, isKept } of [...steps].reverse()) {
    if (isPlaced !== true) {
      removeQuietly(temporary);
      if (isKept === true) removeQuietly(backup);
    } else if (isKept !== true) removeQuietly(path);
    else
      try {
        retrying(() => {
          renameSync(backup, path);
        });
      } catch {
        // The first error is the one to tell.
        throw new DevcertError('file', `cannot write all files, nor put "${path}" back`, {
          hint: `put it back by hand: ${shellCommand('move', backup, path)}`,
          cause,
        });
      }
  }
}

function syncFolder(folder: string): void {
  try {
    withDescriptor(folder, constants.O_RDONLY, fsyncSync);
  } catch {
    // Windows cannot, some network drives will not; the files themselves are on the disk.
  }
}
