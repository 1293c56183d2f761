/**
 * Several files that change together or not at all, also when the process is killed: a journal in the
 * state folder says what is under way, and the next devcert completes or undoes it.
 */
import {
  appendFileSync,
  existsSync,
  fsyncSync,
  constants,
  linkSync,
  lstatSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, isAbsolute, join } from 'node:path';
import { DevcertError, systemCode } from '../errors.ts';
import { readIfThere } from '../files.ts';
import { attempt, checkRegular, removeQuietly, retrying, withDescriptor } from '../filesystem.ts';
import { temporaryName, writeNew } from '../temporary.ts';

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

/** Name of the journal in a state folder. */
export const JOURNAL = 'journal.json';

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
          ...{ path, temporary, backup, sha256: sha256(data) },
        })),
        removals,
        ...(append === undefined ? {} : { append: { ...append, size } }),
      };
      replaceFiles([{ path: journal, data: JSON.stringify(plan), mode: 0o600 }], { sync });
    }
    for (const step of steps) {
      begun.push(step);
      attempt('write', step.path, () => {
        writeNew(step.temporary, step.data, step.mode, sync);
      });
    }
    if (append !== undefined)
      attempt('write', append.path, () => {
        appendFileSync(append.path, append.text, { mode: 0o600 });
      });
    // The last rename is the last thing that can fail, so its file needs no backup.
    for (const step of steps.slice(0, -1)) step.isKept = backUp(step.path, step.backup);
    for (const step of steps) {
      if (step.isNew === true) moveNew(step.temporary, step.path);
      else rename('write', step.temporary, step.path);
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
  if (sync) for (const folder of new Set(steps.map(({ path }) => dirname(path)))) syncFolder(folder);
  if (journal !== undefined) removeQuietly(journal);
}

/**
 * Completes what a killed process had begun, or undoes it if not all of it had been written. Under the
 * lock of the state folder.
 */
export function recover(stateFolder: string): void {
  const file = join(stateFolder, JOURNAL);
  const text = readIfThere(file, { maxBytes: MAX_JOURNAL_BYTES, follow: false })?.toString();
  if (text === undefined) return;
  const journal = parseJournal(text);
  if (journal !== undefined) {
    const { steps, removals, append } = journal;
    const isDone = ({ path, sha256: hash }: JournalStep) => holds(path, hash);
    const isReady = ({ temporary, sha256: hash }: JournalStep) => holds(temporary, hash);
    if (steps.every((step) => isReady(step) || isDone(step))) {
      if (append !== undefined) {
        cutBack(append.path, append.size);
        appendFileSync(append.path, append.text, { mode: 0o600 });
      }
      for (const step of steps) if (isReady(step)) rename('write', step.temporary, step.path);
      for (const path of removals) removeQuietly(path);
    } else {
      if (append !== undefined) cutBack(append.path, append.size);
      // Killed while it was being undone: what is new already has its old file under another name.
      for (const step of steps)
        if (isDone(step) && existsSync(step.backup)) rename('write', step.backup, step.path);
    }
    for (const { temporary, backup } of steps)
      for (const path of [temporary, backup]) removeQuietly(path);
  }
  attempt('delete', file, () => {
    unlinkSync(file);
  });
}

/** True if a change was cut short: {@link recover} has something to do. */
export function isInterrupted(stateFolder: string): boolean {
  return existsSync(join(stateFolder, JOURNAL));
}

/** SHA-256 as 64 hex digits. */
export function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

interface JournalStep {
  readonly path: string;
  readonly temporary: string;
  /** Name of the old file while it may still have to be put back. */
  readonly backup: string;
  readonly sha256: string;
}

interface Journal {
  readonly steps: readonly JournalStep[];
  readonly removals: readonly string[];
  /** `size` is that of the file before, in bytes. */
  readonly append?: { readonly path: string; readonly text: string; readonly size: number };
}

interface Step {
  readonly path: string;
  readonly temporary: string;
  readonly backup: string;
  isKept?: boolean;
  isPlaced?: boolean;
}

/** A few hundred bytes for each of the files of a large set. */
const MAX_JOURNAL_BYTES = 16 * 1024 * 1024;

/** Undefined for what no devcert wrote: it was whole when it appeared, so nothing is under way then. */
function parseJournal(text: string): Journal | undefined {
  try {
    const content = JSON.parse(text) as Partial<Journal> | null;
    if (Array.isArray(content?.steps) && Array.isArray(content.removals)) return content as Journal;
  } catch {
    // Not JSON: damaged by hand.
  }
  return undefined;
}

function holds(path: string, hash: string): boolean {
  try {
    const bytes = readIfThere(path, { maxBytes: Infinity, follow: false });
    return bytes !== undefined && sha256(bytes) === hash;
  } catch {
    return false; // not readable by now: it is neither ready nor done
  }
}

function sizeOf(path: string): number {
  return attempt('read', path, () => statSync(path, { throwIfNoEntry: false })?.size ?? 0);
}

/** Takes off the end of a file what was added to it; a file that was not there before goes. */
function cutBack(path: string, size: number): void {
  try {
    if (size === 0) unlinkSync(path);
    else if (sizeOf(path) > size) truncateSync(path, size);
  } catch {
    // A line too many: it says that a file may hold what it does not, which is looked at when it counts.
  }
}

function checkTarget(path: string, followFolder: boolean): void {
  if (!isAbsolute(path)) throw new RangeError(`not an absolute path: "${path}"`);
  const folder = dirname(path);
  if (!followFolder && attempt('write', path, () => lstatSync(folder)).isSymbolicLink())
    throw new DevcertError('file', `cannot write "${path}": its folder is a symbolic link`, {
      hint: `use the path that the link points to: readlink "${folder}"`,
    });
  const stat = attempt('write', path, () => lstatSync(path, { throwIfNoEntry: false }));
  if (stat !== undefined) checkRegular(stat, path, 'write');
}

function rename(verb: string, from: string, to: string): void {
  attempt(verb, to, () => {
    retrying(() => {
      renameSync(from, to);
    });
  });
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
  if (!isThere) rename('write', from, to);
  else
    throw new DevcertError('file', `"${to}" was made by somebody else just now`, {
      hint: 'run the same again to use it',
    });
}

/** @returns false if there is nothing to keep. */
function backUp(path: string, backup: string): boolean {
  const stat = attempt('keep', path, () => lstatSync(path, { throwIfNoEntry: false }));
  if (stat === undefined) return false;
  checkRegular(stat, path, 'write');
  try {
    linkSync(path, backup);
  } catch {
    // No links here, or not to somebody else's file: a copy, or the error that even that one meets.
    const data = readIfThere(path, { maxBytes: Infinity, follow: false }) ?? '';
    attempt('write', path, () => {
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
          hint: `put it back by hand: mv "${backup}" "${path}"`,
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
