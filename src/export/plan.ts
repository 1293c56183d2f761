/** An export on its way to disk: what it is made of, whether it is there already, how it is made again. */
import { basename, dirname } from 'node:path';
import { DevcertError, orUndefined } from '../errors.ts';
import { readKeyStore } from '../keystore/read.ts';
import type { ExportedCertificate, LedgerEntry } from '../ledger/ledger.ts';
import {
  assertWritten,
  type Batch,
  contentOf,
  mendKeys,
  place,
  type PlaceContext,
  type Target,
} from '../ledger/place.ts';
import { findEntries, latest } from '../ledger/ledger.ts';
import { sha256 } from '../ledger/journal.ts';
import { keyFiles, trustFile } from './formats.ts';
import { defaultAlias, type ExportRequest } from './request.ts';
import type { ExportSource } from './source.ts';

export interface ExportPlan {
  /** In the order of what `encode` of its source gives. */
  readonly targets: readonly Target[];
  readonly entry: Omit<LedgerEntry, 'files'> & { readonly export: ExportedCertificate };
  /** True if the files are there, unchanged, made of the same, and can be opened. */
  readonly isUpToDate: (entries: readonly LedgerEntry[]) => boolean;
}

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
  const { format, trust, alias, certFile, paths = [] } = request;
  const [leaf] = certificates;
  const targets = files.map(({ secret }, i) => ({ path: paths[i] ?? '', secret }));
  const parts = certificates.map(({ certificate }) => sha256(certificate));
  const source = sha256(JSON.stringify([format, request.options, alias, parts]));
  const made = trust || leaf === undefined ? {} : { certFile, certificate: parts[0] };
  return {
    targets,
    entry: {
      ca: ca ?? 'default',
      export: { ...made, source, options: optionsAgain(request, password === '') },
    },
    isUpToDate(entries) {
      const contents = unchanged(targets, source, entries);
      return contents !== undefined && opensWith(contents, password, request);
    },
  };
}

/** The outputs of a plan with their contents. */
export function batchOf({ targets, entry }: ExportPlan, encoded: readonly Buffer[]): Batch {
  return {
    outputs: targets.map((target, i) => ({ ...target, data: encoded[i] ?? '' })),
    entry,
  };
}

/**
 * Writes the files, unless they are there, unchanged and made of the same.
 *
 * @param encode gives the contents; called only if something is written, without the lock, as it may ask a
 *   person.
 * @returns whether they were written, and what was mended.
 * @throws DevcertError `file`, `busy`.
 */
export async function writeExport(
  plan: ExportPlan,
  context: PlaceContext,
  encode: () => Promise<readonly Buffer[]>,
): Promise<{ written: boolean; notes: string[] }> {
  const { stateFolder, force } = context;
  const { targets } = plan;
  if (force !== true) {
    const paths = targets.map(({ path }) => path);
    const entries = stateFolder === undefined ? [] : findEntries(stateFolder, paths);
    assertAllWritten(targets, entries);
    if (plan.isUpToDate(entries)) return { written: false, notes: mendKeys(secretPaths(targets)) };
  }
  const encoded = await encode();
  await place(targets, context, ({ entries }) => {
    // Read again: under the lock no other devcert changes it.
    if (force !== true) assertAllWritten(targets, entries());
    return [batchOf(plan, encoded)];
  });
  return { written: true, notes: [] };
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

/** The paths among targets that get a private key. */
export function secretPaths(targets: readonly Target[]): string[] {
  return targets.filter(({ secret }) => secret).map(({ path }) => path);
}

/** @throws DevcertError `file` if something is there that devcert did not write. */
export function assertAllWritten(
  targets: readonly Target[],
  entries: readonly LedgerEntry[],
): void {
  for (const { path } of targets) assertWritten(path, contentOf(path), entries);
}

/** What the files hold, if that is what the latest entry for them says; undefined if not. */
function unchanged(
  targets: readonly Target[],
  source: string,
  entries: readonly LedgerEntry[],
): Buffer[] | undefined {
  const [first] = targets;
  const entry = latest(entries).findLast(({ files }) => files[0]?.path === first?.path);
  if (entry?.export?.source !== source) return undefined;
  const contents: Buffer[] = [];
  for (const { path } of targets) {
    const bytes = contentOf(path);
    const file = entry.files.find((file) => file.path === path);
    // The newer of two: the other is what was there before.
    if (bytes === undefined || file?.sha256[0] !== sha256(bytes)) return undefined;
    contents.push(bytes);
  }
  return contents;
}

/** Without a password given, the record alone tells that the file fits. */
function opensWith(
  contents: readonly Buffer[],
  password: string | undefined,
  request: ExportRequest,
): boolean {
  if (!request.needsPassword || password === undefined) return true;
  return contents.every((bytes) => {
    // Under another password it is written anew.
    const { entries = [], isVerified } = orUndefined(() => readKeyStore(bytes, { password })) ?? {};
    const isLocked = entries.some(({ kind }) => kind === 'encrypted-key');
    return (
      entries.length > 0 && !isLocked && (isVerified === true || password === '' || !request.trust)
    );
  });
}

/** Options of `exportCertificate()` that make the same files from whatever certificate is there by then. */
function optionsAgain(
  request: ExportRequest,
  passwordless: boolean,
): NonNullable<ExportedCertificate['options']> {
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
