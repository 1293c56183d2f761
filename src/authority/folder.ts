/**
 * The authority on disk: `root.pem`, `issuer.pem`, `issuer-key.pem`.
 *
 * Three files cannot be replaced in one step, so a new authority is written into a folder of its own
 * which is then renamed to `next`: from that instant on it is the authority, and whoever finds a
 * `next` first moves its files up. A kill at any moment leaves either the old state or a `next`.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { DevcertError, systemCode } from '../errors.ts';
import { looserThan, makeFolder, readIfThere, replaceFiles, tighten } from '../files.ts';
import { withLock } from '../lock.ts';
import { type Authority, readAuthority, readRoot } from './authority.ts';
import type { AuthorityPem } from './create.ts';
import { isImportedForClients, ORIGIN_FILE } from './origin.ts';
import { makeStateFolder } from './purge.ts';
import { madeFolders } from './marker.ts';
import { isStaged, removeStaged } from './staged.ts';

const FOLDER_MODE = 0o700;
const KEY_MODE = 0o600;
const CERTIFICATE_MODE = 0o644;

/** The key first and the root last: the order they are moved in, so that a root is never there alone. */
const files = [
  { name: ORIGIN_FILE, part: 'origin', mode: CERTIFICATE_MODE },
  { name: 'issuer-key.pem', part: 'issuerKey', mode: KEY_MODE },
  { name: 'issuer.pem', part: 'issuer', mode: CERTIFICATE_MODE },
  { name: 'root.pem', part: 'root', mode: CERTIFICATE_MODE },
] as const;

/** Where {@link Authority.root} lies in a state folder. */
export function rootFile(folder: string): string {
  return join(folder, 'root.pem');
}

/** True if the folder holds an authority, or the better part of one. Changes nothing. */
export function hasAuthority(folder: string): boolean {
  return existsSync(rootFile(folder)) || isStaged(join(folder, 'next'));
}

/**
 * The authority in a state folder.
 *
 * @throws DevcertError `no-authority`, `invalid-authority`, `file`.
 */
export async function loadAuthority(folder: string): Promise<Authority> {
  if (!isStaged(join(folder, 'next'))) {
    try {
      return read(folder);
    } catch (error) {
      // Perhaps read while somebody was replacing it: once more, when nobody can be.
      if (!(error instanceof DevcertError) || error.code !== 'invalid-authority') throw error;
    }
  }
  return withLock(folder, () => {
    rollForward(folder);
    return read(folder);
  });
}

/**
 * The root certificate alone, PEM; undefined if there is no authority. Works without a usable key.
 *
 * @throws DevcertError `invalid-authority` if `root.pem` is something else, `file`.
 */
export async function loadRoot(folder: string): Promise<string | undefined> {
  if (isStaged(join(folder, 'next')))
    await withLock(folder, () => {
      rollForward(folder);
    });
  const pem = readIfThere(rootFile(folder))?.toString();
  return pem === undefined ? undefined : readRoot(pem, folder).toString();
}

/**
 * The authority in a state folder, made first if there is none. Any number of processes may do this
 * at once: one makes it.
 *
 * @param create makes the new authority; called at most once, under the folder's lock.
 */
export async function ensureAuthority(
  folder: string,
  create: () => AuthorityPem | Promise<AuthorityPem>,
): Promise<{ authority: Authority; created: boolean }> {
  if (hasAuthority(folder)) return { authority: await loadAuthority(folder), created: false };
  makeStateFolder(folder);
  return withLock(folder, async () => {
    rollForward(folder);
    if (hasAuthority(folder)) return { authority: read(folder), created: false };
    const leftOver = files.find(
      ({ part, name }) => part !== 'origin' && existsSync(join(folder, name)),
    );
    if (leftOver !== undefined)
      throw new DevcertError(
        'invalid-authority',
        `"${folder}" holds ${leftOver.name} and no root.pem`,
        { hint: 'put root.pem back, or start anew: devcert uninstall --purge && devcert install' },
      );
    stage(folder, await create(), 'next');
    rollForward(folder);
    return { authority: read(folder), created: true };
  });
}

/**
 * Writes an authority into the sub-folder `name` in one step: it is there whole or not at all.
 * Under the folder's lock.
 */
export function stage(folder: string, pem: AuthorityPem, name: string): void {
  assertFree(folder, name);
  for (const entry of readdirSync(folder))
    if (STAGING.test(entry)) removeStaged(join(folder, entry));
  const staging = join(folder, `staging-${randomBytes(6).toString('hex')}`);
  makeFolder(staging, FOLDER_MODE);
  replaceFiles(
    files.flatMap(({ name, part, mode }) => {
      const data = pem[part];
      return data === undefined || data === '' ? [] : [{ path: join(staging, name), data, mode }];
    }),
    { sync: true },
  );
  renameSync(staging, join(folder, name));
}

/** @throws DevcertError `refused` if what has the name that an authority on its way needs is not devcert's. */
export function assertFree(folder: string, name: string): void {
  const path = join(folder, name);
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined || isStaged(path)) return;
  throw new DevcertError('refused', `"${path}" is in the way, and not devcert's`, {
    hint: `move it away: mv "${path}" "${path}.old"`,
  });
}

/** Moves the files of a `next` up, if there is one. Under the folder's lock. */
export function rollForward(folder: string): void {
  const next = join(folder, 'next');
  if (!isStaged(next)) return;
  for (const { name } of files) {
    try {
      renameSync(join(next, name), join(folder, name));
    } catch (error) {
      // Moved by an earlier run that was killed before the last file.
      if (systemCode(error) !== 'ENOENT') throw error;
    }
  }
  removeStaged(next);
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
      `"${path}" was open to others (mode ${octal(actual)}); it is ${octal(mode)} now. If others use this machine: devcert uninstall --purge && devcert install`,
    );
  }
  return notes;
}

/** What {@link stage} writes into, left there by a run that was killed. */
const STAGING = /^staging-[0-9a-f]{12}$/;

function read(folder: string): Authority {
  const [issuerKey, issuer, root] = ['issuer-key.pem', 'issuer.pem', 'root.pem'].map((name) =>
    readIfThere(join(folder, name))?.toString(),
  );
  if (root === undefined)
    throw new DevcertError('no-authority', 'there is no authority yet', {
      hint: 'devcert install',
    });
  if (issuer === undefined && issuerKey === undefined)
    throw new DevcertError('invalid-authority', `the authority in "${folder}" has no key here`, {
      hint: 'it can be trusted and issues nothing; with its key: devcert ca import --force',
    });
  if (issuer === undefined || issuerKey === undefined)
    throw new DevcertError(
      'invalid-authority',
      `${issuer === undefined ? 'issuer.pem' : 'issuer-key.pem'} is missing in "${folder}"`,
      { hint: 'put it back, or start anew: devcert uninstall --purge && devcert install' },
    );
  const authority = decoded({ root, issuer, issuerKey }, folder);
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
    last.pem.issuerKey !== issuerKey
  )
    last = { folder, pem, authority: readAuthority(pem, folder) };
  return last.authority;
}

function octal(mode: number): string {
  return `0${mode.toString(8)}`;
}
