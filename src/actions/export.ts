/** `devcert export`: the certificate of a project, or the root, in other formats. */
import { existsSync } from 'node:fs';
import { mendModes } from '../authority/folder.ts';
import { writeExport } from '../certificate/export.ts';
import { checkPassword } from '../keystore/formats.ts';
import { closeFolder, type Context, keyFolderNotes, refuseSudo, stateFolderOf } from './context.ts';
import { missingPassword, planExport } from './export-plan.ts';
import { type ExportOptions, type ExportRequest, parseExport } from './export-request.ts';
import { type ExportSource, sourceOf } from './export-source.ts';

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
  const files = exportedFiles(request, source);
  const secret = files.find((file) => file.secret);
  return {
    ...told(request, source),
    written,
    files,
    notes: [
      ...modes,
      ...source.notes,
      ...notes,
      ...(secret === undefined || !written ? [] : await keyFolderNotes(context.host, secret.path)),
    ],
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
