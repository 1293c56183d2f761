/** Who may read a folder on Windows, where mode bits say nothing: its access control list, by icacls. */
import { win32 } from 'node:path';
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

const SYSTEM = 'S-1-5-18';
const ADMINISTRATORS = 'S-1-5-32-544';

function systemProgram(env: Host['env'], name: string): string {
  return win32.join(env.SystemRoot ?? 'C:\\Windows', 'System32', name);
}
