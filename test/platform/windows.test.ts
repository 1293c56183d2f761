import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { assertOwner, whoamiCommand } from '../../platform/windows-acl.ts';
import { forbidsUserRoots, windowsStores } from '../../platform/windows.ts';
import type {
  Command,
  CommandResult,
  FindOptions,
  Host,
  TrustStore,
} from '../../platform/types.ts';
import { makeStateFolder } from '../../src/authority/purge.ts';
import { closeStateFolder } from '../../src/commands/context.ts';
import { findStores } from '../../src/commands/stores.ts';
import { installRoot, uninstallRoot } from '../../src/trust.ts';
import { fakeHost, fakeRoot, line, recorder, temporaryFolder } from '../helpers/host.ts';

const T = 'D:\\Win\\System32\\certutil.exe';
const R = 'D:\\Win\\System32\\reg.exe';
const sha1 = 'ab'.repeat(20);
const OWN = `HKCU\\Software\\Microsoft\\SystemCertificates\\Root\\Certificates\\${sha1.toUpperCase()}`;
const POLICY = 'HKLM\\SOFTWARE\\Policies\\Microsoft\\SystemCertificates\\Root\\ProtectedRoots';
const file = 'C:\\Users\\Zoë Müller\\devcert\\root.pem';
const root = fakeRoot(file);
const NTE_NOT_FOUND = 0x80090011;

interface Windows {
  user: boolean;
  machine: boolean;
  disallowed?: boolean | 'no store';
  policy?: boolean;
  /** A group policy has it trusted for the user. */
  group?: boolean;
  /** How an act ends; undefined: as it should. */
  act?: Partial<CommandResult>;
}

/** Windows, as far as the literal commands below reach; anything else is a mistake of the adapter. */
async function windows(state: Windows, options: FindOptions = {}) {
  const ran = recorder((it) => {
    const answers: Record<string, () => Partial<CommandResult>> = {
      [`${T} -user -store Root ${sha1}`]: () =>
        found(state.machine || state.group === true || (state.user && state.policy !== true)),
      [`${T} -store Root ${sha1}`]: () => found(state.machine),
      [`${T} -user -store Disallowed ${sha1}`]: () =>
        state.disallowed === 'no store'
          ? { exitCode: 0x80070002 }
          : found(state.disallowed === true),
      [`${T} -store Disallowed ${sha1}`]: () => found(state.disallowed === true),
      [`${R} query ${OWN}`]: () => ({ exitCode: state.user ? 0 : 1 }),
      [`${R} query ${POLICY} /v Flags`]: () =>
        state.policy === true
          ? { stdout: `\r\n${POLICY}\r\n    Flags    REG_DWORD    0x1\r\n` }
          : { exitCode: 1 },
      [`${T} -user -f -addstore Root ${file}`]: () => act(() => (state.user = true)),
      [`${T} -f -addstore Root ${file}`]: () => act(() => (state.machine = true)),
      [`${T} -user -delstore Root ${sha1}`]: () => act(() => (state.user = false)),
      [`${T} -delstore Root ${sha1}`]: () => act(() => (state.machine = false)),
    };
    const answer = answers[it];
    if (answer === undefined) throw new Error(`not a command of the table: ${it}`);
    return answer();
  });
  const act = (change: () => void) => {
    if (state.act === undefined) change();
    return state.act ?? {};
  };
  const host = fakeHost({ platform: 'win32', env: { SystemRoot: 'D:\\Win' }, run: ran.run });
  return { stores: await windowsStores.find(host, options), host, ran, state };
}

async function machine(state: Windows, options: { machine?: boolean } = {}) {
  const { stores, ...others } = await windows(state, options);
  const [store, ...more] = stores;
  if (store === undefined || more.length > 0) throw new Error('not one store');
  return { store, ...others };
}

function found(yes: boolean): Partial<CommandResult> {
  return { exitCode: yes ? 0 : NTE_NOT_FOUND };
}

async function plan(store: TrustStore): Promise<{ add: string[]; remove: string[] }> {
  const lines = (commands: readonly Command[]) => commands.map(line);
  return {
    add: lines(await store.planInstall(root)),
    remove: lines(await store.planUninstall(root)),
  };
}

