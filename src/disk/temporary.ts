/** Files on their way: written whole beside their place, under names that tell whose they are. */
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { systemCode } from '../errors.ts';
import { flag, hasModes, removeQuietly } from './filesystem.ts';

/** A name beside `path` that nobody has, and that {@link removeStaleTemporaries} knows. */
export function temporaryName(path: string): string {
  // Cut, so that a name near the limit of 255 bytes can be written, too.
  const unique = `${process.pid}-${machineTag()}${randomBytes(6).toString('hex')}`;
  return join(dirname(path), `.${basename(path).slice(0, 60)}.${unique}.devcert-tmp`);
}

/** Creates a file with its mode; removes it again if its content does not make it to the disk. */
export function writeNew(path: string, data: string | Buffer, mode: number, sync: boolean): void {
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  const descriptor = openSync(path, O_WRONLY | O_CREAT | O_EXCL | flag('O_NOFOLLOW'), mode);
  try {
    try {
      if (hasModes) fchmodSync(descriptor, mode); // the umask may have taken too much
      writeFileSync(descriptor, data);
      if (sync) fsyncSync(descriptor);
    } finally {
      closeSync(descriptor); // network drives tell here that the disk is full
    }
  } catch (error) {
    removeQuietly(path);
    throw error;
  }
}

/**
 * Removes temporary files of devcert whose writer was killed: older than 60 s, or of a process of this
 * machine that is no more. Never throws: what cannot be removed stays for the next time.
 */
export function removeStaleTemporaries(folder: string, now: Date): void {
  try {
    for (const name of readdirSync(folder))
      if (isStaleTemporary(folder, name, now)) removeQuietly(join(folder, name));
  } catch {
    // Left-overs are in nobody's way; if the folder is unusable, writing into it will say so.
  }
}

/** True for the name of such a file in a folder. */
function isStaleTemporary(folder: string, name: string, now: Date): boolean {
  const [, pid, machine] = TEMPORARY.exec(name) ?? [];
  if (pid === undefined) return false;
  const stat = lstatSync(join(folder, name), { throwIfNoEntry: false });
  if (stat?.isFile() !== true) return false;
  // ctime: a backup is a hard link and has the mtime of the file it keeps.
  const isOld = now.getTime() - stat.ctimeMs > 60_000;
  return isOld || (machine === machineTag() && !processLives(Number(pid)));
}

/**
 * True if a killed process left something that the next lock clears away: a temporary file or a claim.
 *
 * @param now the time that the age of temporary files is judged by.
 */
export function hasLeftOvers(folder: string, now: Date): boolean {
  try {
    return readdirSync(folder).some(
      (name) => CLAIM.test(name) || isStaleTemporary(folder, name, now),
    );
  } catch {
    return false; // not there, or not to be read: then nothing can be removed either
  }
}

/** The name by which `lock.ts` claims a lock that it is about to remove. Its first group is the lock's id. */
export const CLAIM =
  /^\.+(?:(?:devcert|install)\.)?lock\.([0-9a-f]{32})\.devcert-tmp(?:\.[0-9a-f]{32}\.devcert-tmp)*$/;

/** True if a process has this id. On this machine and, in a container, within it. */
export function processLives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== 'ESRCH'; // EPERM: it lives and is somebody else's
  }
}

/** Boot and pid namespace, within which alone a pid means something; empty where nothing tells. */
export function pidSpace(): string {
  space ??= readPidSpace();
  return space;
}

// Asked for by every lock and temporary file, and the same while the process lives.
let space: string | undefined;

function readPidSpace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return ''; // not Linux
  }
}

/** `.<base>.<pid>-<4 digits for the machine, 12 random>.devcert-tmp` */
const TEMPORARY = /^\..+\.(\d{1,10})-([0-9a-f]{4})[0-9a-f]{12}\.devcert-tmp$/;

/**
 * Four digits that tell machines (and containers) apart well enough for names of temporary files. Asked
 * for once: neither changes while the process lives.
 */
function machineTag(): string {
  tag ??= createHash('sha256')
    .update(hostname() + pidSpace())
    .digest('hex')
    .slice(0, 4);
  return tag;
}
let tag: string | undefined;
