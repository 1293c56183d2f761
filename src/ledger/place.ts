/**
 * The one writer: everything that devcert puts onto the disk outside its own folder goes through
 * {@link place}, so that modes, refusals, folders and records are the same everywhere.
 */
import { existsSync, rmdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DevcertError, say, worded } from '../errors.ts';
import { looserThan, makeFolder, readIfThere, tighten } from '../disk/files.ts';
import { removeQuietly } from '../disk/filesystem.ts';
import { withLock } from '../disk/lock.ts';
import { DEFAULT_FOLDER } from '../disk/paths.ts';
import { removeStaleTemporaries } from '../disk/temporary.ts';
import {
  appendix,
  compact,
  findEntries,
  isRecorded,
  type LedgerEntry,
  type WrittenFile,
} from './ledger.ts';
import { JOURNAL, recover, sha256 } from './journal.ts';
import { applyChange } from './transaction.ts';

/** One file that is to be written. */
export interface Output {
  /** Absolute. */
  readonly path: string;
  readonly data: string | Buffer;
  /** It holds a private key: 0600, in a folder that is closed to others if devcert makes it; else 0644. */
  readonly secret: boolean;
  /** Nothing may be there, not even in the last instant. */
  readonly isNew?: boolean | undefined;
  /** Of a file of somebody else's that is changed: the mode that it had. */
  readonly mode?: number | undefined;
}

/** Outputs that belong together, with what the ledger is to say of them; its `files` are filled in. */
export interface Batch {
  readonly outputs: readonly Output[];
  /** Undefined for keys that nothing can make again: not recorded, they are replaced by force alone. */
  readonly entry: Omit<LedgerEntry, 'files'> | undefined;
}

export interface PlaceContext {
  /** Whose ledger it is; undefined if there is no state folder: then nothing that is there is devcert's. */
  readonly stateFolder: string | undefined;
  readonly now: Date;
  /** Replace what devcert did not write. */
  readonly force?: boolean | undefined;
  /** The user named the folder, so one that is a link is followed. */
  readonly followFolder?: boolean | undefined;
  /** Folders that are made get a `.gitignore`: a key does not belong into a repository. */
  readonly gitignore?: boolean | undefined;
  /** Closes a folder that was made for a key to other users, where its mode does not: on Windows. */
  readonly close?: ((folder: string) => Promise<unknown>) | undefined;
}

/** A path that may be written. */
export type Target = Pick<Output, 'path' | 'secret'>;

/**
 * Writes all outputs, or none.
 *
 * @param targets all paths that may be written: their folders are made first.
 * @param make gives what to write, called under the lock: it has the last look at what is there, and refuses what is not devcert's, by the entries of the ledger that mention one of the targets, which it reads. Without outputs nothing is written.
 * @returns the paths that were written.
 * @throws DevcertError `file` for something that devcert did not write, or that cannot be written; `busy`.
 */
export async function place(
  targets: readonly Target[],
  context: PlaceContext,
  make: (entries: () => readonly LedgerEntry[]) => readonly Batch[],
): Promise<string[]> {
  const { stateFolder } = context;
  const made = await prepare(targets, context);
  // Not before recover(), which completes with them what a killed process had begun.
  const clearUp = () => {
    for (const folder of new Set(targets.map(folderOf)))
      removeStaleTemporaries(folder, context.now);
  };
  try {
    const written =
      stateFolder === undefined
        ? write(
            make(() => []),
            made,
            context,
          )
        : await withLock(stateFolder, () => {
            recover(stateFolder);
            clearUp();
            const paths = targets.map(({ path }) => path);
            const entries = () => findEntries(stateFolder, paths);
            const written = write(make(entries), made, context);
            compact(stateFolder);
            return written;
          });
    if (stateFolder === undefined) clearUp();
    if (written.length === 0) removeEmpty(made);
    return written;
  } catch (error) {
    removeEmpty(made);
    throw error;
  }
}

/**
 * Makes sure that a file which is there was written by devcert.
 *
 * @throws DevcertError `file`.
 */
export function assertWritten(
  path: string,
  bytes: Buffer | undefined,
  entries: readonly LedgerEntry[],
): void {
  if (bytes === undefined || isRecorded(entries, path, bytes)) return;
  const isListed = entries.some(({ files }) => files.some((file) => file.path === path));
  throw foreignFile(
    path,
    isListed ? 'it was changed since devcert wrote it' : 'devcert did not write it',
  );
}

