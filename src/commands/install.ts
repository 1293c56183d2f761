/** `devcert install`: an authority, and every store trusts its root. */
import { X509Certificate } from 'node:crypto';
import type { Root, StoreKind, StoreOptions, TrustStore } from '../../platform/types.ts';
import { assertNotExpired, type Authority } from '../authority/authority.ts';
import { hasAuthority, loadAuthority, mendModes, rootFile } from '../authority/folder.ts';
import { rememberHome } from '../authority/homes.ts';
import type { Keeping } from '../authority/keeping.ts';
import { assertExists } from '../authority/named.ts';
import type { WrittenLeaf } from '../certificate/written.ts';
import { isClientsOnly } from '../authority/summary.ts';
import { type Constraints } from '../names/constraints.ts';
import { parsePermit } from '../names/permit.ts';
import { DevcertError, exclusive, say, type Step } from '../errors.ts';
import { relevant, storesHolding } from '../store-questions.ts';
import { installRoot, type Outcome } from '../trust.ts';
import {
  closeStateFolder,
  type Context,
  type Lists,
  refuseOtherAccount,
  refuseSudo,
  trusting,
  ensureIn,
  type DryRunOption,
} from './context.ts';
import {
  findEverywhere,
  findStores,
  isOnRequest,
  missingKinds,
  parseStoreKinds,
  type StoreChoice,
} from './stores.ts';
import type { Renewed } from './renew.ts';
import {
  clearOthers,
  madeMeanwhile,
  replaceAuthority,
  permitsWithoutConstraints,
  renewAndClear,
} from './replace.ts';
import { wantedAuthority } from './install-change.ts';
import { planInstall } from './plan.ts';
import { assertOneWay, isAsWished } from './keeper.ts';
import { dueNotes } from './list.ts';
import { currentRoot, otherRoots, rootInFile } from './roots.ts';
import type { CreateOptions } from './ca.ts';
import { datesOf } from '../certificate/reusable.ts';

export interface InstallOptions
  extends StoreChoice, Pick<CreateOptions, 'permit' | 'constraints'>, DryRunOption {
  /** Encrypt the key of the authority with a passphrase: one that lay open gives way to a new one. */
  readonly passphrase?: boolean;
  /** Take a key of the user's SSH agent: the one with this fingerprint (`SHA256:…`), or its only one on P-256. */
  readonly sshAgent?: string | boolean;
  /** Make an authority for a certificate with these names, and keep no key of it. */
  readonly sealed?: string | readonly string[];
  /** Folder for that certificate; `.devcert` by default. */
  readonly out?: string;
  /** Replace files there that devcert did not write; or take the agent's key in a session over SSH. */
  readonly force?: boolean;
}

export interface InstallResult {
  /** SHA-256 of the root: 64 hex digits; undefined in a dry run that would make one. */
  readonly root: string | undefined;
  /** What happened to the authority: `replaced` by one with other constraints. */
  readonly authority: 'kept' | 'created' | 'replaced';
  readonly constraints: Constraints | undefined;
  /** When the first certificate of its chain ends. */
  readonly notAfter: Date | undefined;
  readonly outcomes: readonly Outcome[];
  /** What a new authority made again, if the authority was replaced. */
  readonly renewed: readonly Renewed[];
  readonly notes: readonly string[];
  /** How its key is kept; undefined if that cannot be read. */
  readonly keeping?: Keeping | undefined;
  /** Of a sealed authority, if it was made now. */
  readonly certificate?: WrittenLeaf | undefined;
}

/**
 * Makes the authority if there is none (or another one, if other constraints are asked for), and has
 * every store trust its root. A store that fails is an outcome, not a throw.
 *
 * @throws DevcertError `usage`, `refused`, `invalid-authority`, `expired` (or not valid yet), `file`, `busy`.
 */
