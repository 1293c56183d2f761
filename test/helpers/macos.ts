/** A Mac that does not exist: the adapter over a strict double of `security`, in a temporary folder. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { macosStores } from '../../platform/macos.ts';
import { createRunner } from '../../platform/run.ts';
import type { Command, CommandResult, Host } from '../../platform/types.ts';
import type { Context } from '../../src/commands/context.ts';
import { type Knobs as DoubleKnobs, security as ask } from '../doubles/security/commands.mjs';
import { fakeHost, line, stateAt, temporaryFolder } from './host.ts';

const DOUBLE = join(import.meta.dirname, '../doubles/security/security.mjs');

export type Knobs = Pick<DoubleKnobs, 'ui' | 'sip' | 'locked'>;

export interface Where extends Knobs {
  readonly root: string;
  readonly home: string;
  readonly uid?: number;
}

/** Asks the double, without a process. `failure` is `timeout` at once if a dialog hangs. */
export function security(args: readonly string[], where: Where): CommandResult {
  const result = ask(args, where);
  return result.exitCode === undefined ? { ...result, failure: 'timeout' } : result;
}

/** Runs the double as a program, with the product's own runner and its time limits, a dialog's cut short. */
export function securityProcess(args: readonly string[], where: Where): Promise<CommandResult> {
  const { root, home, uid = 501, ui = 'allow', sip = 'on', locked = false } = where;
  const env = {
    HOME: home,
    SECD_ROOT: root,
    SECD_UID: String(uid),
    SECD_UI: ui,
    SECD_SIP: sip,
    ...(locked ? { SECD_LOCKED: '1' } : {}),
  };
  const run = createRunner(fakeHost({ env }));
  const limit = ui === 'hang' ? { timeoutMs: 500 } : {};
  return run({ file: process.execPath, args: [DOUBLE, ...args], ...limit });
}

const ROOTS_HOME = '/private/var/root';

/** What makes, fills, compares and removes a file in root's home, and nothing else. */
function inRootsHome(command: Command, uid: number, sysroot: string): CommandResult {
  const { file, args, input = '' } = command;
  const ended = (isDone: boolean) => ({ exitCode: isDone ? 0 : 1, stdout: '', stderr: '' });
  if (uid !== 0) return ended(false);
  const path = join(sysroot, args.at(-1) ?? '');
  const [, hash, compared = ''] = /^([0-9a-f]{64}) {2}(\S+)\n$/.exec(input.toString()) ?? [];
  switch (line({ file, args: args.filter((it) => !it.startsWith(ROOTS_HOME)) })) {
    case '/usr/bin/install -m 0600 /dev/null':
      writeFileSync(path, '');
      return ended(true);
    case '/usr/bin/tee':
      writeFileSync(path, input);
      return ended(true);
    case '/bin/rm -f':
      rmSync(path, { force: true });
      return ended(true);
    case '/usr/bin/shasum -a 256 -c': {
      const contents = readFileSync(join(sysroot, compared));
      return ended(createHash('sha256').update(contents).digest('hex') === hash);
    }
    default:
      throw new Error(`it runs ${line(command)}`);
  }
}

/** The machine: `knobs` may be changed while it lives; `ran` has every command line. */
export function mac(
  overrides: Partial<Host> = {},
  answer: (
    args: readonly string[],
    where: Where,
  ) => CommandResult | Promise<CommandResult> = security,
) {
  const sysroot = temporaryFolder();
  const home = join(sysroot, 'Users/ada');
  const login = join(home, 'Library/Keychains/login.keychain-db');
  const system = join(sysroot, 'Library/Keychains/System.keychain');
  for (const keychain of [login, system]) {
    mkdirSync(join(keychain, '..'), { recursive: true });
    writeFileSync(keychain, '');
  }
  mkdirSync(join(sysroot, ROOTS_HOME), { recursive: true });
  const knobs: Knobs = {};
  const ran: string[] = [];
  const asked: string[] = [];
  const host = fakeHost({
    platform: 'darwin',
    sysroot,
    home,
    now: () => new Date(), // verify-cert has no other clock
    run: async (command: Command) => {
      ran.push(line(command));
      if (command.prompt !== undefined) asked.push(command.prompt);
      const uid = command.elevated === true || host.isRoot ? 0 : 501;
      if (command.file !== '/usr/bin/security') return inRootsHome(command, uid, sysroot);
      const args = command.args.map((it) => (it.startsWith(ROOTS_HOME) ? join(sysroot, it) : it));
      const result = await answer(args, { root: sysroot, home, uid, ...knobs });
      if (result.exitCode === 70) throw new Error(result.stderr);
      return result;
    },
    ...overrides,
  });
  const context: Context = {
    host,
    finders: [macosStores],
    ...stateAt(join(home, 'state')),
    cwd: home,
  };
  /** Everything that `security` can change, for comparing before and after. */
  const state = () =>
    [
      login,
      system,
      join(home, 'Library/TrustSettings.json'),
      join(sysroot, 'Library/TrustSettings.json'),
      ...readdirSync(join(sysroot, ROOTS_HOME)).map((name) => join(sysroot, ROOTS_HOME, name)),
    ].map((file) => {
      try {
        const text = readFileSync(file, 'utf8');
        return ['', '[]', '{}'].includes(text) ? 'empty' : text;
      } catch {
        return 'empty';
      }
    });
  return { host, context, knobs, ran, asked, state, home, sysroot, login, system };
}
