/** `devcert list`: the certificates that the ledger has, and how each of them is now. Changes nothing. */
import type { X509Certificate } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { certificateIn, authorityIssuers } from '../authority/certificates.ts';
import { sha256Of } from '../authority/origin.ts';
import { worded } from '../errors.ts';
import {
  type CertificateEntry,
  ledgerFile,
  type LedgerEntry,
  readLedger,
} from '../ledger/ledger.ts';
import { DAY_MS, dueDays, daysUntil } from '../policy.ts';
import { type Context } from './context.ts';
import type { ServedOld } from './served.ts';

/**
 * `valid`; `soon`: so few days left that it is due; `expired`; `gone`: its file is not there any more; `changed`:
 * another certificate is in its file; `orphaned`: no authority of this user issued it, so nothing trusts it.
 */
export type CertificateState = 'valid' | 'soon' | 'expired' | 'gone' | 'changed' | 'orphaned';

export interface ListedCertificate {
  readonly names: readonly string[];
  readonly state: CertificateState;
  readonly notAfter: Date;
  /** Whole days; negative for one that has expired. */
  readonly daysLeft: number;
  /** Absolute paths. */
  readonly certFile: string;
  readonly keyFile: string | undefined;
  /** Name of the authority; `default` for the one without. */
  readonly ca: string;
  /** Absolute path of the folder of the mutual TLS set that it belongs to. */
  readonly mtls: string | undefined;
  /** Servers of this user here that still send one that was in the file before. */
  readonly servedOld: readonly ServedOld[];
}

/** A certificate that is broken on purpose, for a test. */
export interface ListedBroken {
  /** What is wrong with it. */
  readonly broken: string;
  readonly names: readonly string[];
  /** Absolute paths of its files. */
  readonly files: readonly string[];
}

export interface ListResult {
  readonly certificates: readonly ListedCertificate[];
  /** Those that are there. Never due, whatever their dates say. */
  readonly broken: readonly ListedBroken[];
}

/** Every certificate in the ledger, oldest first. @throws DevcertError `invalid-authority`, `file`. */
export async function list(context: Context): Promise<ListResult> {
  const { stateFolder } = context;
  const issuers = authorityIssuers(stateFolder);
  const now = context.host.now();
  const entries = readLedger(stateFolder);
  const issued = entries.filter(isCertificate);
  const { findServedOld } = await import('./served.ts');
  const served = await findServedOld(context, issued);
  const certificates = issued
    .map((entry) => listed(entry, issuers, now))
    .map((it) => ({ ...it, servedOld: served.get(it.certFile) ?? [] }));
  return { certificates, broken: entries.flatMap((entry) => listedBroken(entry) ?? []) };
}

function listedBroken({ broken, files }: LedgerEntry): ListedBroken | undefined {
  const there = files.map(({ path }) => path).filter((path) => existsSync(path));
  if (broken === undefined || there.length === 0) return undefined;
  return { broken: broken.kind, names: broken.names, files: there };
}

/**
 * A note on certificates that are due, by the ledger alone: no certificate is read, and of a list that is very
 * long nothing is said, as reading it would take longer than issuing.
 */
export function dueNotes(context: Context): string[] {
  const { stateFolder } = context;
  const size = statSync(ledgerFile(stateFolder), { throwIfNoEntry: false })?.size ?? 0;
  if (size > MAX_SEARCHED_BYTES) return [];
  const now = context.host.now().getTime();
  const due = readLedger(stateFolder)
    .filter(isCertificate)
    .filter(
      ({ certificate: { notAfter, validityDays, certFile } }) =>
        Date.parse(notAfter) - now < dueDays(validityDays) * DAY_MS && existsSync(certFile),
    );
  if (due.length === 0) return [];
  const which =
    due.length === 1
      ? `"${due[0]?.certificate.certFile ?? ''}" is`
      : `${due.length} certificates are`;
  return [worded`${which} to be renewed: ${{ command: 'renew', all: true }}`];
}

const MAX_SEARCHED_BYTES = 256 * 1024;

/** True for what a renewal makes anew. */
export function isDue({ state }: Pick<ListedCertificate, 'state'>): boolean {
  return state === 'soon' || state === 'expired' || state === 'orphaned';
}

export function isCertificate(entry: LedgerEntry): entry is CertificateEntry {
  return entry.certificate !== undefined;
}

/** A certificate of the ledger as its file is now; no server is asked. @param issuers of this user's authorities. */
export function listed(
  { ca, mtls, certificate }: CertificateEntry,
  issuers: readonly X509Certificate[],
  now: Date,
): ListedCertificate {
  const { names, certFile, keyFile } = certificate;
  const there = certificateIn(certFile);
  const notAfter = there === undefined ? new Date(certificate.notAfter) : new Date(there.validTo);
  const daysLeft = daysUntil(notAfter, now);
  const state = ((): CertificateState => {
    if (there === undefined) return 'gone';
    if (sha256Of(there) !== certificate.sha256) return 'changed';
    if (!issuers.some((issuer) => there.verify(issuer.publicKey))) return 'orphaned';
    if (notAfter <= now) return 'expired';
    return daysLeft < dueDays(certificate.validityDays) ? 'soon' : 'valid';
  })();
  return { names, state, notAfter, daysLeft, certFile, keyFile, ca, mtls, servedOld: [] };
}
