/**
 * The expected answers: `answers.json`, accepted forgeries included. It is written by
 * `RECORD_FORGERIES=1 npm run test:real -- test/real/forgeries.test.ts` and by nothing else.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Answer {
  /** The engine, or the verifier of signatures. */
  readonly engine: string;
  readonly version: string;
  /** True if CI asks it in every run; the others are asked where somebody has them installed. */
  readonly ci: boolean;
  /** Ids of what it was asked, for a verifier of signatures; every case for an engine. */
  readonly asked?: readonly string[];
  /** Ids of what it accepted, sorted. */
  readonly accepts: readonly string[];
}

const file = join(import.meta.dirname, 'answers.json');

/** True if what engines say is to be written down instead of compared. */
export const RECORDING = (process.env.RECORD_FORGERIES ?? '') !== '';

export function readAnswers(): readonly Answer[] {
  return JSON.parse(readFileSync(file, 'utf8')) as readonly Answer[];
}

/** Puts an answer in the place of the one for the same engine and version. */
export function recordAnswer(answer: Answer): void {
  const kept = readAnswers().filter(
    ({ engine, version }) => engine !== answer.engine || version !== answer.version,
  );
  const all = [...kept, answer].sort(
    (a, b) => a.engine.localeCompare(b.engine, 'en') || compareVersions(a.version, b.version),
  );
  writeFileSync(file, `[\n${all.map((it) => `  ${JSON.stringify(it)}`).join(',\n')}\n]\n`);
}

/** What holds for a version: the answer of the same one, else of the newest below it, else of the oldest. */
export function expectedAnswer(engine: string, version: string): Answer | undefined {
  const answers = readAnswers()
    .filter((it) => it.engine === engine)
    .sort((a, b) => compareVersions(a.version, b.version));
  return answers.findLast((it) => compareVersions(it.version, version) <= 0) ?? answers[0];
}

function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
