/**
 * What a change of several files is about to do, as a file: written first and removed last, it tells the
 * next devcert what a killed one had begun.
 */
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  renameSync,
  statSync,
  truncateSync,
  unlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { readIfThere } from '../disk/files.ts';
import { withFileError, removeQuietly, retrying } from '../disk/filesystem.ts';
import { MAX_JOURNAL_BYTES } from '../policy.ts';

/** Name of the journal in a state folder. */
export const JOURNAL = 'journal.json';

interface JournalStep {
  readonly path: string;
  readonly temporary: string;
  /** Name of the old file while it may still have to be put back. */
  readonly backup: string;
  readonly sha256: string;
  /** SHA-256 of the old file; absent if there was none. */
  readonly before?: string | undefined;
}

export interface Journal {
  readonly steps: readonly JournalStep[];
  readonly removals: readonly string[];
  /** `size` is that of the file before, in bytes. */
  readonly append?: { readonly path: string; readonly text: string; readonly size: number };
}

/** True if a change was cut short: {@link recover} has something to do. */
export function isInterrupted(stateFolder: string): boolean {
  return existsSync(join(stateFolder, JOURNAL));
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
    const looks = steps.map((step) => ({ ...step, found: hashOf(step.path) }));
    const isDone = (step: Look) => step.found === step.sha256;
    // What somebody wrote there since is not to be lost: then nothing is completed.
    const isReady = (step: Look) =>
      step.found === step.before && hashOf(step.temporary) === step.sha256;
    if (looks.every((step) => isDone(step) || isReady(step))) {
      if (append !== undefined) {
        cutBack(append.path, append.size);
        appendFileSync(append.path, append.text, { mode: 0o600 });
      }
      for (const step of looks) if (!isDone(step)) rename(step.temporary, step.path);
      for (const path of removals) removeQuietly(path);
    } else {
      if (append !== undefined) cutBack(append.path, append.size);
      // Killed while it was being undone: what is new already has its old file under another name.
      for (const step of looks.filter((it) => isDone(it) && it.sha256 !== it.before))
        if (step.before === undefined) removeQuietly(step.path);
        else if (existsSync(step.backup)) rename(step.backup, step.path);
    }
    for (const { temporary, backup } of steps)
      for (const path of [temporary, backup]) removeQuietly(path);
  }
  withFileError('delete', file, () => {
    unlinkSync(file);
  });
}

/** SHA-256 as 64 hex digits. */
export function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** SHA-256 of a file, not through a link; undefined if it is not there, `unreadable` if it cannot be read. */
export function hashOf(path: string): string | undefined {
  try {
    const bytes = readIfThere(path, { maxBytes: Infinity, follow: false });
    return bytes === undefined ? undefined : sha256(bytes);
  } catch {
    return 'unreadable'; // neither what was there before nor what was to be there
  }
}

/** Moves a file, over one that is there. @throws DevcertError `file`. */
export function rename(from: string, to: string): void {
  withFileError('write', to, () => {
    retrying(() => {
      renameSync(from, to);
    });
  });
}

/** Bytes in a file; 0 if it is not there. */
export function sizeOf(path: string): number {
  return withFileError('read', path, () => statSync(path, { throwIfNoEntry: false })?.size ?? 0);
}

/** Takes off the end of a file what was added to it; a file that was not there before goes. */
export function cutBack(path: string, size: number): void {
  try {
    if (size === 0) unlinkSync(path);
    else if (sizeOf(path) > size) truncateSync(path, size);
  } catch {
    // A line too many: it says that a file may hold what it does not, which is looked at when it counts.
  }
}

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

type Look = JournalStep & { readonly found: string | undefined };
