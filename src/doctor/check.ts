/**
 * `devcert check`: is the certificate of this project good, and does this machine trust its authority? For scripts
 * that run it each time, so it asks no store that is slow to answer.
 */
import type { StoreOptions } from '../../platform/types.ts';
import { hasAuthority } from '../authority/folder.ts';
import { isClientsOnly } from '../authority/summary.ts';
import { type Context, contextOf } from '../commands/context.ts';
import { currentRoot } from '../commands/roots.ts';
import { findEverywhere, isSlow, parseStoreKinds } from '../commands/stores.ts';
import { inspectAtOnce } from '../store-questions.ts';
import { type StoreReport } from '../trust.ts';
import { exitCodeOf, finding, type Finding } from './finding.ts';
import { examineProject } from './project.ts';
import { storeFindings } from './stores.ts';

export interface CheckOptions extends StoreOptions {
  /** Only these kinds, comma-separated; all but the slow ones if left out. */
  readonly stores?: string;
}

export interface CheckResult {
  /** Of the project: what its file asks for, else what its certificate has. */
  readonly names: readonly string[];
  /** Of the certificate; undefined if there is none. */
  readonly notAfter: Date | undefined;
  readonly daysLeft: number | undefined;
  /** The stores that were asked: if none were named not Java's, whose keytool takes longer than all others, nor simulators. */
  readonly stores: readonly StoreReport[];
  /** What is wrong; none if all is well. */
  readonly findings: readonly Finding[];
  /** 0 all is well; 3 no authority; 4 a store does not trust it; 5 expired or due; 1 anything else. */
  readonly exitCode: number;
}

/** @throws DevcertError `usage`, `invalid-input` for a bad project file, `invalid-name`, `invalid-authority`, `file`. */
export async function check(context: Context, options: CheckOptions = {}): Promise<CheckResult> {
  const { names, certificate, findings } = examineProject(context, true);
  const issuer = contextOf(context, certificate?.ca);
  const result = (stores: readonly StoreReport[], more: readonly Finding[]): CheckResult => {
    const all = [...more, ...findings];
    const { notAfter, daysLeft } = certificate ?? {};
    return { names, notAfter, daysLeft, stores, findings: all, exitCode: exitCodeOf(all) };
  };
  const root = hasAuthority(issuer.folder) ? await currentRoot(issuer.folder) : undefined;
  if (root === undefined) return result([], [noAuthority(context)]);
  // Nothing is to trust it but servers that are told of it.
  if (isClientsOnly(issuer.folder)) return result([], []);
  const kinds = parseStoreKinds(options.stores, context, isSlow);
  const found = await findEverywhere(context, kinds, options);
  const stores = await inspectAtOnce(found, root, context.host.now(), options);
  return result(stores, storeFindings(stores, issuer.ca));
}

/** There is none, so nothing can be trusted. */
export function noAuthority({ folder }: Context): Finding {
  return finding('authority', 'missing', `there is no CA in "${folder}"`, { command: 'install' });
}
