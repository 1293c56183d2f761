/** The hosts file: which names this machine answers for itself, and devcert's own block in it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { realPath, textIn } from './look.ts';
import { mountOf, parseMounts } from './mounts.ts';
import type { Command, Host } from './types.ts';
import { windowsProgram } from './windows-programs.ts';

type Place = Pick<Host, 'platform' | 'env' | 'sysroot'>;

/** Absolute path of the hosts file. */
export function hostsFile(host: Place): string {
  return host.platform === 'win32'
    ? windowsProgram(host.env, 'drivers\\etc\\hosts')
    : join(host.sysroot, 'etc/hosts');
}

/** Every name in the hosts file, lower-cased; none if it cannot be read. */
export function readHostNames(host: Place): Set<string> {
  return new Set(entriesIn(textIn(hostsFile(host))).keys());
}

/** The file as it is, a character for each byte: whatever is not ASCII in it stays. @throws as Node's readFileSync does */
export function readHosts(host: Place): string {
  return readFileSync(hostsFile(host), 'latin1');
}

/** Every name outside comments, lower-cased, with the addresses that the text gives it, in its order. */
export function entriesIn(text: string): Map<string, string[]> {
  const entries = new Map<string, string[]>();
  for (const line of text.split(/\r?\n/)) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    for (const name of names.map((it) => it.toLowerCase()))
      entries.set(name, [...(entries.get(name) ?? []), address]);
  }
  return entries;
}

/** The names in this user's block, or blocks, in their order; none if there is no such block. */
export function blockNames(text: string, user: string): string[] {
  const block = findBlock(text, user);
  return block === undefined ? [] : [...entriesIn(block.inside.join('\n')).keys()];
}

/**
 * The text with a block that gives exactly these names the addresses of this machine, in place of the block
 * that was there or at the end; without names the text as it was before there was one. Line ends are the
 * text's own. What others wrote into the block stays, in it or, when it goes, in its place.
 *
 * @param names DNS names in A-labels.
 * @returns undefined if the block has a beginning and no end: nobody can tell what is in it.
 */
export function withNames(
  text: string,
  names: readonly string[],
  user: string,
): string | undefined {
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const [first, last] = marks(user);
  const block = findBlock(text, user);
  if (block === undefined && text.split(/\r?\n/).includes(first)) return undefined;
  const foreign = (block?.inside ?? []).filter((line) => !OWN_LINE.test(line));
  const lines = names.flatMap((name) => LOOPBACK.map((address) => `${address} ${name}`));
  const made = names.length === 0 ? foreign : [first, ...lines, ...foreign, last];
  if (block !== undefined) {
    const { before, after } = block;
    // A block that began behind a last line without an end took that end with it.
    const joined = made.length === 0 && after.length === 0 ? before : [...before, ...made];
    return [...joined, ...after].join(end);
  }
  if (made.length === 0) return text;
  const isWhole = text === '' || text.endsWith('\n');
  return isWhole ? text + [...made, ''].join(end) : [text, ...made].join(end);
}

/**
 * Writes the file on Unix: a copy beside it, which has its owner, mode and label, gets the text and takes its
 * place. A file that is mounted by itself, as in containers, cannot be replaced and is written in place.
 */
export function writeHostsCommands(host: Place, text: string): Command[] {
  const file = realHostsFile(host);
  const input = Buffer.from(text, 'latin1');
  // A file that is not there needs none that stands beside it.
  const isThere = existsSync(join(host.sysroot, file));
  if (!isThere || isMounted(file, host))
    return [{ file: 'tee', args: [file], input, elevated: true }];
  const copy = `${file}.devcert`;
  return [
    // -f: what a run that was killed left behind is no obstacle.
    { file: 'cp', args: ['-f', '-a', file, copy], elevated: true },
    { file: 'tee', args: [copy], input, elevated: true },
    { file: 'mv', args: ['-f', copy, file], elevated: true },
    { file: 'rm', args: ['-f', copy], elevated: true, cleansUp: true },
  ];
}

const LOOPBACK = ['127.0.0.1', '::1'];
const OWN_LINE = /^(127\.0\.0\.1|::1) \S+$/;

/** The lines around a block. By the user's name: each has one of their own. */
function marks(user: string): readonly [string, string] {
  const whose = user.replace(/[^!-~]/g, '?');
  return [`# devcert: begin, names of ${whose}`, `# devcert: end, names of ${whose}`];
}

interface Block {
  readonly before: readonly string[];
  readonly inside: readonly string[];
  readonly after: readonly string[];
}

/** The first block; what is in further ones, as a file has that was merged by hand, counts as in it. */
function findBlock(text: string, user: string): Block | undefined {
  const [first, last] = marks(user);
  const lines = text.split(/\r?\n/);
  const from = lines.indexOf(first);
  const to = lines.indexOf(last, from);
  if (from === -1 || to === -1) return undefined;
  const block = {
    before: lines.slice(0, from),
    inside: lines.slice(from + 1, to),
    after: lines.slice(to + 1),
  };
  const more = findBlock(block.after.join('\n'), user);
  if (more === undefined) return block;
  return {
    before: block.before,
    inside: [...block.inside, ...more.inside],
    after: [...more.before, ...more.after],
  };
}

function realHostsFile(host: Place): string {
  // Commands name the file of the system; tests read one below another folder.
  const file = hostsFile({ ...host, sysroot: '/' });
  if (host.sysroot !== '/') return file;
  return realPath(file) ?? file; // the command will say what is wrong with it
}

function isMounted(file: string, { sysroot }: Place): boolean {
  const mounts = parseMounts(textIn(join(sysroot, 'proc/self/mountinfo')));
  return mountOf(file, mounts)?.point === file;
}
