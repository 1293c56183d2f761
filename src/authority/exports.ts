/** What was exported: `exports.json` in the state folder, by which a file is known to be devcert's. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DevcertError } from '../errors.ts';
import { readIfThere, replaceFiles } from '../files.ts';

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
  /** As typed after `devcert export`, to make it again: `--format p12`. */
  readonly command: string;
}

/** SHA-256 as 64 hex digits. */
export function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/**
 * Every record; none if there is no file.
 *
 * @throws DevcertError `invalid-authority` if the file is damaged or from a newer devcert, `file`.
 */
export function readExports(folder: string): ExportRecord[] {
  const file = join(folder, 'exports.json');
  const text = readIfThere(file, { maxBytes: MAX_BYTES })?.toString();
  if (text === undefined) return [];
  try {
    const content: unknown = JSON.parse(text);
    if (isExports(content)) return content.exports;
  } catch {
    // Not JSON: the same answer as for JSON of another shape, below.
  }
  throw new DevcertError('invalid-authority', `"${file}" is damaged, or a newer devcert wrote it`, {
    hint: `move it away, what it lists stays valid: mv "${file}" "${file}.old"`,
  });
}

/** Adds records; one of the same file is replaced. Under the folder's lock, with what {@link readExports} gave. */
export function recordExports(
  folder: string,
  earlier: readonly ExportRecord[],
  added: readonly ExportRecord[],
): void {
  const kept = earlier.filter(({ file }) => !added.some((record) => record.file === file));
  const content = { version: VERSION, exports: [...kept, ...added] };
  replaceFiles([
    {
      path: join(folder, 'exports.json'),
      data: `${JSON.stringify(content, null, 2)}\n`,
      mode: 0o600,
    },
  ]);
}

/** One line for each export of a certificate that still holds an earlier one. */
export function staleExports(folder: string, certFile: string, certificate: string): string[] {
  const stale = readExports(folder).filter(
    (record) =>
      record.certFile === certFile && record.certificate !== certificate && existsSync(record.file),
  );
  return [...new Set(stale.map(({ command }) => command))].map((command) => {
    const files = stale.filter((record) => record.command === command).map(({ file }) => file);
    return `${files.map((file) => basename(file)).join(', ')} still has the old certificate: ${command}`;
  });
}

const VERSION = 1;
const MAX_BYTES = 32 * 1024 * 1024;

function isExports(content: unknown): content is { exports: ExportRecord[] } {
  if (typeof content !== 'object' || content === null) return false;
  const { version, exports } = content as Record<string, unknown>;
  return version === VERSION && Array.isArray(exports) && exports.every(isRecord);
}

function isRecord(record: unknown): boolean {
  if (typeof record !== 'object' || record === null) return false;
  const { file, sha256, certFile, source, command } = record as Record<string, unknown>;
  return (
    [file, source, command].every((field) => typeof field === 'string') &&
    ['string', 'undefined'].includes(typeof certFile) &&
    Array.isArray(sha256)
  );
}