export async function install(
  context: Context,
  options: Lists<InstallOptions> = {},
): Promise<InstallResult> {
  const { host, folder } = context;
  const dryRun = options.dryRun === true;
  const kinds = parseStoreKinds(options.stores, context, isOnRequest);
  const typed: Step = { command: 'install', ca: context.ca };
  const permits = await Promise.all((options.permit ?? []).map((it) => parsePermit(it, typed)));
  assertSealedAlone(options);
  if (permits.length > 0 && options.constraints === false) throw permitsWithoutConstraints();
  refuseSudo(context);
  await refuseOtherAccount(context, 'install');
  if (context.ca !== undefined) assertExists(folder, context.ca);
  assertForStores(context);
  const stores = await findStores(context, kinds, options);
  const missing = options.stores === undefined ? [] : missingKinds(kinds, stores, context);

  const { sealed } = options;
  const sealing =
    sealed && (await (await import('./seal.ts')).prepareSealing(context, sealed, options));
  const isFirst = !hasAuthority(folder);
  const notes: string[] = [];
  if (!isFirst && !dryRun) {
    notes.push(...mendModes(folder), ...(await closeStateFolder(host, folder)));
    await remember(context);
  }
  const wanted =
    sealing === undefined
      ? await wantedAuthority(context, permits, options)
      : (await sealing.isInPlace())
        ? undefined
        : sealing;
  const result = (
    root: Root,
    authority: Authority | undefined,
    happened: InstallResult['authority'],
    outcomes: readonly Outcome[],
    renewed: readonly Renewed[] = [],
  ): InstallResult => ({
    root: root.sha256,
    authority: happened,
    constraints: authority?.constraints,
    keeping: authority?.keeping,
    notAfter: authority?.notAfter,
    outcomes: [...outcomes, ...missing],
    renewed,
    notes,
    certificate: sealing?.written(),
  });
  if (wanted !== undefined && !isFirst) {
    const next = await storesOfNext(context, kinds, options);
    if (dryRun) return planInstall(context, next, missing, wanted);
    const { outcomes, renewed, replaced } = await replaceAuthority(context, next, wanted);
    const authority = await loadAuthority(folder);
    const root = rootInFile(authority.rootPem, rootFile(folder));
    return result(root, authority, replaced ? 'replaced' : 'kept', outcomes, renewed);
  }
  let isMade = false;
  if (wanted !== undefined) {
    if (dryRun) return planInstall(context, stores, missing, wanted);
    const { authority, created } = await ensureIn(context, () => wanted.make());
    if (!created && !isAsWished(authority.keeping, options)) throw madeMeanwhile();
    isMade = created;
    await remember(context);
    await wanted.issue?.(authority);
  }
  // Only the root is needed from here on: an authority whose key is elsewhere can be trusted, too.
  const root = await currentRoot(folder);
  if (root === undefined) throw new DevcertError('no-authority', 'the CA is gone', {});
  const authority = await loadAuthority(folder).catch((error: unknown) => {
    if (error instanceof DevcertError)
      notes.push(`it is trusted and issues nothing: ${error.message}`);
    return undefined;
  });
  assertNotExpired(authority ?? { ...datesOf(new X509Certificate(root.der)), folder }, host.now());
  if (!dryRun && !isFirst) notes.push(...dueNotes(context));
  const outcomes = await installRoot(stores, root, host, { ...trusting(context), dryRun });
  const happened = isMade ? 'created' : 'kept';
  if (dryRun || isFirst || otherRoots(folder).length === 0)
    return result(root, authority, happened, outcomes);
  // A replacement that was cut short: what the old authority issued is made again before its root goes.
  const everywhere = await findEverywhere(context, kinds, options);
  if (authority === undefined) await clearOthers(context, everywhere);
  const renewed = authority && (await renewAndClear(context, everywhere));
  return result(root, authority, happened, outcomes, renewed);
}

function assertSealedAlone(options: InstallOptions): void {
  const { sealed, permit = [], constraints, passphrase, sshAgent, out, force } = options;
  const way = { sealed: true };
  if (sealed !== undefined && passphrase === true)
    throw exclusive(way, { passphrase: true }, 'a sealed CA has no key that could be encrypted');
  if (sealed !== undefined && sshAgent !== undefined)
    throw exclusive(way, { sshAgent: true }, 'a sealed CA has no key');
  assertOneWay(options);
  const writes = (out ?? (sshAgent === undefined ? force : undefined)) !== undefined;
  if (sealed === undefined && writes)
    throw new DevcertError('usage', 'files are written with a sealed CA only', {
      hint: { command: 'install', sealed: true, names: 'NAMES' },
    });
  if (sealed !== undefined && (permit.length > 0 || constraints === false))
    throw new DevcertError(
      'usage',
      'a sealed CA issues for the names that are given, and no others',
      { hint: say`leave out ${{ permit: true }} and ${{ constraints: false }}` },
    );
}

/** So that `devcert uninstall --orphans` without this `DEVCERT_HOME` knows the root for devcert's. */
async function remember({ defaultFolder, stateFolder }: Context): Promise<void> {
  if (defaultFolder !== undefined && defaultFolder !== stateFolder)
    await rememberHome(defaultFolder, stateFolder);
}

/**
 * An authority for clients only is what a server asks its visitors for: a browser has no use for it.
 *
 * @throws DevcertError `refused`.
 */
function assertForStores({ folder, ca }: Context): void {
  if (!hasAuthority(folder) || !isClientsOnly(folder)) return;
  throw new DevcertError(
    'refused',
    `the CA "${ca ?? 'default'}" is for clients only: no store may trust it`,
    {
      hint: say`give its root to the servers that ask for certificates: ${{ command: 'ca export', names: ca }}`,
    },
  );
}

/** Where another root is to be trusted: where it was asked for, and wherever the old one is. */
async function storesOfNext(
  context: Context,
  kinds: readonly StoreKind[],
  options: StoreOptions,
): Promise<TrustStore[]> {
  const old = await currentRoot(context.folder);
  const stores = await findEverywhere(context, kinds, options);
  const holding = old === undefined ? [] : await storesHolding(stores, old);
  return relevant(stores, stores, (store) => holding.includes(store), options);
}
