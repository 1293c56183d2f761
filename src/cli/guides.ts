/** `devcert help TOPIC`: the guides of src/guides, as text for a terminal. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DevcertError } from '../errors.ts';
import { commands } from './commands.ts';
import { columns } from './lines.ts';
import { wrap } from './wrap.ts';
import { nearest } from './mistyped.ts';

/** Topic → text: what .ci/executable.mjs puts into the executable, which has no files beside it. */
declare const DEVCERT_GUIDES: Readonly<Record<string, string>> | undefined;
const inside = typeof DEVCERT_GUIDES === 'undefined' ? undefined : DEVCERT_GUIDES;

/** Beside the sources, and, as the build copies them, beside what was built of them. */
const folder = join(import.meta.dirname, '../guides');

/** What there is a guide to, in alphabetical order. */
export function topics(): string[] {
  if (inside !== undefined) return Object.keys(inside);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => name.slice(0, -'.md'.length))
    .sort();
}

/** Every topic with the title of its guide. */
export function topicLines(): string[] {
  return columns(topics().map((name) => [name, /^# (.*)/.exec(guide(name))?.[1] ?? '']));
}

/**
 * The guide as text that is at most so wide, but for code, which stays as it is.
 *
 * @throws DevcertError `usage` if there is none, and no command of that name either.
 */
export function guideText(topic: string, width: number): string {
  if (topics().includes(topic)) return `${render(guide(topic), width).join('\n')}\n`;
  const meant = nearest(topic, [...Object.keys(commands), ...topics()]);
  throw new DevcertError('usage', `there is no command or topic "${topic}"`, {
    hint: meant === undefined ? 'devcert help' : `did you mean devcert help ${meant}?`,
  });
}

function guide(topic: string): string {
  const text = inside?.[topic] ?? readFileSync(join(folder, `${topic}.md`), 'utf8');
  return text.replaceAll('\r\n', '\n');
}

/** A space at which no line ends: in code. */
const UNBROKEN = '\u00a0';

/** Of Markdown what the guides use: headings, paragraphs, lists, tables and code. Pure. */
export function render(markdown: string, width: number): string[] {
  return markdown
    .replace(/<!--[^]*?-->\n*/g, '')
    .trim()
    .split(/\n\n(?=(?:[^`]|`(?!``)|```(?:(?!```)[^])*```)*$)/) // not within code
    .flatMap((block, index) => [...(index === 0 ? [] : ['']), ...renderBlock(block, width)])
    .map((line) => line.replaceAll(UNBROKEN, ' '));
}

function renderBlock(block: string, width: number): string[] {
  const lines = block.split('\n').filter((line) => line.trim() !== '' || block.startsWith('```'));
  if (block.startsWith('```')) return lines.slice(1, -1).map((line) => `  ${line}`.trimEnd());
  const heading = /^(#+) (.*)/.exec(block);
  if (heading !== null) {
    const [, level = '', title = ''] = heading;
    const rule = { '#': '=', '##': '-' }[level];
    return [inline(title), ...(rule === undefined ? [] : [rule.repeat(inline(title).length)])];
  }
  if (block.startsWith('|')) return renderTable(lines, width);
  return lines.flatMap((line) => {
    const [, mark = '', text = ''] = /^( *(?:- |\d+\. )?)(.*)/.exec(line) ?? [];
    return wrap(inline(text), width - mark.length).map((it, index) =>
      index === 0 ? mark + it : ' '.repeat(mark.length) + it,
    );
  });
}

/** In columns, if all of it fits; else what stands in a row below its first cell. */
function renderTable(lines: readonly string[], width: number): string[] {
  const [head = [], , ...body] = lines.map((line) =>
    line
      .slice(1, line.lastIndexOf('|'))
      .split(/(?<!\\)\|/)
      .map((cell) => inline(cell.trim().replaceAll('\\|', '|')).replaceAll('`', '')),
  );
  const rows = [head, ...body].filter((row) => row.some((cell) => cell !== ''));
  const widths = head.map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  if (widths.reduce((sum, it) => sum + it + 2, 0) <= width) return columns(rows);
  return body.flatMap(([first = '', ...rest]) => [
    ...wrap(first, width - 2).map((line) => `  ${line}`),
    ...rest.flatMap((cell, index) => {
      if (cell === '') return [];
      const label = rest.length > 1 ? `${head[index + 1] ?? ''}: ` : '';
      return wrap(label + cell, width - 6).map((line) => `      ${line}`);
    }),
  ]);
}

/** Links as what can be typed. */
function inline(text: string): string {
  return text
    .replace(/\[([^\]]+)\]\(([^)]+)\)/g, (_, title: string, link: string) => {
      const topic = /^([a-z-]+)\.md/.exec(link)?.[1];
      return topic === undefined ? title : `${title} (devcert help ${topic})`;
    })
    .replaceAll('**', '')
    .replace(/`[^`]{1,60}`/g, (code) => code.replaceAll(' ', UNBROKEN));
}
