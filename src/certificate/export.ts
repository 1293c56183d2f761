/** Exports to disk: whole or not at all, over nothing that devcert did not write. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ExportRecord, readExports, recordExports, sha256 } from '../authority/exports.ts';
import { siblingExports, takeOver } from '../authority/siblings.ts';
import { DevcertError } from '../errors.ts';
import {
  type FileToWrite,
  looserThan,
  makeFolder,
  readIfThere,
  removeStaleTemporaries,
  replaceFiles,
  tighten,
} from '../files.ts';
import { withLock } from '../lock.ts';
import { removeIfEmpty } from './folders.ts';

/** One export on its way to disk. */
export interface ExportPlan {
  /** Absolute paths, in the order of what `encode` gives; `secret` ones get 0600, others 0644. */
  readonly files: readonly { readonly path: string; readonly secret: boolean }[];
  readonly certFile?: string;
  readonly certificate?: string;
  /** See {@link ExportRecord}. */
  readonly source: string;
  readonly command: string;
  readonly options: NonNullable<ExportRecord['options']>;
  /** True if the bytes that lie there can be opened as they are to be opened now. */
  readonly opens: (files: readonly Buffer[]) => boolean;
  readonly followFolder: boolean;
}

/** What came of it. */
export interface WrittenExport {
  /** False if the files were there already and still fit. */
  readonly written: boolean;
  readonly notes: readonly string[];
}

/** Where it is remembered. */
export interface ExportContext {
  /** The authority's folder; undefined if there is none, and then no existing file is known to be ours. */
  readonly folder: string | undefined;
  /** In which the other authorities lie. */
  readonly stateFolder: string;
  readonly now: Date;
  /** Over whatever lies there. */
  readonly force: boolean;
  /** Keeps other users out of a new folder that gets a key, where modes do not. */
  readonly close?: (folder: string) => Promise<unknown>;
}

/**
 * Writes the files, unless they are there, unchanged and made of the same.
 *
 * @param encode gives the contents; called only if something is written, without the lock, as it may ask a
 *   person.
 * @throws DevcertError `file`, `busy`.
 */
export async function writeExport(
  plan: ExportPlan,
  context: ExportContext,
  encode: () => Promise<readonly Buffer[]>,
): Promise<WrittenExport> {
  const { folder, stateFolder, force } = context;
  if (!force) {
    const known = knownExports(folder, stateFolder);
    assertExportOurs(plan, known);
    if (fitsExport(plan, known)) return { written: false, notes: mendExport(plan) };
  }
  const encoded = await encode();
  const write = async () => {
    // Again, as it is now and no longer changes but by others than devcert.
    if (!force) assertExportOurs(plan, knownExports(folder, stateFolder));
    const made = prepare(plan, context.now);
    try {
      for (const folder of new Set(plan.files.filter(({ secret }) => secret).map(folderOf)))
        if (made.includes(folder)) await context.close?.(folder);
      // The record first: it is what tells that a file is ours if we are killed between renames.
      if (folder !== undefined)
        recordExports(folder, readExports(folder), exportRecords(plan, encoded));
      replaceFiles(exportFiles(plan, encoded), { followFolder: plan.followFolder });
    } catch (error) {
      for (const path of made.reverse()) removeIfEmpty(path);
      throw error;
    }
  };
  if (folder === undefined) await write();
  else {
    await withLock(folder, write);
    await takeOver(stateFolder, folder, { exports: plan.files.map(({ path }) => path) });
  }
  return { written: true, notes: [] };
}

/** What was exported for any authority; for the one in the folder first. */
export function knownExports(folder: string | undefined, stateFolder: string): ExportRecord[] {
  return folder === undefined
    ? []
    : [...readExports(folder), ...siblingExports(stateFolder, folder)];
}

/** @throws DevcertError `file` if something lies there that devcert did not write. */
export function assertExportOurs(plan: ExportPlan, earlier: readonly ExportRecord[]): void {
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

/** True if the files are there, unchanged, made of the same, and can be opened. */
export function fitsExport(plan: ExportPlan, earlier: readonly ExportRecord[]): boolean {
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

/** Mends the modes of files that stay. @returns a line for each, for the user. */
export function mendExport(plan: ExportPlan): string[] {
  return plan.files.flatMap(({ path, secret }) => {
    const loose = secret ? looserThan(path, 0o600) : undefined;
    if (loose === undefined) return [];
    tighten(path, 0o600);
    return [`"${path}" was open to others (mode 0${loose.toString(8)}); it is 0600 now`];
  });
}

/** The files as they are to be written. */
export function exportFiles(plan: ExportPlan, encoded: readonly Buffer[]): FileToWrite[] {
  return plan.files.map(({ path, secret }, i) => ({
    path,
    data: encoded[i] ?? '',
    mode: secret ? 0o600 : 0o644,
  }));
}

/** What is remembered of the files, before they are written. */
export function exportRecords(plan: ExportPlan, encoded: readonly Buffer[]): ExportRecord[] {
  const { certFile, certificate, source, command, options } = plan;
  return plan.files.map(({ path }, i) => {
    const before = read(path);
    return {
      file: path,
      sha256: [sha256(encoded[i] ?? ''), ...(before === undefined ? [] : [sha256(before)])],
      ...(certFile === undefined ? {} : { certFile }),
      ...(certificate === undefined ? {} : { certificate }),
      source,
      command,
      options,
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
