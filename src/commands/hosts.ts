/** `devcert hosts`: names that this machine answers for itself, in a marked block of the hosts file. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import {
  blockNames,
  entriesIn,
  hostsFile,
  readHosts,
  withNames,
  writeHostsCommands,
} from '../../platform/hosts-file.ts';
import { quoteForPosix } from '../../platform/quote.ts';
import { formatCommand } from '../../platform/run.ts';
import type { Host } from '../../platform/types.ts';
import { isWsl } from '../../platform/wsl.ts';
import { DevcertError, say, systemCode, worded } from '../errors.ts';
import { parseNames } from '../names/names.ts';
import { runPlan, type Outcome, type Turn } from '../trust.ts';
import { type Context, type DryRunOption, refuseSudo } from './context.ts';

export type HostsOptions = DryRunOption;

export interface HostsResult {
  /** Absolute path of the hosts file. */
  readonly file: string;
  /** The names in devcert's block: after a dry run those that would be in it. */
  readonly names: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** The command lines of a dry run, as typed into a shell. */
  readonly commands?: readonly string[];
  readonly notes: readonly string[];
}

/** The names of this user's in the hosts file. @throws DevcertError `file`. */
export function listHosts({ host }: Pick<Context, 'host'>): HostsResult {
  const names = blockNames(textOf(host), host.user);
  return { file: hostsFile(host), names, added: [], removed: [], notes: [] };
}

/**
 * Has this machine answer for DNS names with its own addresses, 127.0.0.1 and ::1. Names that another line
 * answers for are left to it.
 *
 * @throws DevcertError `invalid-name`, `usage` for what a hosts file cannot hold, `refused`, `file`, `cancelled`.
 */
export async function addHosts(
  context: Pick<Context, 'host'>,
  texts: readonly string[],
  options: HostsOptions = {},
): Promise<HostsResult> {
  const { host } = context;
  const names = texts.length === 0 ? nothingNamed('add') : parseHosts(texts);
  const text = textOf(host);
  const own = blockNames(text, host.user);
  const others = entriesIn(withNames(text, [], host.user) ?? text);
  const answered = names.filter((name) => others.has(name));
  const added = names.filter((name) => !others.has(name) && !own.includes(name));
  const notes = answered.map(
    (name) => `"${name}" is in it already, with ${(others.get(name) ?? []).join(' and ')}`,
  );
  return change(context, text, [...own, ...added], { added, removed: [], notes }, options);
}

/**
 * Takes names, or with none all, out of this user's block. Lines of others stay.
 *
 * @throws DevcertError `usage`, `refused`, `file`, `cancelled`.
 */
export async function removeHosts(
  context: Pick<Context, 'host'>,
  texts: readonly string[] | 'all',
  options: HostsOptions = {},
): Promise<HostsResult> {
  const { host } = context;
  const text = textOf(host);
  const own = blockNames(text, host.user);
  const names =
    texts === 'all' ? own : texts.length === 0 ? nothingNamed('remove') : parseHosts(texts);
  const removed = own.filter((name) => names.includes(name));
  const notes = names
    .filter((name) => !own.includes(name))
    .map((name) => `"${name}" is not among the names that devcert added`);
  const left = own.filter((name) => !names.includes(name));
  return change(context, text, left, { added: [], removed, notes }, options);
}

/** Takes this user's block out, as `uninstall` does: undefined if there is none. Does not throw for a failure. */
export async function clearHosts(
  { host }: Pick<Context, 'host'>,
  dryRun: boolean,
): Promise<Outcome | undefined> {
  let text: string;
  try {
    text = readHosts(host);
  } catch {
    return undefined; // no hosts file: nothing of ours is in it
  }
  if (blockNames(text, host.user).length === 0) return undefined;
  const outcome = { kind: 'hosts', store: 'hosts file', location: hostsFile(host) } as const;
  const { hint, ...turn } = await write(host, withNames(text, [], host.user), dryRun);
  return { ...outcome, ...turn, hint: hint === undefined ? undefined : worded`${hint}` };
}

type Changed = Pick<HostsResult, 'added' | 'removed' | 'notes'>;

