/** `ensure()`: what a framework asks for at its start: a pair that is good, and what the browsers here will say. */
import { statSync } from 'node:fs';
import type { StoreKind } from '../../platform/types.ts';
import { hasAuthority } from '../authority/folder.ts';
import { assertExists } from '../authority/named.ts';
import { outputPaths, readExisting } from '../certificate/output.ts';
import { isLeftBehind } from '../certificate/replaceable.ts';
import { INSTALL_LOCK, withLock } from '../disk/lock.ts';
import { DevcertError, mapSteps, type Step } from '../errors.ts';
import { assertPermitted, defaultConstraints } from '../names/constraints.ts';
import type { Name } from '../names/names.ts';
import { type LeafOptions, parseLeafRequest } from '../names/request.ts';
import { projectRequest } from '../project/request.ts';
import { INSTALL_WAIT_MS } from '../policy.ts';
import type { Outcome } from '../trust.ts';
import { readNames } from '../x509/read.ts';
import {
  assertNoBuild,
  type AuthorityOption,
  type Context,
  ensureAuthorityFor,
  identity,
  isBuild,
  type Lists,
} from './context.ts';
import { type Pair, pairFromElsewhere, pairInFiles, type PairRequest } from './ensure-pair.ts';
import type { InstallResult } from './install.ts';
import { importStep } from './network.ts';
import { currentRoot, rootInFile } from './roots.ts';
import { isSlow, parseStoreKinds } from './stores.ts';
import { canBeBetter, type Trust, trustHere } from './trust-here.ts';
import type { ServerCertificate } from './certificate.ts';

/** What may be changed on the machine so that it trusts the certificate. */
export type InstallWish = (typeof installWishes)[number];
export const installWishes = ['never', 'auto', 'require'] as const;

export interface EnsureOptions extends AuthorityOption, Pick<LeafOptions, 'key' | 'days'> {
  /**
   * DNS names and IP addresses. Those of the project file if left out, else of the pair that is there, else
   * `localhost`.
   */
  readonly names?: string | readonly string[];
  /**
   * - `never` (the default): no CA is made and no trust store is touched.
   * - `auto`: a CA is made if there is none, and trusted by the stores that can; goes on where they do not.
   * - `require`: the same, and throws `not-trusted` if no store trusts it then.
   */
  readonly install?: InstallWish;
  /** Folder for `cert.pem`, `key.pem` and `ca.pem`; `.devcert` in the current folder by default. */
  readonly dir?: string;
  /** The project's folder, where its file is and relative paths start; the current folder by default. */
  readonly cwd?: string;
  /** Comma-separated kinds of stores to ask and to change; all but Java's by default, which take a second each. */
  readonly stores?: string;
}

/** A pair for a server, as `https.createServer()` takes it. */
export interface Ensured extends Pick<ServerCertificate, 'key' | 'cert' | 'notAfter'> {
  /**
   * The root, PEM: for clients that are to trust it. Not enumerable: a server would take it for the CA of its
   * clients' certificates, so copies made by `{ ...pair }` and JSON leave it out.
   */
  readonly ca: string;
  /** The same in files, absolute. They stay the same, whatever is in them. */
  readonly paths: { readonly key: string; readonly cert: string; readonly ca: string };
  /** All names of the certificate, canonical: those asked for, and what others of the project asked for. */
  readonly names: readonly string[];
  /** True if it was made by this call. */
  readonly issued: boolean;
  readonly trust: Trust;
  /** One line each, for the user. */
  readonly notes: readonly string[];
}

/** Asked before stores are changed. @param planned what is about to be done in each, with its exact commands. */
export type ConfirmInstall = (planned: readonly Outcome[]) => Promise<boolean>;

/**
 * The pair of the project for a server, and who trusts it.
 *
 * @throws DevcertError `no-authority` if there is no CA and none is to be made; `refused` if none may be made
 *   here; `not-trusted` with `require`; and every code of issuing.
 */
export async function ensure(
  context: Context,
  options: Lists<EnsureOptions> = {},
  confirm?: ConfirmInstall,
): Promise<Ensured> {
  return ensured(context, options, confirm).catch((error: unknown) => {
    throw error instanceof DevcertError && error.code === 'file'
      ? withWaysOut(error, options)
      : error;
  });
}

/** What is in the way is replaced by the command alone: no program is to do that at its start. */
function withWaysOut(error: DevcertError, { names, dir }: Lists<EnsureOptions>): DevcertError {
  const told = DevcertError.hintOf(error);
  if (told === undefined) return error;
  const hint = mapSteps(told, (step) => {
    if (step.command !== undefined) return step;
    if (step.force === true) return { command: 'issue', names, out: dir, force: true };
    return step.out === undefined ? step : { dir: step.out };
  });
  return new DevcertError(error.code, error.message, { hint, cause: error });
}

