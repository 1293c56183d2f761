/** `devcert uninstall`: no store trusts the root any more; with `purge` the authority goes, too. */
import { existsSync } from 'node:fs';
import type { Root } from '../../platform/types.ts';
import { hasAuthority } from '../authority/folder.ts';
import { authorityNames, purgeNamed, removeAuthoritiesFolder } from '../authority/named.ts';
import { agentNotes } from '../authority/keeping.ts';
import { removeFolder } from '../disk/files.ts';
import { environmentFolder } from '../disk/paths.ts';
import { domainsFolder } from '../authority/domains.ts';
import { dropGoneHomes, forgetHome, readHomes } from '../authority/homes.ts';
import { assertPurgeable, purge } from '../authority/purge.ts';
import { pendingRootFile } from '../authority/replace.ts';
import { retiredRoot } from '../authority/retired.ts';
import { DevcertError, say, worded } from '../errors.ts';
import { ledgerFile } from '../ledger/ledger.ts';
import { replaceFiles } from '../ledger/transaction.ts';
import { relevant } from '../store-questions.ts';
import { mergeOutcomes, type Outcome, uninstallRoot, isFailure } from '../trust.ts';
import {
  type Context,
  contextOf,
  issuedBy,
  type Orphan,
  refuseOtherAccount,
  refuseSudo,
  trusting,
  type DryRunOption,
} from './context.ts';
import { findEverywhere, parseStoreKinds, type StoreChoice } from './stores.ts';
import { clearHosts } from './hosts.ts';
import { findOrphans, removeOrphans } from './orphans.ts';
import { currentRoot, forgetRoot, otherRoots } from './roots.ts';

export interface UninstallOptions extends StoreChoice, DryRunOption {
  /** Delete the authority and its ledger, too. */
  readonly purge?: boolean;
  /** Instead of the authority's root those that no state folder knows, after `confirm` of the listener. */
  readonly orphans?: boolean;
  /** Remove them without asking. */
  readonly yes?: boolean;
}

export interface UninstallResult {
  /** False if there was no authority, so nothing that a store could trust. */
  readonly hadAuthority: boolean;
  readonly outcomes: readonly Outcome[];
  /**
   * Roots of this user that stores hold and no state folder knows: removed with `orphans`, else still there. None
   * for one authority alone.
   */
  readonly orphans: readonly Orphan[];
  /** True if the authority and its ledger were deleted. */
  readonly purged: boolean;
  readonly notes: readonly string[];
}

/**
 * Removes the root (and any that it replaced) from every store; without a name those of all authorities.
 * Never makes one.
 *
 * @throws DevcertError `usage`, `refused`, `invalid-authority`, `file`, `cancelled`.
 */
export async function uninstall(
  context: Context,
  options: UninstallOptions = {},
): Promise<UninstallResult> {
  const { host, folder } = context;
  const { purge = false, dryRun = false } = options;
  const kinds = parseStoreKinds(options.stores, context);
  if (purge && options.stores !== undefined)
    throw new DevcertError(
      'usage',
      say`${{ purge: true }} needs every store: without the root none can be cleared`,
      { hint: say`leave ${{ stores: true }} out` },
    );
  const isOfAll = context.ca === undefined && options.stores === undefined;
  assertTogether(options);
  refuseSudo(context);
  await refuseOtherAccount(context, 'uninstall');
  const holds = ({ status }: Outcome) => status !== 'already-absent';
  if (options.orphans === true) {
    const { yes = false } = options;
    const stores = await findEverywhere(context, kinds, options);
    const trust = { dryRun, yes, progress: context.progress };
    const { orphans, outcomes } = await removeOrphans(context, stores, trust);
    const hadAuthority = hasAuthority(folder);
    return { hadAuthority, outcomes: outcomes.filter(holds), orphans, purged: false, notes: [] };
  }
  const contexts = [context];
  if (context.ca === undefined)
    for (const name of authorityNames(folder)) contexts.push(contextOf(context, name));
  if (purge && !dryRun) for (const { folder } of contexts) assertPurgeable(folder);
  const hadAuthority = contexts.some(({ folder }) => hasAuthority(folder));
  const { roots, damage } = await knownRoots(contexts);
  const stores = await findEverywhere(context, kinds, options);
  const trust = { ...trusting(context), dryRun };
  let outcomes: Outcome[] = [];
  const stuck: KnownRoot[] = [];
  const notes: string[] = [];
  for (const known of roots) {
    const these = await uninstallRoot(stores, known.root, host, trust);
    outcomes = mergeOutcomes(outcomes, these);
    const unreached = unreachedNotes(these);
    notes.push(...unreached);
    if (these.some(isFailure)) stuck.push(known);
    else if (unreached.length === 0 && !dryRun && options.stores === undefined)
      await forgetRoot(known.folder, known.root);
  }
  if (isOfAll && !dryRun) {
    removeFolder(environmentFolder(folder));
    removeFolder(domainsFolder(folder));
  }
  if (damage !== undefined && !purge) throw damage;
  let purged = false;
  if (purge && !dryRun) {
    if (outcomes.some(({ status }) => status === 'cancelled'))
      notes.push(`"${folder}" stays: the root in it is needed to clear the stores that are left`);
    else {
      notes.push(...contexts.flatMap((it) => projectFiles(it)));
      notes.push(...agentNotes(contexts.map((it) => it.folder)));
      const kept = stuck.map(keepRoot);
      purged = await purgeAll(context, kept);
      notes.push(...leftNotes(context, purged, kept));
    }
  }
  const hosts = isOfAll ? await clearHosts(context, dryRun) : undefined;
  const reported = [
    ...relevant(stores, outcomes, holds, options),
    ...(hosts === undefined ? [] : [hosts]),
  ];
  const asksAll = context.ca === undefined && !dryRun;
  const { orphans } = asksAll ? await findOrphans(context, stores) : { orphans: [] };
  return { hadAuthority, outcomes: reported, orphans, purged, notes };
}

