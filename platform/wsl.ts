/**
 * The Windows beside a Linux in WSL: browsers are there, so the Windows user's store is to trust the root,
 * too. Windows programs run through interop; of their exit codes Linux sees the low 8 bits.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, posix, win32 } from 'node:path';
import { entryName, reportStore } from './report-store.ts';
import { folderIn, readRegistry } from './windows-programs.ts';
import {
  byHand,
  type Handed,
  scopesOf,
  storeNames,
  windowsStoresBy,
  type WindowsTools,
} from './windows.ts';
import type { FindOptions, Host, Root, StoreFinder, TrustStore } from './types.ts';

/** Finds the stores of the Windows user and machine, inside WSL. */
export const wslStores: StoreFinder = {
  kind: 'windows',
  platforms: ['linux'],
  isHere: isWsl,
  find: async (host, options) => {
    const wslpath = host.find('wslpath');
    if (wslpath === undefined) return isSession(host) ? absent(NO_WSLPATH, options) : [];
    if (!startsPrograms(host)) return absent(INTEROP_OFF, options);
    const way = { wslpath, host };
    const certutil = await findCertutil(way);
    return certutil === undefined
      ? absent(NOT_MOUNTED, options)
      : windowsStoresBy(tools(certutil, way), options);
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

/** The Linux path of a Windows file (`-u`), or the Windows path of a Linux file; undefined if there is no such file. */
async function translated(
  option: '-u' | '-w',
  file: string,
  { wslpath, host }: Way,
): Promise<string | undefined> {
  const { exitCode, stdout } = await host.run({ file: wslpath, args: [option, file] });
  return exitCode === 0 && stdout !== '' ? stdout.replace(/\r?\n$/, '') : undefined;
}

/** The Linux path of a Windows file that is there. */
async function found(file: string, way: Way): Promise<string | undefined> {
  const path = await translated('-u', file, way);
  return path?.startsWith('/') && existsSync(join(way.host.sysroot, path)) ? path : undefined;
}

/** The way to the files of Windows. */
interface Way {
  readonly wslpath: string;
  readonly host: Host;
}

/** The folder of the Windows user's programs' data. */
const LOCAL_DATA = ['HKCU\\Volatile Environment', '/v', 'LOCALAPPDATA'];
const CERTUTIL = 'C:\\Windows\\System32\\certutil.exe';

async function findCertutil(way: Way): Promise<string | undefined> {
  const path = await found(CERTUTIL, way);
  if (path !== undefined) return path;
  // Windows is on another drive: interop appends its PATH. NSS has a certutil.exe, too, elsewhere.
  const other = way.host.find('certutil.exe');
  return other !== undefined && /\/system32\/certutil\.exe$/i.test(other) ? other : undefined;
}

function tools(certutil: string, way: Way): WindowsTools {
  const reg = certutil.replace(/certutil\.exe$/i, 'reg.exe');
  return {
    kind: 'windows',
    run: way.host.run,
    certutil,
    reg,
    exitCode: (code) => code & 0xff,
    hand: async (root) =>
      (await inTemporaryFolder(root, reg, way)) ?? { file: await windowsPath(root.file, way) },
    isCutOff: ({ stderr }) => /\bUtil(Connect|Accept|Bind|Get)\w+:\d+/.test(stderr),
  };
}

/**
 * A copy in the Windows user's own temporary folder: the share of this Linux acts as its default user, who
 * may not read what is root's or another user's (microsoft/WSL#3990).
 */
async function inTemporaryFolder(root: Root, reg: string, way: Way): Promise<Handed | undefined> {
  const { host } = way;
  const data = folderIn((await readRegistry(host.run, reg, ...LOCAL_DATA)) ?? '');
  if (data === undefined) return undefined;
  const folder = win32.join(data, 'Temp');
  const path = await found(folder, way);
  if (path === undefined) return undefined;
  const name = `${entryName(root)}.cer`;
  const copy = posix.join(path, name);
  const program = (name: string) => host.find(name) ?? `/usr/bin/${name}`;
  return {
    file: win32.join(folder, name),
    before: [{ file: program('tee'), args: [copy], input: root.pem }],
    after: [{ file: program('rm'), args: ['-f', copy], cleansUp: true }],
  };
}

async function windowsPath(file: string, way: Way): Promise<string> {
  const path = await translated('-w', file, way);
  // Not there yet, in a dry run: what it will be called.
  const name = way.host.env.WSL_DISTRO_NAME ?? 'Linux';
  return path ?? `\\\\wsl.localhost\\${name}${file.replaceAll('/', '\\')}`;
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
  return scopesOf(options).map((scope) =>
    reportStore({ kind: 'windows', ...storeNames(scope) }, (root) => ({
      ...why,
      byHand: byHand(root, scope),
    })),
  );
}
