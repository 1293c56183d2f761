/** What would happen to an authority, as lines for a person. Pure. */
import type { ReplaceResult } from '../../commands/ca.ts';
import { printable } from '../../errors.ts';
import { outcomeLines } from '../report.ts';
import type { Style } from '../terminal.ts';

/** Of a dry run of `ca replace`, `ca import --force` and `ca protect`. */
export function plannedLines(result: ReplaceResult, style: Style): string[] {
  const { name, commonName, outcomes, renewed, notes } = result;
  // The key alone would change.
  if (notes.length > 0 && outcomes.length + renewed.length === 0) return [];
  return [
    `Would put another CA in the place of ${name}: ${printable(commonName)}`,
    ...outcomeLines(outcomes, style),
    ...renewed.map(({ files }) => `Would issue again: ${printable(files.join(', '))}`),
  ];
}
