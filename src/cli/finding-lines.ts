/** Findings of `check` and `doctor` as lines. Pure. */
import type { Finding } from '../doctor/finding.ts';
import { printable } from '../errors.ts';
import type { Style } from './terminal.ts';

/** Two lines for each: what is wrong, and what to type. */
export function findingLines(findings: readonly Finding[], style: Style): string[] {
  return findings.flatMap(({ problem, cure, exitCode }) => [
    `${exitCode === 0 ? style.dim('note') : style.bad('wrong')}: ${printable(problem)}`,
    `  try: ${printable(cure)}`,
  ]);
}
