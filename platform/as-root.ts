/** What may run as root: programs that root alone can change. */
import { constants, lstatSync, readlinkSync, type Stats } from 'node:fs';
import { posix } from 'node:path';
import { systemCode } from '../src/errors.ts';

/** The file system, as far as it is looked at here. */
export interface Files {
  /** Throws, as Node's does, for what is not there or may not be seen. */
  lstat(path: string): Pick<Stats, 'uid' | 'mode'>;
  readlink(path: string): string;
}

/** As many links one after another as Linux follows. */
const MAX_LINKS = 40;
const STICKY = 0o1000;

/**
 * Absolute path of the first program in the folders that may run as root: it belongs to root, as do
 * all folders above it and all links on the way to it, and nobody else can write any of them. Links are
 * resolved, except that of a program which goes by the name it is called by (`install` of BusyBox).
 *
 * @param program a name, or an absolute path that is judged alone.
 * @param folders where a name is looked for; relative ones are skipped.
 * @returns undefined if there is none.
 */
export function findForRoot(
  program: string,
  folders: readonly string[],
  files: Files = realFiles,
): string | undefined {
  const candidates = posix.isAbsolute(program)
    ? [program]
    : folders.filter((it) => posix.isAbsolute(it)).map((folder) => posix.join(folder, program));
  for (const candidate of candidates) {
    const found = walk(candidate, files);
    if (found === undefined || !isProgram(found.status)) continue;
    const name = posix.basename(candidate);
    if (posix.basename(found.path) === name) return found.path;
    const folder = walk(posix.dirname(candidate), files);
    if (folder !== undefined) return posix.join(folder.path, name);
  }
  return undefined;
}

/** Those of the folders in which root alone can put and change programs, links resolved, each once. */
export function foldersForRoot(folders: readonly string[], files: Files = realFiles): string[] {
  return [
    ...new Set(
      folders
        .filter((it) => posix.isAbsolute(it))
        .flatMap((folder) => {
          const found = walk(folder, files);
          return found !== undefined && isRootsAlone(found.status) ? [found.path] : [];
        }),
    ),
  ];
}

interface Found {
  readonly path: string;
  readonly status: Pick<Stats, 'uid' | 'mode'>;
}

const realFiles: Files = { lstat: lstatSync, readlink: (path) => readlinkSync(path) };

/** Follows every link itself; undefined as soon as somebody else than root has a say in where it leads. */
function walk(path: string, files: Files): Found | undefined {
  try {
    let at: Found = { path: '/', status: files.lstat('/') };
    const names = split(path);
    let links = 0;
    for (let name = names.shift(); name !== undefined; name = names.shift()) {
      if (kindOf(at.status) !== constants.S_IFDIR) return undefined;
      const next = posix.join(at.path, name);
      const status = files.lstat(next);
      if (status.uid !== 0 || !keeps(at.status, status)) return undefined;
      if (kindOf(status) !== constants.S_IFLNK) {
        at = { path: next, status };
        continue;
      }
      links += 1;
      if (links > MAX_LINKS) return undefined;
      const target = files.readlink(next);
      names.unshift(...split(target));
      if (posix.isAbsolute(target)) at = { path: '/', status: files.lstat('/') };
    }
    return at;
  } catch (error) {
    // Not there, or not to be seen: nothing that could be vouched for.
    if (systemCode(error) !== undefined) return undefined;
    throw error;
  }
}

function split(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

/**
 * True if only root can replace an entry of root's in this folder. In a sticky one, as /tmp and Nix's
 * store are, others can add entries, even a second name for a file of root's, but neither remove nor
 * make a folder of root's.
 */
function keeps(folder: Found['status'], entry: Found['status']): boolean {
  if (isRootsAlone(folder)) return true;
  return folder.uid === 0 && (folder.mode & STICKY) !== 0 && kindOf(entry) === constants.S_IFDIR;
}

function isProgram(status: Found['status']): boolean {
  return (
    kindOf(status) === constants.S_IFREG && isRootsAlone(status) && (status.mode & 0o111) !== 0
  );
}

// An access control list that lets somebody else write shows as the group's right to write.
function isRootsAlone({ uid, mode }: Found['status']): boolean {
  return uid === 0 && (mode & 0o022) === 0;
}

function kindOf({ mode }: Found['status']): number {
  return mode & constants.S_IFMT;
}
