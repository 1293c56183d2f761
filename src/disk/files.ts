/** Files and folders: read without waiting, made with the right mode. Synchronous: they are few and small. */
import {
  constants,
  fchmodSync,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DevcertError, systemCode, type Text } from '../errors.ts';
import {
  withFileError,
  checkRegular,
  fileError,
  flag,
  hasModes,
  removeQuietly,
  shellCommand,
  withDescriptor,
} from './filesystem.ts';
import { temporaryName, writeNew } from './temporary.ts';
import { MAX_FILE_BYTES } from '../policy.ts';

/**
 * Writes a file that must not be there yet: complete when it appears.
 *
 * @returns false, and nothing changed, if anything is there already.
 * @throws DevcertError `file`.
 */
export function writeExclusive(path: string, data: string | Buffer, mode: number): boolean {
  const temporary = temporaryName(path);
  withFileError('write', path, () => {
    writeNew(temporary, data, mode, false);
  });
  try {
    linkSync(temporary, path);
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
 * Makes a folder, and those above it that are missing (0755 at most).
 *
 * @param mode exactly the mode of the folder itself if it is made; an existing one keeps its mode.
 * @returns the paths it made, outermost first; none of them stays if it fails.
 * @throws DevcertError `file`, also if something that is no folder stands there.
 */
export function makeFolder(path: string, mode: number): string[] {
  const missing: string[] = [];
  for (let folder = path; !isFolder(folder); folder = dirname(folder)) {
    missing.unshift(folder);
    if (folder === dirname(folder)) break; // a drive that is not there
  }
  const made: string[] = [];
  try {
    for (const folder of missing)
      if (makeOne(folder, folder === path ? mode : 0o755)) made.push(folder);
    if (made.includes(path)) tighten(path, mode); // the umask may have taken too much
  } catch (error) {
    for (const folder of made.reverse()) removeQuietly(folder, rmdirSync);
    throw error;
  }
  return made;
}

/** Deletes a folder and all that is in it, if it is there. @throws DevcertError `file`. */
export function removeFolder(path: string): void {
  withFileError('delete', path, () => {
    rmSync(path, { recursive: true, force: true });
  });
}

/**
 * The content of a regular file; undefined if there is none. Never waits (for a FIFO's writer).
 *
 * @param options.maxBytes refuse more than that; {@link MAX_FILE_BYTES} by default.
 * @param options.follow false: refuse a symbolic link. True by default.
 * @throws DevcertError `file`.
 */
export function readIfThere(
  path: string,
  { maxBytes = MAX_FILE_BYTES, follow = true }: { maxBytes?: number; follow?: boolean } = {},
): Buffer | undefined {
  return openIfThere(path, follow, (descriptor) => readAtMost(descriptor, maxBytes, path));
}

/**
 * The first line of a text file, and every other one that holds one of the texts: a file of any length takes
 * no more memory than its longest line. What follows the last line break is no line.
 *
 * @param texts bytes without a line break.
 * @returns undefined if there is no file.
 * @throws DevcertError `file`, also for a symbolic link.
 */
export function findLines(
  path: string,
  texts: readonly Buffer[],
  maxBytes: number,
): string[] | undefined {
  return openIfThere(path, false, (descriptor) => {
    const found: string[] = [];
    let block = Buffer.allocUnsafe(BLOCK_BYTES);
    for (let total = 0, begun = 0; ;) {
      if (begun === block.length) block = Buffer.concat([block], 2 * block.length);
      const length = readSync(descriptor, block, { offset: begun });
      if (length === 0) return found;
      if ((total += length) > maxBytes) throw tooLarge(path, maxBytes);
      const end = begun + length;
      const lines = block.subarray(0, block.subarray(0, end).lastIndexOf(NEWLINE) + 1);
      for (const start of lineStarts(lines, texts, found.length === 0))
        found.push(lines.toString('utf8', start, lines.indexOf(NEWLINE, start)));
      block.copy(block, 0, lines.length, end);
      begun = end - lines.length;
    }
  });
}

/**
 * Changes when the file does, whether it is replaced or written; undefined if there is none, or it is not to be
 * looked at: reading it says why.
 */
export function stampOf(path: string): string | undefined {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat && [stat.ino, stat.size, stat.mtimeMs, stat.ctimeMs].join();
  } catch {
    return undefined; // what the answer is
  }
}

/**
 * The permission bits of a file or folder that lets group or others do more than `mode` does;
 * undefined if it does not, is not there, and on Windows, whose bits mean nothing.
 */
export function looserThan(path: string, mode: number): number | undefined {
  const stat = withFileError('look at', path, () => statSync(path, { throwIfNoEntry: false }));
  if (!hasModes || stat === undefined || (stat.mode & 0o077 & ~mode) === 0) return undefined;
  return stat.mode & 0o777;
}

/**
 * Gives a file or folder exactly this mode, not through a symbolic link. Nothing on Windows.
 *
 * @throws DevcertError `file`, also for a file of somebody else.
 */
export function tighten(path: string, mode: number): void {
  if (!hasModes) return;
  const flags = constants.O_RDONLY | flag('O_NONBLOCK') | flag('O_NOFOLLOW');
  withFileError('set the mode of', path, () => {
    withDescriptor(path, flags, (descriptor) => {
      fchmodSync(descriptor, mode);
    });
  });
}

/**
 * Makes sure that a path is no symbolic link: one that the user did not name leads where somebody else wants.
 *
 * @throws DevcertError `file`.
 */
export function assertNoLink(path: string, hint: string | Text): void {
  const stat = withFileError('look at', path, () => lstatSync(path, { throwIfNoEntry: false }));
  if (stat?.isSymbolicLink() === true)
    throw new DevcertError('file', `"${path}" is a symbolic link`, { hint });
}

const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV', 'EINVAL']);
function isFolder(path: string): boolean {
  const stat = withFileError('make', path, () => statSync(path, { throwIfNoEntry: false }));
  if (stat === undefined || stat.isDirectory()) return stat !== undefined;
  throw new DevcertError('file', `"${path}" is in the way: it is not a folder`, {
    hint: `move it away or choose another path: ${shellCommand('move', path, `${path}.old`)}`,
  });
}

/** False if somebody else made it in the meantime. */
function makeOne(folder: string, mode: number): boolean {
  try {
    mkdirSync(folder, mode);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST' && isFolder(folder)) return false;
    throw fileError(error, 'make', folder);
  }
}

function openIfThere<T>(
  path: string,
  follow: boolean,
  work: (descriptor: number) => T,
): T | undefined {
  return withFileError('read', path, () => {
    // Looked at before it is opened: opening alone sets some devices going.
    const stat = (follow ? statSync : lstatSync)(path, { throwIfNoEntry: false });
    if (stat === undefined) return undefined;
    checkRegular(stat, path, 'read');
    const flags = constants.O_RDONLY | flag('O_NONBLOCK') | (follow ? 0 : flag('O_NOFOLLOW'));
    try {
      return withDescriptor(path, flags, (descriptor) => {
        checkRegular(fstatSync(descriptor), path, 'read');
        return work(descriptor);
      });
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined; // removed in this instant
      throw error;
    }
  });
}

/** Where the lines begin that hold one of the texts, in order. */
function lineStarts(lines: Buffer, texts: readonly Buffer[], withFirst: boolean): number[] {
  const starts = new Set<number>(withFirst && lines.length > 0 ? [0] : []);
  for (const text of texts)
    for (let at = lines.indexOf(text); at !== -1; at = lines.indexOf(text, at + 1))
      starts.add(lines.lastIndexOf(NEWLINE, at) + 1);
  return [...starts].sort((a, b) => a - b);
}

function readAtMost(descriptor: number, maxBytes: number, path: string): Buffer {
  // In one piece where the size is known: a long ledger would be in memory twice.
  const size = Math.min(fstatSync(descriptor).size, maxBytes);
  let bytes = Buffer.allocUnsafe(Math.max(size + 1, 4096));
  for (let total = 0; ;) {
    const length = readSync(descriptor, bytes, { offset: total });
    if (length === 0) return bytes.subarray(0, total);
    if ((total += length) > maxBytes) throw tooLarge(path, maxBytes);
    if (total === bytes.length) bytes = Buffer.concat([bytes], 2 * total); // it grows, or tells no size
  }
}

function tooLarge(path: string, maxBytes: number): DevcertError {
  return new DevcertError('file', `"${path}" is larger than ${maxBytes} bytes`, {
    hint: `see what it is: ${shellCommand('size', path)}`,
  });
}

const NEWLINE = 10;
const BLOCK_BYTES = 256 * 1024;
