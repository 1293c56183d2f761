/** `devcert status` */
import { status, type StatusOptions } from '../index.ts';
import { statusLines } from './report.ts';
import type { Terminal } from './terminal.ts';

/** Runs the command and returns the exit code. */
export async function runStatus(options: StatusOptions, terminal: Terminal): Promise<number> {
  const result = await status(options, terminal);
  terminal.progress('');
  terminal.print(statusLines(result, terminal.style));
  terminal.json(result);
  return result.exitCode;
}
