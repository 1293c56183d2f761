/** `devcert install`: an authority, and every store trusts its root. */
import { X509Certificate } from 'node:crypto';
import type { Root, StoreKind, StoreOptions, TrustStore } from '../../platform/types.ts';
import { assertNotExpired, type Authority } from '../authority/authority.ts';
import { createAuthority } from '../authority/create.ts';
import {
  ensureAuthority,
  hasAuthority,
  loadAuthority,
  mendModes,
  rootFile,
} from '../authority/folder.ts';
import { rememberHome } from '../authority/homes.ts';
import { assertExists } from '../authority/named.ts';
import { readOrigin } from '../authority/origin.ts';
import { isRotating } from '../authority/replace.ts';
import { isClientsOnly } from '../authority/summary.ts';
import {
  type Constraints,
  addPermits,
  defaultConstraints,
  parsePermit,
} from '../names/constraints.ts';
import { DevcertError } from '../errors.ts';
import { hasModes } from '../disk/filesystem.ts';
import { installRoot, type Outcome, relevant } from '../trust.ts';
import {
  type AuthorityOption,
  closeFolder,
  type Context,
  findEverywhere,
  findStores,
  identity,
  parseStoreKinds,
  refuseOtherAccount,
  refuseSudo,
  stateFolderOf,
} from './context.ts';
import { namedHints } from './guide.ts';
import { type Renewed, renewAll } from './renew.ts';
import { clearOthers, newAuthority, replaceAuthority } from './replace.ts';
import { currentRoot, otherRoots, rootInFile } from './roots.ts';

export interface InstallOptions extends StoreOptions, AuthorityOption {
  /** Comma-separated kinds of stores; all by default. */
  readonly stores?: string;
  /** Domains that the authority is to permit besides the local ones. */
  readonly permit?: readonly string[];
  /** False makes an authority that may certify every name. */
  readonly constraints?: boolean;
  readonly dryRun?: boolean;
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
}

/**
 * Makes the authority if there is none (or another one, if other constraints are asked for), and has
 * every store trust its root. A store that fails is an outcome, not a throw.
 *
 * @throws DevcertError `usage`, `refused`, `invalid-authority`, `expired` (or not valid yet), `file`, `busy`.
 */
export async function install(
  context: Context,
  options: InstallOptions = {},
): Promise<InstallResult> {
  const result = await installed(context, options);
  return { ...result, outcomes: namedHints(result.outcomes, context.ca) };
}

async function installed(context: Context, options: InstallOptions): Promise<InstallResult> {
  const { host, folder } = context;
  const onRequest = context.finders.filter((finder) => finder.onRequest).map(({ kind }) => kind);
  const kinds = parseStoreKinds(options.stores, context.finders).filter(
    (kind) => options.stores !== undefined || !onRequest.includes(kind),
  );
  const permits = await Promise.all((options.permit ?? []).map((domain) => parsePermit(domain)));
  if (permits.length > 0 && options.constraints === false)
    throw new DevcertError('usage', '--permit and --no-constraints exclude each other', {
      hint: 'without constraints every name is permitted',
    });
  refuseSudo(context);
  await refuseOtherAccount(context, 'install');
  if (context.ca !== undefined) assertExists(folder, context.ca);
  assertForStores(context);
  const stores = await findStores(context, kinds, options);
  const trust = { dryRun: options.dryRun === true, progress: context.progress };
  const missing = options.stores === undefined ? [] : missingKinds(kinds, stores);

  if (!hasAuthority(folder)) {
    const wanted =
      options.constraints === false ? undefined : await defaultConstraints(host.hostname, permits);
    if (options.dryRun === true) return dryRun(context, stores, missing, wanted);
    const { authority, created } = await ensureAuthority(
      folder,
      () => createAuthority(identity(context), wanted, host.now()),
      (folder) => closeFolder(host, folder),
    );
    const root = rootInFile(authority.rootPem, rootFile(folder));
    await remember(context);
    const outcomes = [...(await installRoot(stores, root, host, trust)), ...missing];
    return result(root, authority, created ? 'created' : 'kept', outcomes, []);
  }

  const notes = options.dryRun === true ? [] : mendModes(folder);
  if (options.dryRun !== true) {
    notes.push(...(await closeFolder(host, folder)));
    await remember(context);
  }
  const replacement = await wantedConstraints(context, permits, options.constraints);
  if (replacement !== undefined) {
    const next = await storesOfNext(context, kinds, options);
    if (options.dryRun === true) return dryRun(context, next, missing, replacement.constraints);
    const { outcomes, renewed, replaced } = await replaceAuthority(
      context,
      next,
      newAuthority(context, replacement.constraints),
    );
    const authority = await loadAuthority(folder);
    const root = rootInFile(authority.rootPem, rootFile(folder));
    const happened = replaced ? 'replaced' : 'kept';
    const all = [...outcomes, ...missing];
    return { ...result(root, authority, happened, all, notes), renewed };
  }
  // Only the root is needed from here on: an authority whose key is elsewhere can be trusted, too.
  const root = await currentRoot(folder);
  if (root === undefined) throw new DevcertError('no-authority', 'the authority is gone', {});
  const authority = await loadAuthority(folder).catch(() => undefined);
  assertNotExpired(authority ?? datesOf(root), host.now());
  const outcomes = [...(await installRoot(stores, root, host, trust)), ...missing];
  if (options.dryRun === true || otherRoots(folder).length === 0)
    return result(root, authority, 'kept', outcomes, notes);
  // A replacement that was cut short: what the old authority issued is made again before its root goes.
  const renewed =
    authority === undefined || isRotating(folder) ? [] : await renewAll(context, authority);
  await clearOthers(context, await findEverywhere(context, kinds, options));
  return { ...result(root, authority, 'kept', outcomes, notes), renewed };
}

