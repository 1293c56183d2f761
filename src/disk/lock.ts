/**
 * One process at a time in a state folder, by a file `devcert.lock` in it. A process that was killed does not
 * hold it: its lock names it, and a waiting process sees that it is gone.
 */
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { jsonIn } from '../../platform/look.ts';
import { DevcertError } from '../errors.ts';
import { readIfThere, writeExclusive } from './files.ts';
import {
  withFileError,
  isTransient,
  removeQuietly,
  shellCommand,
  unlinkRetrying,
} from './filesystem.ts';
import { CLAIM, pidSpace, processLives, removeStaleTemporaries } from './temporary.ts';

/** Name of the lock in a folder. */
export const LOCK = 'devcert.lock';
/** Of a section in which stores are changed, which may wait for a person. */
export const INSTALL_LOCK = 'install.lock';

export interface LockOptions {
  /** Name of the lock; {@link LOCK} by default. */
  readonly file?: string;
  /** Give up after that long; 60,000 by default. */
  readonly waitMs?: number;
  /** The time that the age of temporary files is judged by. */
  readonly now?: () => Date;
}

/**
 * Does `work` while no other process is in a section of the same folder. Not re-entrant.
 *
 * @param folder exists and is writable; the lock is a file in it.
 * @param work gets a function that tells whether the lock is still this process's, to be asked before
 *   a step that cannot be undone, by work that may take long.
 * @throws DevcertError `busy` after waiting, or if the lock was lost while `work` ran (the process was
 *   stopped for over 30 s); `file` if the folder cannot be written or the lock is a link or a folder.
 */
export async function withLock<T>(
  folder: string,
  work: (stillHeld: () => boolean) => Promise<T> | T,
  options: LockOptions = {},
): Promise<T> {
  const now = options.now ?? (() => new Date());
  const file = join(folder, options.file ?? LOCK);
  const own = describeSelf();
  await acquire(file, own, options.waitMs ?? 60_000);
  const stillHeld = () => look(file)?.holder?.token === own.token;
  const pulse = setInterval(() => {
    beat(file, stillHeld);
  }, STALE_MS / 6);
  pulse.unref();
  try {
    const result = await work(stillHeld);
    // Afterwards: what a killed process left may be what the work goes on with.
    if (stillHeld()) {
      clearUp(folder, own, now());
      return result;
    }
    throw new DevcertError('busy', `another devcert took over "${file}" in the meantime`, {
      hint: 'run the same command again',
    });
  } finally {
    clearInterval(pulse);
    release(file, own, stillHeld);
  }
}

/** What a lock file says of its holder. */
interface Holder {
  /** Tells this lock from every other, also from a later one of the same process. */
  readonly token: string;
  readonly pid: number;
  /** When the process started, where the system tells: a number used again is another process. */
  readonly start: string;
  readonly machine: string;
  /** Boot and pid namespace, where the system tells: a pid means something within them only. */
  readonly space?: string;
}

interface Lock {
  /** Hex. No two locks have the same. */
  readonly id: string;
  readonly mtimeMs: number;
  /** Undefined for a file that is no lock of devcert, or was cut short by a crash of the system. */
  readonly holder: Holder | undefined;
}

/** Claims of others, by path, with the first look at them. */
type Claims = Map<string, { readonly id: string; readonly sinceMs: number }>;

/** Sections take milliseconds: where only the age can tell, this much is certainly too old. */
const STALE_MS = 30_000;

async function acquire(file: string, own: Holder, waitMs: number): Promise<void> {
  const started = monotonicMs();
  let lastMs = started;
  let goodMs = started;
  let watched: Lock | undefined;
  let unchangedMs = 0;
  // Also of who was killed, on whatever host, while it removed a lock.
  const claims: Claims = new Map();
  for (;;) {
    let found: Lock | undefined;
    try {
      found = look(file);
      if (found === undefined && writeExclusive(file, JSON.stringify(own), 0o644)) return;
      goodMs = monotonicMs();
    } catch (error) {
      // Windows, while somebody opens or deletes the file. What lasts is no coincidence.
      const cause = error instanceof DevcertError ? error.cause : error;
      if (!isTransient(cause) || monotonicMs() - goodMs > 1000) throw error;
    }
    const nowMs = monotonicMs();
    const same = found?.id === watched?.id && found?.mtimeMs === watched?.mtimeMs;
    // Capped: a laptop that slept has not watched, and neither had the holder time to work.
    unchangedMs = same ? unchangedMs + Math.min(nowMs - lastMs, 100) : 0;
    [watched, lastMs] = [found, nowMs];
    if (found !== undefined && isStale(found, unchangedMs) && removeIf(file, found.id, claims))
      continue;
    if (nowMs - started > waitMs) throw busy(file, found?.holder, waitMs);
    await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 20));
  }
}

// Not `performance`, which takes 1 ms to load.
function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function busy(file: string, holder: Holder | undefined, waitMs: number): DevcertError {
  const who = holder === undefined ? 'no process' : `process ${holder.pid} on "${holder.machine}"`;
  return new DevcertError('busy', `"${file}" has been locked for over ${waitMs / 1000} s`, {
    hint: `${who} holds it; wait for it, or if there is none: ${shellCommand('remove', file)}`,
  });
}

