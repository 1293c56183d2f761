/** File errors in words, with the next thing to do. */
import { DevcertError, systemCode } from './errors.ts';

/**
 * What a failed file operation means to a user, as a DevcertError `file`.
 *
 * @param doing as in `cannot write "x"`.
 * @throws the error itself if no file operation raised it: then it is a bug.
 */
export function explain(error: unknown, doing: string, path: string): DevcertError {
  const code = systemCode(error);
  if (code === undefined) throw error; // not from the file system: a bug
  const [reason, hint] = reasons[code] ?? [code, 'see whether the disk and the folder are well'];
  return new DevcertError('file', `cannot ${doing} "${path}": ${reason}`, { hint, cause: error });
}

const reasons: Readonly<Record<string, readonly [string, string]>> = {
  EACCES: ['permission denied', 'make the folder yours, or write elsewhere: --out DIR'],
  EPERM: ['not permitted', 'make the folder yours, or write elsewhere: --out DIR'],
  EROFS: ['the file system is read-only', 'write elsewhere: --out DIR'],
  ENOSPC: ['the disk is full', 'free some space and try again'],
  EDQUOT: ['your disk quota is used up', 'free some space and try again'],
  ENAMETOOLONG: ['the name is too long', 'choose a shorter path'],
  ENOTDIR: ['a part of the path is not a folder', 'check the path'],
  EEXIST: ['something else is there', 'move it away, or write elsewhere: --out DIR'],
  EISDIR: ['it is a folder', 'move it away, or write elsewhere: --out DIR'],
  ELOOP: ['it is a symbolic link', 'remove the link, or name the file it leads to'],
  EMFILE: ['too many files are open', 'try again'],
  EIO: ['the disk reports an error', 'see whether the disk is well'],
  ENOENT: ['its folder is gone', 'try again'],
};

/** The error for a folder, device or pipe where a file is expected. */
export function notAFile(path: string): DevcertError {
  return new DevcertError('file', `"${path}" is not a file`, {
    hint: 'move it away, or write elsewhere: --out DIR',
  });
}
