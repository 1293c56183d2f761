/** Which checkout of a repository a folder belongs to, read from git's own files: git is never run. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DevcertError, say } from '../errors.ts';
import { readIfThere } from '../disk/files.ts';

/** Files of git that are read are a line long. */
const MAX_BYTES = 4096;
/** RFC 1035 2.3.4. */
const MAX_LABEL = 63;

/**
 * The branch that is checked out as one DNS label: `feature/Login_2` is `feature-login-2`; without a branch
 * the first eight digits of the commit.
 *
 * @throws DevcertError `invalid-input` outside a checkout.
 */
export function branchLabel(folder: string): string {
  const git = join(checkoutOf(folder), '.git');
  // In a worktree and a submodule it is a file that says where the folder is (gitrepository-layout(5)).
  const link = isFile(git) ? /^gitdir: (.+)/.exec(read(git))?.[1] : undefined;
  const head = read(join(link === undefined ? git : resolve(dirname(git), link), 'HEAD'));
  const branch = /^ref: refs\/heads\/(.+)/.exec(head)?.[1];
  const label = asLabel(branch ?? /^[0-9a-f]{8}/.exec(head)?.[0] ?? '');
  if (label !== '') return label;
  throw new DevcertError('invalid-input', `cannot tell the branch of "${folder}"`, {
    hint: 'its .git/HEAD names none that has a letter or digit',
  });
}

/** The folder of the checkout as one DNS label. @throws DevcertError `invalid-input` outside a checkout. */
export function worktreeLabel(folder: string): string {
  const label = asLabel(basename(checkoutOf(folder)));
  if (label !== '') return label;
  throw new DevcertError('invalid-input', `"${folder}" has no letter or digit in its name`, {
    hint: say`leave ${'{worktree}'} out`,
  });
}

/** One DNS label that says the text: what is too long ends in a hash, so that two of them stay two. */
export function asLabel(text: string): string {
  const label = text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  if (label.length <= MAX_LABEL) return label;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  return `${label.slice(0, MAX_LABEL - hash.length - 1).replace(/-+$/, '')}-${hash}`;
}

/** The folder with `.git` that the folder is, or lies below. */
function checkoutOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (statSync(join(at, '.git'), { throwIfNoEntry: false }) !== undefined) return at;
    if (at === dirname(at))
      throw new DevcertError('invalid-input', `"${folder}" is in no checkout of git`, {
        hint: say`write the name out, without ${'{branch}'} and ${'{worktree}'}`,
      });
  }
}

function read(file: string): string {
  return readIfThere(file, { maxBytes: MAX_BYTES })?.toString().trimEnd() ?? '';
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
