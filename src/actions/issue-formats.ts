/** `devcert NAMES… --format`: what is issued is exported in the same step, or neither is. */
import { assertExists } from '../authority/named.ts';
import { hasAuthority, loadAuthority } from '../authority/folder.ts';
import { readExports, recordExports } from '../authority/exports.ts';
import { takeOver } from '../authority/siblings.ts';
import { type Companions, type PairText, textOf } from '../certificate/companions.ts';
import {
  assertExportOurs,
  type ExportPlan,
  exportFiles,
  exportRecords,
  fitsExport,
  knownExports,
  mendExport,
} from '../certificate/export.ts';
import { fits } from '../certificate/fits.ts';
import { type OutputPaths, readExisting } from '../certificate/output.ts';
import { pairIn } from '../certificate/pair.ts';
import { assertPermitted, defaultConstraints } from '../constraints.ts';
import { DevcertError } from '../errors.ts';
import { checkPassword } from '../keystore/formats.ts';
import type { LeafRequest } from '../request.ts';
import { type Context, stateFolderOf } from './context.ts';
import { exportedFiles, type ExportResult, told } from './export.ts';
import { missingPassword, planExport } from './export-plan.ts';
import { type ExportRequest, parseExport } from './export-request.ts';
import { type ExportSource, keySource } from './export-source.ts';

/** What is to lie beside a certificate that is issued. */
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

interface Planned {
  readonly request: KeyRequest;
  readonly source: ExportSource;
  readonly plan: ExportPlan;
}

/** The exports of one issue. */
export interface IssueFormats extends Companions {
  /**
   * Asks for the password, if something is going to be written that needs one.
   *
   * @throws DevcertError `usage` if nobody can be asked, `password`, `outside-constraints`: before anything
   *   is issued or made.
   */
  settle(request: LeafRequest): Promise<void>;
  /** What came of each, once the pair is there. */
  results(): Promise<ExportResult[]>;
}

/**
 * Checks at once what was asked for.
 *
 * @throws DevcertError `usage`, `password` for one that a format cannot have.
 */
export function issueFormats(
  context: Context,
  options: FormatOptions,
  paths: OutputPaths,
  ask: ((what: string) => Promise<string>) | undefined,
): IssueFormats {
  const requests = parseFormats(options, paths, context.cwd);
  const { folder, host } = context;
  const stateFolder = stateFolderOf(context);
  const force = options.force === true;
  let { password } = options;
  const check = () => {
    for (const { format, options, needsPassword } of requests)
      if (needsPassword && password !== undefined) checkPassword(format, options, password);
  };
  check();
  const planned = (pair: PairText): Planned[] =>
    requests.map((request) => {
      const { certFile, keyFile } = paths;
      const contents = [pair.certPem, ...(pair.certPem === pair.keyPem ? [] : [pair.keyPem])];
      const entry = pairIn(
        contents.map((text) => Buffer.from(text)),
        certFile,
        keyFile,
      );
      const source = keySource(request, entry, host.now());
      return { request, source, plan: planExport(request, source, context.ca, password) };
    });
  let results: ExportResult[] = [];
  const keep = (exports: readonly (Planned & { written: boolean })[]) => {
    results = exports.map(({ request, source, plan, written }) => ({
      ...told(request, source),
      written,
      files: exportedFiles(request, source),
      notes: [...source.notes, ...(written ? [] : mendExport(plan))],
    }));
  };
  const fit = (pair: PairText) => {
    const known = knownExports(folder, stateFolder);
    const exports = planned(pair);
    const whole = exports.every(({ plan }) => fitsExport(plan, known));
    if (whole) keep(exports.map((it) => ({ ...it, written: false })));
    return whole;
  };
  return {
    fit,
    make(pair) {
      const known = knownExports(folder, stateFolder);
      const exports = planned(pair).map(({ request, source, plan }) => {
        if (!force) assertExportOurs(plan, known);
        const written = force || !fitsExport(plan, known);
        const encoded = written ? encode(request, source, password, host.now()) : [];
        return { request, source, plan, written, encoded };
      });
      keep(exports);
      const made = exports.filter(({ written }) => written);
      return {
        files: made.flatMap(({ plan, encoded }) => exportFiles(plan, encoded)),
        record: () => {
          const records = made.flatMap(({ plan, encoded }) => exportRecords(plan, encoded));
          if (records.length > 0) recordExports(folder, readExports(folder), records);
        },
      };
    },
    async settle(request) {
      if (password !== undefined || !requests.some(({ needsPassword }) => needsPassword)) return;
      if (await stays(request, context, paths, force ? undefined : fit)) return;
      password = await missingPassword(requests, ask);
      check();
    },
    async results() {
      const files = requests.flatMap(({ paths = [] }) => paths);
      await takeOver(stateFolder, folder, { exports: files });
      return results;
    },
  };
}

function parseFormats(
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
        ...(alias === undefined ? {} : { alias }),
        ...(legacy === true && isPkcs12(format) ? { legacy } : {}),
      },
      cwd,
    ),
  );
  if (password !== undefined && !requests.some(({ needsPassword }) => needsPassword))
    throw new DevcertError('usage', `${formats.join(' and ')} takes no password`, {
      hint: 'leave it out; for a key store beside it: --format p12',
    });
  // `pfx` and `p12` are one.
  return requests
    .filter(({ format }, i) => requests.findIndex((it) => it.format === format) === i)
    .filter((request) => !request.trust);
}

/** True if pair and exports are there and fit. Where not, the names have to be permitted. */
async function stays(
  request: LeafRequest,
  { folder, ca, host }: Context,
  paths: OutputPaths,
  fit: ((pair: PairText) => boolean) | undefined,
): Promise<boolean> {
  if (ca !== undefined) assertExists(folder, ca);
  if (!hasAuthority(folder)) {
    await assertPermitted(await defaultConstraints(host.hostname), request.names);
    return false;
  }
  const authority = await loadAuthority(folder);
  const existing = readExisting(paths);
  if (fit !== undefined && fits(existing, authority, request, host.now()))
    return fit(textOf(existing));
  await assertPermitted(authority.constraints, request.names);
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

function isPkcs12(format: string): boolean {
  return /^(?:p12|pfx|pkcs12)$/i.test(format.trim());
}
