/**
 * Who acts on Windows: "Run as administrator" with another account's password acts in that account's folders,
 * where another authority would be made than the one that the user at the desktop has.
 */
import { whyNoDialog } from './interactive.ts';
import { readSid, whoamiCommand } from './windows-acl.ts';
import type { Command, Host } from './types.ts';
import { queryRegistry } from './windows-programs.ts';

type Machine = Pick<Host, 'env' | 'run'>;

/** Prints the SIDs of the users at the desktops of this machine. */
export function desktopsCommand(env: Host['env']): Command {
  const key =
    'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Authentication\\LogonUI\\SessionData';
  return queryRegistry(env, [key, '/s', '/v', 'LoggedOnUserSID']);
}

/** Prints the folder of a user. */
export function profileCommand(env: Host['env'], sid: string): Command {
  const key = `HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\${sid}`;
  return queryRegistry(env, [key, '/v', 'ProfileImagePath']);
}

/** Prints the groups of this process, its integrity level among them. */
export function groupsCommand(env: Host['env']): Command {
  return { ...whoamiCommand(env), args: ['/groups', '/fo', 'csv', '/nh'] };
}

/**
 * The folder of the user at the desktop, if this process is elevated as somebody else. Undefined also where
 * there is no desktop, or nothing tells whose it is.
 */
export async function otherProfile({ env, run }: Machine): Promise<string | undefined> {
  if (whyNoDialog(env) !== undefined) return undefined;
  const { stdout } = await run(desktopsCommand(env));
  const [owner, ...more] = new Set(Array.from(stdout.matchAll(/\bS-1-5-[0-9-]+/g), ([sid]) => sid));
  // With several desktops nothing tells which one this is.
  if (owner === undefined || more.length > 0) return undefined;
  if (owner === readSid(await run(whoamiCommand(env)))) return undefined;
  if (!(await run(groupsCommand(env))).stdout.includes(`"${HIGH_INTEGRITY}"`)) return undefined;
  const found = await run(profileCommand(env, owner));
  return /\bREG_(?:EXPAND_)?SZ\s+([A-Z]:\\.+?)\s*$/im.exec(found.stdout)?.[1];
}

const HIGH_INTEGRITY = 'S-1-16-12288';
