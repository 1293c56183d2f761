/**
 * The Windows beside a Linux in WSL: browsers are there, so the Windows user's store is to trust the root,
 * too. Windows programs run through interop; of their exit codes Linux sees the low 8 bits.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { windowsStoresBy, type WindowsTools } from './windows.ts';
import type { Command, Host, StoreFinder, StoreOptions, TrustStore } from './types.ts';

/** Finds the stores of the Windows user and machine, inside WSL. */
export const wslStores: StoreFinder = {
  kind: 'windows',
  find: async (host, options) => {
    const wslpath = isWsl(host) ? host.find('wslpath') : undefined;
    if (wslpath === undefined) return [];
    const certutil = await findCertutil(wslpath, host);
    return certutil === undefined
      ? [absent(options)]
      : windowsStoresBy('windows', tools(certutil, wslpath, host), host, options);
  },
};

/** True in a Linux of WSL; false in a container there, from which Windows cannot be reached. */
export function isWsl({ kernel, env, sysroot }: Pick<Host, 'kernel' | 'env' | 'sysroot'>): boolean {
  const isContainer = ['.dockerenv', 'run/.containerenv'].some((file) =>
    existsSync(join(sysroot, file)),
  );
  return !isContainer && (/microsoft/i.test(kernel) || (env.WSL_DISTRO_NAME ?? '') !== '');
}

/** Prints the Linux path of a Windows file. */
export function linuxPathCommand(wslpath: string, file: string): Command {
  return { file: wslpath, args: ['-u', file] };
}

/** Prints the Windows path of a Linux file; fails if there is no such file. */
export function windowsPathCommand(wslpath: string, file: string): Command {
  return { file: wslpath, args: ['-w', file] };
}

const CERTUTIL = 'C:\\Windows\\System32\\certutil.exe';

async function findCertutil(wslpath: string, host: Host): Promise<string | undefined> {
  const { exitCode, stdout } = await host.run(linuxPathCommand(wslpath, CERTUTIL));
  const path = stdout.replace(/\r?\n$/, '');
  if (exitCode === 0 && path.startsWith('/') && existsSync(join(host.sysroot, path))) return path;
  // Windows lies on another drive: interop appends its PATH. NSS has a certutil.exe, too, elsewhere.
  const found = host.find('certutil.exe');
  return found !== undefined && /\/system32\/certutil\.exe$/i.test(found) ? found : undefined;
}

function tools(certutil: string, wslpath: string, host: Host): WindowsTools {
  return {
    certutil,
    reg: certutil.replace(/certutil\.exe$/i, 'reg.exe'),
    exitCode: (code) => code & 0xff,
    windowsPath: async (file) => {
      const { exitCode, stdout } = await host.run(windowsPathCommand(wslpath, file));
      if (exitCode === 0 && stdout !== '') return stdout.replace(/\r?\n$/, '');
      // Not there yet, in a dry run: what it will be called.
      return `\\\\wsl.localhost\\${host.env.WSL_DISTRO_NAME ?? 'Linux'}${file.replaceAll('/', '\\')}`;
    },
  };
}

function absent(options: StoreOptions): TrustStore {
  return {
    kind: 'windows',
    name: 'Windows',
    location: options.machine === true ? 'LocalMachine\\Root' : 'CurrentUser\\Root',
    inspect: () =>
      Promise.resolve({
        state: 'unavailable',
        reason: 'Windows programs cannot be reached from this Linux',
        hint: 'switch interop on: /etc/wsl.conf, [interop] enabled=true, then wsl.exe --shutdown',
        needed: false,
      }),
    planInstall: () => Promise.resolve([]),
    planUninstall: () => Promise.resolve([]),
  };
}
