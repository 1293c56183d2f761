/** Exports that a new authority, or a certificate of it, leaves behind: made again, or told. */
import { existsSync } from 'node:fs';
import { type ExportRecord, readExports } from '../authority/exports.ts';
import { siblingExports } from '../authority/siblings.ts';
import { fitsExport } from '../certificate/export.ts';
import type { Reissued } from '../certificate/reissue.ts';
import { DevcertError } from '../errors.ts';
import { type Context, stateFolderOf } from './context.ts';
import { exportCertificate } from './export.ts';
import { planExport } from './export-plan.ts';
import { type ExportOptions, type ExportRequest, parseExport } from './export-request.ts';
import { sourceOf } from './export-source.ts';

/** What came of one export. */
export interface Remade {
  /** Absolute paths. */
  readonly files: readonly string[];
  /** What makes them again. */
  readonly command: string;
  /** Why they were left as they are, with the old certificate or root. */
  readonly reason?: string;
}

/**
 * Makes again what was exported of these certificates, and the trust stores of the authority's root, where
 * no password is needed for it. Files that are gone, and those that fit, are passed over.
 *
 * @param which `certificates`, or the `roots`; both by default.
 */
export async function remakeExports(
  context: Context,
  reissued: readonly Reissued[],
  which: readonly ('certificates' | 'roots')[] = ['certificates', 'roots'],
): Promise<Remade[]> {
  const issued = new Set(reissued.filter(({ leaf }) => leaf).map(({ certFile }) => certFile));
  const own = readExports(context.folder);
  // A certificate may have been exported for another authority than the one that issued it.
  const others = siblingExports(stateFolderOf(context), context.folder);
  const records = [
    ...own.filter(({ certFile }) => certFile === undefined && which.includes('roots')),
    ...[...own, ...others].filter(
      ({ certFile = '' }) => which.includes('certificates') && issued.has(certFile),
    ),
  ].filter(({ file }) => existsSync(file));
  const results: Remade[] = [];
  for (const command of new Set(records.map(({ command }) => command))) {
    const these = records.filter((record) => record.command === command);
    const result = await remake(context, these, [...own, ...others]);
    const files = these.map(({ file }) => file);
    if (result !== undefined) results.push({ files, command, ...result });
  }
  return results;
}

/** @returns undefined if it fits as it is. */
async function remake(
  context: Context,
  records: readonly ExportRecord[],
  known: readonly ExportRecord[],
): Promise<{ reason?: string } | undefined> {
  const [record] = records;
  const options: ExportOptions | undefined = record?.options;
  // An early version did not remember them.
  if (options === undefined) return { reason: 'an early devcert wrote it' };
  try {
    const request = parseExport(options, context.cwd);
    if (await isCurrent(context, request, known)) return undefined;
    if (request.needsPassword && options.password === undefined)
      return { reason: 'it needs its password' };
    const { written } = await exportCertificate(context, options);
    return written ? {} : undefined;
  } catch (error) {
    // One project's unwritable folder must not keep the others on the old authority.
    if (!(error instanceof DevcertError)) throw error;
    return { reason: error.message };
  }
}

async function isCurrent(
  context: Context,
  request: ExportRequest,
  known: readonly ExportRecord[],
): Promise<boolean> {
  const source = await sourceOf(request, context);
  return fitsExport(planExport(request, source, context.ca, undefined), known);
}
