/** This machine and the person at it. */
import { accessSync, constants, statSync } from 'node:fs';
import { homedir, hostname, release, userInfo } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { findForRoot } from './as-root.ts';
import { canBeAsked } from './interactive.ts';
import type { Command, Host, Runner } from './types.ts';

/**
 * The real machine. Looks nothing up before it is asked.
 *
 * @param announce called with the exact command line before anything is run as root.
 * @param ask called with what the user is about to be asked by the system.
 */
export function createHost(
  announce?: (commandLine: string) => void,
  ask?: (prompt: string) => void,
): Host {
  const basis = machine();
  const { env } = basis;
  const windows = basis.platform === 'win32';
  const starter = Object.assign(basis, {
    find: (program: string) => findProgram(program, env, windows),
    findForRoot: (program: string) => findForRoot(program, programFolders(env, windows)),
  });
  // Loaded when something is run: issuing runs nothing. One for all commands: it remembers a refusal.
  let runner: Promise<Runner> | undefined;
  const run = async (command: Command) => {
    runner ??= import('./run.ts').then((it) => it.createRunner(starter, announce, ask));
    return (await runner)(command);
  };
  return Object.assign(starter, { run });
}

/**
 * The same for work that runs nothing but programs of the system which ask nobody: it acts as root nowhere, and
 * has no part of what would.
 */
export function createQuietHost(): Host {
  const basis = machine();
  return Object.assign(basis, {
    find: () => undefined,
    findForRoot: () => undefined,
    run: async (command: Command) => {
      const { runSystemProgram } = await import('./system-program.ts');
      return runSystemProgram(command, basis.env);
    },
  });
}

function machine(): Omit<Host, 'run' | 'find' | 'findForRoot'> {
  const { platform, env } = process;
  return {
    platform,
    env,
    get home() {
      const home = safely(homedir) ?? '';
      return isAbsolute(home) ? home : undefined;
    },
    get user() {
      return safely(() => userInfo().username) ?? env.USER ?? env.USERNAME ?? '';
    },
    get hostname() {
      return hostname();
    },
    get kernel() {
      return release();
    },
    uid: process.geteuid?.(),
    isRoot: process.geteuid?.() === 0, // never on Windows, which has no such function
    get interactive() {
      return canBeAsked(process, env);
    },
    sysroot: '/',
    now: () => new Date(),
  };
}

/**
 * Absolute path of an executable on `PATH`, with the folders of administration tools added on Unix
 * (Debian leaves them out of a user's `PATH`); relative entries of `PATH` are skipped.
 */
export function findProgram(
  program: string,
  env: Host['env'],
  windows: boolean,
): string | undefined {
  const name = windows ? `${program}.exe` : program;
  return programFolders(env, windows)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** The absolute folders of `PATH` in its order, with those of administration tools behind them on Unix. */
export function programFolders(env: Host['env'], windows: boolean): string[] {
  const path = (env.PATH ?? env.Path ?? '').split(delimiter);
  const folders = windows ? path : [...path, '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders.filter(isAbsolute);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false; // not there or not ours to run: the next folder
  }
}

// os.homedir() and os.userInfo() throw where the account has no entry, as in some containers.
function safely(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
