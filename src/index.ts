/**
 * devcert as a library: what the command does, as functions, and certificates in memory. The only place where the real
 * machine, its folders and its stores are put together.
 */
import type {
  AuthorityResult,
  CreateOptions,
  ImportAuthorityOptions,
  ImportSource,
  ReplaceResult,
} from './actions/ca.ts';
import type { ExportAuthorityOptions, ExportedAuthority } from './actions/ca-export.ts';
import type { RemovedAuthority } from './actions/ca-remove.ts';
import type { ServerCertificate } from './actions/certificate.ts';
import type { ExportOptions, ExportResult } from './actions/export.ts';
import type { InstallOptions, InstallResult } from './actions/install.ts';
import type { InspectOptions, InspectResult, InspectSource } from './actions/inspect.ts';
import type { IssueOptions, IssueResult } from './actions/issue.ts';
import type { RecipeOptions, RecipeResult, RecipeSummary } from './actions/recipe.ts';
import type { StatusOptions, StatusResult } from './actions/status.ts';
import type { UninstallOptions, UninstallResult } from './actions/uninstall.ts';
import type { AuthorityOption, Context } from './actions/context.ts';
import type { AuthoritySummary } from './authority/summary.ts';
import { createHost } from '../platform/host.ts';
import { authorityFolder } from './paths.ts';
import type { LeafOptions } from './request.ts';

export type {
  AuthorityResult,
  CreateOptions,
  ImportAuthorityOptions,
  ImportSource,
  ReplaceResult,
} from './actions/ca.ts';
export type { ExportAuthorityOptions, ExportedAuthority } from './actions/ca-export.ts';
export type { RemovedAuthority } from './actions/ca-remove.ts';
export type { AuthoritySummary } from './authority/summary.ts';
export type { ServerCertificate } from './actions/certificate.ts';
export type { ExportedFile, ExportOptions, ExportResult } from './actions/export.ts';
export type { InstallOptions, InstallResult } from './actions/install.ts';
export type { InspectOptions, InspectResult, InspectSource } from './actions/inspect.ts';
export type { IssueOptions, IssueResult } from './actions/issue.ts';
export type { RecipeOptions, RecipeResult, RecipeSummary } from './actions/recipe.ts';
export type { StatusOptions, StatusResult } from './actions/status.ts';
export type { UninstallOptions, UninstallResult } from './actions/uninstall.ts';
export type { Constraints } from './constraints.ts';
export { DevcertError, type ErrorCode } from './errors.ts';
export type { KeyType } from './keys.ts';
export type * from './inspect/types.ts';
export type { LeafOptions } from './request.ts';
export type { AuthorityOption } from './actions/context.ts';
export type { Outcome, StoreReport } from './trust.ts';

/** Told what goes on, by functions that take longer or act as root. All are optional. */
export interface Listener {
  /** The exact command line that is about to be run as root. */
  announce?(commandLine: string): void;
  /** What the system is about to ask the user in a dialog: `macOS will ask for your password`. */
  ask?(prompt: string): void;
  /** What is worked on right now. */
  progress?(doing: string): void;
  /** Asked for the password of a file if one is needed and `options.password` is missing. */
  password?(what: string): Promise<string>;
}

/**
 * Makes the authority if there is none and has every store on this machine trust its root.
 *
 * @returns one outcome for each store: a store that failed does not throw.
 * @throws DevcertError `usage`, `refused`, `invalid-authority`, `file`, `busy`.
 */
export async function install(
  options: InstallOptions = {},
  listener: Listener = {},
): Promise<InstallResult> {
  const { install } = await import('./actions/install.ts');
  return install(await contextWithStores(listener, options.ca), options);
}

/**
 * Issues a certificate for DNS names and IP addresses into files (`.devcert/cert.pem`, `key.pem` and
 * `ca.pem` in the current folder unless `options` say otherwise), or finds a valid one there. Touches no
 * trust store.
 *
 * @param names `localhost` if there are none.
 * @throws DevcertError `invalid-name`, `outside-constraints`, `usage`, `file`, `invalid-authority`,
 *   `expired`, `refused`, `busy`.
 */
