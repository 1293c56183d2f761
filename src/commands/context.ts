/** What every action works with: this machine, the state folder, the kinds of stores. */
import { existsSync } from 'node:fs';
import { basename, dirname, win32 } from 'node:path';
import type { Host, StoreFinder } from '../../platform/types.ts';
import type { Authority } from '../authority/authority.ts';
import type { Keeping } from '../authority/keeping.ts';
import { ensureAuthority, hasAuthority } from '../authority/folder.ts';
import { identityOf } from '../authority/identity.ts';
import { authorityIssuers, certificateIn } from '../authority/certificates.ts';
import { madeFolders } from '../authority/marker.ts';
import { assertExists } from '../authority/named.ts';
import type { Whose } from '../certificate/replaceable.ts';
import type { IssueContext } from '../certificate/write.ts';
import { assertPermitted, type Constraints, defaultConstraints } from '../names/constraints.ts';
import { DevcertError, printable, say } from '../errors.ts';
import type { TrustOptions } from '../trust.ts';
import { type IssuedCertificate, readLedger } from '../ledger/ledger.ts';
import type { PlaceContext } from '../ledger/place.ts';
import type { Name } from '../names/names.ts';
import type { Keyring } from '../signer/keyring.ts';
import { authorityFolderIn } from '../disk/paths.ts';
import type { AuthorityPem } from '../authority/create.ts';

export interface Context {
  readonly host: Host;
  /** The folder of the default authority, in which those with names lie. Absolute. */
  readonly stateFolder: string;
  /** The folder of the authority that is worked with, absolute. */
  readonly folder: string;
  /** Its name; undefined for the default one, which alone is made when it is needed first. */
  readonly ca?: string | undefined;
  /** Absolute; relative paths start here. */
  readonly cwd: string;
  readonly finders: readonly StoreFinder[];
  /** The state folder without `DEVCERT_HOME`, where other ones are listed; undefined lists none. */
  readonly defaultFolder?: string | undefined;
  /** For authorities whose key lies in no open file; without it they can sign nothing. */
  readonly keys?: Keyring;
  /** Gets what is worked on, for a person who waits. */
  readonly progress?: (doing: string) => void;
  /** Asked before roots are removed that no state folder knows. */
  readonly confirm?:
    ((orphans: readonly Orphan[], unread: readonly string[]) => Promise<boolean>) | undefined;
}

/** A root of devcert's that stores hold and no state folder of this user knows. */
export interface Orphan {
  /** SHA-256 of the root: 64 hex digits. */
  readonly root: string;
  /** Its common name: `devcert root user@host 0123abcd`. */
  readonly name: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The stores that hold it. */
  readonly stores: readonly { readonly store: string; readonly location: string }[];
}

/** Which authority: part of the options of everything that works with one. */
export interface AuthorityOption {
  /** Its name; the default one if undefined. */
  readonly ca?: string;
}

/** Part of the options of everything that can be shown first. */
export interface DryRunOption {
  /** Tell what would be done, and do nothing. */
  readonly dryRun?: boolean;
}

/** What a result says of an authority that issuing may have made first. */
export interface MadeOnTheWay {
  /** True if there was no authority and this run made it: no store trusts it yet. */
  readonly authorityCreated: boolean;
  /** That authority. */
  readonly made?: MadeAuthority;
}

/** An authority that was made on the way. */
export interface MadeAuthority {
  /** What it may certify; undefined: every name. */
  readonly constraints: Constraints | undefined;
  /** How its key is kept; undefined for an open file. */
  readonly keeping?: Keeping | undefined;
}

/** Options as a command gets them: a list of texts, where a caller may have given one alone. */
export type Lists<T> = {
  readonly [K in keyof T]: readonly string[] extends T[K] ? Exclude<T[K], string> : T[K];
};

