/** `devcert hosts …` */
import { DevcertError, printable, say } from '../errors.ts';
import { addHosts, type HostsOptions, type HostsResult, listHosts, removeHosts } from '../index.ts';
import { type Declaration, dryRunOption } from './declaration.ts';
import { cancelOnInterrupt } from './interrupt.ts';
import type { Terminal } from './terminal.ts';

export const hostsCommand: Declaration = {
  summary: 'lead names to this machine, in its hosts file',
  description:
    'Keeps a marked block of the hosts file in which names lead to this machine, by IPv4 and IPv6. Lines of others are never changed; uninstall takes the block out.',
  examples: ['devcert hosts add api.test shop.test', 'devcert hosts remove --all'],
  commands: {
    add: {
      summary: 'lead names to this machine',
      description: 'Adds names to the block. Those that another line answers for are left to it.',
      positionals: { '<names...>': 'DNS names, without wildcards' },
      options: { ...dryRunOption },
      async run(names, options: HostsOptions, terminal) {
        cancelOnInterrupt(terminal);
        return tell(await addHosts(names, options, terminal), terminal);
      },
    },
    remove: {
      summary: 'take names out again',
      description: 'Takes names out of the block; an empty block goes altogether.',
      positionals: { '[names...]': 'names that devcert added' },
      options: { '--all': 'all that devcert added for you', ...dryRunOption },
      async run(names, { all, ...options }: HostsOptions & { all?: boolean }, terminal) {
        if (all === true && names.length > 0)
          throw new DevcertError('usage', say`${{ all: true }} takes no names`, {
            hint: { command: 'hosts remove', all: true },
          });
        cancelOnInterrupt(terminal);
        return tell(await removeHosts(all === true ? 'all' : names, options, terminal), terminal);
      },
    },
    list: {
      summary: 'the names that devcert added',
      description: 'Prints the names in the block of this user.',
      async run(_positionals, _options, terminal) {
        const result = await listHosts();
        return terminal.show(
          result.names.length === 0 ? [`none in ${result.file}`] : result.names,
          result,
        );
      },
    },
  },
};

function tell(result: HostsResult, terminal: Terminal): number {
  return terminal.show(hostsLines(result), result);
}

/** What was done, or would be. */
function hostsLines({ file, added, removed, names, commands }: HostsResult): string[] {
  const what = [
    ...(added.length === 0 ? [] : [`add ${added.join(', ')}`]),
    ...(removed.length === 0 ? [] : [`remove ${removed.join(', ')}`]),
  ].join(' and ');
  const where = printable(file);
  if (what === '')
    return [
      names.length === 0 ? `Nothing to do in ${where}` : `In ${where} already: ${names.join(', ')}`,
    ];
  if (commands !== undefined)
    return [`Would ${what}, in ${where}`, ...commands.map((command) => `  ${command}`)];
  if (added.length > 0)
    return [`${added.join(', ')} now ${lead(added)} to this machine (${where})`];
  return [`${removed.join(', ')} no longer ${lead(removed)} to this machine by ${where}`];
}

function lead({ length }: readonly string[]): string {
  return length === 1 ? 'leads' : 'lead';
}
