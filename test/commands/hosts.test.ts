import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasShell } from '../helpers/can.ts';
import type { CommandResult, Host } from '../../platform/types.ts';
import { addHosts, clearHosts, listHosts, removeHosts } from '../../src/commands/hosts.ts';
import { DevcertError } from '../../src/errors.ts';
import { fakeHost, recorder, temporaryFolder } from '../helpers/host.ts';

const TEXT = '127.0.0.1 localhost\n10.0.0.7 nas.test\n';

/** A machine whose hosts file is written by what the commands say, or that answers as `answer` does. */
function machine(answer?: Partial<CommandResult>, overrides: Partial<Host> = {}) {
  const sysroot = temporaryFolder();
  mkdirSync(join(sysroot, 'etc'));
  const file = join(sysroot, 'etc/hosts');
  writeFileSync(file, TEXT);
  const { run, lines } = recorder((_, { file: program, input }) => {
    if (answer === undefined && program === 'tee') writeFileSync(file, input ?? '');
    return answer;
  });
  return { host: fakeHost({ sysroot, run, ...overrides }), file, lines };
}

const read = (file: string) => readFileSync(file, 'utf8');

describe('addHosts()', () => {
  test('adds names once, and removeHosts() takes them away to the byte', async () => {
    const { host, file } = machine();
    const first = await addHosts({ host }, ['API.test', 'bücher.test', 'api.test']);
    expect(first).toMatchObject({ file, added: ['api.test', 'xn--bcher-kva.test'], notes: [] });
    expect(await addHosts({ host }, ['api.test'])).toMatchObject({ added: [] });
    expect(listHosts({ host }).names).toEqual(['api.test', 'xn--bcher-kva.test']);
    expect((await removeHosts({ host }, ['api.test'])).names).toEqual(['xn--bcher-kva.test']);
    expect((await removeHosts({ host }, 'all')).removed).toEqual(['xn--bcher-kva.test']);
    expect(read(file)).toBe(TEXT);
  });

  test('a name that another line answers for is left to it, and that is said', async () => {
    const { host, file, lines } = machine();
    const result = await addHosts({ host }, ['nas.test']);
    expect(result.notes).toEqual(['"nas.test" is in it already, with 10.0.0.7']);
    expect([read(file), lines]).toEqual([TEXT, []]);
  });

  test('a dry run prints the commands and runs none', async () => {
    const { host, lines } = machine();
    const { commands } = await addHosts({ host }, ['api.test'], { dryRun: true });
    expect(commands?.length).toBe(4);
    expect(commands?.[1]).toContain("'127.0.0.1 api.test'");
    expect(lines).toEqual([]);
  });

  test.each([
    [['*.api.test'], 'usage'],
    [['192.168.1.5'], 'usage'],
    [['a@b.test'], 'invalid-name'],
    [[], 'usage'],
  ])('refuses %j', async (names, code) => {
    const { host, lines } = machine();
    await expect(addHosts({ host }, names)).rejects.toMatchObject({ code });
    expect(lines).toEqual([]);
  });

  test.runIf(hasShell)('a refusal of root is an error with the commands to hand over', async () => {
    const { host } = machine({ exitCode: undefined, failure: 'elevation-refused', stderr: 'no' });
    await expect(addHosts({ host }, ['api.test'])).rejects.toThrow(/root was refused: no/);
    await expect(addHosts({ host }, ['api.test'])).rejects.toMatchObject({
      hint: expect.stringContaining('/etc/hosts.devcert') as string,
    });
  });

  test('commands that succeed and change nothing are not believed', async () => {
    const { host } = machine({});
    await expect(addHosts({ host }, ['api.test'])).rejects.toThrow(/at the same time/);
  });

  test('under sudo it is refused, and a block without its end is left alone', async () => {
    const sudo = machine(undefined, { isRoot: true, env: { SUDO_USER: 'ada' } });
    await expect(addHosts(sudo, ['api.test'])).rejects.toMatchObject({ code: 'refused' });
    const torn = machine();
    await addHosts(torn, ['api.test']);
    writeFileSync(torn.file, read(torn.file).replace(/# devcert: end.*\n/, ''));
    await expect(addHosts(torn, ['b.test'])).rejects.toThrow(/lost its last line/);
  });

  test('in WSL it says that Windows makes the file', async () => {
    const { host } = machine(undefined, { kernel: '6.6.87.2-microsoft-standard-WSL2' });
    expect((await addHosts({ host }, ['api.test'])).notes).toEqual([
      expect.stringMatching(/^WSL makes this file anew .*: devcert hosts add NAMES$/),
    ]);
  });
});

test('a hosts file that is gone is made, and localhost may be in it', async () => {
  const { host, file } = machine();
  rmSync(file);
  expect(listHosts({ host }).names).toEqual([]);
  await addHosts({ host }, ['localhost']);
  expect(read(file)).toContain('127.0.0.1 localhost\n::1 localhost\n');
});

test('a failure of no known kind says where to look', async () => {
  const { host } = machine({ exitCode: 1, stderr: 'cp: Read-only file system' });
  await expect(addHosts({ host }, ['api.test'])).rejects.toMatchObject({
    message: expect.stringContaining('Read-only file system') as string,
    hint: expect.stringContaining('look at what keeps it: ls -ld') as string,
  });
});

describe('clearHosts()', () => {
  test('takes the block out; without one it runs nothing', async () => {
    const { host, file, lines } = machine();
    expect(await clearHosts({ host }, false)).toBeUndefined();
    expect(lines).toEqual([]);
    await addHosts({ host }, ['api.test']);
    expect(await clearHosts({ host }, true)).toMatchObject({ status: 'planned' });
    expect(await clearHosts({ host }, false)).toMatchObject({ kind: 'hosts', status: 'removed' });
    expect(read(file)).toBe(TEXT);
  });

  test('a failure is an outcome', async () => {
    const { host } = machine();
    await addHosts({ host }, ['api.test']);
    const failing = { ...host, run: recorder(() => ({ exitCode: 1, stderr: 'cp: no space' })).run };
    expect(await clearHosts({ host: failing }, false)).toMatchObject({
      status: 'failed',
      reason: '"cp" failed with exit code 1: cp: no space',
    });
  });

  test('a hosts file that cannot be read is an error of listHosts()', () => {
    const host = fakeHost();
    mkdirSync(join(host.sysroot, 'etc/hosts'), { recursive: true });
    expect(() => listHosts({ host })).toThrow(DevcertError);
  });
});
