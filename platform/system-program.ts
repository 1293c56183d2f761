/**
 * Running programs of the system that need neither rights nor a person. Without execa, for who asks for a certificate
 * only: programs into which that is bundled would carry all of it for the three that tell of a folder on Windows.
 */
import { execFile } from 'node:child_process';
import type { Command, CommandResult, Host } from './types.ts';

export const CHECK_TIMEOUT_MS = 15_000;
/** What is kept of a tool's output, in characters. */
export const MAX_OUTPUT = 32 * 1024 * 1024;

/** A command that {@link runSystemProgram} takes: nothing has to be asked, said or handed over for it. */
type PlainCommand = Omit<Command, 'input' | 'elevated' | 'mayPrompt' | 'prompt' | 'needsPerson'>;

/** Runs a program by its absolute path: no shell, an empty standard input, a time limit. */
export function runSystemProgram(
  { file, args, env: added, timeoutMs = CHECK_TIMEOUT_MS }: PlainCommand,
  env: Host['env'],
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = execFile(
      file,
      [...args],
      {
        env: { ...env, ...added },
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: MAX_OUTPUT,
        windowsHide: true,
      },
      (error, stdout, stderr) => {
        resolve({ ...endOf(error, child.exitCode), stdout, stderr });
      },
    );
    child.stdin?.end();
  });
}

function endOf(
  error: { readonly code?: unknown; readonly killed?: boolean } | null,
  exitCode: number | null,
): Pick<CommandResult, 'exitCode' | 'failure'> {
  if (error === null || typeof error.code === 'number') return { exitCode: exitCode ?? undefined };
  if (error.code === 'ENOENT' || error.code === 'EACCES')
    return { exitCode: undefined, failure: 'not-found' };
  const isLate = error.killed === true && typeof error.code !== 'string';
  return { exitCode: undefined, failure: isLate ? 'timeout' : 'killed' };
}
