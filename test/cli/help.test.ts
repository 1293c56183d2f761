/** `devcert help`: commands, topics, and the guides as text for a terminal. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { guideText, render, topics } from '../../src/cli/guides.ts';
import { freshHome, twoLines } from '../helpers/cli.ts';

const GUIDES = join(import.meta.dirname, '../../src/guides');

describe('devcert help', () => {
  test('lists every command and every guide', async () => {
    const { run } = freshHome();
    const { stdout, status } = await run(['help']);
    expect(status).toBe(0);
    const [, above = '', below = ''] = /Commands:\n([^]*)\nTopics:\n([^]*?)\n\n/.exec(stdout) ?? [];
    for (const name of Object.keys(commands)) expect(above).toMatch(new RegExp(`^  ${name} `, 'm'));
    expect(below.split('\n').map((line) => `${line.trim().split(' ')[0] ?? ''}.md`)).toEqual(
      readdirSync(GUIDES).sort(),
    );
    expect(Math.max(...stdout.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  test('prints a guide; the package has the same', async () => {
    const { run } = freshHome();
    expect(await run(['help', 'formats'])).toMatchObject({
      status: 0,
      stdout: guideText('formats', 80),
      stderr: '',
    });
  });

  test('shows the help of a command as it does itself, and then its guide', async () => {
    const { run } = freshHome();
    const { stdout } = await run(['status', '--help']);
    expect(await run(['help', 'status'])).toMatchObject({ status: 0, stdout });
    const csr = await run(['csr', '--help']);
    expect((await run(['help', 'csr'])).stdout).toBe(`${csr.stdout}\n${guideText('csr', 80)}`);
  });

  test.each([
    ['formts', 'did you mean devcert help formats?'],
    ['stauts', 'did you mean devcert help status?'],
    ['../../README', 'devcert help'],
    ['quantum', 'devcert help'],
  ])('refuses the topic %s', async (topic, hint) => {
    const ran = await freshHome().run(['help', topic]);
    expect(ran.status).toBe(2);
    expect(twoLines(ran)).toEqual({ error: `there is no command or topic "${topic}"`, hint });
  });
});

test.each(topics())('the guide to %s fits 80 columns, but for code', (topic) => {
  const source = readFileSync(join(GUIDES, `${topic}.md`), 'utf8');
  const isCode = (line: string) => source.includes(`\n${line.slice(2)}\n`);
  for (const width of [80, 100])
    expect(
      guideText(topic, width)
        .split('\n')
        .filter((line) => line.length > width && !isCode(line)),
    ).toEqual([]);
  expect(guideText(topic, 80)).not.toMatch(/\*\*|<!--|\]\(|\u00a0/);
});

describe('render()', () => {
  test('wraps text and lists, not between the words of a command', () => {
    const text =
      '# A title\n\nSee [keys](keys.md), **please**.\n\n- one two `three four` five\n- six';
    expect(render(text, 20)).toEqual([
      'A title',
      '=======',
      '',
      'See keys (devcert',
      'help keys), please.',
      '',
      '- one two',
      '  `three four` five',
      '- six',
    ]);
  });

  test('leaves code as it is, empty lines in it, too', () => {
    expect(render('```sh\na  b\n\n# c\n```\n\nd', 5)).toEqual(['  a  b', '', '  # c', '', 'd']);
    const code = '```js\na\n\nb\n```';
    const shown = ['  a', '', '  b'];
    expect(render(`${code}\n\n${code}`, 5)).toEqual([...shown, '', ...shown]);
  });

  test('shows a table in columns, or row by row where it is too wide', () => {
    const table = '| a | b | c |\n|---|---|---|\n| `x \\| y` | long words | |';
    expect(render(table, 40)).toEqual(['  a      b           c', '  x | y  long words']);
    expect(render(table, 18)).toEqual(['  x | y', '      b: long', '      words']);
  });
});
