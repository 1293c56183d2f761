/** The command as users start it: a child process of the built bundle, in a home of its own. */
import { spawn, type SpawnOptionsWithoutStdio } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './host.ts';

/** The built command; `npm run build` makes it. */
export const CLI = join(import.meta.dirname, '../../dist/bin/devcert.cjs');

export interface Ran {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Home {
  readonly home: string;
  /** The state folder. */
  readonly state: string;
  /** The folder the command is started in. */
  readonly project: string;
  /** Exactly what the command gets. */
  readonly env: Record<string, string>;
  readonly run: (args: readonly string[], options?: RunOptions) => Promise<Ran>;
}

export interface RunOptions {
  readonly env?: Record<string, string | undefined>;
  readonly cwd?: string;
  /** Kill it (SIGKILL) after so many milliseconds. */
  readonly killAfterMs?: number;
  /** Press Ctrl-C as soon as this file is there. */
  readonly interruptAt?: string;
  readonly uid?: number;
  /** What stands on its standard input; nothing if left out. */
  readonly input?: string | Buffer;
}

/** A fresh home with a project folder in it. @param at an existing folder to be it. */
export function freshHome(at = temporaryFolder()): Home {
  if (!existsSync(CLI)) throw new Error('build first: npm run build');
  const project = join(at, 'project');
  mkdirSync(project, { recursive: true });
  const { env: own, state } = homeOf(at);
  const env = { PATH: process.env.PATH ?? '', NO_COLOR: '1', CI: '1', ...own };
  return {
    home: at,
    state,
    project,
    env,
    run: (args, options = {}) =>
      new Promise((resolve) => {
        assertHarmless(args);
        const child = startNode([CLI, ...args], {
          cwd: options.cwd ?? project,
          env: { ...env, ...options.env },
          ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
        });
        child.stdin.on('error', () => undefined); // it did not want to read
        child.stdin.end(options.input ?? '');
        let stdout = '';
        let stderr = '';
        child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
        child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
        const timer =
          options.killAfterMs === undefined
            ? undefined
            : setTimeout(() => child.kill('SIGKILL'), options.killAfterMs);
        const { interruptAt } = options;
        const interrupt = setInterval(() => {
          if (interruptAt === undefined || !existsSync(interruptAt)) return;
          clearInterval(interrupt);
          child.kill('SIGINT');
        }, 20);
        child.on('close', (status, signal) => {
          clearTimeout(timer);
          clearInterval(interrupt);
          resolve({ status, signal, stdout, stderr });
        });
      }),
  };
}

/** Starts Node; again where a wine that has much to do fails to, which it says by an error that it has no name for. */
function startNode(args: string[], options: SpawnOptionsWithoutStdio, tries = 3) {
  try {
    return spawn(process.execPath, args, options);
  } catch (error) {
    const isWine = process.platform === 'win32' && (error as { code?: unknown }).code === 'UNKNOWN';
    if (!isWine || tries === 1) throw error;
    return startNode(args, options, tries - 1);
  }
}

/** What tells a program its home on this system, and where env-paths then has devcert's state. */
function homeOf(at: string): { env: Record<string, string>; state: string } {
  if (process.platform === 'win32') {
    const local = join(at, 'AppData', 'Local');
    // Without SystemRoot Windows' own libraries do not load.
    const kept = ['SystemRoot', 'TEMP', 'TMP'].map((name) => [name, process.env[name] ?? '']);
    return {
      env: {
        ...(Object.fromEntries(kept) as Record<string, string>),
        USERPROFILE: at,
        APPDATA: join(at, 'AppData', 'Roaming'),
        LOCALAPPDATA: local,
      },
      state: join(local, 'devcert-nodejs', 'Data'),
    };
  }
  const config = process.platform === 'darwin' ? 'Library/Preferences' : '.config';
  return { env: { HOME: at }, state: join(at, config, 'devcert-nodejs') };
}

/** As root, an install would change this machine's own stores: see real/end-to-end for that. */
function assertHarmless(args: readonly string[]): void {
  if (args[0] === 'hosts' && /add|remove/.test(args[1] ?? '') && !args.includes('--dry-run'))
    throw new Error('this test would change the real hosts file');
  if (!args.includes('install') || args.includes('--dry-run') || args.includes('--help')) return;
  const at = args.indexOf('--stores');
  // Without its value the option is an error, and nothing is done.
  if (at === -1 || /system|java/.test(args[at + 1] ?? ''))
    throw new Error('this test would change the real stores');
}

/** Asserts the form of an expected failure: two lines on stderr, no stack; returns them. */
export function twoLines(ran: Ran): { error: string; hint: string } {
  const match = /^devcert: error: (.+)\ndevcert: hint: (.+)\n$/.exec(ran.stderr);
  if (match === null) throw new Error(`not two lines: ${JSON.stringify(ran)}`);
  return { error: match[1] ?? '', hint: match[2] ?? '' };
}
