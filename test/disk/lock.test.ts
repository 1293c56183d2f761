import { fork, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { withLock } from '../../src/disk/lock.ts';
import { bundledModule } from '../helpers/bundle.ts';
import { canMake } from '../helpers/can.ts';
import { temporaryFolder } from '../helpers/host.ts';

// Only Linux has them, and tells in which one a process is.
const namespaced: [string, object][] = existsSync('/proc/self/ns/pid')
  ? [['of a pid namespace that is not ours', { pid: 4194304, machine: hostname(), space: 'other' }]]
  : [];
const counter = (folder: string) => Number(readFileSync(join(folder, 'count'), 'utf8'));

// Told a number, it adds one to `count` so often under the lock, slowly enough for two at once to be seen.
const child = (module: string) => `
  import { withLock } from '${module}';
  import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
  const [folder] = process.argv.slice(2);
  process.on('message', async (times) => {
    for (let i = 0; i < times; i++) {
      await withLock(folder, async () => {
        if (i === 0) process.send('in');
        const count = Number(readFileSync(folder + '/count', 'utf8'));
        await new Promise((resolve) => setTimeout(resolve, 1));
        writeFileSync(folder + '/count.new', String(count + 1));
        renameSync(folder + '/count.new', folder + '/count');
      });
      appendFileSync(folder + '/done', '1');
    }
    process.send('done');
  });
  process.send('ready');
`;
const lockModule = bundledModule('src/disk/lock.ts');

/** A process that is ready to count in the folder. */
async function start(folder: string) {
  const file = join(folder, 'child.mjs');
  if (!existsSync(file)) writeFileSync(file, child(lockModule()));
  const process_ = fork(file, [folder], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => {
    process_.on('exit', () => {
      resolve();
    });
  });
  const hear = (word: string) =>
    new Promise<void>((resolve, reject) => {
      const listen = (said: unknown) => {
        if (said !== word) return;
        process_.off('message', listen);
        resolve();
      };
      process_.on('message', listen);
      void ended.then(() => {
        reject(new Error(`it ended before it said "${word}"`));
      });
    });
  await hear('ready');
  return {
    /** Counts; ends when all of it is done. */
    count: async (times: number) => {
      process_.send(times);
      await hear('done');
    },
    /** Counts, and is killed so long after it got the lock for the first time. */
    countUntilKilled: async (afterMs: number) => {
      process_.send(100_000);
      await hear('in');
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      process_.kill('SIGKILL');
      await ended;
    },
    end: async () => {
      process_.disconnect();
      await ended;
    },
  };
}

// Each start costs wine half a second, and each change of a file several times what it costs Linux.
const [crowd, rounds] = process.platform === 'win32' ? [4, 2] : [16, 4];

function startMany(folder: string, count: number) {
  return Promise.all(Array.from({ length: count }, () => start(folder)));
}

describe('withLock()', () => {
  test('lets one process in at a time: many processes, 10 times each', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'count'), '0');
    const counters = await startMany(folder, crowd);
    await Promise.all(counters.map((it) => it.count(10)));
    expect(counter(folder)).toBe(10 * crowd);
    expect(readdirSync(folder).sort()).toEqual(['child.mjs', 'count', 'done']);
    await Promise.all(counters.map((it) => it.end()));
  });

  test('goes on at once after holders were killed', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'count'), '0');
    for (const victim of await startMany(folder, 6)) await victim.countUntilKilled(5);
    const before = Date.now();
    await withLock(folder, () => undefined);
    expect(Date.now() - before).toBeLessThan(10_000); // not the 30 s after which age alone decides
  });

  test('releases after a throw', async () => {
    const folder = temporaryFolder();
    await expect(
      withLock(folder, () => {
        throw new Error('inside');
      }),
    ).rejects.toThrow('inside');
    expect(existsSync(join(folder, 'devcert.lock'))).toBe(false);
  });

  test('waits for a living holder on another machine, and says whom it waited for', async () => {
    const folder = temporaryFolder();
    const holder = { token: 'x', pid: 4242, start: '', machine: `not-${hostname()}` };
    writeFileSync(join(folder, 'devcert.lock'), JSON.stringify(holder));
    const waiting = withLock(folder, () => 'in', { waitMs: 100 });
    await expect(waiting).rejects.toMatchObject({ code: 'busy', exitCode: 1 });
    await expect(waiting).rejects.toHaveProperty('hint', expect.stringContaining('4242'));
  });

  // The runner for wine has no clock to set.
  test.runIf('useFakeTimers' in vi).each([
    ['of another machine', () => JSON.stringify({ token: 'x', pid: 1, start: '', machine: 'far' })],
    ['that is garbage', () => '\u0000garbage'],
    ['that is empty', () => ''],
  ])(
    'takes over a lock %s once it has not changed for 30 s, whatever its time',
    async (_, text) => {
      const folder = temporaryFolder();
      const file = join(folder, 'devcert.lock');
      writeFileSync(file, text());
      const old = Date.now() / 1000 - 3600;
      utimesSync(file, old, old);
      vi.useFakeTimers({ toFake: ['setTimeout', 'hrtime'] });
      try {
        let isIn = false;
        const waiting = withLock(folder, () => (isIn = true));
        await vi.advanceTimersByTimeAsync(29_000);
        expect(isIn).toBe(false);
        await vi.advanceTimersByTimeAsync(3000);
        expect(await waiting).toBe(true);
      } finally {
        vi.useRealTimers();
      }
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  test('takes over from a process number that is another process now', async () => {
    const folder = temporaryFolder();
    const holder = { token: 'x', pid: process.pid, start: '1', machine: hostname() };
    writeFileSync(join(folder, 'devcert.lock'), JSON.stringify(holder));
    const taken = withLock(folder, () => 'in', { waitMs: 300 });
    // Without /proc only the age can tell.
    if (existsSync('/proc/self/stat')) expect(await taken).toBe('in');
    else await expect(taken).rejects.toMatchObject({ code: 'busy' });
  });

  test('does not take away a lock that became somebody else’s while it worked, and says so', async () => {
    const folder = temporaryFolder();
    const lost = withLock(folder, (stillHeld) => {
      expect(stillHeld()).toBe(true);
      writeFileSync(join(folder, 'devcert.lock'), JSON.stringify({ token: 'other', pid: 1 }));
      expect(stillHeld()).toBe(false);
    });
    await expect(lost).rejects.toMatchObject({ code: 'busy', hint: 'run the same command again' });
    expect(readFileSync(join(folder, 'devcert.lock'), 'utf8')).toContain('other');
  });

  test('says what is wrong with a folder that is not there', async () => {
    await expect(withLock(join(temporaryFolder(), 'no'), () => 1)).rejects.toMatchObject({
      code: 'file',
    });
  });

  test('goes on while holders are killed at random moments, and loses no increment', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'count'), '0');
    const victims = 3 * rounds;
    let seed = 20261124;
    const random = () => (seed = (seed * 48271) % 0x7fffffff) / 0x7fffffff;
    const steady = await startMany(folder, 3);
    const counted = Promise.all(steady.map((it) => it.count(20)));
    for (const victim of await startMany(folder, victims))
      await victim.countUntilKilled(random() * 40);
    await counted;
    // A process that was killed may have added one that it did not come to note down.
    const done = () => readFileSync(join(folder, 'done')).length;
    expect(done()).toBeGreaterThan(60); // some of them by those who were killed
    expect(counter(folder)).toBeGreaterThanOrEqual(done());
    expect(counter(folder)).toBeLessThanOrEqual(done() + victims);
    await steady[0]?.count(10);
    expect(readdirSync(folder).sort()).toEqual(['child.mjs', 'count', 'done']);
    await Promise.all(steady.map((it) => it.end()));
  });

  test('lets one in at a time after a kill: many wait, each judges the same lock stale', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'count'), '0');
    const counters = await startMany(folder, crowd);
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    const dead = { token: 'x', pid: gone, start: '1', machine: hostname() };
    for (let round = 1; round <= rounds; round++) {
      writeFileSync(join(folder, 'devcert.lock'), JSON.stringify(dead));
      await Promise.all(counters.map((it) => it.count(1)));
      expect(counter(folder)).toBe(crowd * round);
    }
    await Promise.all(counters.map((it) => it.end()));
  });

  test('takes over from a remover that was killed, too', async () => {
    const folder = temporaryFolder();
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    const dead = { token: 'x', pid: gone, start: '', machine: hostname() };
    writeFileSync(join(folder, 'devcert.lock'), JSON.stringify(dead));
    const id = createHash('sha256').update('x').digest('hex').slice(0, 32);
    const claim = `.lock.${id}.devcert-tmp`;
    writeFileSync(join(folder, claim), JSON.stringify({ ...dead, token: 'y' }));
    expect(await withLock(folder, () => 'in', { waitMs: 20_000 })).toBe('in');
    expect(readdirSync(folder)).toEqual([]);
  });

  test.each<[string, object]>([
    ['of this machine and a living process', { pid: process.pid, machine: hostname() }],
    ...namespaced,
    ['that names a group of processes', { pid: -1, machine: hostname() }],
  ])('does not take over a young lock %s', async (_what, holder) => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, 'devcert.lock'),
      JSON.stringify({ token: 'x', start: '', ...holder }),
    );
    const waiting = withLock(folder, () => 'in', { waitMs: 60 });
    await expect(waiting).rejects.toMatchObject({ code: 'busy' });
    expect(readdirSync(folder)).toEqual(['devcert.lock']);
  });

  const inTheWay: readonly (readonly [string, (path: string) => void])[] = [
    [
      'symbolic link',
      (path) => {
        symlinkSync('victim', path);
      },
    ],
    [
      'folder',
      (path) => {
        mkdirSync(path);
      },
    ],
  ];
  test.each(inTheWay.filter(([kind]) => canMake(kind)))(
    'refuses a lock that is a %s',
    async (_kind, make) => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'victim'), 'untouched');
      make(join(folder, 'devcert.lock'));
      await expect(withLock(folder, () => 1)).rejects.toMatchObject({ code: 'file' });
      expect(readFileSync(join(folder, 'victim'), 'utf8')).toBe('untouched');
    },
  );
});