export async function issue(
  names: readonly string[] = [],
  options: IssueOptions = {},
  listener: Pick<Listener, 'password'> = {},
): Promise<IssueResult> {
  const { issue } = await import('./actions/issue.ts');
  return issue(context({}, options.ca), names, options, listener.password?.bind(listener));
}

/**
 * Writes a certificate with its key (or with `trust` the root alone) in another format beside it:
 * PKCS#12, JKS, DER, PEM. Files that are there and still fit stay.
 *
 * @throws DevcertError `usage`, `file`, `invalid-input`, `password`, `no-authority`,
 *   `invalid-authority`, `busy`, `refused`.
 */
export async function exportCertificate(
  options: ExportOptions,
  listener: Pick<Listener, 'password'> = {},
): Promise<ExportResult> {
  const { exportCertificate } = await import('./actions/export.ts');
  return exportCertificate(context({}, options.ca), options, listener.password?.bind(listener));
}

/**
 * A new certificate and key in memory, for a server in this process:
 * `const { cert, key } = await certificateFor(['localhost']); https.createServer({ cert, key })`.
 * Writes no file, unless there is no authority yet: then it makes one. Touches no trust store. `ca` is
 * the root for clients; a server given it would take it for the authority of its clients' certificates.
 *
 * @param names DNS names and IP addresses; `localhost` if there are none.
 * @throws DevcertError `invalid-name`, `outside-constraints`, `usage`, `file`, `invalid-authority`,
 *   `expired`, `refused`, `busy`.
 */
export async function certificateFor(
  names: readonly string[] = [],
  options: LeafOptions & AuthorityOption = {},
): Promise<ServerCertificate> {
  const { certificateFor } = await import('./actions/certificate.ts');
  return certificateFor(context({}, options.ca), names, options);
}

/**
 * Makes an authority with a name, beside the default one; its name is what `ca` says elsewhere. No store
 * trusts it until `install({ ca })`.
 *
 * @throws DevcertError `usage`, `refused` if there is one of this name, `invalid-name`, `file`, `busy`.
 */
export async function createAuthority(
  name: string,
  options: CreateOptions = {},
): Promise<AuthorityResult> {
  const { createNamed } = await import('./actions/ca.ts');
  return createNamed(context({}), name, options);
}

/** The default authority, if there is one, and those with names. */
export async function listAuthorities(): Promise<AuthoritySummary[]> {
  const { listAuthorities } = await import('./actions/ca.ts');
  return listAuthorities(context({}));
}

/**
 * What one authority may certify, until when, and where it lies.
 *
 * @throws DevcertError `no-authority`, `invalid-authority`.
 */
export async function showAuthority(
  name?: string,
): Promise<AuthoritySummary & { readonly issued: number }> {
  const { showAuthority } = await import('./actions/ca.ts');
  return showAuthority(context({}), name);
}

/**
 * Keeps an authority that somebody else made, after it was checked. Put into no store.
 *
 * @param sources `mkcert`, folders, files: PEM, DER, PKCS#12, JKS.
 * @throws DevcertError `file`, `invalid-input`, `password`, `expired`, `weak-key`, `refused`, `busy`.
 */
export async function importAuthority(
  sources: readonly string[],
  options: ImportAuthorityOptions = {},
  listener: Listener = {},
): Promise<AuthorityResult | ReplaceResult> {
  const { importAuthority } = await import('./actions/ca.ts');
  return importAuthority(await contextWithStores(listener), sources, options);
}

/**
 * The root of an authority, into a file or as PEM; with `withKey` also its key, encrypted.
 *
 * @throws DevcertError `no-authority`, `usage`, `password`, `file`.
 */
