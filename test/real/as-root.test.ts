/**
 * What runs as root, for real: sudo and doas, users with and without their rights, a home that root may
 * not enter, and programs on PATH that must not be run. In a mount namespace over overlays.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { playScenario } from '../helpers/namespace.ts';
import { needsCoveredDebian, needsTools } from '../helpers/require.ts';
import { type Ended } from '../helpers/run.ts';

interface ThereAndBack {
  readonly rootReads: boolean;
  readonly installed: Ended;
  readonly status: Ended;
  readonly removed: Ended;
  readonly left: string[];
  readonly ran: string;
}

interface Outcome {
  readonly status: string;
  readonly reason?: string;
  readonly hint?: string;
}

interface Report {
  readonly mounted: Ended;
  readonly sudo: ThereAndBack;
  readonly doas: ThereAndBack;
  readonly handedOver: { refused: { outcomes: Outcome[] }; typed: Ended; status: number };
  readonly takenBack: string[];
  readonly forbidden: { outcomes: Outcome[] };
  readonly mixed: { outcomes: Outcome[]; keepsOthers: boolean };
  readonly asked: { right: Ended; status: number; removed: Ended; wrong: Ended };
  readonly failing: { outcomes: Outcome[] };
  readonly anotherUsers: { ada: Outcome; root: Outcome; ran: string };
}

const tools = ['sudo', 'doas', 'setpriv', 'dash', 'bindfs', 'fusermount3', 'keytool', 'expect'];
const ready = needsCoveredDebian() && needsTools(...tools);

describe.runIf(ready)('what runs as root', () => {
  let report: Report;

  beforeAll(async () => {
    report = (await playScenario('as-root')) as Report;
  });

  test.each(['sudo', 'doas'] as const)(
    '%s: a home that root may not enter, there and back, and nothing else runs as root',
    (tool) => {
      const { rootReads, installed, status, removed, left, ran } = report[tool];
      expect(report.mounted).toMatchObject({ status: 0 });
      expect(rootReads).toBe(false);
      expect(installed).toMatchObject({ status: 0 });
      expect(status).toMatchObject({ status: 0 });
      expect(removed).toMatchObject({ status: 0 });
      expect(left).toEqual([]);
      // The keytool of the user's own JDK, as the user; no program of another name in "." or a folder of theirs.
      expect([...new Set(ran.trim().split('\n'))]).toEqual(['keytool 4001']);
    },
  );

  test('the command for an administrator works in dash, from another account', () => {
    const { refused, typed, status } = report.handedOver;
    expect(refused.outcomes).toMatchObject([{ status: 'failed' }]);
    expect(typed).toMatchObject({ status: 0 });
    expect(status).toBe(0);
    expect(report.takenBack.every((it) => it === 'already-absent')).toBe(true);
  });

  test('who may not run this with sudo is told once, with the commands; a failure is told as one', () => {
    const { outcomes } = report.forbidden;
    expect(outcomes.length).toBeGreaterThan(1);
    for (const { status, reason, hint } of outcomes) {
      expect({ status, hint }).toEqual({
        status: 'failed',
        hint: expect.stringMatching(/^as an administrator: .*sudo -- /) as string,
      });
      expect(reason).toMatch(
        /^root was refused: Sorry, user dave is not allowed to execute '\/usr\/bin\/install /,
      );
    }
    expect(report.failing.outcomes).toMatchObject([
      {
        status: 'failed',
        reason: expect.stringMatching(/failed with exit code 1: the disk is full$/) as string,
      },
    ]);
  });

  test('a password is asked for at the terminal, and a wrong one once for all stores', () => {
    const { right, status, removed, wrong } = report.asked;
    expect(right).toMatchObject({ status: 0 });
    expect(right.output).toContain('password for eve');
    expect(status).toBe(0);
    expect(removed).toMatchObject({ status: 0 });
    expect(wrong.status).toBe(1);
    expect(wrong.output.match(/password for eve/g)).toHaveLength(1);
    // A terminal's lines are wrapped.
    const said = wrong.output.replaceAll(/\s+/g, ' ');
    expect(said.match(/root was refused: sudo: 1 incorrect password attempt/g)).toHaveLength(
      wrong.output.match(/ failed: /g)?.length ?? 0,
    );
    expect(wrong.output).toContain('Not everywhere yet: ');
  });

  test('a root in a file with another certificate is taken out of it at the first try', () => {
    const { outcomes, keepsOthers } = report.mixed;
    expect(outcomes[0]).toMatchObject({ status: 'removed' });
    expect(keepsOthers).toBe(true);
  });

  test('a JDK of another user’s is not run as root, by sudo or by root', () => {
    const { ada, root, ran } = report.anotherUsers;
    expect(ada).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('is not run as root') as string,
      hint: expect.stringContaining('if you trust it, as an administrator: ') as string,
    });
    expect(root).toMatchObject({
      status: 'failed',
      reason: 'its keytool is not run as root: users other than root can change it',
    });
    expect([...new Set(ran.trim().split('\n'))]).toEqual(['keytool 4001']);
  });
});
