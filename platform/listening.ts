/** TCP ports on which programs of this user listen, as far as this system tells. Looks, and changes nothing. */
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { linkIn, namesIn, textIn } from './look.ts';
import type { Host } from './types.ts';
import { windowsProgram } from './windows-programs.ts';

export interface ListeningPort {
  readonly port: number;
  /** Of this machine alone, the likeliest first. */
  readonly addresses: readonly string[];
  /** The program that listens: its short name and its number; undefined if that cannot be told. */
  readonly process: { readonly name: string; readonly pid: number } | undefined;
}

type Looks = Pick<Host, 'platform' | 'env' | 'sysroot' | 'uid' | 'find' | 'run'>;

/** Those that can be reached at a loopback address; none where there is neither /proc nor lsof. */
export function listeningPorts(host: Looks): Promise<readonly ListeningPort[]> {
  return host.platform === 'win32' ? onWindows(host) : onUnix(host);
}

/** Asks for every socket with the number of its process, and for the processes of this user alone. */
async function onWindows({ env, run }: Looks): Promise<readonly ListeningPort[]> {
  const ask = (program: string, ...args: readonly string[]) =>
    run({ file: windowsProgram(env, program), args, timeoutMs: 5000 });
  const user = [env.USERDOMAIN, env.USERNAME].filter((it) => it !== undefined).join('\\');
  const [sockets, tasks] = await Promise.all([
    ask('netstat.exe', '-ano'),
    ask('tasklist.exe', '/FO', 'CSV', '/NH', '/FI', `USERNAME eq ${user}`),
  ]);
  return fromNetstat(sockets.stdout, tasks.stdout);
}

async function onUnix(host: Looks): Promise<readonly ListeningPort[]> {
  if (host.uid === undefined) return [];
  if (existsSync(join(host.sysroot, 'proc/net/tcp'))) return fromProc(host.sysroot, host.uid);
  const file = host.find('lsof');
  if (file === undefined) return [];
  const args = [...LSOF, String(host.uid)];
  return fromLsof((await host.run({ file, args, timeoutMs: 2000 })).stdout);
}

/** Fields that programs read; TCP, listening, and of this user, whose number follows. */
export const LSOF = ['-nP', '-Fpcn', '-iTCP', '-sTCP:LISTEN', '-a', '-u'];

/** What lsof printed: a line each for process, command and name, by their first letters. */
export function fromLsof(output: string): readonly ListeningPort[] {
  const found: ListeningPort[] = [];
  let process = { name: '', pid: 0 };
  for (const line of output.split('\n')) {
    const value = line.slice(1);
    if (line.startsWith('p')) process = { name: '', pid: Number(value) };
    if (line.startsWith('c')) process = { ...process, name: value };
    const [, address = '', port = ''] = /^n(.+):(\d+)$/.exec(line) ?? [];
    const bare = address.replace(/^\[|\]$/g, '');
    add(found, Number(port), loopbackOf(bare === '*' ? '::' : bare), process);
  }
  return found;
}

/**
 * What netstat and tasklist printed. Netstat's words are in the language of Windows: a socket that listens is
 * known by its other end, which is nobody's.
 */
function fromNetstat(sockets: string, tasks: string): readonly ListeningPort[] {
  const lines = Array.from(tasks.matchAll(/^"([^"]+)","(\d+)"/gm));
  const programs = new Map(lines.map(([, name = '', pid = '']) => [Number(pid), name]));
  const found: ListeningPort[] = [];
  const listening = /^ *TCP +(\S+):(\d+) +(?:0\.0\.0\.0|\[::\]):0 +.* (\d+)\s*$/gm;
  for (const [, address = '', port = '', owner = ''] of sockets.matchAll(listening)) {
    const pid = Number(owner);
    const name = programs.get(pid)?.replace(/\.exe$/i, '');
    if (name === undefined) continue; // another user's, or the system's
    add(found, Number(port), loopbackOf(address.replace(/^\[|\]$/g, '')), { name, pid });
  }
  return found;
}

/** proc(5): `/proc/net/tcp` has a line for each socket, addresses as words in the machine's byte order. */
function fromProc(sysroot: string, uid: number): readonly ListeningPort[] {
  const lines = ['tcp', 'tcp6'].flatMap((name) =>
    textIn(join(sysroot, 'proc/net', name))
      .split('\n')
      .slice(1),
  );
  const sockets = lines.flatMap((line) => {
    const [, local = '', , state, , , , owner, , inode = ''] = line.trim().split(/\s+/);
    const [address = '', port = ''] = local.split(':');
    return state === LISTEN && Number(owner) === uid
      ? [{ addresses: loopbackOf(addressOf(address)), port: parseInt(port, 16), inode }]
      : [];
  });
  const found: ListeningPort[] = [];
  const inodes = sockets.map(({ inode }) => inode);
  const processes = processesOf(sysroot, inodes);
  for (const { port, addresses, inode } of sockets)
    add(found, port, addresses, processes.get(inode));
  return found;
}

const LISTEN = '0A';

/** One port once: programs listen at several addresses. */
function add(
  found: ListeningPort[],
  port: number,
  addresses: readonly string[],
  process: ListeningPort['process'],
): void {
  if (addresses.length === 0) return;
  const index = found.findIndex((it) => it.port === port && it.process?.pid === process?.pid);
  const before = found[index];
  if (before === undefined) found.push({ port, addresses, process });
  else found[index] = { ...before, addresses: [...new Set([...before.addresses, ...addresses])] };
}

/** `0100007F` is 127.0.0.1: each four bytes are a word, which has its last byte first. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? [])
    .flatMap((word) => (word.match(/../g) ?? []).reverse())
    .map((byte) => parseInt(byte, 16));
  const isV4 = bytes.length === 4;
  if (isV4) return bytes.join('.');
  if (bytes.slice(0, 15).every((byte) => byte === 0)) return bytes[15] === 1 ? '::1' : '::';
  const isMapped = bytes.slice(0, 12).join() === '0,0,0,0,0,0,0,0,0,0,255,255';
  return isMapped ? bytes.slice(12).join('.') : 'elsewhere';
}

/** Where a socket that is bound to the address is reached from this machine, not by its network. */
function loopbackOf(address: string): readonly string[] {
  if (address === '0.0.0.0') return ['127.0.0.1'];
  if (address === '::') return ['127.0.0.1', '::1']; // both families, as a rule
  return address === '::1' || address.startsWith('127.') ? [address] : [];
}

/** Whose sockets they are, by what each process has open: of others' nothing can be seen. */
function processesOf(sysroot: string, inodes: readonly string[]) {
  const found = new Map<string, { name: string; pid: number }>();
  if (inodes.length === 0) return found;
  const wanted = new Map(inodes.map((inode) => [`socket:[${inode}]`, inode]));
  const proc = join(sysroot, 'proc');
  for (const pid of numbered(proc).filter((it) => /^\d+$/.test(it)))
    for (const descriptor of numbered(join(proc, pid, 'fd'))) {
      const inode = wanted.get(linkIn(join(proc, pid, 'fd', descriptor)));
      // A program and its workers have the same: the first one is their parent.
      if (inode === undefined || found.has(inode)) continue;
      // Not `comm`: Node calls its first thread MainThread.
      const program = basename(linkIn(join(proc, pid, 'exe')).replace(/ \(deleted\)$/, ''));
      found.set(inode, { name: program, pid: Number(pid) });
    }
  return found;
}

/** By their numbers; none of what ended, or is another user's. */
function numbered(folder: string): string[] {
  return namesIn(folder).sort((one, other) => Number(one) - Number(other));
}