function datesOf({ der }: Root): Pick<Authority, 'notBefore' | 'notAfter'> {
  const { validFrom, validTo } = new X509Certificate(der);
  return { notBefore: new Date(validFrom), notAfter: new Date(validTo) };
}

/** So that `devcert uninstall --orphans` without this `DEVCERT_HOME` knows the root to be ours. */
async function remember(context: Context): Promise<void> {
  const { defaultFolder } = context;
  const folder = stateFolderOf(context);
  if (defaultFolder !== undefined && defaultFolder !== folder)
    await rememberHome(defaultFolder, folder);
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
    `the authority "${ca ?? 'default'}" is for clients only: no store may trust it`,
    {
      hint: `give its root to the servers that ask for certificates: devcert ca export ${ca ?? ''}`.trim(),
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
  const holds: boolean[] = [];
  for (const store of stores) {
    const state = old === undefined ? 'absent' : (await store.inspect(old)).state;
    holds.push(state === 'trusted' || state === 'partial');
  }
  const wanted = relevant(stores, holds, options);
  return stores.filter((_, i) => wanted[i]);
}

/** The constraints to change to; undefined to keep what there is. */
async function wantedConstraints(
  { folder }: Context,
  permits: readonly string[],
  constraints: boolean | undefined,
): Promise<{ constraints: Constraints | undefined } | undefined> {
  if (permits.length === 0 && constraints !== false) return undefined;
  const authority = await loadAuthority(folder);
  const current = authority.constraints;
  if (current === undefined) return undefined;
  if (readOrigin(folder, authority.root) !== undefined)
    throw new DevcertError('refused', 'an imported authority keeps the constraints it came with', {
      hint: 'make one of your own beside it: devcert ca create NAME --permit DOMAIN',
    });
  if (constraints === false) return { constraints: undefined };
  const wanted = await addPermits(current, permits);
  return wanted.dns.length === current.dns.length ? undefined : { constraints: wanted };
}

function missingKinds(kinds: readonly string[], stores: readonly TrustStore[]): Outcome[] {
  const reasons: Record<string, { reason: string; hint: string }> = {
    java: {
      reason:
        'no Java was found: JAVA_HOME is not set, not absolute or leads nowhere, and no usual folder has one',
      hint: hasModes ? 'export JAVA_HOME=/path/to/jdk' : '$env:JAVA_HOME = "C:\\path\\to\\jdk"',
    },
    nss: {
      reason: 'no browser was found that keeps a database of its own',
      hint: 'install one and start it once, then devcert install',
    },
  };
  return kinds
    .filter((kind) => !stores.some((store) => store.kind === kind))
    .map((kind) => ({
      kind: kind as Outcome['kind'],
      store: kind,
      location: '',
      status: 'failed' as const,
      ...(reasons[kind] ?? { reason: 'there is no such store on this machine' }),
    }));
}

/** The plan for an authority that does not exist yet: its fingerprint stands in it as a word. */
async function dryRun(
  context: Context,
  stores: readonly TrustStore[],
  missing: readonly Outcome[],
  constraints: Constraints | undefined,
): Promise<InstallResult> {
  const { host, folder } = context;
  const example = await createAuthority(identity(context), constraints, host.now());
  // Nobody is to type in a root that will never be.
  const root = { ...rootInFile(example.root, rootFile(folder)), pem: '<root.pem>' };
  const keyId = root.commonName.slice(-8);
  const outcomes = await installRoot(stores, root, host, { dryRun: true });
  const shown = outcomes.map((outcome) => ({
    ...outcome,
    ...(outcome.commands === undefined
      ? {}
      : {
          commands: outcome.commands.map((command) =>
            command
              .replaceAll(root.sha256.slice(0, 16), '<fingerprint>')
              .replaceAll(keyId, '<key id>')
              .replace(/[0-9a-f]{64}/g, '<SHA-256>'),
          ),
        }),
  }));
  return {
    root: undefined,
    authority: hasAuthority(folder) ? 'replaced' : 'created',
    constraints,
    notAfter: undefined,
    outcomes: [...shown, ...missing],
    renewed: [],
    notes: [],
  };
}

function result(
  root: Root,
  authority: Authority | undefined,
  happened: InstallResult['authority'],
  outcomes: readonly Outcome[],
  notes: readonly string[],
): InstallResult {
  return {
    root: root.sha256,
    authority: happened,
    constraints: authority?.constraints,
    notAfter: authority?.notAfter,
    outcomes,
    renewed: [],
    notes,
  };
}
