/** `devcert export`: the certificate of a project, or the root, in other formats. */
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mendModes, loadRoot } from '../authority/folder.ts';
import { writeExport } from '../certificate/export.ts';
import { readPair } from '../certificate/pair.ts';
import { DevcertError } from '../errors.ts';
import { type KeyEntry, type TrustedCertificate, uniqueAliases } from '../keystore/entries.ts';
import {
  checkPassword,
  encodeKeyFormat,
  encodeTrustFormat,
  type FormatFile,
  keyFiles,
  trustFile,
} from '../keystore/formats.ts';
import { closeFolder, type Context, refuseSudo, stateFolderOf } from './context.ts';
import { missingPassword, planExport } from './export-plan.ts';
import { type ExportOptions, type ExportRequest, parseExport } from './export-request.ts';

export type { ExportOptions } from './export-request.ts';

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
  const { format, paths } = request;
  if (options.password !== undefined) checkPassword(format, request.options, options.password);
  const source = await sourceOf(request, context);
  const now = context.host.now();
  const encode = async (): Promise<readonly Buffer[]> =>
    source.encode(options.password ?? (await missingPassword([request], ask)), now);
  if (paths === undefined) {
    const [data] = await encode();
    const files = source.files.map(({ what, secret }) => ({
      path: '-',
      what,
      secret,
      ...(data === undefined ? {} : { data }),
    }));
    return { ...told(request, source), written: true, files, notes: source.notes };
  }
  const state = existsSync(context.folder) ? context.folder : undefined;
  const modes = state === undefined ? [] : mendModes(state);
  const plan = planExport(request, source, context.ca, options.password);
  const { written, notes } = await writeExport(
    plan,
    {
      folder: state,
      stateFolder: stateFolderOf(context),
      now,
      force: options.force === true,
      close: (keyFolder) => closeFolder(context.host, keyFolder),
    },
    encode,
  );
  return {
    ...told(request, source),
    written,
    files: exportedFiles(request, source),
    notes: [...modes, ...source.notes, ...notes],
  };
}

/** What an export is made of, and how. */
export interface ExportSource {
  readonly certificates: readonly TrustedCertificate[];
  readonly notes: readonly string[];
  readonly files: readonly FormatFile[];
  /** The contents of `files`. */
  readonly encode: (password: string, now: Date) => readonly Buffer[];
}

/** What the files, or the authority, of a request give. */
export async function sourceOf(request: ExportRequest, context: Context): Promise<ExportSource> {
  if (request.trust) return trustSource(request, context);
  return keySource(request, readPair(request.certFile, request.keyFile), context.host.now());
}

/** A key and its chain as what an export is made of. */
export function keySource(
  request: ExportRequest & { trust: false },
  pair: Omit<KeyEntry, 'alias'>,
  now: Date,
): ExportSource {
  const entry: KeyEntry = { ...pair, alias: request.alias };
  const { format, options } = request;
  return {
    certificates: entry.certificates.map((certificate) => ({ certificate, alias: request.alias })),
    notes: expiryNotes(entry.certificates, now),
    encode: (password, now) => {
      checkPassword(format, options, password);
      return encodeKeyFormat(format, entry, password, options, now);
    },
    files: keyFiles(format, options),
  };
}

async function trustSource(
  request: ExportRequest & { trust: true },
  context: Context,
): Promise<ExportSource> {
  const root = await loadRoot(context.folder);
  if (root === undefined)
    throw new DevcertError('no-authority', 'there is no authority whose root could be exported', {
      hint: context.ca === undefined ? 'devcert install' : `devcert ca create ${context.ca}`,
    });
  const own = { certificate: new X509Certificate(root).raw, alias: request.alias };
  const certificates = request.withPublicRoots
    ? [own, ...(await publicRoots([request.alias]))]
    : [own];
  const { format, options } = request;
  return {
    certificates,
    notes: request.withPublicRoots
      ? [`the public roots are Mozilla's, as Node.js ${process.versions.node} has them`]
      : [],
    encode: (password, now) => {
      checkPassword(format, options, password);
      return [encodeTrustFormat(format, certificates, password, options, now)];
    },
    files: [trustFile(format, certificates.length)],
  };
}

/** What is told of an export besides its files. */
export function told({ format, trust, alias }: ExportRequest, { certificates }: ExportSource) {
  return {
    format,
    trust,
    ...(format === 'p12' || format === 'jks' ? { alias } : {}),
    certificates: certificates.length,
  };
}

/** The files of an export that has any. */
export function exportedFiles({ paths = [] }: ExportRequest, { files }: ExportSource) {
  return files.map(({ what, secret }, i) => ({ path: paths[i] ?? '', what, secret }));
}

/** Mozilla's list: the same on every system, and not itself changed by `devcert install`. */
async function publicRoots(taken: readonly string[]): Promise<TrustedCertificate[]> {
  const { rootCertificates } = await import('node:tls');
  const roots = rootCertificates.map((pem) => new X509Certificate(pem));
  const names = roots.map(({ subject }) => /^(?:CN|OU|O)=(.+)$/m.exec(subject)?.[1] ?? '');
  const aliases = uniqueAliases([...taken, ...names]).slice(taken.length);
  return roots.map(({ raw }, i) => ({ certificate: raw, alias: aliases[i] ?? '' }));
}

function expiryNotes([leaf]: readonly Buffer[], now: Date): string[] {
  if (leaf === undefined) return [];
  const end = new X509Certificate(leaf).validTo;
  return Date.parse(end) < now.getTime()
    ? [`the certificate has expired (${end}): issue it again first`]
    : [];
}