export async function exportAuthority(
  name?: string,
  options: ExportAuthorityOptions = {},
): Promise<ExportedAuthority> {
  const { exportAuthority } = await import('./actions/ca-export.ts');
  return exportAuthority(context({}), name, options);
}

/**
 * Another authority in the place of one: trusted by the stores that trust the old one, everything issued
 * again, then the old one dropped.
 *
 * @param sources of an authority to import; a new one with the same constraints if there are none.
 * @throws DevcertError `no-authority` and those of {@link importAuthority}.
 */
export async function replaceAuthority(
  name?: string,
  sources: readonly string[] = [],
  options: ImportSource & CreateOptions = {},
  listener: Listener = {},
): Promise<ReplaceResult> {
  const { replaceNamed } = await import('./actions/ca.ts');
  return replaceNamed(await contextWithStores(listener), name, sources, options);
}

/**
 * Takes the root of an authority with a name out of every store and deletes it.
 *
 * @throws DevcertError `no-authority`, `usage`, `store`.
 */
export async function removeAuthority(
  name: string,
  listener: Listener = {},
): Promise<RemovedAuthority> {
  const { removeNamed } = await import('./actions/ca-remove.ts');
  return removeNamed(await contextWithStores(listener), name);
}

/**
 * Takes the root out of every store on this machine.
 *
 * @returns one outcome for each store: a store that failed does not throw.
 * @throws DevcertError `usage`, `refused`, `invalid-authority`, `file`, `busy`.
 */
export async function uninstall(
  options: UninstallOptions = {},
  listener: Listener = {},
): Promise<UninstallResult> {
  const { uninstall } = await import('./actions/uninstall.ts');
  return uninstall(await contextWithStores(listener, options.ca), options);
}

/**
 * The authority and what each store says of it. Changes nothing.
 *
 * @throws DevcertError `usage`, `invalid-authority`, `file`.
 */
export async function status(
  options: StatusOptions = {},
  listener: Listener = {},
): Promise<StatusResult> {
  const { status } = await import('./actions/status.ts');
  return status(await contextWithStores(listener, options.ca), options);
}

/** Every recipe there is for {@link recipe}. */
export async function recipes(): Promise<RecipeSummary[]> {
  const { recipes } = await import('./actions/recipe.ts');
  return recipes();
}

/**
 * Configuration for a server or framework that works as it is, with the real paths of the files in a
 * folder (`.devcert` in the current one unless `options` say otherwise). Writes nothing.
 *
 * @param name one of {@link recipes}.
 * @throws DevcertError `usage`, `file`, `invalid-input`.
 */
export async function recipe(name: string, options: RecipeOptions = {}): Promise<RecipeResult> {
  const { recipe } = await import('./actions/recipe.ts');
  return recipe(context({}), name, options);
}

/**
 * What files of certificates, keys, CSRs or whole stores hold, in any format, and what is wrong with them.
 * Changes nothing, and makes no authority.
 *
 * @param sources paths, or bytes with a name for them; the pair in `.devcert` if there are none.
 * @returns data whose texts come from the files: they may hold any character.
 * @throws DevcertError `file`, `usage`, `invalid-input`, `password` if the one in `options` is wrong.
 */
export async function inspect(
  sources: readonly InspectSource[] = [],
  options: InspectOptions = {},
): Promise<InspectResult> {
  const { inspect } = await import('./actions/inspect.ts');
  return inspect(context({}), sources, options);
}

function context(listener: Listener, ca?: string): Context {
  const host = createHost(
    (commandLine) => listener.announce?.(commandLine),
    (prompt) => listener.ask?.(prompt),
  );
  return {
    host,
    folder: authorityFolder(host.env, ca),
    ca: ca === 'default' ? undefined : ca,
    cwd: process.cwd(),
    finders: [],
    progress: (doing) => listener.progress?.(doing),
  };
}

async function contextWithStores(listener: Listener, ca?: string): Promise<Context> {
  const { storeFinders } = await import('../platform/stores.ts');
  return { ...context(listener, ca), finders: storeFinders };
}