/** The same for all targets. */
export function assertAllWritten(
  targets: readonly Target[],
  entries: readonly LedgerEntry[],
): void {
  for (const { path } of targets) assertWritten(path, contentOf(path), entries);
}

/** @param why of a file that is not devcert's to replace. */
export function foreignFile(path: string, why = 'devcert did not write it'): DevcertError {
  return new DevcertError('file', `"${path}" is there already and ${why}`, {
    hint: say`move it away, write elsewhere (${{ out: 'DIR' }}), or replace it: ${{ force: true }}`,
  });
}

/** What a file holds now, not through a link; undefined if it is not there. */
export function contentOf(path: string): Buffer | undefined {
  return readIfThere(path, { follow: false });
}

/** Mends the modes of keys that others may read. @returns a line for each, for the user. */
export function mendKeys(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const mode = looserThan(path, SECRET_MODE);
    if (mode === undefined) return [];
    tighten(path, SECRET_MODE);
    return [
      worded`"${path}" was open to others (mode 0${mode.toString(8)}); it is 0600 now. If others use this machine, issue it again: ${{ force: true }}`,
    ];
  });
}

/** Of files with a private key. */
export const SECRET_MODE = 0o600;
/** Of all others. */
export const PUBLIC_MODE = 0o644;

// Before the lock, as closing one runs a program; outermost first.
async function prepare(targets: readonly Target[], context: PlaceContext): Promise<string[]> {
  const made: string[] = [];
  const keyFolders = new Set(targets.filter(({ secret }) => secret).map(folderOf));
  try {
    for (const folder of new Set(targets.map(folderOf))) {
      const created = makeFolder(folder, 0o755);
      made.push(...created);
      if (created.includes(folder) && keyFolders.has(folder)) await context.close?.(folder);
    }
  } catch (error) {
    removeEmpty(made);
    throw error;
  }
  return made;
}

function write(
  batches: readonly Batch[],
  made: readonly string[],
  { stateFolder, force, followFolder, gitignore }: PlaceContext,
): string[] {
  const outputs = batches.flatMap(({ outputs }) => outputs);
  if (outputs.length === 0) return [];
  const entries = batches.flatMap(({ outputs, entry }) =>
    entry === undefined
      ? []
      : [
          {
            files: outputs.map(({ path, data }) => fileOf(path, data, force === true)),
            ...entry,
          },
        ],
  );
  const ignored = gitignore === true ? ignores(outputs, made) : [];
  applyChange(
    {
      files: [
        ...ignored,
        ...outputs.map(({ path, data, secret, isNew, mode }) => ({
          ...{ path, data, isNew },
          mode: mode ?? (secret ? SECRET_MODE : PUBLIC_MODE),
        })),
      ],
      append: stateFolder === undefined ? undefined : appendix(stateFolder, entries),
    },
    {
      journal: stateFolder === undefined ? undefined : join(stateFolder, JOURNAL),
      followFolder: followFolder === true,
    },
  );
  return outputs.map(({ path }) => path);
}

// What is there is devcert's by now, or it is replaced by force: then it is not, if that is undone.
function fileOf(path: string, data: string | Buffer, force: boolean): WrittenFile {
  const before = force ? undefined : contentOf(path);
  const hash = sha256(data);
  const hashes = before === undefined ? [hash] : [hash, sha256(before)];
  return { path, sha256: [...new Set(hashes)] };
}

function ignores(outputs: readonly Output[], made: readonly string[]) {
  const folders = new Set(outputs.map(({ path }) => dirname(path)));
  // `.devcert` may be made on the way to `.devcert/csr`: what is written into it later is to be ignored, too.
  return made
    .filter((folder) => folders.has(folder) || basename(folder) === DEFAULT_FOLDER)
    .map((folder) => join(folder, '.gitignore'))
    .filter((path) => !existsSync(path) && outputs.every((output) => output.path !== path))
    .map((path) => ({ path, data: '*\n', mode: PUBLIC_MODE }));
}

function folderOf({ path }: Target): string {
  return dirname(path);
}

function removeEmpty(folders: readonly string[]): void {
  for (const folder of [...folders].reverse()) removeQuietly(folder, rmdirSync);
}
