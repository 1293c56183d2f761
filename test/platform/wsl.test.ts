import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { CommandResult, Root } from '../../platform/types.ts';
import { isWsl, wslStores } from '../../platform/wsl.ts';
import { installRoot, uninstallRoot } from '../../src/trust.ts';
import { fakeHost, recorder, temporaryFolder } from '../helpers/host.ts';

const sha1 = 'ab'.repeat(20);
const file = '/home/ada/.config/devcert-nodejs/root.pem';
const root: Root = {
  pem: '',
  der: Buffer.alloc(0),
  file,
  sha1,
  sha256: 'cd'.repeat(32),
  commonName: 'devcert root',
};
const kernel = '6.6.87.2-microsoft-standard-WSL2';
const T = '/win/c/Windows/System32/certutil.exe';
const UNC = '\\\\wsl.localhost\\Debian\\home\\ada\\.config\\devcert-nodejs\\root.pem';

/** A WSL whose Windows drive is mounted at /win/c; exit codes are what Linux sees of them. */
async function wsl(act?: Partial<CommandResult>) {
  const sysroot = temporaryFolder();
  mkdirSync(join(sysroot, '/win/c/Windows/System32'), { recursive: true });
  writeFileSync(join(sysroot, T), '');
  let holds = false;
  const ran = recorder((it) => {
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
  const programs = { wslpath: '/bin/wslpath' };
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
});

describe('wslStores', () => {
  test('none outside WSL, and no program is started to see that', async () => {
    const ran = recorder();
    const programs = { wslpath: '/bin/wslpath' };
    expect(await wslStores.find(fakeHost({ programs, run: ran.run }), {})).toEqual([]);
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

  test('without interop there is nothing to do, and the reason is told', async () => {
    const programs = { wslpath: '/bin/wslpath' };
    const run = recorder(() => ({ exitCode: 1 })).run;
    const host = fakeHost({ kernel, programs, run });
    const stores = await wslStores.find(host, {});
    expect(await stores[0]?.inspect(root)).toMatchObject({ state: 'unavailable', needed: false });
    // NSS's certutil.exe on PATH is not Windows'.
    const other = fakeHost({
      kernel,
      programs: { ...programs, 'certutil.exe': '/mnt/c/nss/certutil.exe' },
      run,
    });
    expect((await wslStores.find(other, {}))[0]?.location).toBe('CurrentUser\\Root');
    expect(await (await wslStores.find(other, {}))[0]?.inspect(root)).toMatchObject({
      needed: false,
    });
  });

  test('a root that is not there yet, in a dry run, has the path that it will have', async () => {
    const sysroot = temporaryFolder();
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
