/** OpenSSH's own agent, with keys of files and of a token (SoftHSM 2) that gives none away. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './run.ts';

export const SOFTHSM = '/usr/lib/softhsm/libsofthsm2.so';
const PIN = '1234';

const answers = { yes: 'exit 0', no: 'exit 1', 'yes, late': 'sleep 3; exit 0' };
/** What a person says. */
export type Answer = keyof typeof answers;

export interface OpensshAgent {
  /** What a program needs to reach it. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes a key pair, `ecdsa` on P-256 if nothing else is said, and gives the path of its private half. */
  makeKey(name: string, type?: readonly string[]): Promise<string>;
  /** `ssh-add …`; throws if it fails. @param answer what its question for a password gets. */
  add(args: readonly string[], answer?: string): Promise<void>;
  /** Makes a key in a token, from which it cannot be exported, and adds it. */
  addFromToken(): Promise<void>;
  /** The fingerprints that it has, as `ssh-add -l` shows them. */
  list(): Promise<string[]>;
  kill(): void;
}

/**
 * Starts one whose socket is in a folder.
 *
 * @param answer what its own questions (`ssh-add -c`) get; undefined if it can ask nobody.
 */
export async function startAgent(folder: string, answer?: Answer): Promise<OpensshAgent> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const socket = join(folder, 'agent');
  const configuration = join(folder, 'softhsm2.conf');
  mkdirSync(join(folder, 'tokens'));
  writeFileSync(configuration, `directories.tokendir = ${join(folder, 'tokens')}\n`);
  const base = { PATH: process.env.PATH ?? '', HOME: folder, SOFTHSM2_CONF: configuration };
  const asking = (file: string, code: string) => {
    writeFileSync(join(folder, file), `#!/bin/sh\n${code}\n`, { mode: 0o700 });
    return { SSH_ASKPASS: join(folder, file), SSH_ASKPASS_REQUIRE: 'force', DISPLAY: ':0' };
  };
  const agent: ChildProcess = spawn('ssh-agent', ['-D', '-a', socket], {
    env: {
      ...base,
      ...(answer === undefined ? {} : asking('confirm', answers[answer])),
    },
    stdio: 'ignore',
  });
  for (let waited = 0; !existsSync(socket); waited++) {
    if (waited > 1000) throw new Error('ssh-agent does not start');
    await sleep(50);
  }
  const env = { ...base, SSH_AUTH_SOCK: socket };
  const must = async (file: string, args: readonly string[], more = {}) => {
    const clean = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
    const ended = await run(file, args, { env: { ...clean, ...env, ...more } });
    if (ended.status !== 0) throw new Error(`${file} ${args.join(' ')}: ${ended.output}`);
    return ended.output;
  };
  const add = async (args: readonly string[], secret?: string) => {
    await must('ssh-add', args, secret === undefined ? {} : asking('secret', `echo ${secret}`));
  };
  return {
    env: { SSH_AUTH_SOCK: socket },
    makeKey: async (name, type = ['-t', 'ecdsa', '-b', '256']) => {
      const file = join(folder, name);
      await must('ssh-keygen', ['-q', ...type, '-N', '', '-C', name, '-f', file]);
      return file;
    },
    add,
    addFromToken: async () => {
      const made = ['--init-token', '--free', '--label', 'devcert', '--so-pin', PIN, '--pin', PIN];
      await must('softhsm2-util', made);
      const pair = ['--keypairgen', '--key-type', 'EC:prime256v1', '--id', '01', '--sensitive'];
      const token = ['--module', SOFTHSM, '--login', '--pin', PIN, '--token-label', 'devcert'];
      await must('pkcs11-tool', [...token, ...pair, '--label', 'devcert']);
      await add(['-s', SOFTHSM], PIN);
    },
    list: async () =>
      (await must('ssh-add', ['-l'])).split('\n').flatMap((it) => /SHA256:\S+/.exec(it) ?? []),
    kill: () => agent.kill('SIGKILL'),
  };
}
