/** `devcert ca`: authorities that have names, and those that others made. */
import { hasAuthority, loadAuthority } from '../authority/folder.ts';
import { checkImport, type Imported } from '../authority/import.ts';
import { assertExists, makeAuthoritiesFolder } from '../authority/named.ts';
import { readSources, sourceFiles } from '../authority/sources.ts';
import {
  type AuthoritySummary,
  isClientsOnly,
  summarize,
  summarizeNamed,
} from '../authority/summary.ts';
import { type Constraints, defaultConstraints } from '../names/constraints.ts';
import { addPermits } from '../names/permit.ts';
import { DevcertError, exclusive, say, type Step } from '../errors.ts';
import {
  type Context,
  contextOf,
  issuedBy,
  type Lists,
  refuseSudo,
  ensureIn,
  type DryRunOption,
} from './context.ts';
import { type AgentChoice, keeperFor, type Protection } from './keeper.ts';
import {
  type AuthorityResult,
  importedAuthority,
  newAuthority,
  replaceAuthority,
  type ReplaceResult,
  type Successor,
  trustingStores,
  successorOf,
  permitsWithoutConstraints,
} from './replace.ts';
import { currentRoot } from './roots.ts';

export interface CreateOptions {
  /** Domains it is to permit besides the local ones. */
  readonly permit?: string | readonly string[];
  /** False makes one that may certify every name. */
  readonly constraints?: boolean;
  /** It certifies clients, never servers, and no store ever trusts it. */
  readonly clientsOnly?: boolean;
}

export interface NamedOptions extends CreateOptions, Protection {}
export interface ReplaceOptions extends ImportSource, CreateOptions, AgentChoice, DryRunOption {}

export interface ImportSource {
  /** Private keys that lie elsewhere; absolute, or from `cwd`. */
  readonly key?: string | undefined;
  /** The root, and the certificates between it and the issuer. */
  readonly root?: string | undefined;
  /** Of encrypted keys and key stores. */
  readonly password?: string;
  /** Of keys that the password of their store does not open. */
  readonly keyPassword?: string;
  readonly clientsOnly?: boolean;
}

export interface ImportAuthorityOptions extends ImportSource, DryRunOption {
  /** Encrypt its key with a passphrase. */
  readonly passphrase?: boolean;
  /** What it is kept under; the default authority if left out. */
  readonly name?: string;
  /** Take a root without its key: to be trusted, not to issue. */
  readonly trustOnly?: boolean;
  /** Let it replace the authority that is there. */
  readonly force?: boolean;
}

/**
 * Makes an authority with a name. It is put into no store.
 *
 * @throws DevcertError `usage`, `refused` if there is one of this name, `invalid-name`, `file`, `busy`.
 */
export async function createNamed(
  context: Context,
  name: string,
  options: Lists<NamedOptions> = {},
): Promise<AuthorityResult> {
  refuseSudo(context);
  const target = contextOf(context, name);
  if (target.ca === undefined)
    throw new DevcertError('usage', '"default" is the CA that install makes', {
      hint: { command: 'install' },
    });
  if (hasAuthority(target.folder)) throw alreadyThere(name);
  const constraints = await wantedConstraints(target, options);
  const keeper = await keeperFor(target, options);
  const usages = options.clientsOnly === true ? (['clientAuth'] as const) : undefined;
  makeAuthoritiesFolder(target.stateFolder);
  const { created } = await ensureIn(target, () =>
    newAuthority(target, keeper, constraints, usages).make(),
  );
  if (!created) throw alreadyThere(name);
  return { ...summaryOf(target), notes: [] };
}

/** The default authority, if there is one, then those with names. */
export function listAuthorities(context: Context): AuthoritySummary[] {
  const state = contextOf(context, undefined);
  const own = hasAuthority(state.folder) ? [summaryOf(state)] : [];
  return [...own, ...summarizeNamed(state.folder, context.host.now())];
}

/** @throws DevcertError `no-authority`, `invalid-authority`. */
export async function showAuthority(
  context: Context,
  name?: string,
): Promise<AuthoritySummary & { readonly issued: number }> {
  const target = contextOf(context, name);
  assertExists(target.folder, target.ca);
  await currentRoot(target.folder); // takes up what a killed run left
  return { ...summaryOf(target), issued: issuedBy(target).length };
}

/**
 * Keeps somebody else's authority: `mkcert`, a folder, or files. It is put into no store.
 *
 * @throws DevcertError `file`, `invalid-input`, `password`, `expired`, `weak-key`, `refused`, `busy`.
 */
export async function importAuthority(
  context: Context,
  sources: readonly string[],
  options: ImportAuthorityOptions = {},
): Promise<AuthorityResult | ReplaceResult> {
  refuseSudo(context);
  const target = contextOf(context, options.name);
  // Before any password is asked for.
  if (hasAuthority(target.folder) && options.force !== true) throw alreadyThere(options.name);
  if (options.trustOnly === true && options.passphrase === true)
    throw exclusive({ trustOnly: true }, { passphrase: true }, 'a root alone has no key');
  const imported = readImport(context, sources, options);
  if (hasAuthority(target.folder)) {
    if (imported.pem.issuerKey === '')
      throw new DevcertError('refused', 'a root without its key cannot replace a CA', {
        hint: say`give it a name of its own: ${{ name: 'NAME' }}`,
      });
    return replaceByImport(target, imported, options);
  }
  if (options.trustOnly === true && target.ca === undefined)
    throw new DevcertError('usage', 'the default CA has to issue: it needs its key', {
      hint: say`give this one a name: ${{ name: 'NAME' }}`,
    });
  const { passphrase, dryRun } = options;
  const keeper = await keeperFor(target, { passphrase, dryRun });
  if (dryRun === true)
    return (await import('./plan.ts')).planImport(target, imported, passphrase === true);
  const pem = keeper.keep(imported.pem);
  if (target.ca !== undefined) makeAuthoritiesFolder(target.stateFolder);
  const { created } = await ensureIn(target, () => Promise.resolve(pem)).catch(
    async (error: unknown) => {
      // It is there, and that it cannot issue is what was asked for.
      const root = options.trustOnly === true ? await currentRoot(target.folder) : undefined;
      if (root?.pem !== imported.pem.root) throw error;
      return { created: true };
    },
  );
  if (!created) throw alreadyThere(options.name);
  return { ...summaryOf(target), notes: imported.notes };
}

