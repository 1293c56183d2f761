/** `devcert status`: the authority, and what each store says of its root. Changes nothing. */
import { X509Certificate } from 'node:crypto';
import { constraintsOf, endOf } from '../authority/authority.ts';
import { authorityCertificates, certificateIn } from '../authority/certificates.ts';
import { hasAuthority, loadAuthority } from '../authority/folder.ts';
import type { Keeping } from '../authority/keeping.ts';
import { type AuthoritySummary, isClientsOnly, summarizeNamed } from '../authority/summary.ts';
import { retiredRoots } from '../authority/retired.ts';
import { outputPaths } from '../certificate/output.ts';
import { DevcertError, EXIT } from '../errors.ts';
import { relevant } from '../store-questions.ts';
import { inspectStores, type StoreReport } from '../trust.ts';
import { type Context, type Orphan, trusting } from './context.ts';
import type { ListedCertificate } from './list.ts';
import { findEverywhere, parseStoreKinds, type StoreChoice } from './stores.ts';
import { findOrphans } from './orphans.ts';
import { currentRoot } from './roots.ts';
import { readNames } from '../x509/read.ts';
import { SOON_DAYS, daysUntil } from '../policy.ts';

export type StatusOptions = StoreChoice;

export interface StatusResult {
  /** The state folder, whether it exists or not. */
  readonly folder: string;
  /** Undefined if there is none. */
  readonly authority: StatusOfAuthority | undefined;
  readonly stores: readonly StoreReport[];
  /** Roots of this user that stores hold and no state folder knows, if the default authority was asked for. */
  readonly orphans: readonly Orphan[];
  /** Where an orphan may be from: state folders, and roots in them, that cannot be read. */
  readonly unread: readonly string[];
  /** The certificate in `.devcert` of the current folder, if one is there. */
  readonly project: ProjectCertificate | undefined;
  /** The authorities that have names, if the default one was asked for. */
  readonly others: readonly AuthoritySummary[];
  /**
   * 0 valid, and trusted by every store that is here or lacks but a program, which it names; 3 no authority;
   * 4 some store does not trust it, or none does; 5 expired or about to.
   */
  readonly exitCode: number;
}

interface StatusOfAuthority extends Pick<
  AuthoritySummary,
  'root' | 'notAfter' | 'daysLeft' | 'constraints' | 'earlierRoots' | 'problem'
> {
  /** Of the root's subject: its common name. */
  readonly name: string;
  /** How its key is kept; undefined if that cannot be read. */
  readonly keeping: Keeping | undefined;
}

export interface ProjectCertificate extends Pick<
  ListedCertificate,
  'certFile' | 'names' | 'notAfter' | 'daysLeft'
> {
  /** Name of the authority of this user that issued it; undefined if none did, so that nothing trusts it. */
  readonly ca: string | undefined;
}

/**
 * @throws DevcertError `usage`, `invalid-authority` (only for a damaged root), `file`.
 */
export async function status(context: Context, options: StatusOptions = {}): Promise<StatusResult> {
  const { host, folder } = context;
  const kinds = parseStoreKinds(options.stores, context);
  const others = context.ca === undefined ? summarizeNamed(folder, host.now()) : [];
  const root = hasAuthority(folder) ? await currentRoot(folder) : undefined;
  const found = await findEverywhere(context, kinds, options);
  const project = projectCertificate(context);
  const { orphans, unread } =
    context.ca === undefined ? await findOrphans(context, found) : { orphans: [], unread: [] };
  if (root === undefined) {
    const none = { authority: undefined, stores: [], exitCode: EXIT.noAuthority };
    return { folder, ...none, orphans, unread, project, others };
  }
  const clientsOnly = isClientsOnly(folder);
  const reports = clientsOnly ? [] : await inspectStores(found, root, trusting(context));
  const stores = relevant(found, reports, ({ state }) => state !== 'absent', options);
  const certificate = new X509Certificate(root.der);
  // Without a usable key, too, the root says what it is for.
  const loaded = await loadAuthority(folder).catch((error: unknown) => {
    if (!(error instanceof DevcertError)) throw error;
    const keeping = undefined;
    const [chain, constraints] = [[certificate], constraintsOf([certificate])];
    return { chain, constraints, keeping, problem: error.message };
  });
  const { constraints, keeping } = loaded;
  const problem = 'problem' in loaded ? loaded.problem : undefined;
  const notAfter = endOf(loaded.chain);
  const daysLeft = daysUntil(notAfter, host.now());
  const authority = {
    ...{ root: root.sha256, name: root.commonName, notAfter, daysLeft, constraints, keeping },
    ...{ earlierRoots: retiredRoots(folder), problem },
  };
  const code = exitCode(daysLeft, stores, clientsOnly);
  return { folder, authority, stores, orphans, unread, project, others, exitCode: code };
}

/** The certificate in `.devcert` of the current folder; undefined if there is none that can be read. */
export function projectCertificate(context: Context): ProjectCertificate | undefined {
  const { certFile } = outputPaths({}, context.cwd);
  const certificate = certificateIn(certFile);
  if (certificate === undefined) return undefined;
  const issuer = authorityCertificates(context.stateFolder).find((it) =>
    certificate.verify(it.issuer.publicKey),
  );
  const notAfter = new Date(certificate.validTo);
  const daysLeft = daysUntil(notAfter, context.host.now());
  return { certFile, names: namesOf(certificate), notAfter, daysLeft, ca: issuer?.name };
}

/** As they are shown: a certificate of somebody else's may hold what cannot be read as names. */
function namesOf({ raw }: X509Certificate): readonly string[] {
  try {
    return readNames(raw);
  } catch {
    return [];
  }
}

function exitCode(daysLeft: number, stores: readonly StoreReport[], clientsOnly: boolean): number {
  if (daysLeft < SOON_DAYS) return EXIT.expired;
  // No store is to trust it.
  if (clientsOnly) return EXIT.done;
  return isTrusted(stores) ? EXIT.done : EXIT.notTrusted;
}

/** True if every store that is here trusts the root, or lacks but a program. */
export function isTrusted(stores: readonly StoreReport[]): boolean {
  const here = stores.filter(
    ({ state, needed, lacks }) => lacks === undefined && (state !== 'unavailable' || needed),
  );
  return here.length > 0 && here.every(({ state }) => state === 'trusted');
}
