/** The exit code that the outcomes of several stores come to. */
import { EXIT } from '../errors.ts';
import type { Outcome } from '../trust.ts';

/** 1 if any store failed, else 7 if the user cancelled one, else 0: also where one lacks but a program. */
export function outcomesExitCode(outcomes: readonly Outcome[]): number {
  if (outcomes.some(({ status }) => status === 'failed')) return EXIT.failed;
  if (outcomes.some(({ status }) => status === 'cancelled')) return EXIT.cancelled;
  return EXIT.done;
}
