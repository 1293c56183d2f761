/**
 * Files that are whole or not there: written beside their place under a temporary name, with their
 * final mode from the first instant, then renamed. Synchronous, because a few small files are all there is.
 */
import { createHash, randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { DevcertError, systemCode } from './errors.ts';

export interface FileToWrite {
  /** Absolute. */
  readonly path: string;
  readonly data: string | Buffer;
  /** The exact permission bits, whatever the umask and whatever an old file had: 0o600, 0o644. */
  readonly mode: number;
}

export interface ReplaceOptions {
  /** Also survive a power cut: fsync of files and folders. */
  readonly sync?: boolean;
  /** Write even where the folder of a file is itself a symbolic link. */
  readonly followFolder?: boolean;
}

/**
 * Puts all files in place, in order, or leaves all as they were. Existing files are replaced, never
 * written into, and keep nothing: not even their mode. A kill between two renames can leave the
 * earlier ones new.
 *
 * @throws DevcertError `file` if a target is anything but a regular file (before anything is
 *   written), or if the disk, the folder or the permissions do not allow it.
 */
export function replaceFiles(files: readonly FileToWrite[], options: ReplaceOptions = {}): void {
  if (new Set(files.map(({ path }) => path)).size !== files.length)
    throw new RangeError('the same path twice');
  for (const { path } of files) checkTarget(path, options.followFolder === true);
  const steps: Step[] = [];
  try {
    for (const { path, data, mode } of files)
      steps.push({ path, temporary: writeTemporary(path, data, mode, options.sync === true) });
    // The last rename is the last thing that can fail, so its file needs no backup.
    for (const step of steps.slice(0, -1)) step.backup = backUp(step.path);
    for (const step of steps) {
      attempt('write', step.path, () => {
        retrying(() => {
          fs.renameSync(step.temporary, step.path);
        });
      });
      step.placed = true;
    }
  } catch (error) {
    undo(steps, error);
    throw error;
  }
  for (const { backup } of steps) if (backup !== undefined) removeQuietly(backup);
  if (options.sync === true)
    for (const folder of new Set(files.map(({ path }) => dirname(path)))) syncFolder(folder);
}

/**
 * Writes a file that must not be there yet: complete when it appears.
 *
 * @returns false, and nothing changed, if anything is there already.
 * @throws DevcertError `file`.
 */
export function writeExclusive(path: string, data: string | Buffer, mode: number): boolean {
  const temporary = writeTemporary(path, data, mode, false);
  try {
    fs.linkSync(temporary, path);
    return true;
  } catch (error) {
    const code = systemCode(error) ?? '';
    if (code === 'EEXIST') return false;
    if (!NO_LINKS.has(code)) throw fileError(error, 'write', path);
  } finally {
    removeQuietly(temporary);
  }
  // No hard links here (FAT, some network drives): exclusive still, though not complete at once.
  try {
    writeNew(path, data, mode, false);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw fileError(error, 'write', path);
  }
}

/**
 * Removes temporary files of ours whose writer was killed: older than 60 s, or of a process of this
 * machine that is no more. Never throws: what cannot be removed stays for the next time.
 */
export function removeStaleTemporaries(folder: string, now: Date): void {
  try {
    for (const name of fs.readdirSync(folder)) {
      const [, pid, machine] = TEMPORARY.exec(name) ?? [];
      if (pid === undefined) continue;
      const path = join(folder, name);
      const stat = fs.lstatSync(path, { throwIfNoEntry: false });
      if (stat?.isFile() !== true) continue;
      // ctime: a backup is a hard link and has the mtime of the file it keeps.
      const isOld = now.getTime() - stat.ctimeMs > 60_000;
      if (isOld || (machine === machineTag() && !processLives(Number(pid)))) removeQuietly(path);
    }
  } catch {
    // Left-overs are in nobody's way; if the folder is unusable, writing into it will say so.
  }
}

/** True if a process has this id. On this machine and, in a container, within it. */
export function processLives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== 'ESRCH'; // EPERM: it lives and is somebody else's
  }
}

/** Runs `action`; on Windows again for up to a second while another program has the file open. */
export function retrying<T>(action: () => T): T {
  for (let waitMs = 4; ; waitMs *= 2) {
    try {
      return action();
    } catch (error) {
      if (!isTransient(error) || waitMs > 512) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, waitMs);
    }
  }
}

/** True for an error that passes on Windows, where open and half-deleted files are in the way. */
export function isTransient(error: unknown): boolean {
  return !hasModes && ['EPERM', 'EACCES', 'EBUSY'].includes(systemCode(error) ?? '');
}

/**
 * A system error as a DevcertError `file`: `cannot write "/x": the disk is full`, with a hint.
 * Anything else comes back as it is.
 */
export function fileError(error: unknown, verb: string, path: string): unknown {
  const code = systemCode(error);
  if (error instanceof DevcertError || code === undefined || code.startsWith('ERR_')) return error;
  const [reason, hint] = REASONS[code] ?? [`the system says ${code}`, `look at it: ls -ld "@"`];
  return new DevcertError('file', `cannot ${verb} "${path}": ${reason}`, {
    hint: hint.replace('@', () => dirname(path)),
    cause: error,
  });
}

interface Step {
  readonly path: string;
  readonly temporary: string;
  /** The old file under another name; undefined if there was none. */
  backup?: string | undefined;
  placed?: boolean;
}

/** POSIX. Windows has no user ids, and its mode bits say nothing about who may read. */
const hasModes = process.getuid !== undefined;
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV', 'EINVAL']);
/** `.<base>.<pid>-<4 digits for the machine, 12 random>.devcert-tmp` */
const TEMPORARY = /^\..+\.(\d{1,10})-([0-9a-f]{4})[0-9a-f]{12}\.devcert-tmp$/;

/** Reason and hint; `@` stands for the folder. */
const REASONS: Partial<Record<string, readonly [string, string]>> = {
  ENOSPC: ['the disk is full', 'free some space there and run the same again: df -h "@"'],
  EDQUOT: ['your disk quota is used up', 'free some space there and run the same again'],
  EROFS: ['the file system is read-only', 'choose a folder that can be written to'],
  EACCES: ['permission denied', 'look who may write there: ls -ld "@"'],
  EPERM: ['the system does not permit it', 'look who may write there: ls -ld "@"'],
  ENAMETOOLONG: ['the name is too long', 'choose a shorter path'],
  ENOTDIR: ['a part of its path is no folder', 'move away what stands there: ls -ld "@"'],
  ENOENT: ['its folder does not exist', 'make it first: mkdir -p "@"'],
  ELOOP: ['it is a symbolic link', 'use the path that the link points to'],
  EISDIR: ['it is a folder', 'move it away or choose another path'],
  EBUSY: ['another program has it open', 'close that program and run the same again'],
};
