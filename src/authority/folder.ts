/**
 * The authority on disk: `root.pem`, `issuer.pem`, `issuer-key.pem`. They are replaced together, by a
 * journal in the same folder: the next process that finds one completes or undoes what a killed one had begun.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DevcertError, say, worded } from '../errors.ts';
import { looserThan, readIfThere, tighten } from '../disk/files.ts';
import { isInterrupted, JOURNAL, recover } from '../ledger/journal.ts';
import { type Change, applyChange } from '../ledger/transaction.ts';
import { withLock } from '../disk/lock.ts';
import { hasLeftOvers, removeStaleTemporaries } from '../disk/temporary.ts';
import { type Authority, readAuthority, readRoot } from './authority.ts';
import type { AuthorityPem } from './create.ts';
import { hasOpenKey } from './access.ts';
import { startAnew } from './damage.ts';
import { isImportedForClients, ORIGIN_FILE } from './origin.ts';
import { hasKeyFile, parseKeeping } from './keeping.ts';
import { AUTHORITY_FILES, FOLDER_MODE, KEEPING_FILE, KEY_MODE } from './staged.ts';
import { authorityNameOf, madeFolders, RETIRED } from './marker.ts';
import { makeStateFolder } from './purge.ts';

/** The file of {@link Authority.root} in an authority's folder. */
export function rootFile(folder: string): string {
  return join(folder, 'root.pem');
}

/** True if the folder holds an authority. Changes nothing. */
export function hasAuthority(folder: string): boolean {
  return existsSync(rootFile(folder));
}

/**
 * The authority in its folder.
 *
 * @throws DevcertError `no-authority`, `invalid-authority`, `file`.
 */
export async function loadAuthority(folder: string): Promise<Authority> {
  if (!isInterrupted(folder)) {
    try {
      return read(folder);
    } catch (error) {
      // Perhaps read while somebody was replacing it: once more, when nobody can be.
      if (!(error instanceof DevcertError) || error.code !== 'invalid-authority') throw error;
    }
  }
  return withLock(folder, () => {
    recover(folder);
    return read(folder);
  });
}

/**
 * The root certificate alone, PEM; undefined if there is no authority. Works without a usable key.
 *
 * @throws DevcertError `invalid-authority` if `root.pem` is something else, `file`.
 */
export async function loadRoot(folder: string): Promise<string | undefined> {
  if (isInterrupted(folder)) await recoverFolder(folder);
  const pem = readIfThere(rootFile(folder))?.toString();
  return pem === undefined ? undefined : readRoot(pem, folder).toString();
}

/** Completes or undoes what a killed process had begun in an authority's folder, and clears up after it. */
export async function recoverFolder(folder: string): Promise<void> {
  const interrupted = isInterrupted(folder);
  const now = new Date();
  const retired = join(folder, RETIRED);
  if (!interrupted && ![folder, retired].some((it) => hasLeftOvers(it, now))) return;
  try {
    await withLock(folder, () => {
      recover(folder);
      removeStaleTemporaries(retired, now);
    });
  } catch (error) {
    // Left-overs alone are in nobody's way: in a folder that cannot be written they stay.
    if (interrupted || !(error instanceof DevcertError)) throw error;
  }
}

/**
 * The authority in a folder, made first if there is none. Any number of processes may do this at once:
 * the authority of one is kept.
 *
 * @param create makes the new authority, without the lock.
 * @param close closes the folder to other users, where its mode does not.
 */
export async function ensureAuthority(
  folder: string,
  create: () => Promise<AuthorityPem>,
  close: (folder: string) => Promise<unknown>,
): Promise<{ authority: Authority; created: boolean }> {
  if (isInterrupted(folder)) await recoverFolder(folder);
  if (hasAuthority(folder)) return { authority: await loadAuthority(folder), created: false };
  const pem = await create();
  makeStateFolder(folder);
  await close(folder);
  return withLock(folder, () => {
    recover(folder);
    if (hasAuthority(folder)) return { authority: read(folder), created: false };
    const leftOver = AUTHORITY_FILES.find(
      ({ part, name }) => part !== 'origin' && existsSync(join(folder, name)),
    );
    if (leftOver !== undefined)
      throw new DevcertError(
        'invalid-authority',
        `"${folder}" holds ${leftOver.name} and no root.pem`,
        {
          hint: say`put root.pem back, or start over: ${startAnew(folder)}`,
        },
      );
    changeFolder(folder, { files: filesOf(folder, pem) });
    return { authority: read(folder), created: true };
  });
}

