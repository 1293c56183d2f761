/** The table of the guide, made of the answers. */
import type { Answer } from './answers.ts';
import { CASES } from './cases.ts';
import { PURPOSES } from './verifiers.ts';

/** Cases that are no forgery of a name outside the constraints. */
const INSIDE = ['inside', 'client'];

/** Markdown between the guide's two marks. */
export function answersTable(answers: readonly Answer[]): string {
  const engines = answers.filter(({ asked }) => asked === undefined);
  const verifiers = answers.filter(({ asked }) => asked !== undefined);
  const immune = engines.filter(({ accepts }) => accepts.every((id) => INSIDE.includes(id)));
  const rows = CASES.map(({ id, title }) => ({ title, by: namesOf(engines, id) }));
  const purposes = Object.entries(PURPOSES).map(([id, { title }]) => ({
    title: `${title}, by a leaf for that`,
    by: verifiers
      .filter(({ asked, accepts }) => asked?.includes(id) === true && accepts.includes(id))
      .map(({ engine }) => engine)
      .join(', '),
  }));
  const accepted = [...merged(rows), ...purposes].filter(({ by }) => by !== '');
  const refused = [...merged(rows), ...purposes].filter(({ by }) => by === '');
  const inCi = answers.filter(({ ci }) => ci).map(label);
  const byCommand = answers.filter(({ ci }) => !ci).map(label);
  return [
    `Asked in every run of CI: ${inCi.join(', ')}.`,
    `Asked by the same command, where they are installed: ${byCommand.join(', ')}.`,
    `Of the forgeries for names outside, these took none: ${immune.map(label).join(', ')}.`,
    [
      '| what the thief signs; google.com stands for any name outside | accepted by |',
      '|---|---|',
      ...accepted.map(({ title, by }) => `| ${title} | ${by} |`),
    ].join('\n'),
    'Refused by all of them:',
    refused.map(({ title }) => `- ${title}`).join('\n'),
  ].join('\n\n');
}

function label({ engine, version }: Answer): string {
  return `${engine} ${version}`;
}

/** Who accepts a case; an engine with its version only where its versions differ. */
function namesOf(engines: readonly Answer[], id: string): string {
  const names = [...new Set(engines.map(({ engine }) => engine))];
  const accepting = engines.filter(({ accepts }) => accepts.includes(id));
  if (accepting.length === engines.length) return 'every one of them';
  return names
    .flatMap((name) => {
      const all = engines.filter(({ engine }) => engine === name);
      const those = accepting.filter(({ engine }) => engine === name);
      return those.length === all.length ? [name] : those.map(label);
    })
    .join(', ');
}

/** Rows that differ in the SAN alone and have the same answer become one. */
function merged(rows: readonly { title: string; by: string }[]) {
  const found = new Map<string, { cn: string; sans: string[]; by: string }>();
  for (const { title, by } of rows) {
    const [, cn = title, san] = /^(CN .*), (no SAN|an empty SAN|SAN .*)$/.exec(title) ?? [];
    const key = `${cn}\n${by}`;
    const row = found.get(key) ?? { cn, sans: [], by };
    found.set(key, row);
    if (san !== undefined)
      row.sans.push(row.sans.some((it) => it.startsWith('SAN ')) ? san.replace(/^SAN /, '') : san);
  }
  return [...found.values()].map(({ cn, sans, by }) => ({
    title: sans.length === 0 ? cn : `${cn}; ${sans.join(', ')}`,
    by,
  }));
}
