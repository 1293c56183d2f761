/** Findings of `check` and `doctor` as lines. Pure. */
import type { Finding } from '../doctor/finding.ts';
import { printable } from '../errors.ts';
import type { Style } from './terminal.ts';
import { textWidth, wrap } from './wrap.ts';

const INDENT = '  ';

/** Two for each: what is wrong, and what to type; at a terminal each of as many lines as it takes. */
export function findingLines(findings: readonly Finding[], style: Style): string[] {
  const width = textWidth(style) - INDENT.length;
  return findings.flatMap(({ problem, cure, exitCode }) => {
    const [word, paint] = exitCode === 0 ? ['note', style.dim] : ['wrong', style.bad];
    const [first = '', ...rest] = wrap(`${word}: ${printable(problem)}`, width);
    const [cured = '', ...more] = wrap(`try: ${printable(cure)}`, width - INDENT.length);
    return [
      paint(word) + first.slice(word.length),
      ...[...rest, cured].map((line) => INDENT + line),
      ...more.map((line) => INDENT + INDENT + line),
    ];
  });
}
