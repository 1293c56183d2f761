/** Whether the names of the project lead to this machine. */
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { hostsFile, readHostNames } from '../../platform/hosts-file.ts';
import { jsonIn } from '../../platform/look.ts';
import type { Host } from '../../platform/types.ts';
import { say } from '../errors.ts';
import { finding, type Finding } from './finding.ts';
import type { Check } from './machine.ts';

/** Asked of the system, as every program here does; in a process that can be ended when DNS does not answer. */
const ASK = `const { lookup } = require('dns').promises;
Promise.all(require('process').argv.slice(1).map((name) =>
  lookup(name, { all: true }).then((all) => all.map(({ address }) => address), () => [])
)).then((all) => { require('fs').writeSync(1, JSON.stringify(all)); process.exit(); });`;
const LOOKUP_MS = 4000;

export const namesCheck: Check = {
  id: 'names',
  about: 'names of the project',
  async run({ context: { host }, project }) {
    if (isLoopbackDown(host)) {
      const what =
        'the loopback interface is down: no program here reaches a server of this machine';
      return [finding('names', 'other', what, `${host.isRoot ? '' : 'sudo '}ip link set lo up`)];
    }
    const known = readHostNames(host);
    // RFC 6761 6.3: it is always this machine, and what has it resolve is the hosts file.
    const names = ['localhost', ...project.names.filter((name) => name !== 'localhost')].filter(
      (name) => isIP(name) === 0 && !/[*@:]/.test(name) && !known.has(name),
    );
    if (names.length === 0) return [];
    const answers = await resolve(names, host);
    const own = ownAddresses();
    return names.flatMap((name, index) => {
      const addresses = answers[index];
      // Nobody asks for it where nothing answers at all.
      if (name === 'localhost' && addresses === undefined) return [];
      return judge(name, addresses ?? [], own, host) ?? [];
    });
  },
};

async function resolve(names: readonly string[], host: Host): Promise<readonly string[][]> {
  const { stdout } = await host.run({
    file: process.execPath,
    args: ['-e', ASK, ...names],
    env: { DEVCERT_AS_NODE: '1' }, // the single executable is Node for this
    timeoutMs: LOOKUP_MS,
  });
  // Where it was ended nothing answers for any of them.
  return (jsonIn(stdout) ?? []) as string[][];
}

/** True if nothing here can reach a server of this machine: a container may be started so. */
export function isLoopbackDown({ platform }: Pick<Host, 'platform'>): boolean {
  const own = ownAddresses();
  return platform === 'linux' && !own.has('127.0.0.1') && !own.has('::1');
}

function ownAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((it) => it ?? []);
  return new Set(all.map(({ address }) => address));
}

function judge(
  name: string,
  addresses: readonly string[],
  own: ReadonlySet<string>,
  host: Host,
): Finding | undefined {
  const add = { command: 'hosts add', names: name } as const;
  if (addresses.length === 0) {
    if (!name.endsWith('.localhost'))
      return finding('names', 'other', `"${name}" does not resolve on this machine`, add);
    const some = 'Chromium and Firefox find it by themselves, Safari, Java and others do not';
    return finding('names', 'note', `"${name}" is not in ${hostsFile(host)}: ${some}`, add);
  }
  if (addresses.some((it) => own.has(it) || it.startsWith('127.') || it === '::1'))
    return undefined;
  const where = `"${name}" is another machine: ${addresses.join(', ')}`;
  return finding('names', 'note', where, say`if it is to be this one: ${add}`);
}