/** The files of an authority in a folder, in the order they are placed in. */
export function filesOf(folder: string, pem: AuthorityPem): Change['files'] {
  // The last look before anything is written, not even into a temporary file.
  if (parseKeeping(pem.keeping, folder).way !== 'file' && hasOpenKey(pem.issuerKey))
    throw new TypeError('an open key of a CA that is protected');
  return AUTHORITY_FILES.flatMap(({ name, part, mode }) => {
    const data = pem[part];
    return data === undefined || data === '' ? [] : [{ path: join(folder, name), data, mode }];
  });
}

/** The change that puts an authority into a folder: what is there of another one's goes. */
export function changeTo(folder: string, pem: AuthorityPem): Required<Omit<Change, 'append'>> {
  const files = filesOf(folder, pem);
  const removals = pathsIn(folder).filter((path) => files.every((file) => file.path !== path));
  return { files, removals };
}

/** Absolute paths of the files that an authority has in a folder now. */
export function pathsIn(folder: string): string[] {
  return AUTHORITY_FILES.map(({ name }) => join(folder, name)).filter((path) => existsSync(path));
}

/** The texts of the files in a folder; empty where one is not there. */
export function readPem(folder: string): AuthorityPem {
  const text = (name: string) => readIfThere(join(folder, name))?.toString() ?? '';
  return {
    root: text('root.pem'),
    issuer: text('issuer.pem'),
    issuerKey: text('issuer-key.pem'),
    keeping: text(KEEPING_FILE),
    origin: text(ORIGIN_FILE),
  };
}

/** Files of an authority's folder that change together. Under the folder's lock. */
export function changeFolder(folder: string, change: Change): void {
  applyChange(change, { journal: join(folder, JOURNAL), sync: true });
}

/**
 * Mends modes of the folder and its key that let others in, as after a restore from a backup. A folder that
 * devcert did not make keeps its mode.
 *
 * @returns one line for each, for the user.
 */
export function mendModes(folder: string): string[] {
  const notes: string[] = [];
  const wanted = [
    { path: folder, mode: FOLDER_MODE },
    { path: join(folder, 'issuer-key.pem'), mode: KEY_MODE },
  ];
  for (const { path, mode } of wanted) {
    const actual = looserThan(path, mode);
    if (actual === undefined) continue;
    if (path === folder && !madeFolders(folder).includes(folder)) continue;
    tighten(path, mode);
    notes.push(
      worded`"${path}" was open to others (mode ${octal(actual)}); it is ${octal(mode)} now. If others use this machine: ${startAnew(folder)}`,
    );
  }
  return notes;
}

function read(folder: string): Authority {
  const pem = readPem(folder);
  const { root, issuer, issuerKey } = pem;
  if (root === '')
    throw new DevcertError('no-authority', 'there is no CA yet', {
      hint: { command: 'install', ca: authorityNameOf(folder) },
    });
  const needsKey = hasKeyFile(parseKeeping(pem.keeping, folder));
  if (issuer === '' && issuerKey === '')
    throw new DevcertError('invalid-authority', `the CA in "${folder}" has no key here`, {
      hint: say`with its key: ${{ command: 'ca import', force: true, name: authorityNameOf(folder) }}; without: ${startAnew(folder)}`,
    });
  if (issuer === '' || (issuerKey === '' && needsKey))
    throw new DevcertError(
      'invalid-authority',
      `${issuer === '' ? 'issuer.pem' : 'issuer-key.pem'} is missing in "${folder}"`,
      {
        hint: say`put it back, or start over: ${startAnew(folder)}`,
      },
    );
  const authority = decoded(pem, folder);
  return isImportedForClients(folder, authority.root)
    ? { ...authority, clientsOnly: true }
    : authority;
}

let last: { folder: string; pem: AuthorityPem; authority: Authority } | undefined;

/**
 * The authority of these very texts, decoded once per process: a server that asks for certificate after
 * certificate would wait longer for that than for the signing.
 */
function decoded(pem: AuthorityPem, folder: string): Authority {
  const { root, issuer, issuerKey } = pem;
  if (
    last?.folder !== folder ||
    last.pem.root !== root ||
    last.pem.issuer !== issuer ||
    last.pem.issuerKey !== issuerKey ||
    last.pem.keeping !== pem.keeping
  )
    last = { folder, pem, authority: readAuthority(pem, folder) };
  return last.authority;
}

function octal(mode: number): string {
  return `0${mode.toString(8)}`;
}
