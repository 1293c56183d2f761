import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CommandResult, Host } from '../../platform/types.ts';
import { storeFinders } from '../../platform/stores.ts';
import { createRunner } from '../../platform/run.ts';
import { isWsl, startsPrograms, wslStores } from '../../platform/wsl.ts';
import { findStores, parseStoreKinds } from '../../src/commands/stores.ts';
import { DevcertError } from '../../src/errors.ts';
import { installRoot, uninstallRoot } from '../../src/trust.ts';
import { hasShell } from '../helpers/can.ts';
import { fakeHost, fakeRoot, recorder, temporaryFolder } from '../helpers/host.ts';

const sha1 = 'ab'.repeat(20);
const file = '/home/ada/.config/devcert-nodejs/root.pem';
const root = fakeRoot(file);
const kernel = '6.6.87.2-microsoft-standard-WSL2';
const T = '/win/c/Windows/System32/certutil.exe';
const NOT_MOUNTED = 'the drive of Windows is not mounted in this Linux';
const UNC = '\\\\wsl.localhost\\Debian\\home\\ada\\.config\\devcert-nodejs\\root.pem';

const TEMP = '/win/c/Users/Ada/AppData/Local/Temp';
const COPY = `devcert-${'cd'.repeat(8)}.cer`;
const WINDOWS_COPY = `C:\\Users\\Ada\\AppData\\Local\\Temp\\${COPY}`;
const VOLATILE = '/win/c/Windows/System32/reg.exe query HKCU\\Volatile Environment /v LOCALAPPDATA';

/** Registers Windows' programs with the kernel of a machine that does not exist. */
function interop(sysroot: string, files: Record<string, string> = { WSLInterop: 'enabled' }) {
  const folder = join(sysroot, 'proc/sys/fs/binfmt_misc');
  mkdirSync(folder, { recursive: true });
  for (const [name, state] of Object.entries({ status: 'enabled', ...files }))
    writeFileSync(join(folder, name), `${state}\ninterpreter /init\nflags: PF\n`);
  return sysroot;
}

/** A WSL whose Windows drive is mounted at /win/c; exit codes are what Linux sees of them. */
async function wsl(act?: Partial<CommandResult>, volatile?: Partial<CommandResult>) {
  const sysroot = interop(temporaryFolder());
  for (const folder of ['/win/c/Windows/System32', TEMP])
    mkdirSync(join(sysroot, folder), { recursive: true });
  writeFileSync(join(sysroot, T), '');
  let holds = false;
  const ran = recorder((it) => {
    if (it === VOLATILE)
      return (
        volatile ?? {
          stdout: '\r\n    LOCALAPPDATA    REG_SZ    C:\\Users\\Ada\\AppData\\Local\r\n',
        }
      );
    if (it === '/bin/wslpath -u C:\\Users\\Ada\\AppData\\Local\\Temp')
      return { stdout: `${TEMP}\n` };
    if (it === `/bin/tee ${TEMP}/${COPY}`) return {};
    if (it === `/bin/rm -f ${TEMP}/${COPY}`) return {};
    if (it === `${T} -user -f -addstore Root ${WINDOWS_COPY}`) {
      holds = act === undefined;
      return act;
    }
    if (it === '/bin/wslpath -u C:\\Windows\\System32\\certutil.exe') return { stdout: `${T}\n` };
    if (it === `/bin/wslpath -w ${file}`) return { stdout: `${UNC}\n` };
    if (it === `${T} -user -f -addstore Root ${UNC}`) {
      holds = act === undefined;
      return act;
    }
    if (it === `${T} -user -delstore Root ${sha1}`) {
      holds = false;
      return undefined;
    }
    if (it === `${T} -user -store Root ${sha1}`) return { exitCode: holds ? 0 : 17 };
    if (/-store (Root|Disallowed) /.test(it)) return { exitCode: 17 };
    if (it.startsWith('/win/c/Windows/System32/reg.exe query HKCU'))
      return { exitCode: holds ? 0 : 1 };
    if (it.startsWith('/win/c/Windows/System32/reg.exe query HKLM')) return { exitCode: 1 };
    throw new Error(`not a command of the table: ${it}`);
  });
  const programs = { wslpath: '/bin/wslpath', tee: '/bin/tee', rm: '/bin/rm' };
  const host = fakeHost({ kernel, sysroot, programs, run: ran.run });
  const stores = await wslStores.find(host, {});
  return { host, stores, ran };
}

