/** The system calls behind files.ts, with their errors in words. */
import { closeSync, constants, openSync, type Stats, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { DevcertError, systemCode } from '../errors.ts';

/** POSIX. Windows has no user ids, and its mode bits say nothing about who may read. */
export const hasModes = process.getuid !== undefined;

/** What `action` gives; a system error that it throws becomes a DevcertError by {@link fileError}. */
export function withFileError<T>(verb: string, path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw fileError(error, verb, path);
  }
}

/**
 * A system error as a DevcertError `file`: `cannot write "/x": the disk is full`, with a hint.
 * Anything else is returned unchanged.
 */
export function fileError(error: unknown, verb: string, path: string): unknown {
  const code = systemCode(error);
  if (error instanceof DevcertError || code === undefined || code.startsWith('ERR_')) return error;
  const [reason, hint, command] = REASONS[code] ?? [
    `the system says ${code}`,
    'look at it: ',
    'permissions',
  ];
  return new DevcertError('file', `cannot ${verb} "${path}": ${reason}`, {
    hint: command === undefined ? hint : hint + shellCommand(command, dirname(path)),
    cause: error,
  });
}

/** A command of the hints, in the words of this system's shells (cmd and PowerShell know all of the second). */
export function shellCommand(command: keyof typeof COMMANDS, ...paths: readonly string[]): string {
  const [posix, windows] = COMMANDS[command];
  return [hasModes ? posix : windows, ...paths.map((path) => `"${path}"`)].join(' ');
}

const COMMANDS = {
  permissions: ['ls -ld', 'icacls'],
  size: ['ls -l', 'dir'],
  space: ['df -h', 'dir'],
  make: ['mkdir -p', 'mkdir'],
  move: ['mv', 'move'],
  remove: ['rm', 'del'],
} as const;

/** Runs `action`; on Windows again for up to a second while another program has the file open. */
export function retrying<T>(action: () => T, passes = isTransient): T {
  for (let waitMs = 4; ; waitMs *= 2) {
    try {
      return action();
    } catch (error) {
      if (!passes(error) || waitMs > 512) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, waitMs);
    }
  }
}

/**
 * Removes a file, which may be open elsewhere. On Windows one that is about to be deleted refuses, and a
 * moment later is gone: that is success.
 */
export function unlinkRetrying(
  path: string,
  unlink: (path: string) => void = unlinkSync,
  passes = isTransient,
): void {
  let tries = 0;
  retrying(() => {
    tries++;
    try {
      unlink(path);
    } catch (error) {
      if (tries === 1 || systemCode(error) !== 'ENOENT') throw error;
    }
  }, passes);
}

/** True for an error that passes on Windows, where open and half-deleted files are in the way. */
export function isTransient(error: unknown): boolean {
  return !hasModes && ['EPERM', 'EACCES', 'EBUSY'].includes(systemCode(error) ?? '');
}

/** What `work` gives for an open descriptor, which is closed afterwards. System errors are thrown unchanged. */
export function withDescriptor<T>(path: string, flags: number, work: (descriptor: number) => T): T {
  const descriptor = openSync(path, flags);
  try {
    return work(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** 0 where the system does not know the flag: Windows. */
export function flag(name: 'O_NOFOLLOW' | 'O_NONBLOCK'): number {
  return (constants as Partial<typeof constants>)[name] ?? 0;
}

/**
 * @param use what it is looked at for: what is read is not to be moved away.
 * @throws DevcertError `file` for anything but a regular file.
 */
export function checkRegular(stat: Stats, path: string, use: 'read' | 'write'): void {
  if (stat.isFile()) return;
  const kind = stat.isSymbolicLink()
    ? 'a symbolic link'
    : stat.isDirectory()
      ? 'a folder'
      : 'a device';
  throw new DevcertError('file', `"${path}" is ${stat.isFIFO() ? 'a pipe' : kind}, not a file`, {
    hint:
      use === 'read'
        ? `give the path of a file; this is: ${shellCommand('permissions', path)}`
        : `move it away or choose another path: ${shellCommand('move', path, `${path}.old`)}`,
  });
}

/** Removes a file (or with `remove` a folder) if that is possible; true if it was. Never throws. */
export function removeQuietly(
  path: string,
  remove = unlinkSync as (path: string) => void,
): boolean {
  try {
    remove(path);
    return true;
  } catch {
    return false; // gone already, or left for removeStaleTemporaries()
  }
}

/** Reason, hint, and the command at its end, for the folder. */
const REASONS: Partial<Record<string, readonly [string, string, (keyof typeof COMMANDS)?]>> = {
  ENOSPC: ['the disk is full', 'free some space there and run the same again: ', 'space'],
  EDQUOT: ['your disk quota is used up', 'free some space there and run the same again'],
  EROFS: ['the file system is read-only', 'choose a folder that can be written to'],
  EACCES: ['permission denied', 'look who may write there: ', 'permissions'],
  EPERM: ['the system does not permit it', 'look who may write there: ', 'permissions'],
  ENAMETOOLONG: ['the name is too long', 'choose a shorter path'],
  ENOTDIR: ['a part of its path is not a folder', 'move away what stands there: ', 'permissions'],
  ENOENT: ['its folder does not exist', 'make it first: ', 'make'],
  ELOOP: ['it is a symbolic link', 'use the path that the link points to'],
  EISDIR: ['it is a folder', 'move it away or choose another path'],
  EBUSY: ['another program has it open', 'close that program and run the same again'],
};
