/**
 * Making again what was made before: certificates, sets for mutual TLS and exports, after an authority was
 * replaced or when their time comes.
 */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type CertificateHash, certificateHash } from '../certificate/hash.ts';
import { readExisting } from '../certificate/output.ts';
import { writeCertificate } from '../certificate/write.ts';
import type { Authority } from '../authority/authority.ts';
import { DevcertError, formatText, say, worded } from '../errors.ts';
import { exportStep } from '../export/command.ts';
import { isUpToDate } from '../export/plan.ts';
import { type ExportOptions, needsPassword, parseExport } from '../export/request.ts';
import { exportOf } from '../export/source.ts';
import { certificateKeyHash, keyTypes } from '../keys.ts';
import {
  type CertificateEntry,
  type ExportEntry,
  findEntries,
  type IssuedCertificate,
  latest,
  type LedgerEntry,
  readLedger,
} from '../ledger/ledger.ts';
import { readSet, SET_FILE } from '../mtls/set.ts';
import { parseNames } from '../names/names.ts';
import { WEBTRANSPORT_DAYS } from '../policy.ts';
import type { LeafRequest } from '../names/request.ts';
import { type Context, writing } from './context.ts';
import { exportCertificate } from './export.ts';
import { isCertificate } from './list.ts';
import { writeSetOf } from './mtls.ts';
import { loadAuthority } from '../authority/folder.ts';

/** What came of something that was to be made again. */
export interface Renewed {
  readonly what: 'certificate' | 'mtls' | 'export';
  /** Absolute paths; of a set its folder. */
  readonly files: readonly string[];
  /** What makes them again, where that is typed. */
  readonly command?: string;
  /** Why they were left unchanged. */
  readonly reason?: string;
  /** Of a certificate that browsers take by its hash (WebTransport): the new one. */
  readonly certificateHash?: CertificateHash;
}

export interface RenewOptions {
  /** Of everything that is in the ledger for the authority: what to make again. */
  readonly only: readonly ('certificates' | 'sets' | 'roots')[];
  /** Of the certificates and sets only those for which this is true. */
  readonly where?: (entry: CertificateEntry) => boolean;
  /** Of the key stores of sets. */
  readonly password?: string | undefined;
}

/**
 * Makes again all that the ledger has of an authority: certificates with the same names, files and key type
 * and a new key (the same one where a CSR brought it), what was exported of them, trust stores with its
 * root, and whole sets for mutual TLS. What is gone or fits already is passed over; one that fails keeps
 * nothing else from being made.
 *
 * @throws DevcertError as {@link loadAuthority}, and of what keeps the authority from signing.
 */
export async function renewAll(
  context: Context,
  { only, where, password }: RenewOptions,
): Promise<Renewed[]> {
  const authority = await loadAuthority(context.folder);
  const entries = readLedger(context.stateFolder);
  const own = entries
    .filter(({ ca }) => ca === (context.ca ?? 'default'))
    .filter((entry) => where === undefined || (isCertificate(entry) && where(entry)));
  const results: Renewed[] = [];
  const issued = new Set<string>();
  if (only.includes('certificates'))
    for (const entry of own.filter(isCertificate).filter(({ mtls }) => mtls === undefined)) {
      const renewed = await renewCertificate(context, authority, entry);
      results.push(...renewed);
      if (renewed.some(({ reason }) => reason === undefined))
        issued.add(entry.certificate.certFile);
    }
  // A certificate may have been exported for another authority than the one that issued it.
  const exports = entries.filter(isExport).filter(({ export: { certFile }, ca }) => {
    if (certFile !== undefined) return issued.has(certFile);
    return ca === (context.ca ?? 'default') && only.includes('roots');
  });
  for (const entry of exports) results.push(...(await renewExport(context, entry)));
  if (only.includes('sets'))
    for (const folder of new Set(own.flatMap(({ mtls }) => mtls ?? [])))
      results.push(...(await renewSet(context, folder, password)));
  return results;
}

/** One line for each export of a certificate that still holds an earlier one. */
export function staleExports(
  entries: readonly LedgerEntry[],
  certFile: string,
  certificate: string,
): string[] {
  return latest(entries)
    .filter(isExport)
    .filter(({ export: made }) => made.certFile === certFile && made.certificate !== certificate)
    .map((entry) => ({ entry, files: thereOf(entry).map((path) => basename(path)) }))
    .filter(({ files }) => files.length > 0)
    .map(({ entry: { export: made, ca }, files }) => {
      const have = files.length === 1 ? 'has' : 'have';
      return worded`${files.join(', ')} still ${have} the old certificate: ${exportStep(made.options ?? {}, ca)}`;
    });
}

