/** Replacing the authority by one with other constraints, without a moment in which nothing is trusted. */
import type { X509Certificate } from 'node:crypto';
import type { Root, TrustStore } from '../../platform/types.ts';
import type { Authority } from '../authority/authority.ts';
import { type AuthorityPem, createAuthority } from '../authority/create.ts';
import { recoverFolder, loadAuthority } from '../authority/folder.ts';
import type { Imported } from '../authority/import.ts';
import {
  discardPending,
  isRotating,
  promotePending,
  readPending,
  stagePending,
} from '../authority/replace.ts';
import { removeFolder } from '../disk/files.ts';
import { environmentFolder } from '../disk/paths.ts';
import type { Constraints } from '../names/constraints.ts';
import { DevcertError, say, exclusive } from '../errors.ts';
import type { Usage } from '../names/usage.ts';
import { storesHolding } from '../store-questions.ts';
import { installRoot, type Outcome, uninstallRoot, isFailure, inspectStores } from '../trust.ts';
import { type Context, identity, trusting } from './context.ts';
import { findEverywhere } from './stores.ts';
import type { Keeper } from './keeper.ts';
import { type Renewed, renewAll } from './renew.ts';
import { allRoots, currentRoot, forgetRoot, otherRoots, pendingRoot } from './roots.ts';
import { type AuthoritySummary, isClientsOnly } from '../authority/summary.ts';

export interface Replacement {
  /** What the stores did with the new root. */
  readonly outcomes: readonly Outcome[];
  /** What was made again by the new authority. */
  readonly renewed: readonly Renewed[];
  /** False if a store that trusts the old root failed for the new one: then all is as it was. */
  readonly replaced: boolean;
}

/** What making or importing an authority came to. */
export interface AuthorityResult extends AuthoritySummary {
  readonly notes: readonly string[];
}

export interface ReplaceResult extends AuthorityResult, Replacement {}

/** Who takes over. */
export interface Successor {
  /** What it may certify; undefined: every name. */
  readonly constraints: Constraints | undefined;
  make(): Promise<AuthorityPem>;
  /** Puts the certificates in place that it made with the authority, once that took over. */
  issue?(authority: Authority): Promise<unknown>;
  /** True if an authority that waits from a run that was cut short is one that would be made. */
  isSame(pending: Authority): boolean | Promise<boolean>;
}

/** Another run was faster, and what it made is not what was asked for. */
export function madeMeanwhile(): DevcertError {
  return new DevcertError('busy', 'another devcert made a CA in the meantime', {
    hint: 'run the same command again',
  });
}

/** Both at once say nothing. */
export function permitsWithoutConstraints(): DevcertError {
  const why = 'without constraints every name is permitted';
  return exclusive({ permit: true }, { constraints: false }, why);
}

/** One that is made by devcert and takes the place of another, for the same usages. */
export function successorOf(
  context: Context,
  { constraints, usages }: Pick<Authority, 'constraints' | 'usages'>,
  keeper: Keeper,
): Successor {
  const own = isClientsOnly(context.folder) ? (['clientAuth'] as const) : usages;
  return newAuthority(context, keeper, constraints, own);
}

/** A new authority made by devcert, with these constraints. */
export function newAuthority(
  context: Context,
  keeper: Keeper,
  constraints: Constraints | undefined,
  usages?: readonly Usage[],
): Successor {
  const options = { name: context.ca, usages, issuerKey: keeper.issuerKey };
  return {
    constraints,
    make: async () =>
      keeper.keep(
        await createAuthority(identity(context), constraints, context.host.now(), options),
      ),
    isSame: async (pending) =>
      sameConstraints(pending.constraints, constraints) && (await keeper.isKept(pending)),
  };
}

/** One that was made by somebody else. */
export function importedAuthority(imported: Imported, keeper: Keeper): Successor {
  const { pem, chain, constraints } = imported;
  return {
    constraints,
    make: () => Promise.resolve(keeper.keep(pem)),
    isSame: async (pending) =>
      fingerprints(pending.chain) === fingerprints(chain) && (await keeper.isKept(pending)),
  };
}

function fingerprints(chain: readonly X509Certificate[]): string {
  return chain.map(({ fingerprint256 }) => fingerprint256).join();
}

/**
 * Old and new side by side until the new root is trusted wherever the old one was; then everything in
 * the ledger is made again, and the old root leaves the stores.
 */