/** The certificates that the ledger has of the authority. */
export function issuedBy(context: Context): IssuedCertificate[] {
  return readLedger(context.stateFolder).flatMap(({ ca, certificate }) =>
    ca === (context.ca ?? 'default') && certificate !== undefined ? [certificate] : [],
  );
}

/** What everything that is written into projects needs of the machine. */
export function placing(context: Context): Omit<PlaceContext, 'force'> {
  const { host, stateFolder } = context;
  return {
    stateFolder: existsSync(stateFolder) ? stateFolder : undefined,
    now: host.now(),
    close: (folder) => closeFolder(host, folder),
  };
}

/** What tells whose the files are that are there. */
export function recording({ host, stateFolder }: Context): Whose {
  return { stateFolder, issuers: () => authorityIssuers(stateFolder), now: host.now() };
}

/** The same for certificates of an authority that is there. */
export function writing(context: Context, authority: Authority): IssueContext {
  return {
    ...placing(context),
    ...recording(context),
    authority,
    ca: context.ca ?? 'default',
    keys: context.keys,
    // Asked for only if something is issued: the system takes a while to tell the user's name.
    get identity() {
      return identity(context);
    },
  };
}

/** The same machine with another authority; undefined and `default` mean the default one. */
export function contextOf(context: Context, name: string | undefined): Context {
  const ca = name === 'default' ? undefined : name;
  return { ...context, ca, folder: authorityFolderIn(context.stateFolder, ca) };
}

/** How stores are worked on for the authority: what they say to type again is about it. */
export function trusting({ host, progress, ca }: Context): TrustOptions {
  return {
    now: host.now(),
    progress,
    again: (step) => (step.command === undefined ? step : { ...step, ca }),
  };
}

/** `user@host`, for the subjects of certificates. */
export function identity(context: Context): string {
  const { host, defaultFolder, stateFolder } = context;
  const isDefault = defaultFolder === undefined || stateFolder === defaultFolder;
  return identityOf(host.user, host.hostname, host.kernel, isDefault ? undefined : stateFolder);
}

/**
 * Under sudo devcert would make a second authority, root's, that no browser of the user trusts; or
 * leave files of root in the user's home.
 *
 * @throws DevcertError `refused`.
 */
export function refuseSudo({ host }: Pick<Context, 'host'>): void {
  const caller = host.env.SUDO_USER ?? host.env.DOAS_USER;
  if (!host.isRoot || caller === undefined || caller === '' || caller === 'root') return;
  if (host.env.DEVCERT_HOME !== undefined) return;
  throw new DevcertError('refused', 'run devcert as yourself, not with sudo', {
    hint: `it asks for sudo where it needs it; to act for root: env -u SUDO_USER -u DOAS_USER devcert …`,
  });
}

/**
 * The same on Windows, in a terminal that is elevated with another account's password.
 *
 * @throws DevcertError `refused`, with the command that does in this terminal what was wanted.
 */
export async function refuseOtherAccount(
  { host, ca }: Context,
  verb: 'install' | 'uninstall',
): Promise<void> {
  if (host.platform !== 'win32' || (host.env.DEVCERT_HOME ?? '') !== '') return;
  const { otherProfile } = await import('../../platform/windows-user.ts');
  const profile = await otherProfile(host);
  if (profile === undefined) return;
  const file = win32.join(profile, 'AppData\\Local\\devcert-nodejs\\Data\\root.pem');
  const sha1 = certificateIn(file)?.fingerprint.replaceAll(':', '').toLowerCase();
  const commands = {
    install: `certutil -f -addstore Root "${file}"`,
    uninstall: `certutil -delstore Root ${sha1 ?? '<SHA-1 of the root>'}`,
  };
  const [first, then] = sha1 === undefined && verb === 'install' ? [' first', ' then'] : ['', ''];
  throw new DevcertError(
    'refused',
    `this terminal is elevated as another user: "${profile}" is the folder of whoever is at the desktop`,
    {
      hint: say`${{ command: verb, ca }} in a terminal of that user${first}; for the whole machine${then}, here: ${commands[verb]}`,
    },
  );
}

