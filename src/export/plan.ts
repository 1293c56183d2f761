/** An export on its way to disk: whether it is there already, what is written, how it is made again. */
import { DevcertError, orUndefined } from '../errors.ts';
import { readKeyStore } from '../keystore/read.ts';
import { type LedgerEntry, latest } from '../ledger/ledger.ts';
import { type Batch, contentOf } from '../ledger/place.ts';
import { sha256 } from '../ledger/journal.ts';
import { type ExportRequest, needsPassword } from './request.ts';
import type { Export } from './source.ts';

/**
 * True if the files are there, unchanged, made of the same, and can be opened.
 *
 * @param password undefined if it is not known yet.
 */
export function isUpToDate(
  made: Export,
  entries: readonly LedgerEntry[],
  password: string | undefined,
): boolean {
  const contents = unchanged(made, entries);
  return contents !== undefined && opensWith(contents, password, made.request);
}

/**
 * The files with their contents.
 *
 * @param ca name of the authority; undefined for the default one.
 * @param password checked; empty for none.
 */
export function batchOf(made: Export, ca: string | undefined, password: string, now: Date): Batch {
  const { request, certificates, encode } = made;
  const { trust, files, certFile, again } = request;
  const [leaf] = certificates;
  const contents = encode(password, now);
  return {
    outputs: files.map(({ path, secret }, i) => ({ path, secret, data: contents[i] ?? '' })),
    entry: {
      ca: ca ?? 'default',
      export: {
        ...(trust || leaf === undefined ? {} : { certFile, certificate: sha256(leaf) }),
        source: sourceHash(made),
        options: {
          ...again,
          ...(needsPassword(request) && password === '' ? { password: '' } : {}),
        },
      },
    },
  };
}

/**
 * The password of exports for which none was given.
 *
 * @param ask gives it; undefined where nobody can be asked.
 * @throws DevcertError `usage` if one needs it and nobody can be asked; `password`, `refused` for one that an
 *   export cannot have; what `ask` throws.
 */
export async function missingPassword(
  requests: readonly ExportRequest[],
  ask: ((what: string) => Promise<string>) | undefined,
): Promise<string> {
  const request = requests.find(needsPassword);
  if (request === undefined) return '';
  const path = request.files[0]?.path;
  const what = path === undefined || path === '-' ? `the ${request.format.name}` : path;
  if (ask === undefined)
    throw new DevcertError('usage', `"${what}" needs a password`, {
      hint: "give options.password; '' for none at all",
    });
  const password = await ask(what);
  checkPasswords(requests, password);
  return password;
}

/** @throws DevcertError `password`, `refused` for a password that one of them cannot have. */
export function checkPasswords(requests: readonly ExportRequest[], password: string): void {
  for (const request of requests) request.format.checkPassword?.(password, request);
}

/** The paths of files that get a private key. */
export function secretPaths(files: ExportRequest['files']): string[] {
  return files.filter(({ secret }) => secret).map(({ path }) => path);
}

/** What the files hold, if that is what the latest entry for them says; undefined if not. */
function unchanged(made: Export, entries: readonly LedgerEntry[]): Buffer[] | undefined {
  const { files } = made.request;
  const [first] = files;
  const entry = latest(entries).findLast(({ files }) => files[0]?.path === first?.path);
  if (entry?.export?.source !== sourceHash(made)) return undefined;
  const contents: Buffer[] = [];
  for (const { path } of files) {
    const bytes = contentOf(path);
    const file = entry.files.find((file) => file.path === path);
    // The newer of two: the other is what was there before.
    if (bytes === undefined || file?.sha256[0] !== sha256(bytes)) return undefined;
    contents.push(bytes);
  }
  return contents;
}

/** Of all that an export is made of, but the password. */
function sourceHash({ request: { format, options, alias }, certificates }: Export): string {
  const parts = certificates.map((der) => sha256(der));
  return sha256(JSON.stringify([format.name, options, alias, parts]));
}

/** Without a password given, the record alone tells that the file fits. */
function opensWith(
  contents: readonly Buffer[],
  password: string | undefined,
  request: ExportRequest,
): boolean {
  if (!needsPassword(request) || password === undefined) return true;
  return contents.every((bytes) => {
    // Under another password it is written anew.
    const { entries = [], isVerified } = orUndefined(() => readKeyStore(bytes, { password })) ?? {};
    const isLocked = entries.some(({ kind }) => kind === 'encrypted-key');
    return (
      entries.length > 0 && !isLocked && (isVerified === true || password === '' || !request.trust)
    );
  });
}
