/** zlint's lints and the steps of RFC 5280 6, each with a code, or `-` and why a local authority need not care. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LintRow {
  readonly rule: string;
  readonly code: string;
  /** Who refuses, and what to do; or the reason. */
  readonly text: string;
}

export const lints: readonly LintRow[] = readFileSync(
  join(import.meta.dirname, 'lints.tsv'),
  'utf8',
)
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [rule = '', code = '', text = ''] = line.split('\t');
    return { rule, code, text };
  });
