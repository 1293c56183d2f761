/** Machines that do not exist: a host in a temporary folder and a runner that records. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Command, CommandResult, Host, Root, Runner } from '../../platform/types.ts';

/**
 * A fresh temporary folder, removed when the test that asked for it ends. By its real path, as a child
 * process sees its own folder: macOS has /var behind a link, Windows short names such as RUNNER~1.
 */
export function temporaryFolder(prefix = 'devcert-test-'): string {
  const folder = realpathSync.native(mkdtempSync(join(tmpdir(), prefix)));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** A root for adapters that look at its hashes and its file alone. */
export function fakeRoot(file: string): Root {
  return {
    ...{ pem: '', der: Buffer.alloc(0), file, commonName: 'devcert root' },
    ...{ sha1: 'ab'.repeat(20), sha256: 'cd'.repeat(32) },
  };
}

/** `file arg arg …` as one line, `sudo ` in front if elevated. */
export function line(command: Command): string {
  return [...(command.elevated ? ['sudo'] : []), command.file, ...command.args].join(' ');
}

export interface Recorder {
  readonly run: Runner;
  /** Every command that was run, in order, as {@link line} shows it. */
  readonly lines: string[];
  readonly commands: Command[];
}

/**
 * A runner that runs nothing: it records, and answers with what `answer` gives for a command
 * (merged over exit code 0 and no output).
 */
export function recorder(
  answer: (
    line: string,
    command: Command,
  ) => Partial<CommandResult> | undefined | Promise<Partial<CommandResult> | undefined> = () =>
    undefined,
): Recorder {
  const lines: string[] = [];
  const commands: Command[] = [];
  return {
    lines,
    commands,
    run: async (command) => {
      lines.push(line(command));
      commands.push(command);
      return { exitCode: 0, stdout: '', stderr: '', ...(await answer(line(command), command)) };
    },
  };
}

/** A Linux machine in a temporary folder, with no programs; `overrides` makes it what a test needs. */
export function fakeHost(
  overrides: Partial<Host> & { programs?: Record<string, string> } = {},
): Host {
  const { programs = {}, ...rest } = overrides;
  const sysroot = rest.sysroot ?? temporaryFolder();
  return {
    platform: 'linux',
    env: {},
    home: join(sysroot, 'home/ada'),
    user: 'ada',
    hostname: 'engine',
    kernel: '6.1.0-30-amd64',
    isRoot: false,
    uid: 1000,
    interactive: false,
    sysroot,
    now: () => new Date('2026-11-24T12:00:00Z'),
    find: (program) => programs[program],
    findForRoot: (program) => (isAbsolute(program) ? program : programs[program]),
    run: recorder().run,
    ...rest,
  };
}

/** Of a context: the state folder, in which the default authority lies. */
export function stateAt(folder: string): { folder: string; stateFolder: string } {
  return { folder, stateFolder: folder };
}
