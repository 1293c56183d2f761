/** `devcert renew`: certificates that have expired or are about to are made anew, with what was made of them. */
import { existsSync } from 'node:fs';
import { sep } from 'node:path';
import { authorityIssuers } from '../authority/certificates.ts';
import { hasAuthority } from '../authority/folder.ts';
import { DevcertError } from '../errors.ts';
import { type CertificateEntry, findEntries, latest, readLedger } from '../ledger/ledger.ts';
import { type Context, contextOf, type DryRunOption, refuseSudo } from './context.ts';
import { isCertificate, isDue, listed } from './list.ts';
import { renewAll, type Renewed } from './renew.ts';

export interface RenewDueOptions extends DryRunOption {
  /** On the whole machine, not just in and below the current folder. */
  readonly all?: boolean;
  /** Of the key stores of sets for mutual TLS. */
  readonly password?: string;
}

export interface RenewDueResult {
  /** What was made anew, or, with a reason, was not. A dry run: what would be. */
  readonly renewed: readonly Renewed[];
  /** How many certificates of the ledger lie here, due or not. */
  readonly looked: number;
  /** When the first of those that are not due ends. */
  readonly nextEnd: Date | undefined;
}

/**
 * Makes anew, with the same names, files and kind of key, every certificate of the ledger that is due, whichever
 * authority of this user issued it.
 *
 * @throws DevcertError `invalid-authority`, `file`, `refused`, `busy`; what keeps one certificate from being made is
 *   its reason.
 */
export async function renewDue(
  context: Context,
  { all = false, password, dryRun = false }: RenewDueOptions = {},
): Promise<RenewDueResult> {
  refuseSudo(context);
  const { stateFolder } = context;
  const issuers = authorityIssuers(stateFolder);
  const now = context.host.now();
  const here = readLedger(stateFolder)
    .filter(isCertificate)
    .filter(({ certificate }) => all || isBelow(certificate.certFile, context.cwd))
    .filter(({ certificate }) => existsSync(certificate.certFile));
  const states = here.map((entry) => ({ entry, is: listed(entry, issuers, now) }));
  const due = states.filter(({ is }) => isDue(is)).map(({ entry }) => entry);
  const ends = states.flatMap(({ is }) => (is.state === 'valid' ? [is.notAfter.getTime()] : []));
  const renewed: Renewed[] = [];
  for (const ca of new Set(due.map((entry) => entry.ca))) {
    const these = due.filter((entry) => entry.ca === ca);
    renewed.push(
      ...(dryRun ? these.map(asRenewed) : await renewOf(contextOf(context, ca), these, password)),
    );
  }
  return {
    renewed,
    looked: here.length,
    nextEnd: ends.length === 0 ? undefined : new Date(Math.min(...ends)),
  };
}

/**
 * The same for the one certificate in a file, if devcert issued it.
 *
 * @param certFile absolute.
 * @returns nothing for one that is not in the ledger, or whose files are gone.
 * @throws as {@link renewDue}.
 */
export async function renewFile(
  context: Context,
  certFile: string,
  password?: string,
): Promise<Renewed[]> {
  refuseSudo(context);
  const found = latest(findEntries(context.stateFolder, [certFile]));
  const entry = found.filter(isCertificate).find((it) => it.certificate.certFile === certFile);
  if (entry === undefined) return [];
  return renewOf(contextOf(context, entry.ca), [entry], password);
}

async function renewOf(
  context: Context,
  due: readonly CertificateEntry[],
  password: string | undefined,
): Promise<Renewed[]> {
  try {
    if (!hasAuthority(context.folder))
      return due.map((it) => ({ ...asRenewed(it), reason: 'its CA is gone' }));
    const files = new Set(due.map(({ certificate }) => certificate.certFile));
    const where = ({ certificate }: CertificateEntry) => files.has(certificate.certFile);
    const only = ['certificates', 'sets'] as const;
    const done = await renewAll(context, { only, where, password });
    // What it passes over, as nothing can be made for it, is due all the same.
    const left = due
      .map((it) => ({
        ...asRenewed(it),
        reason: `its key "${it.certificate.keyFile ?? ''}" is gone`,
      }))
      .filter(({ files: [file] }) => !done.some(({ files }) => files.includes(file ?? '')));
    return [...done, ...left];
  } catch (error) {
    if (!(error instanceof DevcertError) || error.code === 'cancelled') throw error;
    return due.map((it) => ({ ...asRenewed(it), reason: error.message }));
  }
}

/** What a renewal of it would be called. */
export function asRenewed({ mtls, certificate }: CertificateEntry): Renewed {
  return mtls === undefined
    ? { what: 'certificate', files: [certificate.certFile] }
    : { what: 'mtls', files: [mtls] };
}

function isBelow(file: string, folder: string): boolean {
  return file.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
