/** `devcert NAMES… --format`: what is issued is exported in the same step, or neither is. */
import { assertExists } from '../authority/named.ts';
import { hasAuthority, loadAuthority } from '../authority/folder.ts';
import { assertCertifies } from '../authority/permits.ts';
import { type DerivedFiles, type PairText, textOf } from '../certificate/derived-files.ts';
import { isReusable } from '../certificate/reusable.ts';
import { type OutputPaths, readExisting } from '../certificate/output.ts';
import { pairIn } from '../certificate/pair.ts';
import { assertPermitted, defaultConstraints } from '../names/constraints.ts';
import { DevcertError, say } from '../errors.ts';
import { passwordNotes } from '../export/formats.ts';
import {
  batchOf,
  checkPasswords,
  isUpToDate,
  missingPassword,
  secretPaths,
} from '../export/plan.ts';
import {
  type ExportRequest,
  formatName,
  needsPassword,
  parseExport,
  type ExportOptions,
} from '../export/request.ts';
import { type Export, keyExport } from '../export/source.ts';
import { findEntries } from '../ledger/ledger.ts';
import { assertAllWritten, mendKeys } from '../ledger/place.ts';
import type { LeafRequest } from '../names/request.ts';
import type { Context } from './context.ts';
import { type ExportResult, exportResult } from './export.ts';

/** What is to be written beside a certificate that is issued. */
export interface FormatOptions extends Pick<
  ExportOptions,
  'legacy' | 'alias' | 'password' | 'force'
> {
  /** Write these formats beside it, too: `p12`, `jks`, `der`, … */
  readonly format?: string | readonly string[];
}

type KeyRequest = ExportRequest & { readonly trust: false };

/** An export that is written beside its certificate, and what came of it. */
export interface BesideExport extends DerivedFiles {
  /** @throws DevcertError `busy` if it was neither written nor found. */
  result(): ExportResult;
}

/**
 * Checks at once what was asked for.
 *
 * @throws DevcertError `usage`, `password` for one that a format cannot have.
 */
export function parseFormats(
  { format = [], legacy, alias, password }: FormatOptions,
  { certFile, keyFile }: OutputPaths,
  cwd: string,
): KeyRequest[] {
  const formats = [...new Set(typeof format === 'string' ? [format] : format)];
  const requests = formats.map((format) =>
    parseExport(
      { format, certFile, keyFile, alias, legacy: legacy === true && formatName(format) === 'p12' },
      cwd,
    ),
  );
  if (password !== undefined && !requests.some(needsPassword))
    throw new DevcertError('usage', `${formats.join(' and ')} takes no password`, {
      hint: say`leave it out; for a key store beside it: ${{ format: 'p12' }}`,
    });
  if (password !== undefined) checkPasswords(requests, password);
  // `pfx` and `p12` are one.
  return requests
    .filter(({ format }, i) => requests.findIndex((it) => it.format === format) === i)
    .filter((request) => !request.trust);
}

/**
 * The exports that are to be written beside a certificate. Where one needs a password it is asked for now,
 * unless nothing is going to be written.
 *
 * @throws DevcertError `usage` if nobody can be asked, `password`, `outside-constraints`: before anything
 *   is issued or made.
 */
export async function exportsBeside(
  requests: readonly KeyRequest[],
  context: Context,
  request: LeafRequest,
  paths: OutputPaths,
  options: FormatOptions,
  ask: ((what: string) => Promise<string>) | undefined,
): Promise<BesideExport[]> {
  const { password, force = false } = options;
  const beside = (password: string | undefined) =>
    requests.map((it) => besideExport(it, paths, context, password, force));
  if (password !== undefined || !requests.some(needsPassword)) return beside(password);
  const exports = beside(undefined);
  if (await stays(request, context, paths, force ? undefined : exports)) return exports;
  return beside(await missingPassword(requests, ask));
}

function besideExport(
  request: KeyRequest,
  { certFile, keyFile }: OutputPaths,
  { ca, host }: Context,
  password: string | undefined,
  force: boolean,
): BesideExport {
  let made: Export | undefined;
  let written = false;
  const { format, files } = request;
  const of = ({ certPem, keyPem }: PairText): Export => {
    const contents = [certPem, ...(certPem === keyPem ? [] : [keyPem])];
    const bytes = contents.map((text) => Buffer.from(text));
    return (made = keyExport(request, pairIn(bytes, certFile, keyFile), host.now()));
  };
  return {
    targets: files,
    isUpToDate: (pair, entries) => isUpToDate(of(pair), entries, password),
    batches(pair, entries) {
      const made = of(pair);
      if (!force) {
        assertAllWritten(files, entries());
        if (isUpToDate(made, entries(), password)) return [];
      }
      // It fitted a moment ago, so nobody was asked.
      if (password === undefined && needsPassword(request))
        throw new DevcertError('busy', 'another devcert changed these files in the meantime', {
          hint: 'run the same command again',
        });
      written = true;
      return [batchOf(made, ca, password ?? '', host.now())];
    },
    result() {
      if (made === undefined) throw new DevcertError('busy', `no ${format.name} was made`, {});
      const notes = written ? passwordNotes(request, password ?? '') : mendKeys(secretPaths(files));
      return exportResult(made, written, [...made.notes, ...notes]);
    },
  };
}

/** True if pair and exports are there and fit. Where not, the names have to be permitted. */
async function stays(
  request: LeafRequest,
  context: Context,
  paths: OutputPaths,
  exports: readonly BesideExport[] | undefined,
): Promise<boolean> {
  const { folder, ca, host } = context;
  if (ca !== undefined) assertExists(folder, ca);
  if (!hasAuthority(folder)) {
    assertPermitted(defaultConstraints(host.hostname), request.names);
    return false;
  }
  const authority = await loadAuthority(folder);
  const existing = readExisting(paths);
  if (exports !== undefined && isReusable(existing, authority, request, host.now())) {
    const targets = exports.flatMap(({ targets }) => targets.map(({ path }) => path));
    const entries = findEntries(context.stateFolder, targets);
    return exports.every((it) => it.isUpToDate(textOf(existing), entries));
  }
  assertCertifies(authority, request.names);
  return false;
}
