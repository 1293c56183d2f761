/** Whose a folder is on Windows, where mode bits say nothing, and who may read it: by PowerShell and icacls. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join, sep, win32 } from 'node:path';
import { DevcertError } from '../src/errors.ts';
import { inTemporaryFolder } from './look.ts';
import type { Command, CommandResult, Host } from './types.ts';
import { windowsProgram } from './windows-programs.ts';

/** Where Windows' programs are, and what runs them. */
export type Machine = Pick<Host, 'env' | 'run'>;

/** Prints name and SID of this user, or of its groups, as CSV: `"engine\ada","S-1-5-21-…-1001"`. */
export function whoamiCommand(env: Host['env'], of: '/user' | '/groups' = '/user'): Command {
  return { file: windowsProgram(env, 'whoami.exe'), args: [of, '/fo', 'csv', '/nh'] };
}

function icacls(env: Host['env'], ...args: readonly string[]): Command {
  return { file: windowsProgram(env, 'icacls.exe'), args };
}

/**
 * Opens a folder, and all that will be made in it, to this user, the system and administrators, and closes
 * it to everyone else, whatever the folder above grants. By SID: names are translated.
 */
export function closeCommand(env: Host['env'], folder: string, sid: string): Command {
  const grants = [sid, SYSTEM, ADMINISTRATORS].map((it) => `*${it}:(OI)(CI)F`);
  return icacls(env, folder, '/inheritance:r', '/grant:r', ...grants, '/remove:g', ...EVERYBODY);
}

/**
 * The SID that whoami printed: the last field. A user may be called like the SID of another.
 *
 * @throws DevcertError `command` if it printed none.
 */
export function readSid({ stdout }: Pick<CommandResult, 'stdout'>): string {
  const sid = lastSid(stdout);
  if (sid !== undefined) return sid;
  throw new DevcertError('command', 'cannot find out who you are on this machine', {
    hint: 'see what Windows says: whoami /user',
  });
}

function lastSid(stdout: string): string | undefined {
  return /,"(S-1-[0-9-]+)"\s*$/.exec(stdout)?.[1];
}

/**
 * Makes a folder that devcert made private, before a key is written into it; keys in it that were opened to
 * everybody, as by a backup that was restored, are closed, too.
 *
 * @returns a note for each that was open to everybody by an entry of its own.
 * @throws DevcertError `command` if nothing tells who the user is; `file` if it cannot be closed: then no key
 *   may be written.
 */
export async function protectFolder(folder: string, machine: Machine): Promise<string[]> {
  const { env, run } = machine;
  const sid = readSid(await run(whoamiCommand(env)));
  const opened = (await listAccess(folder, machine)).filter(isOpened);
  const inside = opened.slice(opened[0]?.path === folder ? 1 : 0);
  const commands = [
    closeCommand(env, folder, sid),
    // To the permissions of its folder and no others.
    ...inside.map(({ path }) => icacls(env, path, '/reset', '/q')),
  ];
  for (const command of commands) {
    if ((await run(command)).exitCode === 0) continue;
    const path = command.args[0] ?? folder;
    throw new DevcertError('file', `cannot close "${path}" to other users of this machine`, {
      hint: `see whether its drive knows permissions (NTFS does): icacls "${path}"`,
    });
  }
  return opened.map(({ path }) => `"${path}" was open to everybody on this machine; it is closed`);
}

/** Notes on a key in a folder that devcert did not make, and leaves unchanged. */
export async function strangeFolderNotes(folder: string, machine: Machine): Promise<string[]> {
  const [own] = await listAccess(folder, machine);
  if (own === undefined || !entries(own).some(({ everybody }) => everybody)) return [];
  return [
    `"${folder}" is open to other users of this machine, and a key is in it: icacls "${folder}"`,
  ];
}

interface Access {
  readonly path: string;
  /** Its access control list, as SDDL. */
  readonly sddl: string;
}

/** The folder itself, then all in it; empty if that is not known. */
async function listAccess(folder: string, { env, run }: Machine): Promise<Access[]> {
  return inTemporaryFolder(async (temporary) => {
    const file = join(temporary, 'acl');
    // The lists of the folder and of all in it, in SDDL, which is not translated.
    await run(icacls(env, folder, '/save', file, '/t', '/c', '/q'));
    if (!existsSync(file)) return []; // icacls wrote nothing
    // A line with the path below the parent folder, then a line with the list.
    const text = readFileSync(file, 'utf16le').replace(/^\uFEFF/, '');
    const lines = text.split(/\r?\n/);
    return lines.flatMap((path, i) =>
      i % 2 === 1 || lines[i + 1] === undefined
        ? []
        : [{ path: win32.join(win32.dirname(folder), path), sddl: lines[i + 1] ?? '' }],
    );
  });
}

/** By an entry of its own: what it inherits goes with its folder's. */
function isOpened(access: Access): boolean {
  return entries(access).some(({ everybody, inherited }) => everybody && !inherited);
}

/** The entries that allow something: `(A;OICI;FA;;;WD)`. */
function entries({ sddl }: Access): { everybody: boolean; inherited: boolean }[] {
  const found = sddl.matchAll(/\(A;([A-Z]*);[^;)]*;[^;)]*;[^;)]*;([^;)]+)\)/g);
  return Array.from(found, ([, flags = '', who = '']) => ({
    everybody: ['WD', 'BU', 'AU', ...EVERYBODY.map((sid) => sid.slice(1))].includes(who),
    inherited: /^(..)*ID/.test(flags),
  }));
}

/**
 * Prints the owner of a folder and its access control list, as SDDL: `O:S-1-5-21-…-1001G:…`. icacls does not
 * show an owner. A property, as locked down machines let no script call methods; the path is not part of the
 * script, which it could change.
 */
function ownerCommand(env: Host['env'], folder: string): Command {
  return {
    file: windowsProgram(env, 'WindowsPowerShell\\v1.0\\powershell.exe'),
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
  const sid = lastSid((await run(whoamiCommand(env))).stdout);
  const [, owner] =
    /^O:(S-1-[0-9-]+|[A-Z]{2})/.exec((await run(ownerCommand(env, path))).stdout) ?? [];
  // SDDL has words for some: SYSTEM, the group of administrators, the account that is one from the start.
  const known = [sid, SYSTEM, ADMINISTRATORS, 'SY', 'BA', 'LA'];
  if (sid !== undefined && owner !== undefined && known.includes(owner)) return;
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
/** Everyone, Authenticated Users, Users. */
const EVERYBODY = ['*S-1-1-0', '*S-1-5-11', '*S-1-5-32-545'];
