/** The only place where the real machine, its folders and its stores are put together. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createHost, createQuietHost } from '../../platform/host.ts';
import type { Host, Runner } from '../../platform/types.ts';
import type { Context, Orphan } from '../commands/context.ts';
import type { Outcome } from '../trust.ts';
import { hasAuthority, recoverFolder } from '../authority/folder.ts';
import { authorityFolders } from '../authority/certificates.ts';
import { stateVersion } from '../authority/marker.ts';
import { assertOwnState } from '../authority/ownership.ts';
import { DevcertError, say } from '../errors.ts';
import { Keyring } from '../signer/keyring.ts';
import { listenerOf } from './arguments.ts';
import {
  authorityFolderIn,
  defaultStateFolder,
  formerStateFolder,
  stateFolder,
} from '../disk/paths.ts';

/** What a password is for. */
export type PasswordKind = 'file' | 'ca' | 'new-ca';

/** Receives progress and questions of functions that take longer or act as root. All are optional. */
export interface Listener {
  /** The exact command line that is about to be run as root. */
  announce?(commandLine: string): void;
  /** What the system is about to ask the user in a dialog: `macOS will ask for your password`. */
  ask?(prompt: string): void;
  /** What is worked on right now. */
  progress?(doing: string): void;
  /** Asked before roots are removed from stores that no state folder knows. @param unread where they may be from */
  confirm?(orphans: readonly Orphan[], unread: readonly string[]): Promise<boolean>;
  /** Asked by {@link ensure} before stores are changed. @param planned what is about to be done in each, with its commands */
  confirmInstall?(planned: readonly Outcome[]): Promise<boolean>;
  /**
   * Asked for a password that is needed and not in the options; without it that is an error at once.
   *
   * @param what it is for, for people: `keystore.p12`.
   * @param kind of a file that is about to be written; the passphrase of an authority's key, or of a new one.
   * @param check throws for a wrong one, if that can be told: to ask again before it counts.
   */
  password?(what: string, kind: PasswordKind, check?: (password: string) => void): Promise<string>;
}

/**
 * What actions work with here, without the trust stores. Everything that reads or writes in the state folder
 * gets it from here, after the folder was checked.
 *
 * @param ca name of the authority.
 * @throws DevcertError `refused` if the state folder is not this user's alone, or a newer devcert's.
 */
export async function context(listener: Listener, ca?: string): Promise<Context> {
  return opened(await projectContext(listener, ca), migrated);
}

/**
 * The same for functions of servers, which ask no store and start nothing but programs of the system: so that a
 * program into which one is bundled carries nothing of what would.
 *
 * @param takeOver by default, for work that neither reads nor writes the ledger, a CA of devcert 0.1 is used where it
 *   is, and that devcert goes on: who bundled the function does not decide about it.
 * @throws DevcertError as {@link context}; `refused` if that CA would have to be moved.
 */
export async function quietContext(
  listener: Listener,
  ca?: string,
  takeOver: TakeOver = refusedUnlessThere,
): Promise<Context> {
  return opened(await contextOn(createQuietHost(), listener, ca), takeOver);
}

/** What to do about the state of devcert 0.1. @param former where it was if that is elsewhere. */
type TakeOver = (context: Context, folder: string, former?: string) => Promise<void> | void;

/** It becomes this devcert's. */
export const migrated: TakeOver = async (_, folder, former) => {
  const { migrateState, moveState } = await import('../commands/migrate.ts');
  if (former !== undefined) moveState(former, folder);
  await migrateState(folder);
};

const refusedUnlessThere: TakeOver = (context, folder, former = folder) => {
  const isOld = stateVersion(folder) === 1 || existsSync(join(former, 'issuer-key.pem'));
  if (!isOld || hasAuthority(context.folder)) return;
  throw new DevcertError('refused', `the state in "${former}" is devcert 0.1's`, {
    hint: say`take it over first: ${{ command: 'list' }}`,
  });
};

async function opened(context: Context, takeOver: TakeOver): Promise<Context> {
  const { host, stateFolder: folder } = context;
  await assertOwnState(folder, host);
  const former = await formerStateFolder(host.env);
  if (stateVersion(folder) === 1 || (former !== undefined && existsSync(former)))
    await takeOver(context, folder, former);
  for (const it of authorityFolders(folder)) await recoverFolder(it);
  return context;
}

/** The same for work that has nothing to do with the state folder. */
export function projectContext(listener: Listener, ca?: string): Promise<Context> {
  const host = createHost(
    (commandLine) => listener.announce?.(commandLine),
    (prompt) => listener.ask?.(prompt),
  );
  return contextOn(host, listener, ca);
}

async function contextOn(host: Host, listener: Listener, ca?: string): Promise<Context> {
  listenerOf(listener);
  const state = await stateFolder(host.env);
  return {
    host,
    stateFolder: state,
    folder: authorityFolderIn(state, ca),
    ca: ca === 'default' ? undefined : ca,
    cwd: currentFolder(),
    finders: [],
    defaultFolder: await defaultStateFolder(),
    keys: new Keyring({
      passphrase:
        listener.password === undefined
          ? undefined
          : async (what, isNew, check) =>
              (await listener.password?.(what, isNew ? 'new-ca' : 'ca', check)) ?? '',
      agent: { machine: host, progress: (doing) => listener.progress?.(doing) },
    }),
    progress: (doing) => listener.progress?.(doing),
    confirm: listener.confirm?.bind(listener),
  };
}

function currentFolder(): string {
  try {
    return process.cwd();
  } catch (error) {
    throw new DevcertError('file', 'the folder that this terminal is in is gone', {
      hint: 'go to another one, or to the new one of the same name: cd "$PWD"',
      cause: error,
    });
  }
}

/** The same with all kinds of stores that there are. */
export async function contextWithStores(listener: Listener, ca?: string): Promise<Context> {
  return withStores(await context(listener, ca));
}

/** The variables of this process. */
export function processEnvironment(): NodeJS.ProcessEnv {
  return process.env;
}

/** With all kinds of stores that there are. */
export async function withStores(context: Context): Promise<Context> {
  const { storeFinders } = await import('../../platform/stores.ts');
  return { ...context, finders: storeFinders };
}

/**
 * The same for work that nobody expects to be asked about: what would run as root, or open a dialog of the
 * system, is not started unless the listener can say so first.
 */
export function withoutSurprise(context: Context, listener: Listener): Context {
  const { host } = context;
  const nothing = { exitCode: undefined, stdout: '', stderr: '' };
  const run: Runner = async (command) => {
    if (command.elevated === true && !host.isRoot && listener.announce === undefined)
      return { ...nothing, failure: 'not-elevated' };
    if (command.needsPerson === true && listener.ask === undefined)
      return { ...nothing, failure: 'nobody' };
    return host.run(command);
  };
  // Parts of a host are looked up when they are asked for: as they are, not as they answer now.
  const parts = {
    ...Object.getOwnPropertyDescriptors(host),
    run: { value: run, enumerable: true },
  };
  return { ...context, host: Object.defineProperties({}, parts) as Host };
}
