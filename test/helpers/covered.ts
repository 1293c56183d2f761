/**
 * Stores covered by overlays, for scenarios that run as root in a mount namespace of their own
 * (`unshare -m`): what they change never reaches this machine.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, CommandResult, Host } from '../../platform/types.ts';

const OVERLAYFS = 0x794c7630;

/**
 * Covers folders so that nothing reaches the real ones, with an empty memory file system at `base` behind
 * them. Throws unless every one of them is covered.
 */
export function cover(folders: readonly string[], base: string): void {
  must('mount', ['-t', 'tmpfs', 'tmpfs', base]);
  for (const [index, folder] of folders.entries()) {
    const [upper, work] = [join(base, `upper${index}`), join(base, `work${index}`)];
    mkdirSync(upper);
    mkdirSync(work);
    const layers = `lowerdir=${folder},upperdir=${upper},workdir=${work}`;
    must('mount', ['-t', 'overlay', 'overlay', '-o', layers, folder]);
    if (statfsSync(folder).type !== OVERLAYFS) throw new Error(`"${folder}" is not covered`);
  }
}

/** Runs a command to its end, with its output in English. */
export function runSync(command: Pick<Command, 'file' | 'args' | 'env' | 'input'>): CommandResult {
  const { status, stdout, stderr, error } = spawnSync(command.file, command.args, {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C', ...command.env },
    ...(command.input === undefined ? {} : { input: command.input }),
    maxBuffer: 32 * 1024 * 1024,
  });
  if (error !== undefined)
    return { exitCode: undefined, stdout: '', stderr: '', failure: 'not-found' };
  return { exitCode: status ?? undefined, stdout, stderr };
}

/** Root on a Linux whose stores are covered. */
export function coveredHost(
  home: string,
  find: Host['find'],
  findForRoot: Host['findForRoot'] = find,
): Host {
  return {
    ...{ platform: 'linux', env: {}, home, user: 'root', uid: 0, isRoot: true },
    ...{ hostname: 'engine', kernel: '6.1.0-30-amd64', interactive: false, sysroot: '/' },
    now: () => new Date(),
    find,
    findForRoot,
    run: (command) => Promise.resolve(runSync(command)),
  };
}

/** The output of a command that must succeed. */
export function must(file: string, args: readonly string[]): string {
  const { exitCode, stdout, stderr } = runSync({ file, args });
  if (exitCode !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Path → what is there: mode and hash of a file, the target of a link (dangling or not). */
export function snapshot(folders: readonly string[]): Record<string, string> {
  const entries: Record<string, string> = {};
  for (const folder of folders) {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const path = join(folder, name);
      const status = lstatSync(path);
      entries[path] = status.isSymbolicLink()
        ? readlinkSync(path)
        : `${status.mode.toString(8)} ${status.isFile() ? hashOf(path) : 'folder'}`;
    }
  }
  return entries;
}

/** SHA-256 of a file, hex. */
export function hashOf(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/** Paths that differ between two snapshots. */
export function differences(
  before: Record<string, string>,
  after: Record<string, string>,
): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((path) => before[path] !== after[path])
    .sort();
}
