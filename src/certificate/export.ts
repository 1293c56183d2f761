/** Exports to disk: whole or not at all, over nothing that devcert did not write. */
import { existsSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ExportRecord, readExports, recordExports, sha256 } from '../authority/exports.ts';
import { DevcertError } from '../errors.ts';
import {
  looserThan,
  makeFolder,
  readIfThere,
  removeStaleTemporaries,
  replaceFiles,
  tighten,
} from '../files.ts';
import { withLock } from '../lock.ts';

/** One export on its way to disk. */
export interface ExportPlan {
  /** Absolute paths, in the order of what `encode` gives; `secret` ones get 0600, others 0644. */
  readonly files: readonly { readonly path: string; readonly secret: boolean }[];
  readonly certFile?: string;
  readonly certificate?: string;
  /** See {@link ExportRecord}. */
  readonly source: string;
  readonly command: string;
  /** True if the bytes that lie there can be opened as they are to be opened now. */
  readonly opens: (files: readonly Buffer[]) => boolean;
  /** The contents; called only if something is written, without the lock, as it may ask a person. */
  readonly encode: () => Promise<readonly Buffer[]>;
  readonly followFolder: boolean;
}

/** What came of it. */
export interface WrittenExport {
  /** False if the files were there already and still fit. */
  readonly written: boolean;
  readonly notes: readonly string[];
}

/**
 * Writes the files, unless they are there, unchanged and made of the same.
 *
 * @param folder the state folder; undefined if there is none, and then nothing is remembered and no
 *   existing file is known to be ours.
 * @param options.force over whatever lies there.
 * @param options.close keeps other users out of a new folder that gets a key, where modes do not.
 * @throws DevcertError `file`, `busy`.
 */
export async function writeExport(
  folder: string | undefined,
  plan: ExportPlan,
  now: Date,
  options: { force: boolean; close?: (folder: string) => Promise<void> },
): Promise<WrittenExport> {
  if (!options.force) {
    const earlier = folder === undefined ? [] : readExports(folder);
    assertOurs(plan, earlier);
    if (fits(plan, earlier)) return { written: false, notes: mend(plan) };
  }
  const encoded = await plan.encode();
  const write = async () => {
    const earlier = folder === undefined ? [] : readExports(folder);
    // Again, as it is now and no longer changes but by others than devcert.
    if (!options.force) assertOurs(plan, earlier);
    const made = prepare(plan, now);
    try {
      for (const folder of new Set(plan.files.filter(({ secret }) => secret).map(folderOf)))
        if (made.includes(folder)) await options.close?.(folder);
      // The record first: it is what tells that a file is ours if we are killed between renames.
      if (folder !== undefined) recordExports(folder, earlier, recordsOf(plan, encoded));
      replaceFiles(
        plan.files.map(({ path, secret }, i) => ({
          path,
          data: encoded[i] ?? '',
          mode: secret ? 0o600 : 0o644,
        })),
        { followFolder: plan.followFolder },
      );
    } catch (error) {
      for (const path of made.reverse()) removeIfEmpty(path);
      throw error;
    }
  };
  if (folder === undefined) await write();
  else await withLock(folder, write);
  return { written: true, notes: [] };
}

function assertOurs(plan: ExportPlan, earlier: readonly ExportRecord[]): void {
  for (const { path } of plan.files) {
    const bytes = read(path);
    const record = earlier.find(({ file }) => file === path);
    if (bytes === undefined || record?.sha256.includes(sha256(bytes)) === true) continue;
    const who =
      record === undefined ? 'devcert did not write it' : 'it was changed since devcert wrote it';
    throw new DevcertError('file', `"${path}" is there already and ${who}`, {
      hint: 'move it away, write elsewhere (--out DIR), or replace it: --force',
    });
  }
}

function fits(plan: ExportPlan, earlier: readonly ExportRecord[]): boolean {
  const contents: Buffer[] = [];
  for (const { path } of plan.files) {
    const record = earlier.find(({ file }) => file === path);
    const bytes = read(path);
    if (bytes === undefined || record?.source !== plan.source) return false;
    // The newer of two: the other is what lay there before.
    if (record.sha256[0] !== sha256(bytes)) return false;
    contents.push(bytes);
  }
  return plan.opens(contents);
}

/** Modes of files that stay. */
function mend(plan: ExportPlan): string[] {
  return plan.files.flatMap(({ path, secret }) => {
    const loose = secret ? looserThan(path, 0o600) : undefined;
    if (loose === undefined) return [];
    tighten(path, 0o600);
    return [`"${path}" was open to others (mode 0${loose.toString(8)}); it is 0600 now`];
  });
}

function recordsOf(plan: ExportPlan, encoded: readonly Buffer[]): ExportRecord[] {
  const { certFile, certificate, source, command } = plan;
  return plan.files.map(({ path }, i) => {
    const before = read(path);
    return {
      file: path,
      sha256: [sha256(encoded[i] ?? ''), ...(before === undefined ? [] : [sha256(before)])],
      ...(certFile === undefined ? {} : { certFile }),
      ...(certificate === undefined ? {} : { certificate }),
      source,
      command,
    };
  });
}

/** Each folder that has to be made gets a `.gitignore`: a key does not belong into a repository. */
function prepare(plan: ExportPlan, now: Date): string[] {
  const made: string[] = [];
  for (const folder of new Set(plan.files.map(folderOf))) {
    const created = makeFolder(folder, 0o755);
    made.push(...created);
    removeStaleTemporaries(folder, now);
    const gitignore = join(folder, '.gitignore');
    if (created.length > 0 && !existsSync(gitignore))
      replaceFiles([{ path: gitignore, data: '*\n', mode: 0o644 }], {
        followFolder: plan.followFolder,
      });
  }
  return made;
}

function read(path: string): Buffer | undefined {
  return readIfThere(path, { follow: false });
}

function folderOf({ path }: { readonly path: string }): string {
  return dirname(path);
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Something is in it by now, so it stays: the error that led here is the one to tell.
  }
}
