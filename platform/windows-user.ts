/**
 * Who acts on Windows: "Run as administrator" with another account's password acts in that account's folders,
 * where another authority would be made than the one that the user at the desktop has.
 */
import { whyNoDialog } from './interactive.ts';
import { type Machine, readSid, whoamiCommand } from './windows-acl.ts';
import { folderIn, queryRegistry, windowsProgram } from './windows-programs.ts';

const SESSIONS =
  'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Authentication\\LogonUI\\SessionData';
const PROFILES = 'HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList';

/**
 * The folder of the user at the desktop, if this process is elevated as somebody else. Undefined also where
 * there is no desktop, or nothing tells whose it is.
 */
export async function otherProfile({ env, run }: Machine): Promise<string | undefined> {
  if (whyNoDialog(env) !== undefined) return undefined;
  const ask = async (...args: readonly string[]) =>
    (await run(queryRegistry(windowsProgram(env, 'reg.exe'), ...args))).stdout;
  // Of the users at the desktops of this machine.
  const sids = await ask(SESSIONS, '/s', '/v', 'LoggedOnUserSID');
  const [owner, ...more] = new Set(Array.from(sids.matchAll(/\bS-1-5-[0-9-]+/g), ([sid]) => sid));
  // With several desktops nothing tells which one this is.
  if (owner === undefined || more.length > 0) return undefined;
  if (owner === readSid(await run(whoamiCommand(env)))) return undefined;
  // The groups of this process have its integrity level among them.
  const groups = await run(whoamiCommand(env, '/groups'));
  if (!groups.stdout.includes(`"${HIGH_INTEGRITY}"`)) return undefined;
  return folderIn(await ask(`${PROFILES}\\${owner}`, '/v', 'ProfileImagePath'));
}

const HIGH_INTEGRITY = 'S-1-16-12288';
