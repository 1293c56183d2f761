import { beforeEach, expect, test, vi } from 'vitest';
import { createTerminal } from '../../src/cli/terminal.ts';
import { constraintsText } from '../../src/cli/lines.ts';

let written = '';
vi.mock('node:fs', async (original) => ({
  ...(await original<typeof import('node:fs')>()),
  writeSync: (_: number, bytes: Buffer) => {
    written += bytes.toString();
    return bytes.length;
  },
}));
beforeEach(() => (written = ''));

const hostile =
  'a\u001b[2J\u009b31m\u200bb\u200d\u2060\u202ec\u2066\ufeff\u00ad\u061c\u{e0041}\u2028\u3164d';
const steering = /[^\n -~]/u;

test('nothing that a terminal prints is steered by what a file says', async () => {
  const terminal = await createTerminal(false, {});
  const constraints = { dns: [hostile], ip: [], excluded: { dns: [hostile], ip: [] } };
  terminal.print([constraintsText(constraints), terminal.style.bad(hostile)]);
  terminal.note(hostile);
  expect(written).toContain('a[2J31mbcd');
  expect(written).not.toMatch(steering);
});

test('JSON has it escaped, and is the same when read', async () => {
  const terminal = await createTerminal(true, {});
  terminal.json({ name: hostile });
  expect(written).not.toMatch(steering);
  expect(JSON.parse(written)).toEqual({ name: hostile });
});