function look(file: string): Lock | undefined {
  const stat = withFileError('read', file, () => lstatSync(file, { throwIfNoEntry: false }));
  const content = stat && readIfThere(file, { follow: false });
  if (stat === undefined || content === undefined) return undefined;
  const holder = parseHolder(content.toString());
  // Garbage has no token; while it is being written (no links there) its time tells it apart.
  const id = idOf(holder?.token ?? `${stat.ino} ${stat.mtimeMs} ${content.toString('hex')}`);
  return { id, mtimeMs: stat.mtimeMs, holder };
}

function parseHolder(text: string): Holder | undefined {
  // What is no JSON is garbage, as JSON of another shape is.
  const holder = jsonIn(text) as Partial<Record<keyof Holder, unknown>> | null | undefined;
  const { token, pid, start = '', machine = '', space = '' } = holder ?? {};
  const texts = [token, start, machine, space].every((field) => typeof field === 'string');
  // Not 0 and below: to kill(2) these are groups of processes.
  return texts && Number.isSafeInteger(pid) && Number(pid) > 0 ? (holder as Holder) : undefined;
}

/** Hex, so that what a file says can be a part of a file name. */
function idOf(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 32);
}

function isStale({ holder }: Lock, unchangedMs: number): boolean {
  if (holder === undefined || !isHere(holder))
    // Never by its time: the clock of another host, or of a file server, may be minutes away.
    return unchangedMs >= STALE_MS;
  if (!processLives(holder.pid)) return true;
  const start = startOf(holder.pid);
  if (start === undefined || holder.start === '') return unchangedMs >= STALE_MS;
  return start !== holder.start;
}

function isHere({ machine, space = '' }: Holder): boolean {
  const ownSpace = pidSpace();
  return machine === hostname() && (space === '' || ownSpace === '' || space === ownSpace);
}

/**
 * Removes the lock `id`, and never another one: two who wait may both have judged it stale, and the
 * slower one would remove the fresh lock of the faster. Moving it aside to look would leave a gap for
 * a third. So who removes `id` first takes a lock of that very name, and looks again under it: only
 * with that may `id` go, and what has replaced it has another name. A remover that was killed is
 * removed in the same way.
 *
 * @returns true if this call removed it.
 */
function removeIf(file: string, id: string, claims: Claims): boolean {
  const claim = join(dirname(file), `.${basename(file)}.${id}.devcert-tmp`);
  if (!writeExclusive(claim, JSON.stringify(describeSelf()), 0o644)) {
    const other = look(claim);
    if (other !== undefined) {
      const nowMs = monotonicMs();
      const seen = claims.get(claim);
      const sinceMs = seen?.id === other.id ? seen.sinceMs : nowMs;
      claims.set(claim, { id: other.id, sinceMs });
      if (isStale(other, nowMs - sinceMs)) removeIf(claim, other.id, claims);
    }
    return false;
  }
  try {
    if (look(file)?.id !== id) return false;
    withFileError('remove', file, () => {
      unlinkRetrying(file);
    });
    return true;
  } finally {
    removeQuietly(claim);
  }
}

function release(file: string, own: Holder, stillHeld: () => boolean): void {
  try {
    removeIf(file, idOf(own.token), new Map());
  } catch {
    // No claim can be made: the disk is full, or the folder went with what was in it. The error of the
    // work is the one to tell, and nobody judges a lock stale in the instant between these two steps.
    attemptQuietly(() => {
      if (stillHeld()) removeQuietly(file);
    });
  }
}

/** Claims of those who were killed: their locks are gone, so they guard nothing any more. */
function clearUp(folder: string, own: Holder, now: Date): void {
  for (const name of withFileError('read', folder, () => readdirSync(folder))) {
    const [, id] = CLAIM.exec(name) ?? [];
    if (id !== undefined && id !== idOf(own.token)) removeQuietly(join(folder, name));
  }
  removeStaleTemporaries(folder, now);
}

/** For those who can judge by age only: somebody is at work here. */
function beat(file: string, stillHeld: () => boolean): void {
  attemptQuietly(() => {
    const time = new Date();
    if (stillHeld()) utimesSync(file, time, time);
  });
}

function attemptQuietly(action: () => void): void {
  try {
    action();
  } catch {
    // The lock is lost, or gone with its folder: withLock() finds that out when the work is done.
  }
}

function describeSelf(): Holder {
  const token = randomBytes(16).toString('hex');
  const start = startOf(process.pid) ?? '';
  return { token, pid: process.pid, start, machine: hostname(), space: pidSpace() };
}

/** Ticks from boot to the start of a process; `ended` for a zombie; undefined where nothing tells. */
function startOf(pid: number): string | undefined {
  try {
    // proc(5): the name in brackets may hold anything; then field 3, the state, and 22, the start.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return /^[ZXx]/.test(fields[0] ?? '') ? 'ended' : fields[19];
  } catch {
    return undefined;
  }
}
