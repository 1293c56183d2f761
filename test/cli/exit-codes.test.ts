/** `src/guides/exit-codes.md`: every code is in it, and every line of its example is so, as text and as JSON. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXIT, exitCodes } from '../../src/errors.ts';
import { SOON_DAYS } from '../../src/policy.ts';
import { outcomesExitCode } from '../../src/cli/report.ts';
import type { Outcome } from '../../src/trust.ts';
import { homeWithDatabase } from '../helpers/database-home.ts';

const guide = readFileSync(join(import.meta.dirname, '../../src/guides/exit-codes.md'), 'utf8');

/** Rows of the table under a head, as cells. */
function rows(head: string): string[][] {
  const lines = guide.replaceAll('\r\n', '\n').split('\n');
  const from = lines.indexOf(head) + 2;
  const to = lines.findIndex((line, index) => index >= from && !line.startsWith('|'));
  return lines.slice(from, to === -1 ? undefined : to).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

describe('the guide on exit codes', () => {
  test('has every code, and beside it every kind of error that ends with it', () => {
    const told = rows('| code | what it says | `error.code` with `--json` |').map(
      ([code, , kinds = '']) => [
        Number(code),
        [...kinds.matchAll(/`([^`]+)`/g)].map(([, it]) => it),
      ],
    );
    const expected = Object.values(EXIT).map((exit) => [
      exit,
      Object.entries(exitCodes).flatMap(([kind, it]) => (it === exit ? [kind] : [])),
    ]);
    expect(told).toEqual(expected);
  });

  test('tells what install and uninstall make of their stores', () => {
    const of = (...statuses: Outcome['status'][]) =>
      outcomesExitCode(
        statuses.map((status) => ({ kind: 'nss', store: 'x', location: '', status })),
      );
    expect(of('trusted', 'already-trusted', 'skipped')).toBe(0);
    expect(of('removed', 'already-absent', 'skipped')).toBe(0);
    expect(of('trusted', 'cancelled', 'failed')).toBe(1);
    expect(of('trusted', 'cancelled')).toBe(7);
    expect(guide).toContain(`ends within ${SOON_DAYS} days`);
  });

  test.runIf(process.platform === 'linux')(
    'has an example of which every line is so, as text and as JSON',
    async () => {
      const [text, json] = [homeWithDatabase(), homeWithDatabase()];
      const examples = rows('| typed | ends with |');
      expect(examples.length).toBeGreaterThan(10);
      for (const [typed = '', code] of examples) {
        const args = typed.replaceAll('`', '').split(' ').slice(1);
        const plain = await text.run(args, { env: text.env });
        expect([typed, plain.status, plain.stderr]).toEqual([typed, Number(code), plain.stderr]);
        if (args.includes('--version')) continue;
        const told = await json.run([...args, '--json'], { env: json.env });
        expect([typed, told.status]).toEqual([typed, Number(code)]);
        const { error } = JSON.parse(told.stdout) as { error?: { exitCode: number; code: string } };
        if (error === undefined) continue;
        expect(error.exitCode).toBe(told.status);
        expect(exitCodes[error.code as keyof typeof exitCodes]).toBe(told.status);
      }
    },
  );
});
