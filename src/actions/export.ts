/** `devcert export`: the certificate of a project, or the root, in other formats. */
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { mendModes, loadRoot } from '../authority/folder.ts';
import { sha256 } from '../authority/exports.ts';
import { type ExportPlan, writeExport } from '../certificate/export.ts';
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
import { readKeyStore } from '../keystore/read.ts';
import { closeFolder, type Context, refuseSudo } from './context.ts';
import {
  DEFAULT_ALIAS,
  type ExportOptions,
  type ExportRequest,
  parseExport,
} from './export-request.ts';

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
  const { format, trust, alias, paths } = request;
  if (options.password !== undefined) checkPassword(format, request.options, options.password);
  const source = await sourceOf(request, context);
  const now = context.host.now();
  const names = paths ?? ['-'];
  const encode = async (): Promise<readonly Buffer[]> => {
    const password = options.password ?? (await missing(request, names, ask));
    return source.encode(password, now);
  };
  const result = {
    format,
    trust,
    ...(format === 'p12' || format === 'jks' ? { alias } : {}),
    certificates: source.certificates.length,
  };
  if (paths === undefined) {
    const [data] = await encode();
    const files = source.files.map(({ what, secret }) => ({
      path: '-',
      what,
      secret,
      ...(data === undefined ? {} : { data }),
    }));
    return { ...result, written: true, files, notes: source.notes };
  }
  const state = existsSync(context.folder) ? context.folder : undefined;
  const modes = state === undefined ? [] : mendModes(state);
  const files = source.files.map(({ what, secret }, i) => ({
    path: paths[i] ?? '',
    what,
    secret,
  }));
  const [leaf] = source.certificates;
  const plan: ExportPlan = {
    files,
    ...(trust || leaf === undefined
      ? {}
      : { certFile: request.certFile, certificate: sha256(leaf.certificate) }),
    source: sha256(
      JSON.stringify([
        format,
        request.options,
        alias,
        source.certificates.map(({ certificate }) => sha256(certificate)),
      ]),
    ),
    command: commandOf(request, context.ca),
    opens: (contents) => opensWith(contents, options.password, request),
    encode,
    followFolder: request.followFolder,
  };
  const { written, notes } = await writeExport(state, plan, now, {
    force: options.force === true,
    close: (keyFolder) => closeFolder(context.host, keyFolder),
  });
  return { ...result, written, files, notes: [...modes, ...source.notes, ...notes] };
}

interface Source {
  readonly certificates: readonly TrustedCertificate[];
  readonly notes: readonly string[];
  readonly files: readonly FormatFile[];
  /** The contents of `files`. */
  readonly encode: (password: string, now: Date) => readonly Buffer[];
}

async function sourceOf(request: ExportRequest, context: Context): Promise<Source> {
  if (request.trust) return trustSource(request, context);
  const pair = readPair(request.certFile, request.keyFile);
  const entry: KeyEntry = { ...pair, alias: request.alias };
  const { format, options } = request;
  return {
    certificates: entry.certificates.map((certificate) => ({ certificate, alias: request.alias })),
    notes: expiryNotes(entry.certificates, context.host.now()),
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
): Promise<Source> {
  const root = await loadRoot(context.folder);
  if (root === undefined)
    throw new DevcertError('no-authority', 'there is no authority whose root could be exported', {
      hint: 'devcert install',
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

async function missing(
  request: ExportRequest,
  paths: readonly string[],
  ask: ((what: string) => Promise<string>) | undefined,
): Promise<string> {
  if (!request.needsPassword) return '';
  const what = paths[0] === '-' ? `the ${request.format}` : (paths[0] ?? '');
  if (ask !== undefined) return ask(what);
  throw new DevcertError('usage', `"${what}" needs a password`, {
    hint: "give options.password; '' for none at all",
  });
}

/** Without a password given, the record alone tells that the file fits. */
function opensWith(
  contents: readonly Buffer[],
  password: string | undefined,
  request: ExportRequest,
): boolean {
  if (!request.needsPassword || password === undefined) return true;
  try {
    return contents.every((bytes) => {
      const { entries, isVerified } = readKeyStore(bytes, { password });
      return entries.length > 0 && (isVerified || password === '' || !request.trust);
    });
  } catch (error) {
    if (error instanceof DevcertError) return false; // another password: it is written anew
    throw error;
  }
}

function commandOf(request: ExportRequest, ca: string | undefined): string {
  const { options, format, trust, certFile, keyFile, paths = [], alias } = request;
  const folder = dirname(certFile);
  const own = certFile === join(folder, 'cert.pem') && keyFile === join(folder, 'key.pem');
  const source = own
    ? [`--dir "${folder}"`]
    : [`--cert-file "${certFile}"`, `--key-file "${keyFile}"`];
  const names = request.trust ? [trustFile(request.format, 1)] : keyFiles(request.format, options);
  const [first = ''] = paths;
  const target = paths.some((path, i) => basename(path) !== names[i]?.name)
    ? [`--file "${first}"`]
    : dirname(first) === folder
      ? []
      : [`--out "${dirname(first)}"`];
  return [
    'devcert export',
    ...(trust ? ['--trust'] : []),
    `--format ${format}`,
    ...Object.keys(options).map((option) => `--${option}`),
    ...(alias === DEFAULT_ALIAS || trust ? [] : [`--alias "${alias}"`]),
    ...(trust ? [] : source),
    ...target,
    ...(ca === undefined ? [] : [`--ca ${ca}`]),
  ].join(' ');
}
