/** `uninstall --purge` where the CA cannot be deleted: that is said before any store loses the root. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CLI, freshHome } from '../helpers/cli.ts';

const canMount = process.getuid?.() === 0 && process.platform === 'linux';
const READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"';

test.runIf(canMount)(
  'uninstall --purge names a read-only folder, and changes nothing',
  async () => {
    const { home, run, env, project, state } = freshHome();
    expect((await run(['localhost'])).status).toBe(0);
    const before = readdirSync(state);
    const uninstall = (option: string) =>
      spawnSync(
        'unshare',
        ['-m', 'sh', '-c', READ_ONLY, 'sh', home, process.execPath, CLI, 'uninstall', option],
        { env, cwd: project, encoding: 'utf8', timeout: 30_000 },
      );
    const { status, stdout, stderr } = uninstall('--purge');
    expect(stderr).toBe(
      `devcert: error: "${state}" is on a read-only file system: the CA in it is not deleted, and no store was changed\n` +
        'devcert: hint: mount it writable, then again; or clear the stores alone: devcert uninstall\n',
    );
    expect({ status, stdout }).toEqual({ status: 6, stdout: '' });
    expect(readdirSync(state)).toEqual(before);
    // What the hint says works there; one kind of store is enough to see it.
    expect(uninstall('--stores=nss').status).toBe(0);
  },
);
