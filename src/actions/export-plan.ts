/** An export as it goes to disk: what it is made of, and how it is made again. */
import { basename, dirname, join } from 'node:path';
import { quoteForPosix } from '../../platform/run.ts';
import { sha256 } from '../authority/exports.ts';
import type { ExportPlan } from '../certificate/export.ts';
import { DevcertError } from '../errors.ts';
import { keyFiles, trustFile } from '../keystore/formats.ts';
import { readKeyStore } from '../keystore/read.ts';
import { defaultAlias, type ExportRequest } from './export-request.ts';
import type { ExportSource } from './export-source.ts';

/**
 * The plan for a request with files.
 *
 * @param ca name of the authority; undefined for the default one.
 * @param password undefined if it is not known yet.
 */
export function planExport(
  request: ExportRequest,
  { certificates, files }: ExportSource,
  ca: string | undefined,
  password: string | undefined,
): ExportPlan {
  const { format, trust, alias, certFile, paths = [], followFolder } = request;
  const [leaf] = certificates;
  const options = optionsAgain(request, password === '');
  return {
    files: files.map(({ secret }, i) => ({ path: paths[i] ?? '', secret })),
    ...(trust || leaf === undefined ? {} : { certFile, certificate: sha256(leaf.certificate) }),
    source: sha256(
      JSON.stringify([
        format,
        request.options,
        alias,
        certificates.map(({ certificate }) => sha256(certificate)),
      ]),
    ),
    options,
    command: commandOf(options, ca),
    opens: (contents) => opensWith(contents, password, request),
    followFolder,
  };
}

/**
 * The password of exports for which none was given.
 *
 * @param ask gives it; undefined where nobody can be asked.
 * @throws DevcertError `usage` if one needs it and nobody can be asked; what `ask` throws.
 */
export async function missingPassword(
  requests: readonly ExportRequest[],
  ask: ((what: string) => Promise<string>) | undefined,
): Promise<string> {
  const request = requests.find(({ needsPassword }) => needsPassword);
  if (request === undefined) return '';
  const what = request.paths?.[0] ?? `the ${request.format}`;
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

/** Options of `exportCertificate()` that make the same files from whatever certificate is there by then. */
function optionsAgain(request: ExportRequest, passwordless: boolean): ExportPlan['options'] {
  const { options, format, trust, certFile, keyFile, paths = [], alias, needsPassword } = request;
  const names = request.trust ? [trustFile(request.format, 1)] : keyFiles(request.format, options);
  const [first = ''] = paths;
  const isNamed = paths.some((path, i) => basename(path) !== names[i]?.name);
  return {
    ...(trust ? { trust } : {}),
    format,
    ...options,
    ...(request.trust && request.withPublicRoots ? { withPublicRoots: true } : {}),
    ...(alias === defaultAlias(trust) ? {} : { alias }),
    ...(trust ? {} : { certFile, keyFile }),
    ...(isNamed ? { file: first } : { out: dirname(first) }),
    ...(needsPassword && passwordless ? { password: '' } : {}),
  };
}

function commandOf(options: ExportPlan['options'], ca: string | undefined): string {
  const { certFile, keyFile, out, ...others } = options;
  const words = Object.entries(others).flatMap(([option, value]) => {
    if (option === 'password') return ['--no-password'];
    const flag = `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return value === true ? [flag] : [flag, quoted(String(value))];
  });
  if (typeof certFile === 'string' && typeof keyFile === 'string') {
    const folder = dirname(certFile);
    const isOwn = certFile === join(folder, 'cert.pem') && keyFile === join(folder, 'key.pem');
    if (isOwn) words.push('--dir', quoted(folder));
    else words.push('--cert-file', quoted(certFile), '--key-file', quoted(keyFile));
    if (out !== undefined && out !== folder) words.push('--out', quoted(String(out)));
  } else if (out !== undefined) words.push('--out', quoted(String(out)));
  if (ca !== undefined) words.push('--ca', ca);
  return ['devcert export', ...words].join(' ');
}

/** For any shell, as far as one way of quoting goes; what only a POSIX shell expands is kept from it. */
function quoted(word: string): string {
  const forPosix = quoteForPosix(word);
  return forPosix === word || /[$`"]|\\\\/.test(word) ? forPosix : `"${word}"`;
}