async function ensured(
  context: Context,
  options: Lists<EnsureOptions>,
  confirm: ConfirmInstall | undefined,
): Promise<Ensured> {
  const { folder, ca, host } = context;
  const { install: wish = 'never' } = options;
  if (statSync(context.cwd, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new DevcertError('file', `there is no folder "${context.cwd}"`, {
      hint: 'give the folder of the project, which is there already',
    });
  const kinds = parseStoreKinds(options.stores, context, isSlow);
  const request = requestOf(context, options);
  const { paths } = request;
  /** With what the stores here say of it. @param cure what has them trust it; installing if left out */
  const judged = async (made: Made, cure?: Step, isRequired = wish === 'require') => {
    const { certificate, cert, key, ca, issued = false, notes = [] } = made;
    const { certFile, keyFile, caFile = '' } = paths;
    const root = (await currentRoot(folder)) ?? rootInFile(ca, caFile);
    const trust = await trustHere(context, root, kinds, cure);
    if (isRequired && !trust.stores.some(({ state }) => state === 'trusted'))
      throw new DevcertError('not-trusted', trust.line, { hint: cure ?? hintOf(trust, context) });
    const pair = {
      ...{ key, cert },
      paths: { key: keyFile, cert: certFile, ca: caFile },
      names: readNames(certificate.raw),
      notAfter: new Date(certificate.validTo),
      ...{ issued, trust, notes },
    };
    return Object.defineProperty(pair, 'ca', { value: ca, enumerable: false }) as typeof pair & {
      ca: string;
    };
  };
  if (ca !== undefined) assertExists(folder, ca);
  if (!hasAuthority(folder)) {
    // One that came here without its CA is taken as it is; one whose CA was deleted here gives way to a new one,
    // where one may be made, unless it is trusted still.
    const there = pairFromElsewhere(request, host.now());
    if (there !== undefined) {
      const isOurs = isLeftBehind(readExisting(paths), identity(context));
      const cure = isOurs ? undefined : importStep(paths.caFile ?? '', 'NAME');
      if (!isOurs || wish === 'never' || isBuild(context)) return judged(there, cure);
      const judgement = await judged(there, undefined, false);
      if (judgement.trust.trusted) return judgement;
    }
    if (wish === 'never') assertExists(folder, ca);
    assertNoBuild(context);
    // Before anything is asked or changed for names that it could not issue for.
    assertPermitted(defaultConstraints(host.hostname), request.names);
  }
  const { notes } =
    wish === 'never'
      ? { notes: [] }
      : await haveTrusted(context, request.names, { kinds, confirm });
  const pair = await pairInFiles(context, request);
  return judged({ ...pair, notes: [...pair.notes, ...notes] });
}

type Made = Pair & { readonly issued?: boolean; readonly notes?: readonly string[] };

function requestOf(context: Context, options: Lists<EnsureOptions>): PairRequest {
  const { names = [], dir, key, days } = options;
  if (dir === '')
    throw new DevcertError('usage', 'the path for "dir" is empty', {
      hint: 'give a path, or leave the option out',
    });
  const paths = outputPaths({ out: dir }, context.cwd);
  const isNamed = names.length > 0;
  const wanted = isNamed
    ? { names, options: { key, days } }
    : projectRequest([], { key, days, client: false }, paths, context.cwd);
  const { names: parsed } = parseLeafRequest(wanted.names, wanted.options);
  return {
    names: parsed,
    options: { key: wanted.options.key, days: wanted.options.days },
    dir,
    paths,
    exact: !isNamed,
  };
}

/** Which stores are to trust it, and what it is to be able to issue for. */
export interface TrustWish {
  readonly kinds: readonly StoreKind[];
  /** Domains that the CA is to permit besides those that it does. */
  readonly permit?: readonly string[];
  readonly confirm?: ConfirmInstall | undefined;
}

/**
 * Makes the authority if there is none, and has stores trust it, unless the browsers here do already.
 *
 * @throws DevcertError `cancelled` if `confirm` said no and there is no authority; those of installing.
 */
export async function haveTrusted(
  context: Context,
  names: readonly Name[],
  { kinds, permit = [], confirm }: TrustWish,
): Promise<Pick<InstallResult, 'outcomes' | 'notes'>> {
  const nothing = { outcomes: [], notes: [] };
  const isDone = async () => {
    const root = await currentRoot(context.folder);
    if (root === undefined || permit.length > 0) return false;
    return !canBeBetter(await trustHere(context, root, kinds));
  };
  if (await isDone()) return nothing;
  const isFirst = !hasAuthority(context.folder);
  if (kinds.length === 0 && permit.length === 0) {
    await ensureAuthorityFor(context, names);
    return nothing;
  }
  const { install } = await import('./install.ts');
  // One that takes the place of another has to come to every store that holds it.
  const isNext = !isFirst && permit.length > 0;
  const wanted = { stores: isNext || kinds.length === 0 ? undefined : kinds.join(','), permit };
  if (confirm !== undefined) {
    const { outcomes } = await install(context, { ...wanted, dryRun: true });
    const planned = outcomes.filter(({ status }) => status === 'planned');
    if (planned.length > 0 && !(await confirm(planned))) {
      if (!isFirst) return nothing;
      throw new DevcertError('cancelled', 'no CA was made: it was not wanted', {
        hint: { command: 'install' },
      });
    }
  }
  const work = async () => {
    // Another process may have done it by now.
    if (await isDone()) return nothing;
    const { outcomes, notes } = await install(context, wanted);
    const restart = outcomes.flatMap((it) => (it.status === 'trusted' ? (it.restart ?? []) : []));
    return { outcomes, notes: [...notes, ...[...new Set(restart)].map((it) => `restart ${it}`)] };
  };
  // That of other domains is made by installing.
  if (permit.length === 0) await ensureAuthorityFor(context, names);
  else if (isFirst) return work();
  try {
    // Servers that are started together would undo what the others have not finished.
    return await withLock(context.folder, work, { file: INSTALL_LOCK, waitMs: INSTALL_WAIT_MS });
  } catch (error) {
    const isPassing = error instanceof DevcertError && ['busy', 'file'].includes(error.code);
    if (!isPassing || permit.length > 0) throw error;
    // The certificate is good without; what the stores say is told.
    return { outcomes: [], notes: [error.message] };
  }
}

/** What the first store that failed has to say, which may be more than to try again. */
function hintOf({ stores }: Trust, { ca }: Context) {
  return (
    stores.find(({ state, hint }) => state !== 'trusted' && hint !== undefined)?.hint ??
    ({ command: 'install', ca } as const)
  );
}
