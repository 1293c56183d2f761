/** `devcert [issue] NAMES…` */
import { EXIT } from '../errors.ts';
import { issue, type IssueOptions } from '../index.ts';
import { issueLines } from './report.ts';
import type { Terminal } from './terminal.ts';

/** Runs the command and returns the exit code. */
export async function runIssue(
  names: readonly string[],
  options: IssueOptions,
  terminal: Terminal,
): Promise<number> {
  const result = await issue(names, options);
  terminal.print(issueLines(result, terminal.style));
  for (const note of result.notes) terminal.note(note);
  terminal.json(result);
  return EXIT.done;
}
