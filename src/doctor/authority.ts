/** The state folder and the authority in it. */
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { quoteForPosix } from '../../platform/quote.ts';
import { assertNotExpired } from '../authority/authority.ts';
import { loadAuthority } from '../authority/folder.ts';
import { authorityNameOf } from '../authority/marker.ts';
import { outputPaths } from '../certificate/output.ts';
import { looserThan } from '../disk/files.ts';
import { hasModes } from '../disk/filesystem.ts';
import { DevcertError, systemCode } from '../errors.ts';
import { DAY_MS, SOON_DAYS } from '../policy.ts';
import { finding, type Finding } from './finding.ts';
import type { Check } from './machine.ts';

/** Whose the folder is was asked before; here whether it can be written, and who reads the keys. */
export const stateCheck: Check = {
  id: 'state',
  about: 'the state folder',
  run({ context }) {
    const folder = context.stateFolder;
    const keys = [...keysIn(folder), outputPaths({}, context.cwd).keyFile];
    return [...unwritable(folder), ...keys.flatMap(open)];
  },
};

function keysIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('-key.pem'))
    .map((name) => join(folder, name));
}

function unwritable(folder: string): Finding[] {
  if (!existsSync(folder)) return [];
  const what = `"${folder}" cannot be written, so nothing can be issued`;
  // Root writes where the mode forbids it, and then finds it in its way as another user.
  if (hasModes && (statSync(folder).mode & 0o300) !== 0o300)
    return [finding('state', 'other', what, `chmod u+rwx ${quoteForPosix(folder)}`)];
  try {
    accessSync(folder, constants.W_OK);
    return [];
  } catch (error) {
    const cure =
      systemCode(error) === 'EROFS'
        ? 'mount its file system writable, or set DEVCERT_HOME to a folder elsewhere'
        : `chmod u+rwx ${quoteForPosix(folder)}`;
    return [finding('state', 'other', `${what} (${systemCode(error) ?? 'refused'})`, cure)];
  }
}

/** A key that others can read. Windows has no modes: there the folder was looked at. */
function open(file: string): Finding[] {
  if (!existsSync(file) || looserThan(file, 0o600) === undefined) return [];
  const what = `other users of this machine may read the key "${file}"`;
  return [finding('state', 'other', what, `chmod 600 ${quoteForPosix(file)}`)];
}

/** Whether it can be read, and its dates. */
export const authorityCheck: Check = {
  id: 'authority',
  about: 'the CA',
  async run({ context: { folder, host }, root }) {
    if (root === undefined) return [];
    const authority = await loadAuthority(folder);
    const now = host.now();
    const replace = { command: 'ca replace', names: authorityNameOf(folder) } as const;
    try {
      assertNotExpired(authority, now);
    } catch (error) {
      if (!(error instanceof DevcertError)) throw error;
      const isEarly = now < authority.notBefore;
      const cure = isEarly ? 'set the clock of this machine' : replace;
      const id = isEarly ? 'clock' : 'authority';
      return [finding(id, isEarly ? 'other' : 'expiry', error.message, cure)];
    }
    if (authority.notAfter.getTime() - now.getTime() >= SOON_DAYS * DAY_MS) return [];
    const ends = `the CA expires on ${authority.notAfter.toUTCString()}`;
    return [finding('authority', 'expiry', ends, replace)];
  },
};
