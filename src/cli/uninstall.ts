/** `devcert uninstall` */
import { uninstall, type UninstallOptions } from '../index.ts';
import { cancelOnInterrupt } from './interrupt.ts';
import { outcomesExitCode } from './outcomes.ts';
import { uninstallLines } from './report.ts';
import type { Terminal } from './terminal.ts';

/** Runs the command and returns the exit code. */
export async function runUninstall(options: UninstallOptions, terminal: Terminal): Promise<number> {
  cancelOnInterrupt(terminal);
  const result = await uninstall(options, terminal);
  terminal.progress('');
  terminal.print(uninstallLines(result, terminal.style));
  for (const note of result.notes) terminal.note(note);
  terminal.json(result);
  return outcomesExitCode(result.outcomes);
}
