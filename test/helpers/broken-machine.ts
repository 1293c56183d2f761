/**
 * A machine that may be broken: a home of its own in a mount and network namespace whose /etc and system store are
 * covered, and `devcert` on its PATH. Nothing of it is left, and nothing outside is seen.
 */
import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { clients } from '../../src/doctor/clients.ts';
import { CLI } from './cli.ts';
import { temporaryFolder } from './host.ts';
import { firstLine, type Namespace, openNamespace } from './namespace.ts';
import { findProgram } from './run.ts';

export interface Finding {
  readonly check: string;
  readonly problem: string;
  readonly cure: string;
  readonly exitCode: number;
}

interface Typed {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Found {
  readonly wrong: readonly Finding[];
  readonly notes: readonly Finding[];
  readonly status: number;
}

export interface Machine {
  /** Of a process in its namespaces. */
  readonly pid: number;
  readonly state: string;
  readonly project: string;
  readonly home: string;
  /** Types a line in the project's folder, as sh has it. */
  readonly type: (line: string) => Promise<Typed>;
  /** What doctor finds that counts, after the line was typed in the same shell. */
  readonly doctor: (before?: string) => Promise<Found>;
  /** What `verify` says is wrong, by code, and what to do. */
  readonly verify: (line: string) => Promise<Readonly<Record<string, string>>>;
  /** Starts a program in the project and waits for its first line. */
  readonly start: (line: string) => Promise<{ stop: () => Promise<void> }>;
}

export interface MachineOptions {
  /** Clients and browsers besides Node that are here: none are tried that are not named. */
  readonly programs?: readonly string[];
  /** Java's stores, whose keytool takes seconds. */
  readonly java?: boolean;
}

/** What doctor has open a page, each for a second or more. */
const SLOW = [
  ...clients.map(({ program }) => program),
  ...['chromium', 'firefox', 'firefox-esr', 'google-chrome', 'google-chrome-stable'],
];

/** One on which nothing was done yet. */
export async function brokenMachine({
  programs = [],
  java = false,
}: MachineOptions = {}): Promise<Machine> {
  const base = temporaryFolder('devcert-machine-');
  const bin = join(base, 'bin');
  mkdirSync(bin);
  const devcert = `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`;
  writeFileSync(join(bin, 'devcert'), devcert, { mode: 0o755 });
  symlinkSync(process.execPath, join(bin, 'node'));
  const names = ['/usr/sbin', '/usr/bin'].flatMap((folder) => readdirSync(folder));
  for (const name of new Set([...names, ...programs])) {
    const file = findProgram(name);
    const isTried = name !== 'node' && (!SLOW.includes(name) || programs.includes(name));
    if (file !== undefined && isTried) symlinkSync(file, join(bin, name));
  }
  const { pid, end } = await coveredNamespace(java);
  onTestFinished(end);
  const home = join(base, 'ada');
  const project = join(home, 'project');
  mkdirSync(project, { recursive: true });
  const env = { PATH: bin, HOME: home, CI: '1', LANG: 'C.UTF-8' };
  const inside = (line: string) => {
    const words = ['-m', '-n', '-t', String(pid), '--', 'sh', '-c'];
    return [...words, `cd '${project}' && { ${line}\n}`];
  };
  const type: Machine['type'] = (line) =>
    new Promise((resolve) => {
      const options = { env, timeout: 120_000 };
      execFile(NSENTER, inside(line), options, (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        resolve({ status: typeof code === 'number' ? code : -1, stdout, stderr });
      });
    });
  return {
    pid,
    home,
    project,
    state: join(home, '.config/devcert-nodejs'),
    type,
    doctor: async (before = ':') => {
      const { status, stdout, stderr } = await type(`${before}\ndevcert doctor --json`);
      if (!stdout.startsWith('{')) throw new Error(`${status} ${stdout} ${stderr}`);
      const { findings } = JSON.parse(stdout) as { findings: Finding[] };
      return {
        wrong: findings.filter(({ exitCode }) => exitCode !== 0),
        notes: findings.filter(({ exitCode }) => exitCode === 0),
        status,
      };
    },
    verify: async (line) => {
      const { status, stdout, stderr } = await type(`${line} --json`);
      if (!stdout.startsWith('{')) throw new Error(`${status} ${stdout} ${stderr}`);
      const { problems } = JSON.parse(stdout) as { problems: { code: string; fix: string }[] };
      return Object.fromEntries(problems.map(({ code, fix }) => [code, fix]));
    },
    start: async (line) => {
      const child = spawn(NSENTER, inside(`exec ${line}`), { env });
      const gone = new Promise<void>((resolve) => {
        child.once('exit', () => {
          resolve();
        });
      });
      const stop = () => {
        child.kill('SIGKILL');
        return gone;
      };
      onTestFinished(stop);
      await firstLine(child, line);
      return { stop };
    },
  };
}

const NSENTER = findProgram('nsenter') ?? 'nsenter';

/** Processes in it see each other alone, and a system store of their own. */
function coveredNamespace(java: boolean): Promise<Namespace> {
  const withoutJava = [
    'mount -t tmpfs tmpfs /usr/lib/jvm',
    'rm -rf /etc/ssl/certs/java /etc/ca-certificates/update.d',
  ];
  const prepare = [
    'ip link set lo up',
    'mount -t tmpfs tmpfs /run',
    'rm -f /etc/hosts',
    'printf "127.0.0.1 localhost\\n::1 localhost\\n" > /etc/hosts',
    ...(java || !existsSync('/usr/lib/jvm') ? [] : withoutJava),
  ];
  return openNamespace(['/etc', '/usr/local/share/ca-certificates'], prepare, ['-n']);
}