describe('windowsStores', () => {
  test('is there on Windows only, as the kind "system"', async () => {
    const elsewhere = { host: fakeHost(), finders: [windowsStores] };
    expect(await findStores(elsewhere, ['system'], {})).toEqual([]);
    const { store } = await machine({ user: false, machine: false });
    expect(store).toMatchObject({ kind: 'system', location: 'CurrentUser\\Root' });
  });

  test.each([
    ['nowhere', { user: false, machine: false }, {}, 'absent'],
    ['the user’s', { user: true, machine: false }, {}, 'trusted'],
    ['the machine’s', { user: false, machine: true }, {}, 'trusted'],
    ['the user’s, machine asked', { user: true, machine: false }, { machine: true }, 'partial'],
    ['the machine’s, asked', { user: false, machine: true }, { machine: true }, 'trusted'],
    ['distrusted too', { user: true, machine: false, disallowed: true }, {}, 'partial'],
    [
      'a machine that distrusts none',
      { user: true, machine: false, disallowed: 'no store' },
      {},
      'trusted',
    ],
    ['the user’s, policy against it', { user: true, machine: false, policy: true }, {}, 'partial'],
  ] as const)('a root in %s', async (_where, state, options, expected) => {
    const { store } = await machine({ ...state }, options);
    expect(await store.inspect(root)).toMatchObject({ state: expected });
  });

  test('a root that is trusted says what Schannel’s curl and git need besides', async () => {
    const { store } = await machine({ user: true, machine: false });
    expect(await store.inspect(root)).toMatchObject({
      state: 'trusted',
      note: expect.stringMatching(/--ssl-no-revoke.*http\.schannelCheckRevoke false/) as string,
    });
  });

  test('exact commands for the user', async () => {
    const { store } = await machine({ user: true, machine: false });
    expect(await plan(store)).toEqual({
      add: [`${T} -user -f -addstore Root ${file}`],
      remove: [`${T} -user -delstore Root ${sha1}`],
    });
  });

  test('exact commands for the machine', async () => {
    const { store } = await machine({ user: true, machine: true }, { machine: true });
    expect(await plan(store)).toEqual({
      add: [`${T} -f -addstore Root ${file}`],
      remove: [`${T} -delstore Root ${sha1}`],
    });
  });

  test.each([
    [false, false, ['absent', 'absent'], ['already-absent', 'already-absent']],
    [true, false, ['absent', 'trusted'], ['already-absent', 'removed']],
    [false, true, ['trusted', 'absent'], ['removed', 'already-absent']],
    [true, true, ['trusted', 'trusted'], ['removed', 'removed']],
  ])(
    'everywhere: in the user’s %s, in the machine’s %s: each answers for itself',
    async (user, inMachine, states, statuses) => {
      const { stores, host, state } = await windows(
        { user, machine: inMachine },
        { everywhere: true },
      );
      expect(stores).toMatchObject([
        { location: 'LocalMachine\\Root', scope: 'machine' },
        { location: 'CurrentUser\\Root', scope: 'user' },
      ]);
      const found = await Promise.all(stores.map((store) => store.inspect(root)));
      expect(found.map(({ state }) => state)).toEqual(states);
      const outcomes = await uninstallRoot(stores, root, host);
      expect(outcomes.map(({ status }) => status)).toEqual(statuses);
      expect(state).toMatchObject({ user: false, machine: false });
    },
  );

  test('everywhere, not elevated: the machine’s stays, says so, and names the command', async () => {
    const act = { exitCode: 0x80070005 };
    const { stores, host } = await windows(
      { user: false, machine: true, act },
      { everywhere: true },
    );
    expect(await uninstallRoot(stores, root, host)).toMatchObject([
      {
        status: 'failed',
        reason: 'the store of the whole machine needs an elevated terminal',
        hint: 'in a terminal opened with "Run as administrator": devcert uninstall',
      },
      { status: 'already-absent' },
    ]);
  });

  test('what Windows trusts by neither of the two is never said to be gone', async () => {
    const { stores, host } = await windows(
      { user: false, machine: false, group: true },
      { everywhere: true },
    );
    expect(await uninstallRoot(stores, root, host)).toMatchObject([
      { status: 'already-absent' },
      { status: 'failed', reason: expect.stringContaining('a policy of this machine') as string },
    ]);
  });

  test('the user’s dialog is announced and never started where nobody can answer it', async () => {
    const { store } = await machine({ user: true, machine: false });
    for (const [command] of [await store.planInstall(root), await store.planUninstall(root)])
      expect(command).toMatchObject({
        needsPerson: true,
        mayPrompt: true,
        prompt: expect.stringMatching(/dialog.*choose Yes/) as string,
      });
    const [elevated] = await (
      await machine({ user: false, machine: false }, { machine: true })
    ).store.planInstall(root);
    expect(elevated?.needsPerson).toBeUndefined();
  });

  test('installs and removes, asking before and after', async () => {
    const { store, host, state, ran } = await machine({ user: false, machine: false });
    expect(await installRoot([store], root, host)).toMatchObject([{ status: 'trusted' }]);
    expect(ran.lines.filter((it) => it.includes('-user -store Root'))).toHaveLength(2);
    expect(await installRoot([store], root, host)).toMatchObject([{ status: 'already-trusted' }]);
    expect(await uninstallRoot([store], root, host)).toMatchObject([{ status: 'removed' }]);
    expect(await uninstallRoot([store], root, host)).toMatchObject([{ status: 'already-absent' }]);
    expect(state).toMatchObject({ user: false, machine: false });
  });

  test.each([
    ['0x800704C7', { exitCode: 0x800704c7 }, 'cancelled', /answered with No/, /choose Yes/],
    ['the same, signed', { exitCode: -2147023673 }, 'cancelled', /answered with No/, /Yes/],
    ['0 and no change', { exitCode: 0 }, 'failed', /nothing changed/, /^$/],
    ['a hang', { exitCode: undefined, failure: 'timeout' }, 'failed', /in time/, /dialog/],
    ['nobody', { exitCode: undefined, failure: 'nobody' }, 'failed', /nobody/, /--machine/],
    ['another code', { exitCode: 0x80070057 }, 'failed', /0x80070057/, /^$/],
  ] as const)('an install that ends with %s', async (_name, act, status, reason, hint) => {
    const { store, host } = await machine({ user: false, machine: false, act });
    const [outcome] = await installRoot([store], root, host);
    expect(outcome).toMatchObject({ status, reason: expect.stringMatching(reason) as string });
    expect(outcome?.hint ?? '').toMatch(hint);
  });

  test('a store that cannot be asked after the act is not acted on again, nor said to be unchanged', async () => {
    const { store, host, ran } = await machine({ user: false, machine: false });
    const run: Host['run'] = async (command) =>
      ran.lines.some((it) => it.includes('-addstore')) && command.args.includes('-store')
        ? { exitCode: undefined, stdout: '', stderr: '', failure: 'timeout' }
        : host.run(command);
    const [slow] = await windowsStores.find({ ...host, run }, {});
    if (slow === undefined) throw new Error(store.name);
    expect(await installRoot([slow], root, { ...host, run })).toMatchObject([
      {
        status: 'failed',
        reason: expect.stringMatching(/^it was done, but .*in time/) as string,
        hint: expect.stringContaining('certutil') as string,
      },
    ]);
    expect(ran.lines.filter((it) => it.includes('-delstore'))).toEqual([]);
  });

  test('not elevated: names the way to an elevated terminal', async () => {
    const act = { exitCode: 0x80070005 };
    const { store, host } = await machine({ user: false, machine: false, act }, { machine: true });
    expect(await installRoot([store], root, host)).toMatchObject([
      {
        status: 'failed',
        reason: expect.stringContaining('elevated') as string,
        hint: 'in a terminal opened with "Run as administrator": devcert install --machine',
      },
    ]);
  });

  test('a policy against users’ roots is told before Windows is asked to add one', async () => {
    const { store, host, ran } = await machine({ user: false, machine: false, policy: true });
    expect(await installRoot([store], root, host)).toMatchObject([
      { status: 'failed', reason: expect.stringContaining('policy') as string },
    ]);
    expect(ran.lines.filter((it) => it.includes('-addstore'))).toEqual([]);
    expect(forbidsUserRoots('Flags REG_DWORD 0x10')).toBe(false);
  });

  test('a certutil that is missing or hangs at a question is an unavailable store', async () => {
    for (const failure of ['not-found', 'timeout'] as const) {
      const run = recorder(() => ({ exitCode: undefined, failure })).run;
      const [store] = await windowsStores.find(fakeHost({ platform: 'win32', run }), {});
      expect(await store?.inspect(root)).toMatchObject({ state: 'unavailable', needed: true });
    }
  });
});