function assertTogether({ orphans, yes, purge, ca }: UninstallOptions): void {
  if (orphans !== true && yes === true)
    throw new DevcertError(
      'usage',
      say`${{ yes: true }} is for ${{ orphans: true }} only: nothing else is asked`,
      { hint: { command: 'uninstall' } },
    );
  if (orphans === true && (purge === true || ca !== undefined))
    throw new DevcertError(
      'usage',
      say`an orphan belongs to no CA: ${{ orphans: true }} stands alone`,
      { hint: { command: 'uninstall', orphans: true } },
    );
}

interface KnownRoot {
  readonly root: Root;
  /** Of the authority that it is, was or would have been the root of. */
  readonly folder: string;
}

async function knownRoots(
  contexts: readonly Context[],
): Promise<{ roots: KnownRoot[]; damage?: DevcertError }> {
  const roots: KnownRoot[] = [];
  let damage: DevcertError | undefined;
  for (const { folder } of contexts) {
    try {
      const root = await currentRoot(folder);
      if (root !== undefined) roots.push({ root, folder });
    } catch (error) {
      if (!(error instanceof DevcertError)) throw error;
      damage ??= error;
    }
    for (const root of otherRoots(folder)) roots.push({ root, folder });
  }
  return { roots, damage };
}

/**
 * Deletes the authority of the context; all of them if that is the default one.
 *
 * @param kept files of roots that stay: with no key left they harm nobody.
 */
async function purgeAll(context: Context, kept: readonly string[]): Promise<boolean> {
  const { folder, ca, defaultFolder } = context;
  if (ca === undefined) {
    if (kept.length === 0) dropGoneHomes(folder);
    // Both, whatever is left of the first: no key stays because of a stranger's file.
    const named = purgeNamed(folder, kept);
    const gone = purge(folder, kept) && named;
    if (gone && defaultFolder !== undefined) await forgetHome(defaultFolder, folder);
    return gone;
  }
  const gone = purge(folder, kept);
  removeAuthoritiesFolder(context.stateFolder);
  return gone;
}

/** The file of a root that a store still holds. One that was to take over has its key beside it: it moves. */
function keepRoot({ root, folder }: KnownRoot): string {
  if (root.file !== pendingRootFile(folder)) return root.file;
  const file = retiredRoot(folder, root.pem);
  replaceFiles([file]);
  return file.path;
}

/** A line for each store that is out of reach and may trust the root all the same. */
function unreachedNotes(outcomes: readonly Outcome[]): string[] {
  return outcomes
    .filter(({ byHand }) => byHand !== undefined)
    .map(
      ({ store, byHand = '' }) =>
        `${store} could not be asked: if it was made to trust the root, it still does; to remove it, type there: ${byHand}`,
    );
}

function leftNotes({ folder }: Context, purged: boolean, kept: readonly string[]): string[] {
  if (kept.length > 0)
    return [
      worded`no key is left; ${[...new Set(kept)].map((it) => `"${it}"`).join(', ')} stays for the stores that failed: see to them, then again: ${{ command: 'uninstall', purge: true }}`,
    ];
  if (purged) return [];
  return readHomes(folder).length > 0
    ? [`"${folder}" stays: it lists your other folders of CAs`]
    : [`"${folder}" stays: files that are not devcert's are in it`];
}

function projectFiles(context: Context): string[] {
  try {
    const files = issuedBy(context)
      .filter(({ certFile }) => existsSync(certFile))
      .map(({ certFile }) => `"${certFile}"`);
    return files.length === 0
      ? []
      : [`certificates stay in your projects, trusted by nothing: ${files.join(', ')}`];
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    return [
      `${ledgerFile(context.stateFolder)} was damaged: certificates may be left in your projects`,
    ];
  }
}
