/**
 * All that devcert wrote outside its own folder: `ledger.jsonl` in the state folder, a line for each time,
 * the latest for a path counts. Lines are added, so that a write costs the same however long it is.
 */
import { constants, existsSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { DevcertError, isObject } from '../errors.ts';
import { findLines, readIfThere } from '../disk/files.ts';
import { withFileError, flag, withDescriptor, shellCommand } from '../disk/filesystem.ts';
import type { Usage } from '../names/usage.ts';
import { cutBack, sha256, sizeOf } from './journal.ts';
import { replaceFiles } from './transaction.ts';
import { MAX_LEDGER_BYTES } from '../policy.ts';

/** A file and what it held when devcert wrote it. */
export interface WrittenFile {
  /** Absolute. */
  readonly path: string;
  /** SHA-256 of the file, 64 hex digits, and of the one of devcert's that it was about to replace. */
  readonly sha256: readonly string[];
}

/**
 * Files that were written together. One stands for all, the certificate or else the first: a later entry
 * for it replaces this.
 */
export interface LedgerEntry {
  readonly files: readonly WrittenFile[];
  /** The authority, `default` for the one without a name. */
  readonly ca: string;
  /** Absolute path of the folder of the mutual TLS set they belong to, if they do. */
  readonly mtls?: string | undefined;
  readonly certificate?: IssuedCertificate | undefined;
  readonly export?: ExportedCertificate | undefined;
  /** Of a certificate that is broken on purpose, which nobody renews; its `ca` is empty. */
  readonly broken?: BrokenCertificate | undefined;
}

interface BrokenCertificate {
  /** What is wrong with it. */
  readonly kind: string;
  /** Canonical names that were asked for. */
  readonly names: readonly string[];
}

/** A certificate that was issued. */
export interface IssuedCertificate {
  /** Canonical names, in the order of the certificate. */
  readonly names: readonly string[];
  readonly usages: readonly Usage[];
  /** Of a client or peer, if it was asked for. */
  readonly commonName?: string | undefined;
  /** In the words of `--key`; any other kind for a CSR's key. */
  readonly keyType: string;
  readonly validityDays: number;
  /** Absolute path; the same as `keyFile` for one combined file. */
  readonly certFile: string;
  /** Absent for a certificate that was made for a CSR: its key is somebody else's. */
  readonly keyFile?: string | undefined;
  /** Absolute path of the copy of the root beside it, if one was written. */
  readonly caFile?: string | undefined;
  /** SHA-256 of the certificate's DER: 64 hex digits. */
  readonly sha256: string;
  /** SHA-256 of the public key's SubjectPublicKeyInfo: 64 hex digits. */
  readonly publicKey: string;
  /** SHA-256 of the issuer's DER: 64 hex digits. */
  readonly issuer: string;
  /** ISO 8601, UTC. */
  readonly issuedAt: string;
  readonly notAfter: string;
}

/** A certificate in another format, or a trust store. */
export interface ExportedCertificate {
  /** Absolute path of the certificate it was made of; absent for a trust store. */
  readonly certFile?: string | undefined;
  /** SHA-256 of that certificate's DER: 64 hex digits. */
  readonly certificate?: string | undefined;
  /** All that it was made of, as a hash: 64 hex digits. The password is no part of it. */
  readonly source: string;
  /**
   * Options of `exportCertificate()` that make it again, paths absolute; with an empty password if it has
   * none, and without one if it has one. Absent where an early devcert wrote it.
   */
  readonly options?: Readonly<Record<string, string | boolean>> | undefined;
}

/** Entry of a certificate: what renewing works with. */
export type CertificateEntry = LedgerEntry & { readonly certificate: IssuedCertificate };
export type ExportEntry = LedgerEntry & { readonly export: ExportedCertificate };

/** Absolute path of the ledger in a state folder. */
export function ledgerFile(stateFolder: string): string {
  return join(stateFolder, 'ledger.jsonl');
}

/**
 * Every entry that counts, oldest first; none if there is no ledger.
 *
 * @throws DevcertError `invalid-authority` if it is damaged or from a newer devcert, `file`.
 */
export function readLedger(stateFolder: string): LedgerEntry[] {
  const file = ledgerFile(stateFolder);
  const text = read(file)?.toString() ?? '';
  return latest(linesOf(text, file).map((line) => parseLine(line, file)));
}

/**
 * The entries that mention one of these paths, oldest first, earlier ones for the same files as well:
 * found without reading the others.
 *
 * @throws as {@link readLedger}.
 */
export function findEntries(stateFolder: string, paths: readonly string[]): LedgerEntry[] {
  const file = ledgerFile(stateFolder);
  const wanted = paths.map((path) => Buffer.from(JSON.stringify(path)));
  const found = findLines(file, wanted, MAX_LEDGER_BYTES);
  if (found === undefined) return [];
  const [header = '', ...lines] = found;
  parseHeader(header, file);
  return lines.map((line) => parseLine(line, file));
}

/** Of entries those that count: the latest of each. */
export function latest(entries: readonly LedgerEntry[]): LedgerEntry[] {
  const byPath = new Map<string, LedgerEntry>();
  for (const entry of entries) {
    const path = entry.certificate?.certFile ?? entry.files[0]?.path ?? '';
    byPath.delete(path); // a Map keeps the place of a key that is set again
    byPath.set(path, entry);
  }
  return [...byPath.values()].filter(({ files }) => files.length > 0);
}

/**
 * The text that adds entries to the ledger, and where it goes. Under the lock: a last line that a full disk or a
 * crash of the system cut short is taken off, as the next would become a part of it.
 *
 * @throws DevcertError `invalid-authority` if the ledger is not one of this version's, `file`.
 */
export function appendix(
  stateFolder: string,
  entries: readonly LedgerEntry[],
): { path: string; text: string } | undefined {
  if (entries.length === 0) return undefined;
  const path = ledgerFile(stateFolder);
  const header = headerOf(path) === undefined ? HEADER : '';
  if (header === '') cutTornLine(path);
  return { path, text: header + entries.map(lineOf).join('') };
}

function cutTornLine(file: string): void {
  const size = sizeOf(file);
  const last = Buffer.alloc(1);
  withFileError('read', file, () =>
    withDescriptor(file, constants.O_RDONLY, (it) => readSync(it, last, 0, 1, size - 1)),
  );
  if (last[0] !== NEWLINE) cutBack(file, (read(file)?.lastIndexOf(NEWLINE) ?? size - 1) + 1);
}

/** The whole text of a ledger that has these entries alone. */
export function encodeLedger(entries: readonly LedgerEntry[]): string {
  return HEADER + entries.map(lineOf).join('');
}

/**
 * Drops the entries whose files are gone, and lines that later ones have replaced, once these may be the
 * larger part. Under the lock.
 */
export function compact(stateFolder: string): void {
  const file = ledgerFile(stateFolder);
  const size = sizeOf(file);
  if (size < COMPACT_ABOVE_BYTES) return;
  const { keptBytes = 0 } = headerOf(file) ?? {};
  if (size < 2 * keptBytes + COMPACT_ABOVE_BYTES) return;
  const entries = readLedger(stateFolder).filter(({ files }) =>
    files.some(({ path }) => existsSync(path)),
  );
  const body = entries.map(lineOf).join('');
  const header = `${JSON.stringify({ version: VERSION, keptBytes: Buffer.byteLength(body) })}\n`;
  replaceFiles([{ path: file, data: header + body, mode: 0o600 }]);
}

/** True if devcert wrote these bytes to this path. */
export function isRecorded(
  entries: readonly LedgerEntry[],
  path: string,
  bytes: Buffer | string,
): boolean {
  const hash = sha256(bytes);
  return entries.some(({ files }) =>
    files.some((file) => file.path === path && file.sha256.includes(hash)),
  );
}

/** Of the state folder: 1 were `inventory.json` and `exports.json` of devcert 0.1. */
export const VERSION = 2;
const HEADER = `${JSON.stringify({ version: VERSION })}\n`;
const NEWLINE = 10;
const MAX_HEADER_BYTES = 256;
/** Reading less than that takes no time worth saving. */
const COMPACT_ABOVE_BYTES = 256 * 1024;

function lineOf(entry: LedgerEntry): string {
  return `${JSON.stringify(entry)}\n`;
}

function read(file: string): Buffer | undefined {
  const bytes = readIfThere(file, { maxBytes: MAX_LEDGER_BYTES, follow: false });
  if (bytes !== undefined) parseHeader(firstLine(bytes), file);
  return bytes;
}

interface Header {
  readonly version: number;
  /** Of the lines that the last {@link compact} kept. */
  readonly keptBytes?: number;
}

/** The first line, without reading the others; undefined if there is no ledger. */
function headerOf(file: string): Header | undefined {
  if (!existsSync(file)) return undefined;
  return withFileError('read', file, () =>
    withDescriptor(file, constants.O_RDONLY | flag('O_NOFOLLOW'), (descriptor) => {
      const start = Buffer.alloc(MAX_HEADER_BYTES);
      return parseHeader(firstLine(start.subarray(0, readSync(descriptor, start))), file);
    }),
  );
}

function firstLine(bytes: Buffer): string {
  return bytes.toString('utf8', 0, bytes.indexOf(NEWLINE));
}

function parseHeader(line: string, file: string): Header {
  try {
    const header = JSON.parse(line) as unknown;
    if (isObject(header) && header.version === VERSION) return header as unknown as Header;
  } catch {
    // Not JSON: the same answer as for a header of another kind, below.
  }
  throw damaged(file);
}

/** Without the header, and without what a full disk or a crash of the system cut short at the end. */
function linesOf(text: string, file: string): string[] {
  if (text === '') return [];
  const lines = text.split('\n').slice(1, -1);
  if (lines.some((line) => line === '')) throw damaged(file);
  return lines;
}

function parseLine(line: string, file: string): LedgerEntry {
  try {
    const entry = JSON.parse(line) as unknown;
    const isEntry = isObject(entry) && typeof entry.ca === 'string' && isFiles(entry.files);
    if (isEntry && (entry.certificate === undefined || isIssued(entry.certificate)))
      return entry as unknown as LedgerEntry;
  } catch {
    // Not JSON: the same answer as for JSON of another shape, below.
  }
  throw damaged(file);
}

/** What everyone who reads it relies on. */
function isIssued(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { certFile, sha256, notAfter, names, usages } = value;
  const texts = [certFile, sha256, notAfter];
  return texts.every((it) => typeof it === 'string') && [names, usages].every(Array.isArray);
}

function isFiles(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every(
      (file) => isObject(file) && typeof file.path === 'string' && Array.isArray(file.sha256),
    )
  );
}

function damaged(file: string): DevcertError {
  return new DevcertError(
    'invalid-authority',
    `"${file}" is damaged, or a newer devcert wrote it`,
    {
      hint: `move it away, what it lists stays valid: ${shellCommand('move', file, `${file}.old`)}`,
    },
  );
}