describe('isWsl()', () => {
  test('is told by the kernel or the variable, and not in a container', () => {
    const sysroot = temporaryFolder();
    expect(isWsl({ kernel, env: {}, sysroot })).toBe(true);
    expect(isWsl({ kernel: '6.1', env: { WSL_DISTRO_NAME: 'Debian' }, sysroot })).toBe(true);
    expect(isWsl({ kernel: '6.1', env: {}, sysroot })).toBe(false);
    writeFileSync(join(sysroot, '.dockerenv'), '');
    expect(isWsl({ kernel, env: {}, sysroot })).toBe(false);
  });

  test('is so in a distribution that was a container once and kept its mark', () => {
    const sysroot = temporaryFolder();
    writeFileSync(join(sysroot, '.dockerenv'), '');
    mkdirSync(join(sysroot, 'run/WSL'), { recursive: true });
    expect(isWsl({ kernel, env: {}, sysroot })).toBe(true);
    expect(isWsl({ kernel: '6.1', env: {}, sysroot })).toBe(false);
  });
});

describe('startsPrograms()', () => {
  test.each([
    [{ WSLInterop: 'enabled' }, true],
    [{ 'WSLInterop-late': 'enabled' }, true],
    [{ WSLInterop: 'disabled' }, false],
    [{ WSLInterop: 'disabled', 'WSLInterop-late': 'enabled' }, true],
    [{ WSLInterop: 'enabled', status: 'disabled' }, false],
    [{}, false], // systemd-binfmt takes it away
  ])('binfmt_misc has %j: %s', (files, expected) => {
    expect(startsPrograms({ sysroot: interop(temporaryFolder(), files) })).toBe(expected);
  });

  test('no binfmt_misc, no programs', () => {
    expect(startsPrograms({ sysroot: temporaryFolder() })).toBe(false);
  });
});

test('an unknown kind of store is answered with those of this machine: "windows" in WSL alone', () => {
  const hint = (host: Host) => {
    try {
      return parseStoreKinds('keychain', { finders: storeFinders, host });
    } catch (error) {
      return error instanceof DevcertError ? DevcertError.typed(error).hint : error;
    }
  };
  expect(hint(fakeHost())).toBe('--stores system,nss,java');
  expect(hint(fakeHost({ kernel }))).toBe('--stores system,windows,nss,java');
});

