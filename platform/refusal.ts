/** Whether sudo, doas or run0 refused, or the program behind it failed: both end with 1. */
import { basename } from 'node:path';
import type { Command, CommandResult } from './types.ts';

/** What a failed start as root came to. */
export type Verdict =
  /** The tool refused: the line in which it says so. */
  | { readonly refused: string; readonly asksNobody: boolean }
  /** The program ran and failed: what it said, without the tool's own warnings. */
  | { readonly stderr: string }
  /** What is said decides nothing: a refusal in words that are not known, or a program's own. */
  | 'unclear';

/**
 * Judges by what was said. The tools are run in English, but modules of PAM, wrappers and settings of sudo
 * have words of their own.
 *
 * @param program the one behind the tool.
 */
export function judgeFailure(
  { stdout, stderr }: Pick<CommandResult, 'stdout' | 'stderr'>,
  program: Pick<Command, 'file'>,
): Verdict {
  const lines = stderr.split(/\r?\n/).filter((line) => line.trim() !== '' && !isHarmless(line));
  const said = lines.find((line) => refusals.some((it) => it.test(line)));
  const last = lines.at(-1) ?? '';
  const refused = said ?? (/^(sudo|sudo-rs|doas|run0): /.test(last) ? last : undefined);
  if (refused !== undefined)
    return { refused, asksNobody: lines.some((line) => mayNotAsk.test(line)) };
  const name = basename(program.file);
  const isOwn = lines.some((line) => line.startsWith(name) || line.includes(program.file));
  if (isOwn || stdout.trim() !== '' || lines.length === 0) return { stderr: lines.join('\n') };
  return 'unclear';
}

// sudo says these, and goes on.
function isHarmless(line: string): boolean {
  return /^sudo(-rs)?: (unable to resolve host |setrlimit\(|unable to (send audit|set user context|stat [^:]*admin_flag))/.test(
    line,
  );
}

/** Lines without the tool's name in front, or with others behind. */
const refusals: readonly RegExp[] = [
  / is not in the sudoers file/,
  /^Sorry, user .* (is not allowed to execute|may not run) /,
  / is not allowed to run sudo on /,
  /^(sudo|sudo-rs): .*(incorrect (password|authentication) attempt|password is required|terminal is required|authentication is required|I'm sorry)/,
  // run0, and polkit behind it.
  /^Failed to start transient service unit: /,
  /^polkit-agent-helper-1: .*(FAILED|not authorized)/i,
];

/** Root is to be had with a password, and nobody may be asked for it. */
const mayNotAsk =
  /password is required|terminal is required|a tty is required|[Aa]uthentication (is )?required|Authorization required/;
