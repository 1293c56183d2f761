/** What was exported: `exports.json` in an authority's folder, by which a file is known to be devcert's. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { dropFromList, type ListKind, readList, writeList } from './list.ts';

/** One file that was written. */
export interface ExportRecord {
  /** Absolute path. */
  readonly file: string;
  /** SHA-256 of the file, and of the one it was about to replace: 64 hex digits each. */
  readonly sha256: readonly string[];
  /** Absolute path of the certificate it was made of; absent for a trust store. */
  readonly certFile?: string;
  /** SHA-256 of that certificate's DER: 64 hex digits. */
  readonly certificate?: string;
  /** All that it was made of, as a hash: 64 hex digits. The password is no part of it. */
  readonly source: string;
  /** All that is typed to make it again: `devcert export --format p12 …`. */
  readonly command: string;
  /**
   * The same as options of `exportCertificate()`, paths absolute; with an empty password if it has none,
   * and without one if it has one. Absent in the records of early versions.
   */
  readonly options?: Readonly<Record<string, string | boolean>>;
}

const exported: ListKind<ExportRecord> = {
  file: 'exports.json',
  field: 'exports',
  isItem: ({ file, sha256, certFile, source, command, options }) =>
    [file, source, command].every((field) => typeof field === 'string') &&
    ['string', 'undefined'].includes(typeof certFile) &&
    ['object', 'undefined'].includes(typeof options) &&
    options !== null &&
    Array.isArray(sha256),
};

/** SHA-256 as 64 hex digits. */
export function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Every record, oldest first. Throws as {@link readList}. */
export function readExports(folder: string): ExportRecord[] {
  return readList(folder, exported);
}

/** Adds records; one of the same file is replaced. Under the folder's lock, with what {@link readExports} gave. */
export function recordExports(
  folder: string,
  earlier: readonly ExportRecord[],
  added: readonly ExportRecord[],
): void {
  const kept = earlier.filter(({ file }) => !added.some((record) => record.file === file));
  writeList(folder, exported, [...kept, ...added]);
}

/** Takes these files off the list; takes the folder's lock for it. */
export function forgetExports(folder: string, files: readonly string[]): Promise<void> {
  return dropFromList(folder, exported, ({ file }) => files.includes(file));
}

/** One line for each export of a certificate that still holds an earlier one. */
export function staleExports(
  records: readonly ExportRecord[],
  certFile: string,
  certificate: string,
): string[] {
  const stale = records.filter(
    (record) =>
      record.certFile === certFile && record.certificate !== certificate && existsSync(record.file),
  );
  return [...new Set(stale.map(({ command }) => command))].map((command) => {
    const files = stale.filter((record) => record.command === command).map(({ file }) => file);
    const have = files.length === 1 ? 'has' : 'have';
    return `${files.map((file) => basename(file)).join(', ')} still ${have} the old certificate: ${command}`;
  });
}
