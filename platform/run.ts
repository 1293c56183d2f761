/** Running commands: the one home of execa, loaded only when a command is really run. */
import { quoteForPosix } from './quote.ts';
import { existsSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { basename, delimiter, isAbsolute } from 'node:path';
import { DevcertError, EXIT, printable } from '../src/errors.ts';
import { foldersForRoot } from './as-root.ts';
import { whyNoDialog } from './interactive.ts';
import { judgeFailure } from './refusal.ts';
import { CHECK_TIMEOUT_MS, MAX_OUTPUT } from './system-program.ts';
import type { Command, CommandResult, Host, Runner } from './types.ts';

/** Someone may have to find the window, or the password. */
const PROMPT_TIMEOUT_MS = 300_000;

/** How this machine lets a person act as root. */
export interface Elevation {
  readonly tool: 'sudo' | 'doas' | 'run0';
  /** Absolute path. */
  readonly file: string;
}

/** What is asked of the machine before a command is started. */
export type Starter = Pick<Host, 'isRoot' | 'interactive' | 'find' | 'findForRoot'>;

/** Whose shell it is that a command is typed into. */
type Typist = Starter & Partial<Pick<Host, 'platform'>>;

/**
 * sudo, doas or run0, whichever is found first and belongs to root alone: a `sudo` of somebody else's
 * would be given the password. A `sudo` that is doas under another name is doas.
 */
export function findElevation(host: Pick<Host, 'findForRoot'>): Elevation | undefined {
  for (const tool of ['sudo', 'doas', 'run0'] as const) {
    const file = host.findForRoot(tool);
    if (file === undefined) continue;
    return { tool: tool === 'sudo' && isDoas(file) ? 'doas' : tool, file };
  }
  return undefined;
}

/**
 * The command as it will be started. What runs as root is a program that only root can change, by its
 * absolute path, with sudo, doas or run0 in front where the process is not root itself. Without a person
 * at the terminal they run with the flag never to ask.
 *
 * @returns why it must not be started, if so, as {@link CommandResult} has it.
 */
export function elevate(
  command: Command,
  host: Starter,
): Command | 'not-found' | 'unsafe' | 'not-elevated' {
  if (!runsAsRoot(command, host)) return command;
  const file = host.findForRoot(command.file);
  if (file === undefined) return isThere(command.file, host) ? 'unsafe' : 'not-found';
  if (host.isRoot) return { ...command, file };
  const elevation = findElevation(host);
  if (elevation === undefined) return 'not-elevated';
  const never = { sudo: ['-n'], doas: ['-n'], run0: ['--no-ask-password'] }[elevation.tool];
  const options = host.interactive ? [] : never;
  const end = elevation.tool === 'doas' ? [] : ['--'];
  return { ...command, file: elevation.file, args: [...options, ...end, file, ...command.args] };
}

// A program of Windows runs, by interop, as the user of Windows, root's or not; and a file on a drive of Windows
// looks in Linux as if everybody could write it.
function runsAsRoot({ file, elevated }: Command, { isRoot }: Pick<Host, 'isRoot'>): boolean {
  return elevated === true || (isRoot && !/\.exe$/i.test(file));
}

function isThere(file: string, host: Pick<Host, 'find'>): boolean {
  return isAbsolute(file) ? existsSync(file) : host.find(file) !== undefined;
}

/**
 * A command as a person would type it into a shell (any POSIX one; cmd or PowerShell on Windows), for
 * `--dry-run` and for an administrator: with what it reads from standard input, so that it works from
 * every account.
 */
export function formatCommand(command: Command, host: Typist): string {
  return printable(inputLine(command)) + commandLine(command, host);
}

function commandLine(command: Command, host: Typist): string {
  const started = elevate(command, { ...host, interactive: true });
  const shown = typeof started === 'string' ? asMeant(command, host) : started;
  const quote = host.platform === 'win32' ? quoteForWindows : quoteForPosix;
  return printable([shown.file, ...shown.args].map(quote).join(' '));
}

// Where nothing can elevate, sudo is still the word that says what is meant.
function asMeant(command: Command, { isRoot }: Pick<Host, 'isRoot'>): Command {
  if (isRoot) return command;
  return { ...command, file: 'sudo', args: ['--', command.file, ...command.args] };
}

// Of one line: what is shown of a command is one. No shell has to know here-strings.
function inputLine({ input }: Command): string {
  if (input === undefined) return '';
  const lines = input.toString().replace(/\n$/, '').split('\n');
  return `printf '%s\\n' ${lines.map(quoteForPosix).join(' ')} | `;
}

/**
 * A runner over real child processes: no shell, an empty standard input unless there is `input`,
 * tools' messages in English, a time limit on each.
 *
 * @param announce called with the command line, without its standard input, before it is run as root.
 * @param ask called with what the user is about to be asked, before the command that asks.
 */
export function createRunner(
  host: Starter & Pick<Host, 'env'>,
  announce: (commandLine: string) => void = () => undefined,
  ask: (prompt: string) => void = () => undefined,
): Runner {
  let refusal: CommandResult | undefined;
  return async (command) => {
    if (command.needsPerson === true && whyNoDialog(host.env) !== undefined)
      return { ...failed, failure: 'nobody' };
    const started = elevate(command, host);
    if (typeof started === 'string') return { ...failed, failure: started };
    const elevated = command.elevated === true && !host.isRoot;
    // Who was refused once is not asked for a password again.
    if (elevated && refusal !== undefined) return refusal;
    if (elevated) announce(commandLine(command, host));
    if (command.prompt !== undefined) ask(command.prompt);
    const path = runsAsRoot(command, host) ? pathForRoot(host.env) : {};
    const as = { ...host, env: { ...host.env, ...path } };
    const result = await start(started, as, elevated);
    if (!elevated || result.exitCode !== 1) return result;
    const judged = await judge(result, command, as);
    if (judged.failure === 'elevation-refused') refusal = judged;
    return judged;
  };
}

async function judge(
  result: CommandResult,
  command: Command,
  host: Starter & Pick<Host, 'env'>,
): Promise<CommandResult> {
  let verdict = judgeFailure(result, command);
  if (verdict === 'unclear')
    verdict = (await mayRun(command, host))
      ? { stderr: result.stderr }
      : { refused: lastLine(result.stderr), asksNobody: false };
  if (!('refused' in verdict)) return { ...result, ...verdict };
  return {
    ...result,
    exitCode: undefined,
    stderr: verdict.refused,
    failure: verdict.asksNobody && !host.interactive ? 'not-elevated' : 'elevation-refused',
  };
}

// sudo tells, in no language, whether it would run a command, and never asks. The others have known words.
async function mayRun(command: Command, host: Starter & Pick<Host, 'env'>): Promise<boolean> {
  const started = elevate(command, { ...host, interactive: false });
  if (typeof started === 'string' || findElevation(host)?.tool !== 'sudo') return true;
  const { file, args } = started;
  return (await start({ file, args: ['-l', ...args] }, host, false)).exitCode === 0;
}

// The programs that a script run as root calls are found there; not every sudo has a PATH of its own.
function pathForRoot({ PATH = '' }: Host['env']): { PATH: string } {
  const usual = ['/usr/local/sbin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  return { PATH: foldersForRoot([...PATH.split(delimiter), ...usual]).join(delimiter) };
}

const failed: CommandResult = { exitCode: undefined, stdout: '', stderr: '' };

async function start(
  command: Command,
  host: Pick<Host, 'interactive' | 'env'>,
  elevated: boolean,
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
      ? { stdin: elevated && host.interactive ? 'inherit' : 'ignore' }
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

/**
 * Runs a program to its end as if the user had started it: with this terminal, and no time limit. A signal that
 * this process gets goes on to it; Ctrl-C reaches both from the terminal, and the program decides.
 *
 * @param file a program on PATH, or a path: never a shell's line.
 * @returns its exit code; 128 and the number of the signal that ended it, as shells have it.
 * @throws DevcertError `command` if there is no such program.
 */
export async function runThrough(
  file: string,
  args: readonly string[],
  env: Host['env'],
): Promise<number> {
  const { execa } = await import('execa');
  const child = execa(file, [...args], { stdio: 'inherit', reject: false, extendEnv: false, env });
  const passOn = (signal: NodeJS.Signals) => void child.kill(signal);
  const ignore = () => undefined;
  for (const signal of PASSED_ON) process.on(signal, passOn);
  process.on('SIGINT', ignore);
  const { exitCode, signal, code } = await child;
  for (const signal of PASSED_ON) process.off(signal, passOn);
  process.off('SIGINT', ignore);
  if (exitCode !== undefined) return exitCode;
  if (signal !== undefined) return 128 + constants.signals[signal];
  if (code !== 'ENOENT' && code !== 'EACCES') return EXIT.failed;
  throw new DevcertError('command', `there is no program "${file}"`, {
    hint: 'give it as it is called on PATH, or by its path',
  });
}

const PASSED_ON: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP'];

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
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
