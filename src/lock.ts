/**
 * One process at a time in a state folder, by a file `lock` in it. A process that was killed does not
 * hold it: its lock names it, and whoever waits sees that it is gone.
 */
import { randomBytes } from 'node:crypto';
import { linkSync, lstatSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DevcertError, systemCode } from './errors.ts';
import { temporaryName } from './files.ts';

/** What a lock file says of its holder. */
interface Holder {
  /** Tells this lock from every other, also from a later one of the same process. */
  readonly token: string;
  readonly pid: number;
  /** When the process started, where the system tells: a number used again is another process. */
  readonly start: string;
  readonly machine: string;
}

/** Sections under the lock take milliseconds: a lock this old belongs to nobody who still works. */
const STALE_MS = 30_000;
const DEFAULT_WAIT_MS = 60_000;

/**
 * Does `work` while no other process is in a section of the same folder.
 *
 * @param folder exists and is writable; the lock is the file `lock` in it. Not re-entrant.
 * @param options.waitMs give up after that long.
 * @throws DevcertError `busy` after waiting, `file` if the folder cannot be written.
 */
export async function withLock<T>(
  folder: string,
  work: () => Promise<T> | T,
  options: { waitMs?: number } = {},
): Promise<T> {
  const file = join(folder, 'lock');
  const mine = describeSelf();
  const deadline = Date.now() + (options.waitMs ?? DEFAULT_WAIT_MS);
  while (!take(file, mine)) {
    const holder = readLock(file);
    if (holder !== undefined && isStale(file, holder.holder)) {
      breakLock(file, holder.text);
      continue;
    }
    if (Date.now() > deadline)
      throw new DevcertError(
        'busy',
        `another devcert has been at work in "${folder}" for too long`,
        {
          hint: `wait for process ${String(holder?.holder?.pid ?? '?')}, or if there is none: rm "${file}"`,
        },
      );
    await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 20));
  }
  try {
    return await work();
  } finally {
    // Not if it was judged stale (this process slept through it) and is somebody else's now.
    if (readLock(file)?.holder?.token === mine.token) unlinkSync(file);
  }
}

/** Written whole under a name of its own, then given the name `lock`, which only one can get. */
function take(file: string, mine: Holder): boolean {
  const temporary = temporaryName(file);
  try {
    writeFileSync(temporary, JSON.stringify(mine), { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    throw new DevcertError('file', `cannot write to "${file}": ${systemCode(cause) ?? 'unknown'}`, {
      hint: 'make the folder yours, free some space, or set DEVCERT_HOME to another one',
      cause,
    });
  }
  try {
    linkSync(temporary, file);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') return false;
    // A file system without links (FAT, some network drives): created in place, in one step as well.
    return writeInPlace(file, mine);
  } finally {
    unlinkSync(temporary);
  }
}

function writeInPlace(file: string, mine: Holder): boolean {
  try {
    writeFileSync(file, JSON.stringify(mine), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (cause) {
    if (systemCode(cause) === 'EEXIST') return false;
    throw new DevcertError('file', `cannot write to "${file}": ${systemCode(cause) ?? 'unknown'}`, {
      hint: 'make the folder yours, or set DEVCERT_HOME to another one',
      cause,
    });
  }
}

/**
 * Takes a stale lock away. Two who wait may both have judged it stale, and the second would take away
 * the fresh lock of the first: so what was moved is looked at, and put back if it is another one.
 */
function breakLock(file: string, judged: string): void {
  const aside = temporaryName(file);
  try {
    renameSync(file, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return; // somebody else took it away
    throw error;
  }
  try {
    if (readFileSync(aside, 'utf8') !== judged) linkSync(aside, file);
  } catch {
    // Taken again in that instant: its holder finds another token when it is done.
  } finally {
    unlinkSync(aside);
  }
}

function isStale(file: string, holder: Holder | undefined): boolean {
  const age = ageMs(file);
  if (age === undefined) return false; // released: try again
  if (age > STALE_MS) return true;
  if (holder?.machine !== hostname()) return false;
  return !lives(holder);
}

function lives(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (systemCode(error) === 'ESRCH') return false;
  }
  return holder.start === '' || startOf(holder.pid) === holder.start;
}

function readLock(file: string): { text: string; holder: Holder | undefined } | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined; // released in the meantime
  }
  try {
    return { text, holder: JSON.parse(text) as Holder };
  } catch {
    return { text, holder: undefined }; // not ours, or cut short: only its age counts
  }
}

/** Since it was taken: nothing writes to it afterwards. */
function ageMs(file: string): number | undefined {
  try {
    return Math.abs(Date.now() - lstatSync(file).mtimeMs);
  } catch {
    return undefined;
  }
}

function describeSelf(): Holder {
  return {
    token: randomBytes(12).toString('hex'),
    pid: process.pid,
    start: startOf(process.pid),
    machine: hostname(),
  };
}

/** Start time of a process in the kernel's ticks (proc(5), field 22); empty where nothing tells it. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