/**
 * Another authority in the place of one: old and new are trusted together until everything it issued
 * was issued again. Stores that do not trust the old one are left alone.
 *
 * @param sources of an authority to import; a new one with the same constraints if there are none.
 * @throws DevcertError `no-authority`, and those of {@link importAuthority}.
 */
export async function replaceNamed(
  context: Context,
  name: string | undefined,
  sources: readonly string[] = [],
  options: Lists<ReplaceOptions> = {},
): Promise<ReplaceResult> {
  refuseSudo(context);
  const target = contextOf(context, name);
  assertExists(target.folder, target.ca);
  if (sources.length === 0 && (options.key ?? options.root) !== undefined)
    throw new DevcertError('usage', 'a key or root belongs to a CA that is imported', {
      hint: say`give that, too: ${{ command: 'ca replace', import: 'FILE' }}`,
    });
  if (sources.length > 0 && options.sshAgent !== undefined)
    throw exclusive({ import: true }, { sshAgent: true }, 'an imported CA brings its key');
  if (sources.length > 0 && (options.permit !== undefined || options.constraints === false))
    throw new DevcertError('usage', 'an imported CA keeps the constraints it came with', {
      hint: say`leave out ${{ import: true }}, or ${{ permit: true }} and ${{ constraints: false }}`,
    });
  if (sources.length > 0) {
    // What was for clients only stays so, without a word.
    const clientsOnly = options.clientsOnly ?? isClientsOnly(target.folder);
    const imported = readImport(context, sources, { ...options, clientsOnly });
    return replaceByImport(target, imported, { dryRun: options.dryRun });
  }
  const old = await loadAuthority(target.folder);
  const asked = options.permit !== undefined || options.constraints === false;
  const constraints = asked
    ? await wantedConstraints(target, options, old.constraints)
    : old.constraints;
  const keeper = await keeperFor(target, { ...options, another: true });
  const successor = successorOf(target, { constraints, usages: old.usages }, keeper);
  return replaceBy(target, successor, [], options);
}

/**
 * Stores that trust an authority are made to trust its successor: never one for clients only.
 *
 * @throws DevcertError `refused`.
 */
async function replaceByImport(
  target: Context,
  imported: Imported,
  { passphrase, dryRun }: Pick<ImportAuthorityOptions, 'passphrase' | 'dryRun'>,
): Promise<ReplaceResult> {
  const keeper = await keeperFor(target, { passphrase, isImported: true, dryRun });
  if (imported.clientsOnly && !isClientsOnly(target.folder))
    throw new DevcertError('refused', 'a CA for servers cannot become one for clients only', {
      hint: say`give this one a name of its own: ${{ name: 'NAME' }}`,
    });
  return replaceBy(target, importedAuthority(imported, keeper), imported.notes, { dryRun }, false);
}

export async function replaceBy(
  target: Context,
  successor: Successor,
  notes: readonly string[],
  { dryRun }: DryRunOption = {},
  isMade = true,
): Promise<ReplaceResult> {
  if (dryRun === true)
    return (await import('./plan.ts')).planReplacement(target, successor, isMade, notes);
  const stores = await trustingStores(target);
  const replacement = await replaceAuthority(target, stores, successor);
  return { ...summaryOf(target), ...replacement, notes };
}

function readImport(
  { host, cwd }: Context,
  sources: readonly string[],
  options: ImportSource & { trustOnly?: boolean },
): Imported {
  const more = [options.key, options.root].filter((it) => it !== undefined);
  if (sources.length + more.length === 0)
    throw new DevcertError('usage', 'which CA?', {
      hint: say`${{ command: 'ca import', names: 'mkcert' }}, or a folder, or FILE…`,
    });
  const files = [...sources, ...more].flatMap((it) => sourceFiles(it, host, cwd));
  const findings = readSources([...new Set(files)], options);
  return checkImport(findings, { ...options, files }, host.now());
}

async function wantedConstraints(
  { host, ca }: Context,
  { permit, constraints }: Lists<CreateOptions>,
  old?: Constraints,
): Promise<Constraints | undefined> {
  const typed: Step = { command: old === undefined ? 'ca create' : 'ca replace', names: ca };
  if (constraints !== false)
    return addPermits(old ?? defaultConstraints(host.hostname), permit ?? [], typed);
  if (permit === undefined) return undefined;
  throw permitsWithoutConstraints();
}

export function summaryOf({ folder, ca, host }: Context): AuthoritySummary {
  return summarize(folder, ca, host.now());
}

function alreadyThere(name: string | undefined): DevcertError {
  return name === undefined || name === 'default'
    ? new DevcertError('refused', 'there is a default CA already', {
        hint: say`keep this one beside it: ${{ name: 'NAME' }}; or let it take over: ${{ force: true }}`,
      })
    : new DevcertError('refused', `there is a CA "${name}" already`, {
        hint: say`${{ command: 'ca show', names: name }}, or put another in its place: ${{ command: 'ca replace', names: name }}`,
      });
}
