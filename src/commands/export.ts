/** `devcert export`: the certificate of a project, or the root, in other formats. */
import { existsSync } from 'node:fs';
import { mendModes } from '../authority/folder.ts';
import { passwordNotes } from '../export/formats.ts';
import {
  batchOf,
  checkPasswords,
  isUpToDate,
  missingPassword,
  secretPaths,
} from '../export/plan.ts';
import { type ExportOptions, parseExport } from '../export/request.ts';
import { type Export, exportOf } from '../export/source.ts';
import { findEntries } from '../ledger/ledger.ts';
import { assertAllWritten, mendKeys, place } from '../ledger/place.ts';
import { type Context, keyFolderNotes, placing, refuseSudo } from './context.ts';

export type { ExportOptions } from '../export/request.ts';

export interface ExportedFile {
  /** Absolute path; `-` if it was not written. */
  readonly path: string;
  /** What is in it, for people. */
  readonly what: string;
  /** It holds a private key. */
  readonly secret: boolean;
  /** The contents, for `file: '-'`. */
  readonly data?: Buffer;
}

export interface ExportResult {
  readonly format: string;
  readonly trust: boolean;
  /** False if the files were there already and still fit. */
  readonly written: boolean;
  readonly files: readonly ExportedFile[];
  /** Of a key store's or trust store's entry, where the format has any. */
  readonly alias?: string;
  /** How many certificates are in it. */
  readonly certificates: number;
  /** One line each, for the user. */
  readonly notes: readonly string[];
}

/**
 * Writes a certificate with its key, or the root alone, in another format beside it.
 *
 * @param ask gives the password if `options.password` is missing and one is needed after all: files
 *   that still fit need none.
 * @throws DevcertError `usage`, `file`, `invalid-input`, `password`, `no-authority`, `busy`,
 *   `cancelled` (by `ask`), `refused`.
 */
export async function exportCertificate(
  context: Context,
  options: ExportOptions,
  ask?: (what: string) => Promise<string>,
): Promise<ExportResult> {
  const request = parseExport(options, context.cwd);
  refuseSudo(context);
  if (options.password !== undefined) checkPasswords([request], options.password);
  const now = context.host.now();
  const made = await exportOf(request, context, now);
  const { files, force, followFolder } = request;
  const password = async () => options.password ?? (await missingPassword([request], ask));
  if (options.file === '-') {
    const given = await password();
    const [data] = made.encode(given, now);
    return exportResult(made, true, [...made.notes, ...passwordNotes(request, given)], data);
  }
  const modes = existsSync(context.folder) ? mendModes(context.folder) : [];
  const placed = { ...placing(context), force, followFolder, gitignore: true };
  if (!force) {
    const paths = files.map(({ path }) => path);
    const { stateFolder } = placed;
    const entries = stateFolder === undefined ? [] : findEntries(stateFolder, paths);
    assertAllWritten(files, entries);
    if (isUpToDate(made, entries, options.password))
      return exportResult(made, false, [...modes, ...made.notes, ...mendKeys(secretPaths(files))]);
  }
  // Without the lock, as it may ask a person.
  const given = await password();
  const batch = batchOf(made, context.ca, given, now);
  await place(files, placed, (entries) => {
    // Read again: under the lock no other devcert changes it.
    if (!force) assertAllWritten(files, entries());
    return [batch];
  });
  return exportResult(made, true, [
    ...modes,
    ...made.notes,
    ...passwordNotes(request, given),
    ...(await keyFolderNotes(context.host, ...secretPaths(files))),
  ]);
}

/** What came of an export. @param data the contents of its only file, which was not written. */
export function exportResult(
  { request, certificates }: Export,
  written: boolean,
  notes: readonly string[],
  data?: Buffer,
): ExportResult {
  const { format, trust, alias, files } = request;
  const count = certificates.length;
  return {
    format: format.name,
    trust,
    alias: format.name === 'p12' || format.name === 'jks' ? alias : undefined,
    certificates: count,
    written,
    files: files.map(({ path, what, secret }) => ({
      path,
      what: trust && count > 1 ? `${count} roots, for clients` : what,
      secret,
      data,
    })),
    notes,
  };
}
