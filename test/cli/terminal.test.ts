import { beforeEach, expect, test, vi } from 'vitest';
import { createTerminal } from '../../src/cli/terminal.ts';
import { constraintsText } from '../../src/cli/lines.ts';

let written = '';
let isTerminal = false;
vi.mock('node:tty', () => ({ isatty: () => isTerminal }));
vi.mock('node:fs', async (original) => ({
  ...(await original<typeof import('node:fs')>()),
  fstatSync: () => ({ isCharacterDevice: () => isTerminal }),
  writeSync: (_: number, bytes: Buffer) => {
    written += bytes.toString();
    return bytes.length;
  },
}));
beforeEach(() => {
  written = '';
  isTerminal = false;
});

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

const TEE = 'sudo -- /usr/bin/tee /usr/local/share/ca-certificates/devcert-0c1792388aaa7fae.crt';

test('what runs as root stands indented below one sentence', async () => {
  const terminal = await createTerminal(false, {});
  terminal.announce(TEE);
  terminal.announce('sudo -- update-ca-certificates');
  expect(written.split('\n')).toEqual([
    'devcert: note: this changes the whole machine and needs root:',
    `    ${TEE}`,
    '    sudo -- update-ca-certificates',
    '',
  ]);
});

test('a command that fits beside its indent is on one line, however wide the terminal is', async () => {
  isTerminal = true;
  const terminal = await createTerminal(false, { TERM: 'dumb' });
  Object.defineProperty(process.stderr, 'columns', { value: 120, configurable: true });
  const command = `sudo -- install -d ${'x'.repeat(58)}`;
  terminal.announce(command);
  Reflect.deleteProperty(process.stderr, 'columns');
  expect(written).toContain(`\n    ${command}\n`);
});

test.each([
  ['with NO_COLOR', { NO_COLOR: '1', TERM: 'xterm' }, false],
  ['in a dumb terminal', { TERM: 'dumb' }, false],
  ['elsewhere', { TERM: 'xterm' }, true],
])('%s: lines of a terminal fit it, and have escapes or none', async (_, env, escapes) => {
  isTerminal = true;
  const terminal = await createTerminal(false, env);
  terminal.announce(TEE);
  terminal.note(
    'not in /etc/hosts: unless your DNS answers for it, devcert hosts add api.test www.test',
  );
  terminal.progress('Java 21');
  terminal.print([terminal.style.good('trusted')]);
  expect(written.includes('\u001b')).toBe(escapes);
  const lines = written.replaceAll(/\u001b\[\d*m/g, '').split('\n');
  expect(lines).toEqual([
    'devcert: note: this changes the whole machine and needs root:',
    '    sudo -- /usr/bin/tee \\',
    '      /usr/local/share/ca-certificates/devcert-0c1792388aaa7fae.crt',
    'devcert: note: not in /etc/hosts: unless your DNS answers for it,',
    '  devcert hosts add api.test www.test',
    env.TERM === 'dumb' ? 'trusted' : `Java 21 ...\r${' '.repeat(11)}\rtrusted`,
    '',
  ]);
});
