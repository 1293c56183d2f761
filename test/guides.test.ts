/** The guides of `src/guides`: what is generated in them is what the data says. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readAnswers, RECORDING } from './forgeries/answers.ts';
import { CASES } from './forgeries/cases.ts';
import { answersTable } from './forgeries/table.ts';
import { readScores, RECORDING as RECORDING_SCORES, scoreTable } from './corpora/table.ts';
import { PURPOSES } from './forgeries/verifiers.ts';
import { verifyCodes } from '../src/verify/codes.ts';
import { brokenKinds } from '../src/testing/kinds.ts';
import { clients, said } from '../src/testing/said.ts';

const guide = join(import.meta.dirname, '../src/guides/safety.md');
const [START, END] = ['<!-- answers -->\n\n', '\n\n<!-- end of answers -->'];

const FORGERIES = CASES.filter(({ id }) => id !== 'inside' && id !== 'client').map(({ id }) => id);

describe('README', () => {
  test('names each engine beside what it was measured to do with names outside', () => {
    const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
    const row = (verdict: string) =>
      readme.split('\n').find((line) => line.includes(`| ${verdict} |`)) ?? '';
    const refusing = row('refused in every form tried');
    const accepting = row('**accepted in some form**');
    for (const { engine, asked, accepts } of readAnswers()) {
      if (asked !== undefined) continue;
      const takes = accepts.some((id) => FORGERIES.includes(id));
      expect(takes ? accepting : refusing).toContain(engine);
      expect(takes ? refusing : accepting).not.toMatch(new RegExp(`\\b${engine}\\b`));
    }
    expect(readme).not.toMatch(/neither code nor mail|from nobody as a server|cannot abuse/);
  });
});

describe('src/guides/safety.md', () => {
  test('has the table that the answers of the engines make', () => {
    const text = readFileSync(guide, 'utf8').replaceAll('\r\n', '\n');
    const from = text.indexOf(START) + START.length;
    const to = text.indexOf(END);
    expect(to).toBeGreaterThan(from);
    const table = answersTable(readAnswers());
    if (RECORDING) writeFileSync(guide, text.slice(0, from) + table + text.slice(to));
    else expect(text.slice(from, to)).toBe(table);
  });

  test('answers name cases that there are, and every engine forges inside the constraints', () => {
    const known = [...CASES.map(({ id }) => id), ...Object.keys(PURPOSES)];
    for (const { engine, version, asked, accepts } of readAnswers()) {
      expect(accepts.filter((id) => !known.includes(id))).toEqual([]);
      if (asked === undefined)
        expect([engine, version, accepts]).toContainEqual(expect.arrayContaining(['inside']));
    }
  });
});

describe('src/guides/verify.md', () => {
  test('has the table that the scores make, and every code', () => {
    const file = join(import.meta.dirname, '../src/guides/verify.md');
    const text = readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
    const [start, end] = ['<!-- scores -->\n', '\n<!-- end of scores -->'];
    const from = text.indexOf(start) + start.length;
    const to = text.indexOf(end, from);
    expect(to).toBeGreaterThanOrEqual(from);
    const table = `\n${scoreTable(readScores())}\n`;
    if (RECORDING_SCORES) writeFileSync(file, text.slice(0, from) + table + text.slice(to));
    else expect(text.slice(from, to)).toBe(table);
    for (const code of Object.keys(verifyCodes)) expect(text).toContain(`\`${code}\``);
  });
});

describe('src/guides/testing.md', () => {
  test('has the table of what clients say', () => {
    const file = join(import.meta.dirname, '../src/guides/testing.md');
    const text = readFileSync(file, 'utf8').replaceAll('\r\n', '\n');
    const [start, end] = ['<!-- said -->\n', '\n<!-- end of said -->'];
    const [from, to] = [text.indexOf(start) + start.length, text.indexOf(end)];
    const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
    const rows = brokenKinds.map((kind) =>
      row([`\`${kind}\``, ...clients.map((client) => said[client][kind] ?? 'takes it')]),
    );
    const head = [row(['', ...clients]), row(['---', ...clients.map(() => '---')])];
    const table = `\n${[...head, ...rows].join('\n')}\n`;
    if (RECORDING) writeFileSync(file, text.slice(0, from) + table + text.slice(to));
    else expect(text.slice(from, to)).toBe(table);
  });
});