function isExport(entry: LedgerEntry): entry is ExportEntry {
  return entry.export !== undefined;
}

function thereOf({ files }: LedgerEntry): string[] {
  return files.map(({ path }) => path).filter((path) => existsSync(path));
}

/** @returns none for one whose files are gone. */
async function renewCertificate(
  context: Context,
  authority: Authority,
  { certificate }: CertificateEntry,
): Promise<Renewed[]> {
  const { certFile, keyFile, caFile } = certificate;
  if (!existsSync(certFile) || (keyFile !== undefined && !existsSync(keyFile))) return [];
  const what = { what: 'certificate' as const, files: [certFile] };
  // What another authority has issued in the meantime is not to become this one's again.
  const own = { ...writing(context, authority), issuers: () => [] };
  return attempting(context, what, async () => {
    const request = requestOf(certificate);
    const key = keyFile === undefined ? keyOf(certificate) : {};
    const paths = { certFile, keyFile, caFile };
    const { sha256 } = await writeCertificate(own, { ...request, ...key }, paths);
    return isForWebTransport(certificate)
      ? { ...what, certificateHash: certificateHash(sha256) }
      : what;
  });
}

/** Short and P-256, as it has to be for that: whoever was told its hash has to be told the next one. */
function isForWebTransport({ keyType, validityDays, usages }: IssuedCertificate): boolean {
  return keyType === 'p256' && validityDays <= WEBTRANSPORT_DAYS && usages.join() === 'serverAuth';
}

/** One result for what one export made; none if it is up to date. */
async function renewExport(context: Context, entry: ExportEntry): Promise<Renewed[]> {
  const files = thereOf(entry);
  if (files.length === 0) return [];
  const options: ExportOptions | undefined = entry.export.options;
  // An early version did not remember them.
  if (options === undefined)
    return [{ what: 'export', files, reason: 'an early devcert wrote it' }];
  const what = {
    what: 'export' as const,
    files,
    command: formatText(exportStep(entry.export.options ?? {}, entry.ca)),
  };
  return attempting(context, what, async () => {
    const request = parseExport(options, context.cwd);
    const made = await exportOf(request, context, context.host.now());
    const paths = entry.files.map(({ path }) => path);
    const known = findEntries(context.stateFolder, paths);
    if (isUpToDate(made, known, undefined)) return undefined;
    if (needsPassword(request) && options.password === undefined)
      return { ...what, reason: 'it needs its password' };
    const { written } = await exportCertificate(context, options);
    return written ? what : undefined;
  });
}

async function renewSet(
  context: Context,
  folder: string,
  password: string | undefined,
): Promise<Renewed[]> {
  if (!existsSync(join(folder, SET_FILE))) return [];
  const what = { what: 'mtls' as const, files: [folder] };
  return attempting(context, what, async () => {
    const set = readSet(folder);
    if (set === undefined) return undefined;
    const { notes } = await writeSetOf(context, folder, set, { password });
    return notes[0] === undefined ? what : { ...what, reason: notes[0] };
  });
}

/** One project's unwritable folder must not keep the others on the old authority. */
async function attempting(
  { keys }: Context,
  what: Renewed,
  work: () => Promise<Renewed | undefined>,
): Promise<Renewed[]> {
  try {
    const done = await work();
    return done === undefined ? [] : [done];
  } catch (error) {
    // What keeps the authority from signing keeps it from all.
    if (!(error instanceof DevcertError) || keys?.isFailure(error) === true) throw error;
    return [{ ...what, reason: error.message }];
  }
}

function requestOf(certificate: IssuedCertificate): LeafRequest {
  const { names, usages, keyType, validityDays, commonName } = certificate;
  return {
    names: parseNames(names, { client: true }),
    usages,
    keyType: keyTypes.find((type) => type === keyType),
    validityDays,
    commonName,
  };
}

// The CSR is gone; its key is in the certificate, which has to be the one that was made for it.
function keyOf({ certFile, publicKey: hash }: IssuedCertificate) {
  const { certificate } = readExisting({ certFile });
  if (certificate !== undefined && certificateKeyHash(certificate) === hash)
    return { publicKey: certificate.publicKey };
  throw new DevcertError('file', `"${certFile}" is not the certificate that was made there`, {
    hint: say`sign its CSR again: ${{ command: 'sign', names: 'FILE' }}`,
  });
}
