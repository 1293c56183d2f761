/** Mount namespaces of their own, in which this machine's folders are covered: only for root, see `canCover()`. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';

/**
 * Runs a program of this folder in a namespace of mounts, host names and ports. It gets an empty folder for what
 * covers others, the checkout, and the `args`; a time limit ends it.
 *
 * @returns what it prints, read as JSON.
 */
export async function playScenario(name: string, ...args: readonly string[]): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'devcert-scenario-'));
  try {
    chmodSync(folder, 0o755); // other users go through it
    const outfile = join(folder, 'scenario.mjs');
    await build({
      entryPoints: [join(import.meta.dirname, `${name}-scenario.ts`)],
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile,
    });
    const base = join(folder, 'covered');
    mkdirSync(base);
    const checkout = resolve(import.meta.dirname, '../..');
    const inside = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', process.execPath, outfile];
    const words = ['-m', '-u', '-n', ...inside, base, checkout, ...args];
    const limits = { timeout: 280_000, maxBuffer: 64 * 1024 * 1024 };
    const { stdout } = await promisify(execFile)('unshare', words, limits);
    return JSON.parse(stdout) as unknown;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A namespace that a process keeps open, for `nsenter`. */
export interface Namespace {
  readonly pid: number;
  readonly end: () => void;
}

/**
 * One in which these folders are covered by overlays.
 *
 * @param prepare lines for sh that run in it first.
 * @param more other kinds of namespaces, as options of unshare: `-n`.
 */
export async function openNamespace(
  folders: readonly string[],
  prepare: readonly string[],
  more: readonly string[] = [],
): Promise<Namespace> {
  const covers = folders.map((folder, index) => {
    const layers = `lowerdir=${folder},upperdir=/mnt/u${index},workdir=/mnt/w${index}`;
    return `mkdir /mnt/u${index} /mnt/w${index} && mount -t overlay overlay -o ${layers} ${folder}`;
  });
  const lines = [
    'mount -t tmpfs tmpfs /mnt',
    ...covers,
    ...prepare,
    'echo ready',
    'exec sleep 1200',
  ];
  const child = spawn('unshare', ['-m', ...more, 'sh', '-c', lines.join(' && ')]);
  await firstLine(child, 'unshare');
  return { pid: child.pid ?? 0, end: () => void child.kill('SIGKILL') };
}

/** Waits for what a program prints first. @throws what it said on standard error if it ends before. */
export function firstLine(child: ChildProcess, what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (data: Buffer) => (said += data.toString()));
    child.stdout?.once('data', () => {
      resolve();
    });
    child.once('exit', () => {
      reject(new Error(`${what}: ${said}`));
    });
  });
}
