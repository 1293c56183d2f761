/** `devcert uninstall`: no store trusts the root any more; with `purge` the authority goes, too. */
import type { Root, StoreOptions } from '../../platform/types.ts';
import { hasAuthority } from '../authority/folder.ts';
import { authorityNames, purgeNamed, removeAuthoritiesFolder } from '../authority/named.ts';
import { purge } from '../authority/purge.ts';
import { discardPending, isRotating, pendingRootFile } from '../authority/replace.ts';
import { dropRetired } from '../authority/retired.ts';
import { DevcertError, say } from '../errors.ts';
import { ledgerFile } from '../ledger/ledger.ts';
import { type Outcome, relevant, uninstallRoot } from '../trust.ts';
import {
  type AuthorityOption,
  type Context,
  contextOf,
  findEverywhere,
  issuedBy,
  parseStoreKinds,
  refuseOtherAccount,
  refuseSudo,
  stateFolderOf,
  trusting,
} from './context.ts';
import { currentRoot, otherRoots } from './roots.ts';

export interface UninstallOptions extends StoreOptions, AuthorityOption {
  readonly stores?: string;
  /** Delete the authority and its ledger, too. */
  readonly purge?: boolean;
  readonly dryRun?: boolean;
}

export interface UninstallResult {
  /** False if there was no authority, so nothing that a store could trust. */
  readonly hadAuthority: boolean;
  readonly outcomes: readonly Outcome[];
  /** True if the authority and its ledger were deleted. */
  readonly purged: boolean;
  readonly notes: readonly string[];
}

/**
 * Removes the root (and any that it replaced) from every store; without a name those of all authorities.
 * Never makes one.
 *
 * @throws DevcertError `usage`, `refused`, `invalid-authority`, `file`.
 */
export async function uninstall(
  context: Context,
  options: UninstallOptions = {},
): Promise<UninstallResult> {
  const { host, folder } = context;
  const kinds = parseStoreKinds(options.stores, context.finders);
  if (options.purge === true && options.stores !== undefined)
    throw new DevcertError(
      'usage',
      say`${{ purge: true }} needs every store: without the root none can be cleared`,
      {
        hint: say`leave ${{ stores: true }} out`,
      },
    );
  refuseSudo(context);
  await refuseOtherAccount(context, 'uninstall');
  const contexts = [context];
  if (context.ca === undefined)
    for (const name of authorityNames(folder)) contexts.push(contextOf(context, name));
  const hadAuthority = contexts.some(({ folder }) => hasAuthority(folder));
  const { roots, damage } = await knownRoots(contexts);
  const stores = roots.length === 0 ? [] : await findEverywhere(context, kinds, options);
  const trust = { ...trusting(context), dryRun: options.dryRun === true };
  let outcomes: Outcome[] = [];
  for (const { root, folder } of roots) {
    const these = await uninstallRoot(stores, root, host, trust);
    outcomes = outcomes.length === 0 ? these : merge(outcomes, these);
    const failed = these.some(({ status }) => status === 'failed' || status === 'cancelled');
    if (!failed && options.dryRun !== true && options.stores === undefined)
      await forget(folder, root);
  }
  const clear = !outcomes.some(({ status }) => status === 'failed' || status === 'cancelled');
  if (damage !== undefined && options.purge !== true) throw damage;
  const notes: string[] = [];
  let purged = false;
  if (options.purge === true && options.dryRun !== true) {
    if (clear) {
      notes.push(...contexts.flatMap((it) => projectFiles(it)));
      purged = purgeAll(context);
      if (!purged) notes.push(`"${folder}" stays: files that are not devcert's are in it`);
    } else
      notes.push(`"${folder}" stays: the root in it is needed to clear the stores that failed`);
  }
  const holds = outcomes.map(({ status }) => status !== 'already-absent');
  const shown = relevant(stores, holds, options);
  return { hadAuthority, outcomes: outcomes.filter((_, i) => shown[i]), purged, notes };
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
  return { roots, ...(damage === undefined ? {} : { damage }) };
}

/** Deletes the authority of the context; all of them if that is the default one. */
function purgeAll(context: Context): boolean {
  const { folder, ca } = context;
  if (ca === undefined) {
    // Both, whatever is left of the first: no key stays because of a stranger's file.
    const named = purgeNamed(folder);
    return purge(folder) && named;
  }
  const gone = purge(folder);
  removeAuthoritiesFolder(stateFolderOf(context));
  return gone;
}

async function forget(folder: string, root: Root): Promise<void> {
  if (isRotating(folder)) return; // the parties of a set need both roots
  if (root.file === pendingRootFile(folder)) await discardPending(folder);
  else if (otherRoots(folder).some(({ file }) => file === root.file)) dropRetired(root.file);
}

/** One outcome for each store: the one that says most. */
function merge(outcomes: readonly Outcome[], more: readonly Outcome[]): Outcome[] {
  const rank = ['failed', 'cancelled', 'removed', 'planned', 'skipped', 'already-absent'];
  return outcomes.map((outcome, index) => {
    const other = more[index];
    if (other === undefined) return outcome;
    const [first, second] =
      rank.indexOf(other.status) < rank.indexOf(outcome.status)
        ? [other, outcome]
        : [outcome, other];
    const commands = [...(first.commands ?? []), ...(second.commands ?? [])];
    return commands.length === 0 ? first : { ...first, commands };
  });
}

function projectFiles(context: Context): string[] {
  try {
    const files = issuedBy(context).map(({ certFile }) => `"${certFile}"`);
    return files.length === 0
      ? []
      : [`certificates stay in your projects, trusted by nothing: ${files.join(', ')}`];
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    return [
      `${ledgerFile(stateFolderOf(context))} was damaged: certificates may be left in your projects`,
    ];
  }
}
