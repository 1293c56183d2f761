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
import { checkPassword, keyFiles, passwordNotes } from '../export/formats.ts';
import { batchOf, missingPassword, planExport, secretPaths } from '../export/plan.ts';
import { type ExportRequest, parseExport } from '../export/request.ts';
import { type ExportSource, keySource } from '../export/source.ts';
import { findEntries } from '../ledger/ledger.ts';
import { mendKeys } from '../ledger/place.ts';
import type { LeafRequest } from '../names/request.ts';
import { type Context } from './context.ts';
import { exportedFiles, exportedParts, type ExportResult } from './export.ts';

/** What is to be written beside a certificate that is issued. */
export interface FormatOptions {
  /** Write these formats beside it, too: `p12`, `jks`, `der`, … */
  readonly format?: string | readonly string[];
  /** `p12`: the old algorithms. */
  readonly legacy?: boolean;
  /** `format`: name of the entry in a key store; `devcert` by default. */
  readonly alias?: string;
  /** `p12`, `jks`: their password; empty for none at all, which has to be said. */
  readonly password?: string;
  /** Over files that are not devcert's. */
  readonly force?: boolean;
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
      {
        format,
        certFile,
        keyFile,
        alias,
        ...(legacy === true && isPkcs12(format) ? { legacy } : {}),
      },
      cwd,
    ),
  );
  if (password !== undefined && !requests.some(({ needsPassword }) => needsPassword))
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
  const beside = (password: string | undefined) =>
    requests.map((it) => besideExport(it, paths, context, password));
  const { password, force = false } = options;
  if (password !== undefined || !requests.some(({ needsPassword }) => needsPassword))
    return beside(password);
  const exports = beside(undefined);
  if (await stays(request, context, paths, force ? undefined : exports)) return exports;
  const given = await missingPassword(requests, ask);
  checkPasswords(requests, given);
  return beside(given);
}

function besideExport(
  request: KeyRequest,
  { certFile, keyFile }: OutputPaths,
  { ca, host }: Context,
  password: string | undefined,
): BesideExport {
  let source: ExportSource | undefined;
  let written = false;
  const { paths = [], options, format } = request;
  const targets = keyFiles(format, options).map(({ secret }, i) => ({
    path: paths[i] ?? '',
    secret,
  }));
  return {
    targets,
    of({ certPem, keyPem }: PairText) {
      const contents = [certPem, ...(certPem === keyPem ? [] : [keyPem])];
      const bytes = contents.map((text) => Buffer.from(text));
      const made = keySource(request, pairIn(bytes, certFile, keyFile), host.now());
      source = made;
      const plan = planExport(request, made, ca, password);
      return {
        isUpToDate: plan.isUpToDate,
        encode() {
          written = true;
          return batchOf(plan, encode(request, made, password, host.now()));
        },
      };
    },
    result() {
      if (source === undefined) throw new DevcertError('busy', `no ${format} was made`, {});
      return {
        ...exportedParts(request, source),
        written,
        files: exportedFiles(request, source),
        notes: [
          ...source.notes,
          ...(written ? passwordNotes(request, password ?? '') : mendKeys(secretPaths(targets))),
        ],
      };
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
    return exports.every((it) => it.of(textOf(existing)).isUpToDate(entries));
  }
  assertCertifies(authority, request.names);
  return false;
}

function encode(
  request: KeyRequest,
  source: ExportSource,
  password: string | undefined,
  now: Date,
): readonly Buffer[] {
  if (!request.needsPassword) return source.encode('', now);
  if (password !== undefined) return source.encode(password, now);
  // It fitted a moment ago, so nobody was asked.
  throw new DevcertError('busy', 'another devcert changed these files in the meantime', {
    hint: 'run the same command again',
  });
}

function checkPasswords(requests: readonly ExportRequest[], password: string): void {
  for (const request of requests) if (request.needsPassword) checkPassword(request, password);
}

function isPkcs12(format: string): boolean {
  return /^(?:p12|pfx|pkcs12)$/i.test(format.trim());
}