export async function replaceAuthority(
  context: Context,
  stores: readonly TrustStore[],
  successor: Successor,
): Promise<Replacement> {
  const { host, folder } = context;
  const trust = trusting(context);
  assertNotRotating(folder);
  await recoverFolder(folder);
  const old = await currentRoot(folder);
  await clearPending(context, stores, successor);
  const pending = readPending(folder) ?? (await stagePending(folder, await successor.make()));
  const root = pendingRoot(folder, pending);
  const outcomes = await installRoot(stores, root, host, trust);
  if (old !== undefined && (await isLost(stores, outcomes.filter(isFailure), old))) {
    await uninstallRoot(stores, root, host, trust);
    await discardPending(folder);
    return { outcomes, renewed: [], replaced: false };
  }
  try {
    await promotePending(folder, pending);
  } catch (error) {
    // Another one took over: no store is to trust what no folder holds.
    if (error instanceof DevcertError && error.code === 'busy')
      await dropFromStores(context, stores, root);
    throw error;
  }
  await successor.issue?.(await loadAuthority(folder));
  return { outcomes, renewed: await renewAndClear(context, stores), replaced: true };
}

/** Makes again what was issued before, and takes the roots of that time out of these stores. Not in a rotation. */
export async function renewAndClear(
  context: Context,
  stores: readonly TrustStore[],
): Promise<Renewed[]> {
  if (isRotating(context.folder)) return [];
  const renewed = await renewAll(context, { only: ['certificates', 'roots'] });
  await clearOthers(context, stores);
  // Sets list the roots that are trusted: they are written when the old one is gone.
  return [...renewed, ...(await renewAll(context, { only: ['sets'] }))];
}

/** @throws DevcertError `refused`. */
export function assertNotRotating(folder: string): void {
  if (!isRotating(folder)) return;
  throw new DevcertError('refused', 'this CA is being rotated', {
    hint: say`finish that first: ${{ command: 'mtls rotate', finish: true, dir: 'DIR' }}`,
  });
}

/** The stores that trust the root of an authority now, wherever it was put. */
export async function trustingStores(target: Context): Promise<TrustStore[]> {
  const root = await currentRoot(target.folder);
  if (root === undefined || isClientsOnly(target.folder)) return [];
  return storesHolding(await findEverywhere(target), root, target.progress);
}

async function dropFromStores(context: Context, stores: readonly TrustStore[], root: Root) {
  if ((await allRoots(context.folder)).some((it) => it.sha256 === root.sha256)) return;
  await uninstallRoot(stores, root, context.host, trusting(context));
}

/** True if one of the stores that failed for the new root trusts the old one. */
async function isLost(
  stores: readonly TrustStore[],
  bad: readonly Outcome[],
  old: Root,
): Promise<boolean> {
  const failed = stores.filter((store) =>
    bad.some(({ kind, location }) => kind === store.kind && location === store.location),
  );
  return (await inspectStores(failed, old)).some(({ state }) => state === 'trusted');
}

/** A replacement that was cut short is taken up again if the successor is the same, dropped otherwise. */
export async function clearPending(
  context: Context,
  stores: readonly TrustStore[],
  successor?: Successor,
): Promise<void> {
  const pending = readPending(context.folder);
  if (pending === undefined || (await successor?.isSame(pending)) === true) return;
  await uninstallRoot(stores, pendingRoot(context.folder, pending), context.host);
  await discardPending(context.folder);
}

function sameConstraints(a: Constraints | undefined, b: Constraints | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/**
 * Takes replaced roots, and one that never took over, out of these stores; they are forgotten when no
 * other store of this machine holds them either. Not in a rotation, which needs them.
 */
export async function clearOthers(context: Context, stores: readonly TrustStore[]): Promise<void> {
  if (isRotating(context.folder)) return;
  const roots = otherRoots(context.folder);
  if (roots.length === 0) return;
  removeFolder(environmentFolder(context.stateFolder));
  const all = await findEverywhere(context);
  for (const root of roots) {
    const outcomes = await uninstallRoot(stores, root, context.host, trusting(context));
    if (outcomes.some((it) => isFailure(it) || it.byHand !== undefined)) continue;
    if ((await storesHolding(all, root)).length > 0) continue;
    await forgetRoot(context.folder, root);
  }
}
