import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { findingLines } from '../../src/cli/check.ts';
import { wrap, wrapCommand } from '../../src/cli/wrap.ts';
import { hasShell } from '../helpers/can.ts';

test.each([
  ['devcert install --permit google.com'],
  ['devcert --add localhost --add api.test'],
  ['devcert ca protect'],
  ['devcert localhost api.test'],
])('wrap() never breaks "%s"', (command) => {
  for (let before = 0; before < 60; before += 1) {
    const text = `${'x '.repeat(before)}${command}, and so on with many more words after it`;
    const lines = wrap(text, 60);
    expect(lines.join(' ')).toBe(text);
    expect(lines.some((line) => line.includes(command))).toBe(true);
    expect(lines.every((line) => line.length <= 60)).toBe(true);
  }
});

test('wrap() breaks prose about devcert as any other', () => {
  const text = 'devcert does not know how this system keeps its CAs, nor where, nor why';
  expect(wrap(text, 30).every((line) => line.length <= 30)).toBe(true);
});

test('wrapCommand() keeps a command in one line that fits', () => {
  expect(wrapCommand('sudo -- update-ca-certificates', 40)).toEqual([
    'sudo -- update-ca-certificates',
  ]);
});

test.runIf(hasShell)('wrapCommand() says the same to a shell in every width', () => {
  const words = `printf '%s|' one 'two  words' "three \\" of" /a/long/path/to/some/file f\\ our 'last'`;
  const run = (text: string) => execFileSync('/bin/sh', ['-c', text], { encoding: 'utf8' });
  const meant = run(words);
  for (let width = 10; width < 90; width += 8) {
    const lines = wrapCommand(words, width);
    expect(run(lines.join('\n'))).toBe(meant);
  }
  expect(wrapCommand(words, 40).length).toBeGreaterThan(1);
});

test('findings are of 79 columns at a terminal, and one line each in a file', () => {
  const plain = (text: string) => text;
  const style = { good: plain, bad: plain, dim: plain };
  const problem =
    'the server on port 8443 still sends the certificate that was in "/home/ada/shop/.devcert/cert.pem" before';
  const finding = {
    id: 'served',
    check: 'ports',
    problem,
    cure: 'restart or reload it: node, 23631',
    exitCode: 1,
  };
  expect(findingLines([finding], style)).toEqual([
    `wrong: ${problem}`,
    '  try: restart or reload it: node, 23631',
  ]);
  expect(findingLines([finding], { ...style, width: 120 })).toEqual([
    'wrong: the server on port 8443 still sends the certificate that was in',
    '  "/home/ada/shop/.devcert/cert.pem" before',
    '  try: restart or reload it: node, 23631',
  ]);
});
