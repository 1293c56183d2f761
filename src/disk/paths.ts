/** Where devcert keeps its state. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { DevcertError, printable, say } from '../errors.ts';
import { hasModes } from './filesystem.ts';
import type { UsualPaths } from './usual-paths.ts';

/**
 * The state folder: `DEVCERT_HOME` if set, else this system's configuration folder for devcert
 * (`~/.config/devcert-nodejs` on Linux; the suffix keeps clear of another npm package's folder).
 * Nothing is created.
 *
 * @param env the environment; `DEVCERT_HOME` and `XDG_CONFIG_HOME` are read from it.
 * @throws DevcertError `usage` for a relative `DEVCERT_HOME`, `file` if there is no home folder.
 */
export async function stateFolder(env: Environment): Promise<string> {
  return chosenFolder(env) ?? (await defaultStateFolder()) ?? homeless();
}

type Environment = Readonly<Record<string, string | undefined>>;

/** That of `DEVCERT_HOME`. @throws DevcertError `usage` for a relative one. */
export function chosenFolder(env: Environment): string | undefined {
  const override = env.DEVCERT_HOME;
  if (override === undefined || override === '') return undefined;
  if (isAbsolute(override)) return override;
  throw new DevcertError('usage', `DEVCERT_HOME is not an absolute path: "${override}"`, {
    hint: hasModes
      ? `export DEVCERT_HOME="$PWD/${override}"`
      : `$env:DEVCERT_HOME = "$PWD\\${override}" (in cmd: set "DEVCERT_HOME=%CD%\\${override}")`,
  });
}

/** @throws DevcertError `file`. */
export function homeless(): never {
  throw new DevcertError('file', 'cannot find your home folder: HOME is not set', {
    hint: 'set HOME, or DEVCERT_HOME to an absolute folder',
  });
}

/** The state folder where no `DEVCERT_HOME` is set; undefined if there is no home folder. */
export async function defaultStateFolder(): Promise<string | undefined> {
  return stateFolderIn(await usualPaths());
}

/** The same of this system's folders for devcert. */
export function stateFolderIn(paths: UsualPaths | undefined): string | undefined {
  if (paths === undefined) return undefined;
  const { config, data } = paths;
  // A key does not roam: on Windows the folder that goes from machine to machine is not for it.
  const folder = hasModes ? config : data;
  // The XDG specification has relative values ignored; env-paths follows them.
  if (isAbsolute(folder)) return folder;
  const home = homedir();
  return isAbsolute(home) ? join(home, '.config', 'devcert-nodejs') : undefined;
}

/** Where devcert 0.1 kept its state, if that was elsewhere: on Windows. */
export async function formerStateFolder(env: Environment): Promise<string | undefined> {
  if (hasModes || (env.DEVCERT_HOME ?? '') !== '') return undefined;
  return (await usualPaths())?.config;
}

async function usualPaths(): Promise<UsualPaths | undefined> {
  return hasHome() ? (await import('./usual-paths.ts')).usualPaths() : undefined;
}

/** False for a user without HOME and without an entry in passwd: what env-paths does when it is loaded would throw. */
export function hasHome(): boolean {
  try {
    homedir();
    return true;
  } catch {
    return false;
  }
}

/**
 * The folder of one authority: the state folder itself for the default one, `authorities/NAME` below it for
 * one that has a name. Nothing is created.
 *
 * @param folder the state folder.
 * @param name lower-case letters, digits, `-`, `_` and dots, 64 at most; undefined for the default one.
 * @throws DevcertError `usage` for another name.
 */
export function authorityFolderIn(folder: string, name: string | undefined): string {
  if (name === undefined || name === 'default') return folder;
  // A name is a folder on every system, and Windows keeps some for devices.
  const usable =
    /^(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/;
  if (usable.test(name)) return join(authoritiesFolder(folder), name);
  const shown = printable(name).slice(0, 60);
  throw new DevcertError('usage', `"${shown}" cannot be the name of a CA`, {
    hint: say`use lower-case letters, digits and hyphens: ${{ ca: 'api-clients' }}`,
  });
}

/** Where the authorities that have names lie in a state folder. */
export function authoritiesFolder(folder: string): string {
  return join(folder, 'authorities');
}

/**
 * The folder in the state folder with what `run` and `env` have programs trust: copies of the root, and bundles with
 * it. It is deleted when a root is to be trusted no more: what still names a file in it trusts nothing by it.
 */
export function environmentFolder(folder: string): string {
  return join(folder, 'environment');
}

/** Of a project, for what devcert writes there; it ignores itself. */
export const DEFAULT_FOLDER = '.devcert';
