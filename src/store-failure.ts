/** What a command's failure means for its store, in words. */
import { findElevation, formatCommand } from '../platform/run.ts';
import type { Command, CommandResult, Host, TrustStore } from '../platform/types.ts';
import { printable } from './errors.ts';
import type { Turn } from './trust.ts';

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
): Turn {
  const [command = { file: '', args: [] }] = left;
  const explained = store.explain?.(command, result);
  if (explained !== undefined) {
    const { cancelled, reason, hint } = explained;
    return { status: cancelled === true ? 'cancelled' : 'failed', reason, hint };
  }
  const failed = (reason: string, more?: Partial<Turn>): Turn => ({
    status: 'failed',
    reason,
    ...more,
  });
  const byHand = handOver(left, host);
  const program = `"${command.file}"`;
  switch (result.failure) {
    case 'not-found':
      return failed(`there is no program ${program}`);
    case 'timeout':
      return failed(`${program} did not end in time and was stopped`);
    case 'not-elevated': {
      const lacks = !host.isRoot && findElevation(host) === undefined;
      return failed(
        lacks
          ? 'needs root, and there is no sudo, doas or run0 here that only root can change'
          : 'needs root, and nobody can be asked for a password here',
        byHand,
      );
    }
    case 'unsafe':
      return failed(`${program} is not run as root: users other than root can change it`, {
        ...byHand,
        hint: `if you trust it, ${byHand.hint}`,
      });
    case 'nobody':
      return failed('nobody is here to answer what it asks', byHand);
    case 'elevation-refused':
      return failed(`root was refused: ${lastLine(result)}`, byHand);
    case 'killed':
      return { status: 'cancelled', reason: `${program} was stopped` };
    case undefined:
      return failed(
        `${program} failed with exit code ${String(result.exitCode)}: ${lastLine(result)}`,
      );
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
