/** `devcert export`: the certificate of a project, or the root, in other formats. */
import { existsSync } from 'node:fs';
import { mendModes } from '../authority/folder.ts';
import { checkPassword, passwordNotes } from '../export/formats.ts';
import { missingPassword, planExport, writeExport } from '../export/plan.ts';
import { type ExportOptions, type ExportRequest, parseExport } from '../export/request.ts';
import { type ExportSource, sourceOf } from '../export/source.ts';
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
  const { paths } = request;
  if (options.password !== undefined) checkPassword(request, options.password);
  const now = context.host.now();
  const source = await sourceOf(request, context, now);
  const noted: string[] = [];
  const encode = async (): Promise<readonly Buffer[]> => {
    const password = options.password ?? (await missingPassword([request], ask));
    noted.push(...passwordNotes(request, password));
    return source.encode(password, now);
  };
  if (paths === undefined) {
    const [data] = await encode();
    const files = source.files.map(({ what, secret }) => ({
      path: '-',
      what,
      secret,
      data,
    }));
    return {
      ...exportedParts(request, source),
      written: true,
      files,
      notes: [...source.notes, ...noted],
    };
  }
  const modes = existsSync(context.folder) ? mendModes(context.folder) : [];
  const { written, notes } = await writeExport(
    planExport(request, source, context.ca, options.password),
    {
      ...placing(context),
      force: options.force === true,
      gitignore: true,
      followFolder: request.followFolder,
    },
    encode,
  );
  const files = exportedFiles(request, source);
  const withKey = files.flatMap(({ path, secret }) => (secret ? [path] : []));
  return {
    ...exportedParts(request, source),
    written,
    files,
    notes: [
      ...modes,
      ...source.notes,
      ...noted,
      ...notes,
      ...(written ? await keyFolderNotes(context.host, ...withKey) : []),
    ],
  };
}

/** What there is to say of an export besides its files. */
export function exportedParts(
  { format, trust, alias }: ExportRequest,
  { certificates }: ExportSource,
) {
  return {
    format,
    trust,
    alias: format === 'p12' || format === 'jks' ? alias : undefined,
    certificates: certificates.length,
  };
}

/** The files of an export that has any. */
export function exportedFiles({ paths = [] }: ExportRequest, { files }: ExportSource) {
  return files.map(({ what, secret }, i) => ({ path: paths[i] ?? '', what, secret }));
}
