import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { constraintsText } from '../../src/cli/lines.ts';
import { installLines, outcomeLines } from '../../src/cli/report.ts';
import type { Outcome } from '../../src/trust.ts';
import { hasShell } from '../helpers/can.ts';
import { temporaryFolder } from '../helpers/host.ts';

const plain = (text: string) => text;
const style = { good: plain, bad: plain, dim: plain };

function outcome(store: string, rest: Pick<Outcome, 'status'> & Partial<Outcome>): Outcome {
  return { kind: 'system', store, location: store, ...rest };
}

const RESULT = {
  root: 'ab',
  authority: 'kept',
  constraints: undefined,
  notAfter: new Date('2036-11-24T12:00:00Z'),
  renewed: [],
  notes: [],
} as const;

/** What stands below the rows, as one text. */
function closing(outcomes: readonly Outcome[], ca?: string): string {
  const lines = installLines({ ...RESULT, outcomes }, style, ca);
  const last = lines.slice(lines.lastIndexOf('') + 1);
  expect(last.every((line) => line.length < 80)).toBe(true);
  return last.join(' ');
}

describe('installLines() ends with', () => {
  const trusted = outcome('Debian system store', { status: 'trusted' });
  const skipped = outcome('Firefox', {
    status: 'skipped',
    lacks: 'certutil',
    reason: 'certutil of NSS is not installed',
    hint: 'sudo apt install libnss3-tools',
  });

  test('the day and the next step where every store trusts the root', () => {
    const already = outcome('Java 21', { status: 'already-trusted' });
    const absent = outcome('Windows', { status: 'skipped', reason: 'not here' });
    expect(closing([trusted, already, absent])).toBe(
      'Trusted until 2036-11-24. Next, in a project: devcert localhost',
    );
    const made = { outcomes: [trusted], authority: 'created', keeping: { way: 'file' } } as const;
    expect(installLines({ ...RESULT, ...made }, style).at(-1)).toBe(
      'To protect its key: devcert ca protect, or devcert install --sealed NAMES',
    );
    const keeping = { way: 'sealed', names: ['api.test'] } as const;
    expect(installLines({ ...RESULT, ...made, keeping }, style).at(-1)).toBe(
      'Trusted until 2036-11-24',
    );
    expect(closing([trusted], 'company')).toContain('devcert localhost --ca company');
  });

  test('what brings the program that one lacks, and no word of being trusted', () => {
    expect(closing([trusted, skipped, { ...skipped, store: 'Chromium' }])).toBe(
      'Not everywhere yet: sudo apt install libnss3-tools, then devcert install',
    );
    expect(closing([skipped], 'company')).toMatch(/, then devcert install --ca company$/);
  });

  test.each(['failed', 'cancelled'] as const)('the stores that %s', (status) => {
    const hint = `as an administrator: ${'x'.repeat(60)}`;
    const bad = outcome('Java 21', { status, reason: 'no', hint });
    expect(closing([trusted, skipped, bad])).toBe(
      'Not everywhere yet: sudo apt install libnss3-tools and see to Java 21 as said above, then devcert install',
    );
  });
});

describe('installLines() has rows', () => {
  const reason = 'root was refused: sudo: 3 incorrect password attempts, and more is said of it';
  const failed = (store: string, ...commands: string[]) =>
    outcome(store, {
      status: 'failed',
      reason,
      commands,
      hint: `as an administrator: ${commands.join(' && ')}`,
    });

  test('of 79 columns in a terminal, broken between words', () => {
    const lines = installLines(
      { ...RESULT, outcomes: [outcome('Firefox', { status: 'skipped', reason, hint: reason })] },
      { ...style, width: 80 },
    );
    expect(lines).toEqual([
      '  Firefox  skipped: root was refused: sudo: 3 incorrect password attempts, and',
      '           more is said of it',
      '           try: root was refused: sudo: 3 incorrect password attempts, and more',
      '           is said of it',
    ]);
  });

  test('and what an administrator types, below them, once', () => {
    const outcomes = [
      failed('Debian system store', 'sudo -- a', 'sudo -- b'),
      failed('Java', 'sudo -- c'),
    ];
    const text = installLines({ ...RESULT, outcomes }, style).join('\n');
    expect(text).toContain(
      '\n\nAs an administrator:\n      sudo -- a &&\n      sudo -- b &&\n      sudo -- c\n\n',
    );
    expect(text).toMatch(/\nNot everywhere yet: the commands above, then devcert install$/);
    expect(text).not.toContain('try:');
  });

  // Two stores whose commands read the root from standard input.
  const pem = [
    '-----BEGIN CERTIFICATE-----',
    'MIIB'.repeat(16),
    'AA==',
    '-----END CERTIFICATE-----',
  ];
  const reading = ['system', 'java'].map(
    (store) => `printf '%s\\n' '${pem[0]}' ${pem[1]} ${pem[2]} '${pem[3]}' | tee ${store}.pem`,
  );

  test.runIf(hasShell)('with the root once, however many read it, as a shell takes it', () => {
    const outcomes = [failed('Debian', 'true', reading[0] ?? ''), failed('Java', reading[1] ?? '')];
    const lines = installLines({ ...RESULT, outcomes }, { ...style, commandWidth: 60 });
    expect(lines.filter((line) => line.includes(pem[1] ?? ''))).toHaveLength(1);
    const typed = lines.slice(lines.indexOf('As an administrator:') + 1, lines.lastIndexOf(''));
    const folder = temporaryFolder();
    execFileSync('sh', ['-c', typed.join('\n')], { cwd: folder, timeout: 10_000 });
    for (const store of ['system', 'java'])
      expect(readFileSync(join(folder, `${store}.pem`), 'utf8')).toBe(`${pem.join('\n')}\n`);
  });

  test('with the root once in what would be run, and as it is where one alone reads it', () => {
    const planned = reading.map((command, index) =>
      outcome(`Store ${index}`, { status: 'planned', commands: [command] }),
    );
    const shown = (outcomes: Outcome[]) => outcomeLines(outcomes, style).join('\n');
    expect(shown(planned).split(pem[1] ?? '')).toHaveLength(2);
    expect(shown(planned)).toContain(`      printf '%s\\n' "$root" | tee java.pem`);
    const inFish = outcomeLines(planned, { ...style, assigns: false }).join('\n');
    expect(inFish.split(pem[1] ?? '')).toHaveLength(3);
    expect(shown(planned.slice(0, 1))).toContain(`      ${reading[0] ?? ''}`);
  });

  test('with commands that go on in a new line where a terminal has no room', () => {
    const outcomes = [failed('Java', `sudo -- ${'x'.repeat(30)} ${'y'.repeat(30)}`)];
    const lines = installLines({ ...RESULT, outcomes }, { ...style, commandWidth: 60 });
    expect(lines).toContain(`      sudo -- ${'x'.repeat(30)} \\`);
    expect(lines).toContain(`        ${'y'.repeat(30)}`);
  });
});

test('constraintsText() says where no address is left', () => {
  const excluded = { dns: [], ip: ['0.0.0.0/0', '::/0'] };
  expect(constraintsText({ dns: ['api.test'], ip: [], excluded })).toBe(
    'api.test and names below them, no address',
  );
  expect(constraintsText({ dns: ['api.test'], ip: [] })).toContain('every address');
});
