/** `devcert install` */
import { install, type InstallOptions } from '../index.ts';
import { cancelOnInterrupt } from './interrupt.ts';
import { outcomesExitCode } from './outcomes.ts';
import { installLines } from './report.ts';
import type { Terminal } from './terminal.ts';

/** Runs the command and returns the exit code. */
export async function runInstall(options: InstallOptions, terminal: Terminal): Promise<number> {
  cancelOnInterrupt(terminal);
  if (options.constraints === false)
    terminal.note('without constraints, whoever copies the issuer key can read all of your HTTPS');
  const result = await install(options, terminal);
  terminal.progress('');
  terminal.print(installLines(result, terminal.style));
  for (const note of result.notes) terminal.note(note);
  terminal.json(result);
  return outcomesExitCode(result.outcomes);
}
