import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { beforeAll, describe, expect, test } from 'vitest';
import { withLock } from '../src/lock.ts';
import { temporaryFolder } from './helpers/host.ts';

const counter = (folder: string) => Number(readFileSync(join(folder, 'count'), 'utf8'));

// Adds one to `count` under the lock, slowly enough for two at once to be seen.
const child = `
  import { withLock } from './src/lock.ts';
  import { readFileSync, writeFileSync } from 'node:fs';
  const [folder, times] = process.argv.slice(2);
  for (let i = 0; i < Number(times); i++)
    await withLock(folder, async () => {
      const count = Number(readFileSync(folder + '/count', 'utf8'));
      await new Promise((resolve) => setTimeout(resolve, 1));
      writeFileSync(folder + '/count.new', String(count + 1));
      writeFileSync(folder + '/count', String(count + 1));
    });
`;
let script = '';
beforeAll(async () => {
  const result = await build({
    stdin: { contents: child, resolveDir: join(import.meta.dirname, '..'), loader: 'ts' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    write: false,
  });
  script = result.outputFiles[0]?.text ?? '';
});

function start(folder: string, times: number) {
  const file = join(folder, 'child.mjs');
  if (!existsSync(file)) writeFileSync(file, script);
  const process_ = spawn(process.execPath, [file, folder, String(times)], { stdio: 'ignore' });
  const ended = new Promise<number | null>((resolve) => process_.on('exit', resolve));
  return { ended, kill: () => process_.kill('SIGKILL') };
}

describe('withLock()', () => {
  test('lets one process in at a time: 24 processes, 5 times each', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'count'), '0');
    const codes = await Promise.all(Array.from({ length: 24 }, () => start(folder, 5).ended));
    expect(codes).toEqual(Array.from({ length: 24 }, () => 0));
    expect(counter(folder)).toBe(120);
    expect(readdirSync(folder).sort()).toEqual(['child.mjs', 'count', 'count.new']);
  }, 60_000);

  test('goes on at once after holders were killed', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'count'), '0');
    for (let round = 0; round < 8; round++) {
      const victim = start(folder, 1000);
      await new Promise((resolve) => setTimeout(resolve, 60 + round * 9));
      victim.kill();
      await victim.ended;
    }
    const before = Date.now();
    await withLock(folder, () => undefined);
    expect(Date.now() - before).toBeLessThan(10_000); // not the 30 s after which age alone decides
  }, 60_000);

  test('releases after a throw', async () => {
    const folder = temporaryFolder();
    await expect(
      withLock(folder, () => {
        throw new Error('inside');
      }),
    ).rejects.toThrow('inside');
    expect(existsSync(join(folder, 'lock'))).toBe(false);
  });

  test('waits for a living holder on another machine, and says whom it waited for', async () => {
    const folder = temporaryFolder();
    const holder = { token: 'x', pid: 4242, start: '', machine: `not-${hostname()}` };
    writeFileSync(join(folder, 'lock'), JSON.stringify(holder));
    const waiting = withLock(folder, () => 'in', { waitMs: 100 });
    await expect(waiting).rejects.toMatchObject({ code: 'busy', exitCode: 1 });
    await expect(waiting).rejects.toHaveProperty('hint', expect.stringContaining('4242'));
  });

  test.each([
    ['of another machine', () => JSON.stringify({ token: 'x', pid: 1, start: '', machine: 'far' })],
    ['that is garbage', () => '\u0000garbage'],
    ['that is empty', () => ''],
  ])('takes over a lock %s once it is old', async (_what, text) => {
    const folder = temporaryFolder();
    const file = join(folder, 'lock');
    writeFileSync(file, text());
    const old = Date.now() / 1000 - 60;
    utimesSync(file, old, old);
    expect(await withLock(folder, () => 'in', { waitMs: 1000 })).toBe('in');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('takes over from a process number that is another process now', async () => {
    const folder = temporaryFolder();
    const holder = { token: 'x', pid: process.pid, start: '1', machine: hostname() };
    writeFileSync(join(folder, 'lock'), JSON.stringify(holder));
    const taken = withLock(folder, () => 'in', { waitMs: 300 });
    // Without /proc only the age can tell.
    if (existsSync('/proc/self/stat')) expect(await taken).toBe('in');
    else await expect(taken).rejects.toMatchObject({ code: 'busy' });
  });

  test('does not take away a lock that became somebody else’s while it worked', async () => {
    const folder = temporaryFolder();
    await withLock(folder, () => {
      writeFileSync(join(folder, 'lock'), JSON.stringify({ token: 'other' }));
    });
    expect(readFileSync(join(folder, 'lock'), 'utf8')).toContain('other');
  });

  test('says what is wrong with a folder that is not there', async () => {
    await expect(withLock(join(temporaryFolder(), 'no'), () => 1)).rejects.toMatchObject({
      code: 'file',
    });
  });
});
