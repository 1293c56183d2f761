/**
 * The Windows beside a Linux in WSL: browsers are there, so the Windows user's store is to trust the root,
 * too. Windows programs run through interop; of their exit codes Linux sees the low 8 bits.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, posix, win32 } from 'node:path';
import { windowsStoresBy, type Handed, type WindowsTools } from './windows.ts';
import { byHand, scopesOf, storeNames } from './windows-scopes.ts';
import type { Command, FindOptions, Host, Root, StoreFinder, TrustStore } from './types.ts';

/** Finds the stores of the Windows user and machine, inside WSL. */
export const wslStores: StoreFinder = {
  kind: 'windows',
  platforms: ['linux'],
  isHere: isWsl,
  find: async (host, options) => {
    if (!isWsl(host)) return [];
    const wslpath = host.find('wslpath');
    if (wslpath === undefined) return isSession(host) ? absent(NO_WSLPATH, options) : [];
    if (!startsPrograms(host)) return absent(INTEROP_OFF, options);
    const certutil = await findCertutil(wslpath, host);
    return certutil === undefined
      ? absent(NOT_MOUNTED, options)
      : windowsStoresBy('windows', tools(certutil, wslpath, host), host, options);
  },
};

/** True in a Linux of WSL; false in a container there, from which Windows cannot be reached. */
export function isWsl({ kernel, env, sysroot }: Pick<Host, 'kernel' | 'env' | 'sysroot'>): boolean {
  const has = (file: string) => existsSync(join(sysroot, file));
  if (!/microsoft/i.test(kernel) && (env.WSL_DISTRO_NAME ?? '') === '') return false;
  // A distribution made from a container's file system keeps the mark of the container; WSL's own folder of
  // sockets is in no container.
  return has('run/WSL') || !['.dockerenv', 'run/.containerenv'].some(has);
}

/** True if WSL started this Linux: a chroot in one has its kernel, and no way to Windows. */
function isSession({ env, sysroot }: Pick<Host, 'env' | 'sysroot'>): boolean {
  return (env.WSL_DISTRO_NAME ?? '') !== '' || existsSync(join(sysroot, 'run/WSL'));
}

/**
 * True if the kernel gives the files of Windows' programs to WSL. If it does not, starting one fails, and
 * what then tries a shell instead, as execvp(3) does, would run its bytes as a script (microsoft/WSL#8843).
 */
export function startsPrograms({ sysroot }: Pick<Host, 'sysroot'>): boolean {
  const isEnabled = (name: string) => {
    try {
      const file = join(sysroot, 'proc/sys/fs/binfmt_misc', name);
      return readFileSync(file, 'latin1').startsWith('enabled');
    } catch {
      return false; // not registered, or binfmt_misc is not mounted
    }
  };
  return isEnabled('status') && ['WSLInterop', 'WSLInterop-late'].some(isEnabled);
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
  // Windows is on another drive: interop appends its PATH. NSS has a certutil.exe, too, elsewhere.
  const found = host.find('certutil.exe');
  return found !== undefined && /\/system32\/certutil\.exe$/i.test(found) ? found : undefined;
}

function tools(certutil: string, wslpath: string, host: Host): WindowsTools {
  return {
    certutil,
    reg: regBeside(certutil),
    exitCode: (code) => code & 0xff,
    hand: async (root) =>
      (await inTemporaryFolder(root, { certutil, wslpath }, host)) ?? {
        file: await windowsPath(root.file, wslpath, host),
      },
    isCutOff: ({ stderr }) => /\bUtil(Connect|Accept|Bind|Get)\w+:\d+/.test(stderr),
  };
}

/** Prints the folder of the Windows user's programs' data. */
export function localDataCommand(reg: string): Command {
  return { file: reg, args: ['query', 'HKCU\\Volatile Environment', '/v', 'LOCALAPPDATA'] };
}

/**
 * A copy in the Windows user's own temporary folder: the share of this Linux acts as its default user, who
 * may not read what is root's or another user's (microsoft/WSL#3990).
 */
async function inTemporaryFolder(
  { pem, sha256 }: Root,
  { certutil, wslpath }: { certutil: string; wslpath: string },
  host: Host,
): Promise<Handed | undefined> {
  const { exitCode, stdout } = await host.run(localDataCommand(regBeside(certutil)));
  const data = /\bREG_(?:EXPAND_)?SZ\s+([A-Z]:\\.+?)\s*$/im.exec(stdout)?.[1];
  if (exitCode !== 0 || data === undefined) return undefined;
  const folder = win32.join(data, 'Temp');
  const there = await host.run(linuxPathCommand(wslpath, folder));
  const path = there.stdout.replace(/\r?\n$/, '');
  if (there.exitCode !== 0 || !existsSync(join(host.sysroot, path))) return undefined;
  const name = `devcert-${sha256.slice(0, 16)}.cer`;
  const copy = posix.join(path, name);
  const program = (name: string) => host.find(name) ?? `/usr/bin/${name}`;
  return {
    file: win32.join(folder, name),
    before: [{ file: program('tee'), args: [copy], input: pem }],
    after: [{ file: program('rm'), args: ['-f', copy], cleansUp: true }],
  };
}

async function windowsPath(file: string, wslpath: string, host: Host): Promise<string> {
  const { exitCode, stdout } = await host.run(windowsPathCommand(wslpath, file));
  if (exitCode === 0 && stdout !== '') return stdout.replace(/\r?\n$/, '');
  // Not there yet, in a dry run: what it will be called.
  return `\\\\wsl.localhost\\${host.env.WSL_DISTRO_NAME ?? 'Linux'}${file.replaceAll('/', '\\')}`;
}

function regBeside(certutil: string): string {
  return certutil.replace(/certutil\.exe$/i, 'reg.exe');
}

const INTEROP_OFF = {
  reason: 'interop is off: this Linux cannot start Windows programs',
  hint: 'in Windows: wsl.exe --shutdown; if it stays off, in /etc/wsl.conf: [interop] enabled=true',
};
const NO_WSLPATH = {
  reason: 'there is no wslpath on PATH: without it this Linux cannot reach Windows',
  hint: 'WSL puts it into /usr/bin: add that to PATH',
};
const NOT_MOUNTED = {
  reason: 'the drive of Windows is not mounted in this Linux',
  hint: 'in /etc/wsl.conf: [automount] enabled=true, then in Windows: wsl.exe --shutdown',
};

/** Stores that nobody can ask: which of the two holds the root is not known either. */
function absent(why: { reason: string; hint: string }, options: FindOptions): TrustStore[] {
  return scopesOf(options).map((scope) => ({
    kind: 'windows',
    ...storeNames(scope),
    scope,
    inspect: (root) =>
      Promise.resolve({
        state: 'unavailable',
        ...why,
        needed: false,
        byHand: byHand(root, scope),
      }),
    planInstall: () => Promise.resolve([]),
    planUninstall: () => Promise.resolve([]),
  }));
}
