import { describe, expect, test } from 'vitest';
import type { Host } from '../platform/types.ts';
import { createAuthority } from '../src/authority/create.ts';
import { outcomesExitCode } from '../src/cli/report.ts';
import { DevcertError, EXIT, type Step, type Text } from '../src/errors.ts';
import { rootInFile } from '../src/commands/roots.ts';
import { inspectStores, installRoot, uninstallRoot } from '../src/trust.ts';
import { memoryMachine } from './helpers/stores.ts';

const now = new Date('2026-11-24T12:00:00Z');
const root = rootInFile(
  (await createAuthority('ada@engine', undefined, now)).root,
  '/state/root.pem',
);

describe('installRoot()', () => {
  test('installs into each store and says so only after it asked again', async () => {
    const { host, stores } = memoryMachine([{}, { kind: 'nss' }]);
    const outcomes = await installRoot(stores, root, host);
    expect(outcomes.map(({ status }) => status)).toEqual(['trusted', 'trusted']);
    expect(await installRoot(stores, root, host)).toMatchObject([
      { status: 'already-trusted' },
      { status: 'already-trusted' },
    ]);
  });

  test('goes on to the other stores after one failed (statement 30)', async () => {
    const { host, stores } = memoryMachine([
      { behaviour: 'fails' },
      {},
      { behaviour: 'refuses', elevated: true },
      { behaviour: 'hangs' },
      {},
    ]);
    const outcomes = await installRoot(stores, root, host);
    expect(outcomes.map(({ status }) => status)).toEqual([
      'failed',
      'trusted',
      'failed',
      'failed',
      'trusted',
    ]);
    expect(outcomes[0]?.reason).toContain('the disk is on fire');
    expect(outcomes[2]?.reason).toContain('root was refused');
    expect(outcomes[2]?.hint).toContain('run it yourself as root: tool add 2');
    expect(outcomes[3]?.reason).toContain('did not end in time');
  });

  test('what must not run as root is told, with the command for whoever trusts it', async () => {
    const { host, stores } = memoryMachine([{ elevated: true }, {}]);
    const run: Host['run'] = (command) =>
      command.elevated === true
        ? Promise.resolve({ exitCode: undefined, stdout: '', stderr: '', failure: 'unsafe' })
        : host.run(command);
    const findForRoot = (program: string) => (program === 'sudo' ? '/usr/bin/sudo' : undefined);
    expect(await installRoot(stores, root, { ...host, run, findForRoot })).toMatchObject([
      {
        status: 'failed',
        reason: '"tool" is not run as root: users other than root can change it',
        hint: `if you trust it, as an administrator: sudo -- tool add 0 ${root.sha256}`,
      },
      { status: 'trusted' },
    ]);
  });

  test('after a failure nothing is run but what cleans up', async () => {
    const { host, stores } = memoryMachine([{}]);
    const [store] = stores;
    if (store === undefined) throw new Error('no store');
    const ran: string[] = [];
    const run: Host['run'] = ({ file }) => {
      ran.push(file);
      return Promise.resolve({ exitCode: file === 'b' ? 1 : 0, stdout: '', stderr: 'no' });
    };
    const plan = [
      { file: 'a', args: [] },
      { file: 'b', args: [] },
      { file: 'c', args: [] },
      { file: 'd', args: [], cleansUp: true },
    ];
    const planInstall = () => Promise.resolve(plan);
    const outcomes = await installRoot([{ ...store, planInstall }], root, { ...host, run });
    expect(ran).toEqual(['a', 'b', 'd']);
    expect(outcomes).toMatchObject([
      { status: 'failed', reason: '"b" failed with exit code 1: no' },
    ]);
  });

  test('a tool that says 0 and changes nothing is a failure (statement 35)', async () => {
    const { host, stores } = memoryMachine([{ behaviour: 'lies' }]);
    expect(await installRoot(stores, root, host)).toMatchObject([
      { status: 'failed', reason: expect.stringContaining('nothing changed') as string },
    ]);
  });

  test('a store without a tool fails where a browser needs it and is skipped where none does', async () => {
    const { host, stores } = memoryMachine([
      {
        unavailable: {
          reason: 'no certutil',
          hint: 'sudo apt install libnss3-tools',
          needed: true,
        },
      },
      { unavailable: { reason: 'no browser', needed: false } },
    ]);
    expect(await installRoot(stores, root, host)).toMatchObject([
      { status: 'failed', hint: 'sudo apt install libnss3-tools' },
      { status: 'skipped' },
    ]);
  });

  test('a store that became trusted by what another one did says so, and was not trusted already', async () => {
    const { host, stores, ran } = memoryMachine([{ reaches: 1 }, { kind: 'java' }]);
    const first = await installRoot(stores, root, host);
    expect(first.map(({ status }) => status)).toEqual(['trusted', 'trusted']);
    expect(ran).toHaveLength(1);
    const second = await installRoot(stores, root, host);
    expect(second.map(({ status }) => status)).toEqual(['already-trusted', 'already-trusted']);
  });

  test('a store that lacks but a program is skipped, and the program named', async () => {
    const lacks = {
      program: 'update-ca-certificates',
      hint: 'install the package ca-certificates',
    };
    const reason = 'certutil of NSS is not installed';
    const hint = 'sudo apt install libnss3-tools';
    const { host, stores, ran } = memoryMachine([
      { lacks },
      { unavailable: { reason, hint, needed: true, lacks: 'certutil' } },
    ]);
    const outcomes = await installRoot(stores, root, host);
    expect(outcomes).toMatchObject([
      {
        status: 'skipped',
        lacks: lacks.program,
        reason: '"update-ca-certificates" is not installed',
        hint: lacks.hint,
      },
      { status: 'skipped', lacks: 'certutil', reason, hint },
    ]);
    expect(ran).toEqual([]);
    expect(outcomesExitCode(outcomes)).toBe(EXIT.done);
    // What cannot be asked may hold the root: no uninstall is done before it was.
    expect((await uninstallRoot(stores, root, host)).map(({ status }) => status)).toEqual([
      'already-absent',
      'failed',
    ]);
  });

  test('a dry run runs nothing and shows sudo where it would be used', async () => {
    const { host, stores, ran } = memoryMachine([{ elevated: true }], {
      findForRoot: (program) => `/usr/bin/${program}`,
    });
    const outcomes = await installRoot(stores, root, host, { dryRun: true });
    expect(outcomes[0]?.commands).toEqual([`/usr/bin/sudo -- /usr/bin/tool add 0 ${root.sha256}`]);
    expect(ran).toEqual([]);
  });

  test('a store may say that the user said no, and which failure is none', async () => {
    const { host, stores } = memoryMachine([{ behaviour: 'fails' }]);
    const [store] = stores;
    if (store === undefined) throw new Error('no store');
    const explain = () => ({ reason: 'you said no', hint: 'say yes', cancelled: true });
    expect(await installRoot([{ ...store, explain }], root, host)).toEqual([
      {
        kind: 'system',
        store: 'store 0',
        location: 'memory:0',
        status: 'cancelled',
        reason: 'you said no',
        hint: 'say yes',
      },
    ]);
    const planInstall = () =>
      Promise.resolve([{ file: 'tool', args: ['x'], tolerates: /on fire/ }]);
    expect(await installRoot([{ ...store, planInstall }], root, host)).toMatchObject([
      { status: 'failed', reason: expect.stringContaining('nothing changed') as string },
    ]);
  });

  test('a hint is about the command that was typed', async () => {
    const { host, stores } = memoryMachine([{ behaviour: 'fails' }]);
    const [store] = stores;
    if (store === undefined) throw new Error('no store');
    const hint: Text = ['elsewhere: ', { command: 'install', machine: true }];
    const again = (step: Step): Step => ({ ...step, ca: 'api' });
    const explains = { ...store, explain: () => ({ reason: 'not here', hint }) };
    const planInstall = () => Promise.reject(new DevcertError('store', 'not here', { hint }));
    const state = { state: 'unavailable', reason: 'not here', hint, needed: true } as const;
    const asked = { ...store, inspect: () => Promise.resolve(state) };
    for (const it of [explains, { ...store, planInstall }, asked])
      expect(await installRoot([it], root, host, { again })).toMatchObject([
        { status: 'failed', hint: 'elsewhere: devcert install --machine --ca api' },
      ]);
    expect(await inspectStores([asked], root, { again })).toMatchObject([
      { state: 'unavailable', hint: 'elsewhere: devcert install --machine --ca api' },
    ]);
  });

  test('clears up what a failed install left, and only if the root was absent before (statement 36)', async () => {
    const { host, stores, ran } = memoryMachine([{ behaviour: 'fails' }]);
    const [store] = stores;
    if (store === undefined) throw new Error('no store');
    const leaving = {
      ...store,
      planUninstall: () => Promise.resolve([{ file: 'tool', args: ['clear', '0'] }]),
    };
    await installRoot([leaving], root, host);
    expect(ran.map(({ args }) => args[0])).toEqual(['add', 'clear']);
  });
});

