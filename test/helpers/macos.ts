/** A Mac that does not exist: the adapter over a strict double of `security`, in a temporary folder. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { macosStores } from '../../platform/macos.ts';
import type { Command, CommandResult, Host } from '../../platform/types.ts';
import type { Context } from '../../src/actions/context.ts';
import { fakeHost, line, temporaryFolder } from './host.ts';

const DOUBLE = join(import.meta.dirname, '../doubles/security/security.mjs');

export interface Knobs {
  ui?: 'allow' | 'cancel' | 'none' | 'hang';
  sip?: 'on' | 'off';
  locked?: boolean;
}

/** Runs the double. `failure` is `timeout` after a second if a dialog hangs. */
export function security(
  args: readonly string[],
  options: { root: string; home: string; uid?: number; knobs?: Knobs },
): Promise<CommandResult> {
  const { root, home, uid = 501, knobs = {} } = options;
  const env = {
    HOME: home,
    SECD_ROOT: root,
    SECD_UID: String(uid),
    SECD_UI: knobs.ui ?? 'allow',
    SECD_SIP: knobs.sip ?? 'on',
    ...(knobs.locked === true ? { SECD_LOCKED: '1' } : {}),
  };
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [DOUBLE, ...args],
      { env, ...(knobs.ui === 'hang' ? { timeout: 1_000 } : {}) },
      (error, stdout, stderr) => {
        if (error?.killed === true)
          resolve({ exitCode: undefined, stdout, stderr, failure: 'timeout' });
        else resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
    child.stdin?.end();
  });
}

/** The machine: `knobs` may be changed while it lives; `ran` has every command line. */
export function mac(overrides: Partial<Host> = {}) {
  const sysroot = temporaryFolder();
  const home = join(sysroot, 'Users/ada');
  const login = join(home, 'Library/Keychains/login.keychain-db');
  const system = join(sysroot, 'Library/Keychains/System.keychain');
  for (const keychain of [login, system]) {
    mkdirSync(join(keychain, '..'), { recursive: true });
    writeFileSync(keychain, '');
  }
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
      if (command.file !== '/usr/bin/security') throw new Error(`it runs ${command.file}`);
      const uid = command.elevated === true || host.isRoot ? 0 : 501;
      const result = await security(command.args, { root: sysroot, home, uid, knobs });
      if (result.exitCode === 70) throw new Error(result.stderr);
      return result;
    },
    ...overrides,
  });
  const context: Context = {
    host,
    finders: [macosStores],
    folder: join(home, 'state'),
    cwd: home,
  };
  /** Everything that `security` can change, for comparing before and after. */
  const state = () =>
    [
      login,
      system,
      join(home, 'Library/TrustSettings.json'),
      join(sysroot, 'Library/TrustSettings.json'),
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
