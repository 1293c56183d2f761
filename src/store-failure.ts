/** What a command's failure means for its store, in words. */
import { findElevation, formatCommand } from '../platform/run.ts';
import type { Command, CommandResult, Host, TrustStore } from '../platform/types.ts';
import { printable, type Text } from './errors.ts';

/** Why a store was not changed. */
export interface Failure {
  readonly status: 'failed' | 'cancelled';
  readonly reason: string;
  readonly hint?: Text | undefined;
  /** Those in the hint that do by hand what is not done. */
  readonly commands?: readonly string[];
}

/**
 * A failed command as the outcome of its store: why, and what to do about it.
 *
 * @param left the commands that are not done: the first one is the one that failed.
 */
export function failureOf(
  left: readonly Command[],
  result: CommandResult,
  store: Pick<TrustStore, 'explain'>,
  host: Host,
): Failure {
  const [command = { file: '', args: [] }] = left;
  const explained = store.explain?.(command, result);
  if (explained !== undefined) {
    const { cancelled, reason, hint } = explained;
    return { status: cancelled === true ? 'cancelled' : 'failed', reason, hint };
  }
  const byHand = handOver(left, host);
  const { hint, commands } = byHand;
  switch (result.failure) {
    case 'not-found':
      return { status: 'failed', reason: `there is no program "${command.file}"` };
    case 'timeout':
      return { status: 'failed', reason: `"${command.file}" did not end in time and was stopped` };
    case 'not-elevated': {
      const lacks = !host.isRoot && findElevation(host) === undefined;
      return {
        status: 'failed',
        reason: lacks
          ? 'needs root, and there is no sudo, doas or run0 here that only root can change'
          : 'needs root, and nobody can be asked for a password here',
        hint,
        commands,
      };
    }
    case 'unsafe':
      return {
        status: 'failed',
        reason: `"${command.file}" is not run as root: users other than root can change it`,
        hint: `if you trust it, ${hint}`,
        commands,
      };
    case 'nobody':
      return { status: 'failed', reason: 'nobody is here to answer what it asks', ...byHand };
    case 'elevation-refused':
      return { status: 'failed', reason: `root was refused: ${lastLine(result)}`, ...byHand };
    case 'killed':
      return { status: 'cancelled', reason: `"${command.file}" was stopped` };
    case undefined:
      return {
        status: 'failed',
        reason: `"${command.file}" failed with exit code ${String(result.exitCode)}: ${lastLine(result)}`,
      };
  }
}

/** For a user who may act as root, to be typed into a shell from any account. */
function handOver(left: readonly Command[], host: Host): { hint: string; commands: string[] } {
  const asAdministrator = host.isRoot ? undefined : findElevation(host);
  const commands = left.map((it) =>
    formatCommand(it, asAdministrator === undefined ? { ...host, isRoot: true } : host),
  );
  const whose = asAdministrator === undefined ? 'run it yourself as root' : 'as an administrator';
  return { hint: `${whose}: ${commands.join(' && ')}`, commands };
}

function lastLine(result: CommandResult): string {
  const lines = (result.stderr.trim() || result.stdout.trim()).split('\n');
  // Others end their sentences with a full stop; ours have none.
  return (
    printable(lines.at(-1) ?? '')
      .trim()
      .replace(/(?<!\.)\.$/, '') || 'it said nothing'
  );
}