describe('uninstallRoot()', () => {
  test('removes, and is content where nothing was (statement 33)', async () => {
    const { host, stores } = memoryMachine([{}, {}]);
    await installRoot(stores.slice(0, 1), root, host);
    const outcomes = await uninstallRoot(stores, root, host);
    expect(outcomes.map(({ status }) => status)).toEqual(['removed', 'already-absent']);
  });

  test('says so where the root stays', async () => {
    const { host, stores } = memoryMachine([{ behaviour: 'lies' }]);
    stores[0]?.roots.add(root.sha256);
    expect(await uninstallRoot(stores, root, host)).toMatchObject([
      { status: 'failed', reason: expect.stringContaining('still trusted') as string },
    ]);
  });

  test('two roots of one subject are told apart by their SHA-256 (statement 34)', async () => {
    const { host, stores } = memoryMachine([{}]);
    const other = rootInFile(
      (await createAuthority('ada@engine', undefined, now)).root,
      '/state/b.pem',
    );
    await installRoot(stores, root, host);
    await installRoot(stores, other, host);
    await uninstallRoot(stores, root, host);
    expect(await inspectStores(stores, root)).toMatchObject([{ state: 'absent' }]);
    expect(await inspectStores(stores, other)).toMatchObject([{ state: 'trusted' }]);
  });
});