async function change(
  context: Pick<Context, 'host'>,
  text: string,
  names: readonly string[],
  changed: Changed,
  { dryRun = false }: HostsOptions,
): Promise<HostsResult> {
  const { host } = context;
  const file = hostsFile(host);
  if (changed.added.length + changed.removed.length === 0) return { file, names, ...changed };
  refuseSudo({ host });
  const wanted = withNames(text, names, host.user);
  if (wanted === undefined) throw unfinished(file);
  const { status, reason, hint, commands } = await write(host, wanted, dryRun);
  if (status === 'failed' || status === 'cancelled')
    throw new DevcertError(
      status === 'failed' ? 'file' : 'cancelled',
      `cannot change "${file}": ${reason ?? ''}`,
      {
        hint:
          hint ?? `look at what keeps it: ls -ld ${quoteForPosix(file)}; df ${quoteForPosix(file)}`,
      },
    );
  return { file, names, ...changed, notes: [...changed.notes, ...wslNotes(host)], commands };
}

/** Writes the file and looks whether it holds the text then: the outcome in the words of `uninstall`. */
async function write(host: Host, text: string | undefined, dryRun: boolean): Promise<Turn> {
  const file = hostsFile(host);
  if (text === undefined) {
    const { message, hint } = unfinished(file);
    return { status: 'failed', reason: message, hint };
  }
  if (host.platform === 'win32') return writeOnWindows(file, text, dryRun);
  const commands = writeHostsCommands(host, text);
  if (dryRun) return { status: 'planned', commands: commands.map((it) => formatCommand(it, host)) };
  const failure = await runPlan(commands, {}, host);
  if (failure !== undefined) return failure;
  if (readHosts(host) === text) return { status: 'removed' };
  return {
    status: 'failed',
    reason: 'something else changed it at the same time',
    hint: { command: 'hosts list' },
  };
}

// A file made beside it has the permissions of the folder, as the file itself has on Windows.
function writeOnWindows(file: string, text: string, dryRun: boolean): Turn {
  if (dryRun) return { status: 'planned', commands: [] };
  const temporary = `${file}.devcert`;
  try {
    writeFileSync(temporary, text, 'latin1');
    renameSync(temporary, file);
    return { status: 'removed' };
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return {
      status: 'failed',
      reason: 'only an administrator can write it, or a virus scanner guards it',
      hint: 'type the same in a terminal that was opened with "Run as administrator"',
    };
  } finally {
    rmSync(temporary, { force: true });
  }
}

function textOf(host: Host): string {
  try {
    return readHosts(host);
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    if (code === 'ENOENT') return ''; // as an empty one
    throw new DevcertError('file', `cannot read "${hostsFile(host)}": ${code}`, {
      hint: 'see whether it is there, and whose it is',
    });
  }
}

/** Lower case, A-labels. @throws DevcertError `usage` for an address or a wildcard, `invalid-name`. */
function parseHosts(texts: readonly string[]): string[] {
  return parseNames(texts).map(({ type, value }) => {
    if (type === 'dns' && !value.startsWith('*.')) return value;
    throw new DevcertError('usage', `a hosts file cannot hold "${value}"`, {
      hint:
        type === 'dns'
          ? 'give each name that you use below it'
          : 'it gives names to this machine: give the names',
    });
  });
}

function nothingNamed(command: 'add' | 'remove'): never {
  throw new DevcertError('usage', 'which names?', {
    hint:
      command === 'add'
        ? { command: 'hosts add', names: 'api.test' }
        : say`${{ command: 'hosts remove', names: 'api.test' }}, or ${{ command: 'hosts remove', all: true }}`,
  });
}

function unfinished(file: string): DevcertError {
  return new DevcertError('file', `devcert's block in "${file}" has lost its last line`, {
    hint: 'take its lines out with an editor: from "# devcert: begin" on',
  });
}

function wslNotes(host: Host): string[] {
  if (host.platform !== 'linux' || !isWsl(host)) return [];
  return [
    worded`WSL makes this file anew from that of Windows when it starts: add the names there, too, in Windows: ${{ command: 'hosts add', names: 'NAMES' }}`,
  ];
}