describe('assertOwner()', () => {
  const sid = 'S-1-5-21-1-2-3-1001';
  const answers = (owner: string) =>
    recorder((it) =>
      it.includes('whoami')
        ? { stdout: `"engine\\zoë","${sid}"\r\n` }
        : it.includes('powershell')
          ? { stdout: owner }
          : {},
    );

  test.each([
    ['this user', `O:${sid}`, true],
    ['SYSTEM', 'O:SY', true],
    ['Administrators', 'O:BA', true],
    ['the built-in administrator', 'O:LA', true],
    ['SYSTEM, by number', 'O:S-1-5-18', true],
    ['Administrators, by number', 'O:S-1-5-32-544', true],
    ['another user', `O:${sid}2`, false],
    ['another user whose number this user’s begins with', 'O:S-1-5-21-1-2-3-100', false],
    ['everyone', 'O:WD', false],
    ['Users', 'O:BU', false],
    ['nobody that can be told', '', false],
  ])('of a folder that belongs to %s', async (_, owner, taken) => {
    const folder = temporaryFolder();
    const { run, commands } = answers(owner && `${owner}G:S-1-5-21-1-2-3-513D:AI(A;;FA;;;WD)\r\n`);
    const env = { SystemRoot: 'D:\\Win', DEVCERT_HOME: folder };
    const asked = assertOwner(folder, fakeHost({ env, run, home: temporaryFolder() }));
    if (taken) await asked;
    else
      await expect(asked).rejects.toMatchObject({
        code: 'refused',
        exitCode: 6,
        hint: 'use the folder that devcert has for you: Remove-Item Env:DEVCERT_HOME (in cmd: set DEVCERT_HOME=)',
      });
    expect(commands).toEqual([
      whoamiCommand(env),
      {
        file: 'D:\\Win\\System32\\WindowsPowerShell\\v1.0\\powershell.exe',
        args: [
          '-NoProfile',
          '-NonInteractive',
          '-Command',
          '(Get-Acl -LiteralPath $env:DEVCERT_FOLDER).Sddl',
        ],
        env: { DEVCERT_FOLDER: folder },
      },
    ]);
  });

  test('refuses where the user cannot be told either', async () => {
    const { run } = recorder((it) => (it.includes('powershell') ? { stdout: 'O:SY' } : {}));
    await expect(assertOwner(temporaryFolder(), fakeHost({ run }))).rejects.toMatchObject({
      code: 'refused',
      hint: expect.stringContaining('icacls') as unknown,
    });
  });

  test('runs nothing for a folder that is not there', async () => {
    const { run, commands } = answers('');
    await assertOwner(join(temporaryFolder(), 'state'), fakeHost({ run }));
    expect(commands).toEqual([]);
  });

  test('runs nothing in the user’s profile', async () => {
    const { run, commands } = answers('');
    const home = temporaryFolder();
    mkdirSync(join(home, 'state'));
    await assertOwner(join(home, 'state'), fakeHost({ run, home }));
    expect(commands).toEqual([]);
  });
});

describe('a state folder on Windows', () => {
  const icacls = async (folder: string) => {
    const { run, lines } = recorder((it) =>
      it.includes('whoami') ? { stdout: '"engine\\zoë","S-1-5-21-1-2-3-1001"\r\n' } : {},
    );
    await closeStateFolder(fakeHost({ platform: 'win32', run }), folder);
    return lines.filter((it) => it.includes('/inheritance:r'));
  };

  test('that devcert did not make keeps its permissions', async () => {
    expect(await icacls(temporaryFolder())).toEqual([]);
  });

  test('is closed if devcert made it', async () => {
    const folder = join(temporaryFolder(), 'state');
    makeStateFolder(folder);
    expect(await icacls(folder)).toHaveLength(1);
  });
});