describe('wslStores', () => {
  test('none outside WSL, and no program is started to see that', async () => {
    const ran = recorder();
    const programs = { wslpath: '/bin/wslpath' };
    const host = fakeHost({ programs, run: ran.run });
    expect(await findStores({ host, finders: [wslStores] }, ['windows'], {})).toEqual([]);
    expect(ran.lines).toEqual([]);
  });

  test('trusts in the Windows user’s store and removes from it', async () => {
    const { host, stores } = await wsl();
    expect(stores).toMatchObject([{ kind: 'windows', location: 'CurrentUser\\Root' }]);
    expect(await installRoot(stores, root, host)).toMatchObject([{ status: 'trusted' }]);
    expect(await uninstallRoot(stores, root, host)).toMatchObject([{ status: 'removed' }]);
  });

  test.each([
    ['199: the dialog was answered with No', { exitCode: 199 }, 'cancelled', /answered with No/],
    ['5: denied', { exitCode: 5 }, 'failed', /denies access/],
    ['0, and nothing changed', { exitCode: 0 }, 'failed', /nothing changed/],
  ] as const)('reads exit code %s', async (_name, act, status, reason) => {
    const { host, stores } = await wsl(act);
    const outcomes = await installRoot(stores, root, host);
    expect(outcomes).toMatchObject([{ status, reason: expect.stringMatching(reason) as string }]);
  });

  test('the root is handed over in the temporary folder of the Windows user, and taken away', async () => {
    const { host, stores, ran } = await wsl();
    expect(await installRoot(stores, root, { ...host, isRoot: true })).toMatchObject([
      { status: 'trusted' },
    ]);
    const at = ran.lines.indexOf(`${T} -user -f -addstore Root ${WINDOWS_COPY}`);
    expect(ran.lines.slice(at - 1, at + 2)).toEqual([
      `/bin/tee ${TEMP}/${COPY}`,
      ran.lines[at],
      `/bin/rm -f ${TEMP}/${COPY}`,
    ]);
    expect(ran.commands[at - 1]?.input).toBe(root.pem);
  });

  test('the copy is taken away after a dialog was answered with No, too', async () => {
    const { host, stores, ran } = await wsl({ exitCode: 199 });
    expect(await installRoot(stores, root, host)).toMatchObject([{ status: 'cancelled' }]);
    expect(ran.lines).toContain(`/bin/rm -f ${TEMP}/${COPY}`);
  });

  test('a temporary folder that cannot be found leaves the share of this Linux', async () => {
    const { host, stores } = await wsl(undefined, { exitCode: 1 });
    expect(await installRoot(stores, root, host)).toMatchObject([{ status: 'trusted' }]);
  });

  test('interop off: nothing is run, the store is skipped with the reason, and nothing is blocked', async () => {
    const ran = recorder();
    const host = fakeHost({
      kernel,
      programs: { wslpath: '/bin/wslpath', 'certutil.exe': T },
      run: ran.run,
    });
    const stores = await wslStores.find(host, {});
    const skipped = [
      {
        status: 'skipped',
        reason: 'interop is off: this Linux cannot start Windows programs',
        hint: expect.stringContaining('[interop] enabled=true') as string,
      },
    ];
    expect(await installRoot(stores, root, host)).toMatchObject(skipped);
    const byHand = `certutil.exe -user -delstore Root ${sha1}`;
    expect(await uninstallRoot(stores, root, host)).toMatchObject([{ ...skipped[0], byHand }]);
    const [machine] = await wslStores.find(host, { machine: true });
    expect(await machine?.inspect(root)).toMatchObject({
      byHand: `certutil.exe -delstore Root ${sha1}`,
    });
    expect(ran.lines).toEqual([]);
  });

  test('out of reach, and asked for everywhere: the line for the store of the machine, too', async () => {
    const host = fakeHost({ kernel, programs: { wslpath: '/bin/wslpath' } });
    const stores = await wslStores.find(host, { everywhere: true });
    const outcomes = await uninstallRoot(stores, root, host);
    expect(outcomes.map(({ store, byHand }) => [store, byHand])).toEqual([
      ['Windows (whole machine)', `certutil.exe -delstore Root ${sha1}`],
      ['Windows', `certutil.exe -user -delstore Root ${sha1}`],
    ]);
  });

  test.each([
    ['the variable of WSL', { WSL_DISTRO_NAME: 'Debian' }, false],
    ['its folder of sockets', {}, true],
  ])('without wslpath on PATH Windows is named: %s', async (_name, env, hasFolder) => {
    const sysroot = interop(temporaryFolder());
    if (hasFolder) mkdirSync(join(sysroot, 'run/WSL'), { recursive: true });
    const host = fakeHost({ kernel, sysroot, env });
    expect(await uninstallRoot(await wslStores.find(host, {}), root, host)).toMatchObject([
      {
        status: 'skipped',
        reason: expect.stringContaining('no wslpath on PATH') as string,
        byHand: `certutil.exe -user -delstore Root ${sha1}`,
      },
    ]);
  });

  test('a chroot in WSL without wslpath has no Windows', async () => {
    const sysroot = interop(temporaryFolder());
    const host = fakeHost({ kernel, sysroot });
    expect(await findStores({ host, finders: [wslStores] }, ['windows'], {})).toEqual([]);
  });

  test.runIf(hasShell)('interop off: no shell runs the bytes of a Windows program', async () => {
    const sysroot = temporaryFolder();
    const certutil = join(sysroot, 'System32/certutil.exe');
    mkdirSync(join(certutil, '..'));
    // What a shell would make of it, and the kernel does not start.
    writeFileSync(certutil, `MZ=1\ntouch '${join(sysroot, 'was-run')}'\n`);
    chmodSync(certutil, 0o755);
    const programs = { wslpath: '/bin/false', 'certutil.exe': certutil };
    const host = fakeHost({ kernel, sysroot, programs });
    const real = { ...host, run: createRunner(host) };
    const [store] = await wslStores.find(real, {});
    expect(await store?.inspect(root)).toMatchObject({ state: 'unavailable', needed: false });
    expect(existsSync(join(sysroot, 'was-run'))).toBe(false);
    // The danger is real: this is what a runner does with such a file.
    await real.run({ file: certutil, args: [] });
    expect(existsSync(join(sysroot, 'was-run'))).toBe(true);
  });

  test('a connection that broke is no failure of the store, and blocks nothing', async () => {
    const stderr = '<3>WSL (812) ERROR: UtilConnectToInteropServer:307: connect failed 111\n';
    const sysroot = interop(temporaryFolder());
    const programs = { wslpath: '/bin/wslpath', 'certutil.exe': T };
    const run = recorder(() => ({ exitCode: 1, stderr })).run;
    const host = fakeHost({ kernel, sysroot, programs, run });
    const stores = await wslStores.find(host, {});
    expect(await uninstallRoot(stores, root, host)).toMatchObject([
      {
        ...{ status: 'skipped', byHand: `certutil.exe -user -delstore Root ${sha1}` },
        hint: expect.stringContaining('wsl.exe --shutdown') as string,
      },
    ]);
  });

  test('automount off: the drive is named, not interop', async () => {
    const programs = { wslpath: '/bin/wslpath' };
    const run = recorder(() => ({ exitCode: 1 })).run;
    const sysroot = interop(temporaryFolder());
    const host = fakeHost({ kernel, sysroot, programs, run });
    const mounted = { state: 'unavailable', needed: false, reason: NOT_MOUNTED };
    expect(await (await wslStores.find(host, {}))[0]?.inspect(root)).toMatchObject(mounted);
    // NSS's certutil.exe on PATH is not Windows'.
    const nss = { ...programs, 'certutil.exe': '/mnt/c/nss/certutil.exe' };
    const other = fakeHost({ kernel, sysroot, programs: nss, run });
    expect(await (await wslStores.find(other, {}))[0]?.inspect(root)).toMatchObject(mounted);
  });

  test('a root that is not there yet, in a dry run, has the path that it will have', async () => {
    const sysroot = interop(temporaryFolder());
    const certutil = '/mnt/d/WINNT/System32/certutil.exe';
    const host = fakeHost({
      kernel,
      sysroot,
      env: { WSL_DISTRO_NAME: 'Debian' },
      programs: { wslpath: '/bin/wslpath', 'certutil.exe': certutil },
      run: recorder(() => ({ exitCode: 1 })).run,
    });
    const [store] = await wslStores.find(host, {});
    expect(await store?.planInstall(root)).toMatchObject([
      { file: certutil, args: ['-user', '-f', '-addstore', 'Root', UNC] },
    ]);
  });
});