/**
 * The authority; if there is none, a new one with the default constraints, which have to permit the names.
 *
 * One that has a name is never made here.
 *
 * @throws DevcertError `outside-constraints`, and then nothing was made; `no-authority`, `invalid-authority`, `file`, `busy`.
 */
export async function ensureAuthorityFor(
  context: Context,
  names: readonly Name[],
): Promise<{ authority: Authority; created: boolean; made?: MadeAuthority }> {
  if (context.ca !== undefined) assertExists(context.folder, context.ca);
  const { authority, created } = await ensureIn(context, async () => {
    const constraints = defaultConstraints(context.host.hostname);
    assertPermitted(constraints, names);
    const { createAuthority } = await import('../authority/create.ts');
    return createAuthority(identity(context), constraints, context.host.now());
  });
  const made = created ? { constraints: authority.constraints } : undefined;
  return { authority, created, made };
}

/** The authority in the folder of the context; if there is none, what `make` makes, closed to others. */
export function ensureIn({ folder, host }: Context, make: () => Promise<AuthorityPem>) {
  return ensureAuthority(folder, make, (folder) => closeStateFolder(host, folder));
}

/** True where nobody expects anything to be changed on the machine: a production build. */
export function isBuild({ host }: Pick<Context, 'host'>): boolean {
  return host.env.NODE_ENV === 'production';
}

/**
 * Makes sure that no build makes an authority: what is shipped has no use for one, and the machine may be anybody's.
 * For functions that a configuration calls, which is read for a build as well as for a server.
 *
 * @throws DevcertError `refused` if there is none and `NODE_ENV` is `production`, as frameworks set it then.
 */
export function assertNoBuild({ folder, host }: Pick<Context, 'folder' | 'host'>): void {
  if (!isBuild({ host }) || hasAuthority(folder)) return;
  throw new DevcertError('refused', 'no CA is made where NODE_ENV is "production"', {
    hint: say`ask for a certificate only when a server is started, or make the CA first: ${{ command: 'install' }}`,
  });
}

/**
 * Closes a folder that devcert made to other users where its mode does not: on Windows. Before a key is
 * written into it.
 *
 * @returns notes on what was open.
 * @throws DevcertError `file`, `command`.
 */
async function closeFolder(host: Host, folder: string): Promise<readonly string[]> {
  if (host.platform !== 'win32') return [];
  const { protectFolder } = await import('../../platform/windows-acl.ts');
  return protectFolder(folder, host);
}

/** What to tell of files with a key that were just written: git would take them, or, on Windows, who can read them. */
export async function keyFolderNotes(host: Host, ...files: string[]): Promise<readonly string[]> {
  const { isCommittable } = await import('../project/ignored.ts');
  const open = files.filter(isCommittable).map((file) => `"${printable(basename(file))}"`);
  const notes =
    open.length === 0
      ? []
      : [`git would commit the key: a line ${open.join(' and one ')} in .gitignore keeps it out`];
  if (host.platform !== 'win32') return notes;
  const { strangeFolderNotes } = await import('../../platform/windows-acl.ts');
  const folders = [...new Set(files.map((file) => dirname(file)))];
  for (const folder of folders) notes.push(...(await strangeFolderNotes(folder, host)));
  return notes;
}

/**
 * The same for an authority's folder. The permissions of one that devcert did not make are its owner's: they
 * are noted if others can open it.
 *
 * @returns notes.
 * @throws DevcertError `file`, `command`.
 */
export async function closeStateFolder(host: Host, folder: string): Promise<readonly string[]> {
  if (host.platform !== 'win32') return [];
  if (madeFolders(folder).includes(folder)) return closeFolder(host, folder);
  const { strangeFolderNotes } = await import('../../platform/windows-acl.ts');
  return strangeFolderNotes(folder, host);
}
