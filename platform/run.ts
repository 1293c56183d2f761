/** Running commands: the one home of execa, loaded only when a command is really run. */
import { existsSync, realpathSync } from 'node:fs';
import { basename, isAbsolute } from 'node:path';
import { printable } from '../src/errors.ts';
import type { Command, CommandResult, Host, Runner } from './types.ts';

const CHECK_TIMEOUT_MS = 15_000;
/** Someone may have to find the window, or the password. */
const PROMPT_TIMEOUT_MS = 300_000;
/** What is kept of a tool's output, in characters. */
const MAX_OUTPUT = 32 * 1024 * 1024;

/** How this machine lets a person act as root. */
export interface Elevation {
  readonly tool: 'sudo' | 'doas' | 'run0';
  /** Absolute path. */
  readonly file: string;
}

/** sudo, doas or run0, whichever is found first; a `sudo` that is doas under another name is doas. */
export function findElevation(host: Pick<Host, 'find'>): Elevation | undefined {
  for (const tool of ['sudo', 'doas', 'run0'] as const) {
    const file = host.find(tool);
    if (file === undefined) continue;
    return { tool: tool === 'sudo' && isDoas(file) ? 'doas' : tool, file };
  }
  return undefined;
}

/**
 * The command as it will be started: with sudo, doas or run0 in front where it needs root and the
 * process is not. Without a person at the terminal they are told never to ask.
 */
export function elevate(
  command: Command,
  host: Pick<Host, 'isRoot' | 'interactive' | 'find'>,
): Command | undefined {
  if (command.elevated !== true || host.isRoot) return command;
  const elevation = findElevation(host);
  if (elevation === undefined) return undefined;
  const never = { sudo: ['-n'], doas: ['-n'], run0: ['--no-ask-password'] }[elevation.tool];
  const options = host.interactive ? [] : never;
  const end = elevation.tool === 'doas' ? [] : ['--'];
  return {
    ...command,
    file: elevation.file,
    args: [...options, ...end, command.file, ...command.args],
  };
}

/**
 * A command as a person would type it into a shell (POSIX; cmd or PowerShell on Windows), for `--dry-run`
 * and before elevating.
 */
export function formatCommand(
  command: Command,
  host: Pick<Host, 'isRoot' | 'interactive' | 'find'> & { readonly platform?: NodeJS.Platform },
): string {
  // Where nothing can elevate, sudo is still the word that says what is meant.
  const shown = elevate(command, { ...host, interactive: true }) ?? {
    ...command,
    file: 'sudo',
    args: ['--', command.file, ...command.args],
  };
  const quote = host.platform === 'win32' ? quoteForWindows : quoteForPosix;
  const words = [shown.file, ...shown.args].map(quote).join(' ');
  const input = command.input === undefined ? '' : ` <<< ${quote(command.input.toString().trim())}`;
  return printable(words + input);
}

/**
 * A runner over real child processes: no shell, an empty standard input unless there is `input`,
 * tools' messages in English, a time limit on each.
 *
 * @param announce called with the command line before it is run as root.
 * @param ask called with what the user is about to be asked, before the command that asks.
 */
export function createRunner(
  host: Pick<Host, 'isRoot' | 'interactive' | 'find' | 'env'>,
  announce: (commandLine: string) => void = () => undefined,
  ask: (prompt: string) => void = () => undefined,
): Runner {
  return async (command) => {
    if (command.needsPerson === true && !host.interactive) return { ...failed, failure: 'nobody' };
    const asRoot = command.elevated === true && !host.isRoot;
    const started = elevate(command, host);
    if (started === undefined) return { ...failed, failure: 'not-elevated' };
    if (asRoot) announce(formatCommand(command, host));
    if (command.prompt !== undefined) ask(command.prompt);
    const result = await start(started, host, asRoot);
    return asRoot && result.failure === undefined ? readRefusal(result, host.interactive) : result;
  };
}

const failed: CommandResult = { exitCode: undefined, stdout: '', stderr: '' };

async function start(
  command: Command,
  host: Pick<Host, 'interactive' | 'env'>,
  asRoot: boolean,
): Promise<CommandResult> {
  // On Windows execa gives what it cannot find to the shell there, which ends with a code of its own.
  if (isAbsolute(command.file) && !existsSync(command.file))
    return { ...failed, failure: 'not-found' };
  const { execa } = await import('execa');
  const slow = command.mayPrompt === true || command.elevated === true;
  const result = await execa(command.file, [...command.args], {
    reject: false,
    extendEnv: false,
    env: { ...host.env, LC_ALL: 'C', LANGUAGE: 'en', ...command.env },
    // sudo reads the password from the terminal itself; the command behind it reads nothing.
    ...(command.input === undefined
      ? { stdin: asRoot && host.interactive ? 'inherit' : 'ignore' }
      : { input: command.input }),
    timeout: command.timeoutMs ?? (slow ? PROMPT_TIMEOUT_MS : CHECK_TIMEOUT_MS),
    killSignal: 'SIGTERM',
    forceKillAfterDelay: 2_000,
    maxBuffer: MAX_OUTPUT,
    stripFinalNewline: false,
    // A dialog must be seen; everything else must not flash a console window.
    windowsHide: command.mayPrompt !== true,
  });
  const output = { exitCode: result.exitCode, stdout: result.stdout, stderr: result.stderr };
  if (result.timedOut) return { ...output, exitCode: undefined, failure: 'timeout' };
  if (result.code === 'ENOENT' || result.code === 'EACCES')
    return { ...output, exitCode: undefined, failure: 'not-found' };
  if (result.exitCode === undefined) return { ...output, failure: 'killed' };
  return output;
}

// sudo and doas exit with 1 when they refuse, as many commands do when they fail; but they say who speaks.
function readRefusal(result: CommandResult, interactive: boolean): CommandResult {
  if (
    result.exitCode === 0 ||
    !/^(sudo|doas|run0|Failed to start transient)\b/m.test(result.stderr)
  )
    return result;
  return {
    ...result,
    exitCode: undefined,
    failure: interactive ? 'elevation-refused' : 'not-elevated',
  };
}

function isDoas(file: string): boolean {
  try {
    return /^(doas|opendoas)$/.test(basename(realpathSync(file)));
  } catch {
    return false; // gone between finding and looking: running it will say so
  }
}

function quoteForWindows(word: string): string {
  return /^[\w@%+=:,./\\-]+$/.test(word) ? word : `"${word}"`;
}

/** A word for a POSIX shell: as it is where nothing in it is special. */
export function quoteForPosix(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
