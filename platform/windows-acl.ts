/** Whose a folder is on Windows, where mode bits say nothing, and who may read it: by PowerShell and icacls. */
import { realpathSync } from 'node:fs';
import { sep, win32 } from 'node:path';
import { DevcertError } from '../src/errors.ts';
import type { Command, Host } from './types.ts';

/** Prints name and SID of this user, as CSV: `"engine\ada","S-1-5-21-…-1001"`. */
export function whoamiCommand(env: Host['env']): Command {
  return { file: systemProgram(env, 'whoami.exe'), args: ['/user', '/fo', 'csv', '/nh'] };
}

/**
 * Opens a folder, and all that will be made in it, to this user, the system and administrators, and closes
 * it to everyone else, whatever the folder above grants. By SID: names are translated.
 */
export function closeCommand(env: Host['env'], folder: string, sid: string): Command {
  const grants = [sid, SYSTEM, ADMINISTRATORS].map((it) => `*${it}:(OI)(CI)F`);
  return {
    file: systemProgram(env, 'icacls.exe'),
    args: [folder, '/inheritance:r', '/grant:r', ...grants],
  };
}

/**
 * Makes a folder private before a key is written into it.
 *
 * @throws DevcertError `file` if that cannot be done: then no key may be written.
 */
export async function protectFolder(
  folder: string,
  { env, run }: Pick<Host, 'env' | 'run'>,
): Promise<void> {
  const { stdout } = await run(whoamiCommand(env));
  const sid = /\bS-1-[0-9-]+/.exec(stdout)?.[0];
  const closed = sid !== undefined && (await run(closeCommand(env, folder, sid))).exitCode === 0;
  if (closed) return;
  throw new DevcertError('file', `cannot close "${folder}" to other users of this machine`, {
    hint: `see whether its drive knows permissions (NTFS does): icacls "${folder}"`,
  });
}

/**
 * Prints the owner of a folder and its access control list, as SDDL: `O:S-1-5-21-…-1001G:…`. icacls does not
 * show an owner. A property, as locked down machines let no script call methods; the path is not part of the
 * script, which it could change.
 */
export function ownerCommand(env: Host['env'], folder: string): Command {
  return {
    file: systemProgram(env, 'WindowsPowerShell\\v1.0\\powershell.exe'),
    args: [
      ...['-NoProfile', '-NonInteractive', '-Command'],
      '(Get-Acl -LiteralPath $env:DEVCERT_FOLDER).Sddl',
    ],
    env: { DEVCERT_FOLDER: folder },
  };
}

/**
 * Resolves if a folder belongs to this user, the system or administrators, or is not there. In the user's
 * profile nobody else can make one, so nothing is run for it there.
 *
 * @throws DevcertError `refused` for a folder of somebody else, also if nothing tells whose it is.
 */
export async function assertOwner(
  folder: string,
  { env, home, run }: Pick<Host, 'env' | 'home' | 'run'>,
): Promise<void> {
  const path = realPath(folder);
  const profile = home === undefined ? undefined : realPath(home);
  if (path === undefined || isBelow(path, profile)) return;
  const known = await ownSids(env, run);
  const [, owner] =
    /^O:(S-1-[0-9-]+|[A-Z]{2})/.exec((await run(ownerCommand(env, path))).stdout) ?? [];
  if (owner !== undefined && known.includes(owner)) return;
  throw new DevcertError(
    'refused',
    owner === undefined
      ? `cannot tell who owns "${path}"`
      : `"${path}" belongs to ${owner}, not to you`,
    {
      hint:
        (env.DEVCERT_HOME ?? '') === ''
          ? `have an administrator give it to you: icacls "${path}" /setowner "%USERNAME%" /t`
          : 'use the folder that devcert has for you: Remove-Item Env:DEVCERT_HOME (in cmd: set DEVCERT_HOME=)',
    },
  );
}

/**
 * Resolves if nobody but this user, the system and administrators may open what is made in a folder that
 * devcert did not make, and whose permissions are therefore not devcert's to change. The user's profile is
 * closed from the start, so nothing is run for a folder there.
 *
 * @throws DevcertError `refused`, with the command that closes it: then no key may be written.
 */
export async function assertClosed(
  folder: string,
  { env, home, run }: Pick<Host, 'env' | 'home' | 'run'>,
): Promise<void> {
  const path = realPath(folder) ?? folder;
  if (isBelow(path, home === undefined ? undefined : realPath(home))) return;
  const known = [...(await ownSids(env, run)), 'CO', 'OW']; // whoever made a file, whoever owns it
  const { stdout } = await run(ownerCommand(env, path));
  // As a whole or not at all: an entry with a condition has parentheses of its own.
  const list = /D:[A-Z]*((?:\([^()]*\))+)$/.exec(stdout.trim())?.[1];
  const entries = [...(list ?? '').matchAll(/\(([^()]*)\)/g)].map(([, it = '']) => it.split(';'));
  const isOpen = entries.some(
    ([kind, , , , , whose = '']) => kind !== 'D' && !known.includes(whose),
  );
  if (entries.length > 0 && !isOpen) return;
  throw new DevcertError('refused', `others can open what is in "${path}"`, {
    hint: `close it first: icacls "${path}" /inheritance:r /grant:r "%USERNAME%:(OI)(CI)F" "*${SYSTEM}:(OI)(CI)F"`,
  });
}

/** Whom a folder may belong to, in the words of SDDL; none if the system does not tell who this user is. */
async function ownSids(env: Host['env'], run: Host['run']): Promise<readonly string[]> {
  const sid = /\bS-1-[0-9-]+/.exec((await run(whoamiCommand(env))).stdout)?.[0];
  // SYSTEM, the group of administrators, the account that is one from the start.
  return sid === undefined ? [] : [sid, SYSTEM, ADMINISTRATORS, 'SY', 'BA', 'LA'];
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch {
    return undefined; // not there
  }
}

function isBelow(path: string, profile: string | undefined): boolean {
  return profile !== undefined && path.toLowerCase().startsWith(profile.toLowerCase() + sep);
}

const SYSTEM = 'S-1-5-18';
const ADMINISTRATORS = 'S-1-5-32-544';

function systemProgram(env: Host['env'], name: string): string {
  return win32.join(env.SystemRoot ?? 'C:\\Windows', 'System32', name);
}
