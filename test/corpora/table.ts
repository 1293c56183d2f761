/** The table of the guide: how verify does on each corpus. `score.json` beside it is written by the real test. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { declared } from './declared.ts';
import type { Answer } from './cases.ts';

/** Set to write anew what is there: `RECORD_SCORES=1`. */
export const RECORDING = (process.env.RECORD_SCORES ?? '') !== '';

/** What came of one corpus. */
export interface Score {
  readonly corpus: string;
  readonly version: string;
  readonly cases: number;
  /** How many differ, by their place in `declared`. */
  readonly differences: Readonly<Record<string, number>>;
}

const file = join(import.meta.dirname, 'score.json');

export function readScores(): Score[] {
  return JSON.parse(readFileSync(file, 'utf8')) as Score[];
}

/** Puts the score of a corpus in the place of its last one. */
export function recordScore(score: Score): void {
  const others = readScores().filter(({ corpus }) => corpus !== score.corpus);
  const all = [...others, score].sort((a, b) => a.corpus.localeCompare(b.corpus));
  writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`);
}

/** The answers that differ from what the corpus has, and are not declared. */
export function undeclared(answers: readonly Answer[]): string[] {
  return answers.flatMap((answer) => {
    const difference = differenceOf(answer);
    if (difference === undefined || placeOf(answer) !== -1) return [];
    return [`${difference} ${answer.id} ${answer.codes.join(' ')}`.trim()];
  });
}

export function scoreOf(corpus: string, version: string, answers: readonly Answer[]): Score {
  const differences: Record<string, number> = {};
  for (const answer of answers) {
    if (differenceOf(answer) === undefined) continue;
    const place = String(placeOf(answer));
    differences[place] = (differences[place] ?? 0) + 1;
  }
  return { corpus, version, cases: answers.length, differences };
}

function differenceOf({ expected, codes }: Answer): 'accepts' | 'refuses' | undefined {
  if (expected === 'reject') return codes.length === 0 ? 'accepts' : undefined;
  return codes.length === 0 ? undefined : 'refuses';
}

function placeOf(answer: Answer): number {
  const difference = differenceOf(answer);
  return declared.findIndex(({ verify, ids }) => verify === difference && ids.test(answer.id));
}

/** Markdown of the scores, and of the differences with their reasons. */
export function scoreTable(scores: readonly Score[]): string {
  const count = ({ differences }: Score, verify: string) =>
    declared.reduce(
      (sum, it, place) => sum + (it.verify === verify ? (differences[String(place)] ?? 0) : 0),
      0,
    );
  const all = (place: number) =>
    scores.reduce((sum, { differences }) => sum + (differences[String(place)] ?? 0), 0);
  return [
    '| corpus | cases | accepted against it, declared | refused against it, declared | undeclared |',
    '|---|---|---|---|---|',
    ...scores.map(
      (it) =>
        `| ${it.corpus} (${it.version}) | ${it.cases} | ${count(it, 'accepts')} | ${count(it, 'refuses')} | 0 |`,
    ),
    '',
    '| verify | cases | what they are about | why |',
    '|---|---|---|---|',
    ...declared.map(
      ({ verify, what, why }, place) => `| ${verify} | ${all(place)} | ${what} | ${why} |`,
    ),
  ].join('\n');
}
