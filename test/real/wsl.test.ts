/**
 * WSL, emulated: the built command on Linux with WSL's variable, and interop's programs as scripts that run
 * wine's in their place. What they do to the store of the Windows user, Windows Node tells.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needsTools } from '../helpers/require.ts';

import { untilWineReads } from '../helpers/wine-signatures.ts';
import { startWindows, type Windows } from '../helpers/wine.ts';

const ready = needsTools('wine', 'wineserver', 'x86_64-w64-mingw32-gcc', 'certutil', 'script');
const CLI = resolve(import.meta.dirname, '../../dist/bin/devcert.cjs');

describe.runIf(ready)('devcert in an emulated WSL', () => {
  let windows: Windows;
  let home: string;
  let project: string;
  let cli: string[];
  let env: Record<string, string>;

  beforeAll(() => {
    windows = startWindows();
    home = mkdtempSync(join(tmpdir(), 'devcert-wsl-'));
    project = join(home, 'project');
    const bin = join(home, 'bin');
    // Where WSL mounts C:.
    const system32 = join(home, 'mnt/c/Windows/System32');
    for (const folder of [project, bin, system32]) mkdirSync(folder, { recursive: true });
    const program = (file: string, text: string) => {
      writeFileSync(file, `#!/bin/sh\n${text}\n`);
      chmodSync(file, 0o755);
    };
    program(
      join(bin, 'wslpath'),
      `case "$1 $2" in
        '-u C:'*) echo "${home}/mnt/c$(printf %s "$2" | cut -c3- | tr '\\\\' /)" ;;
        '-w /'*) test -e "$2" && printf 'Z:%s\\n' "$(printf %s "$2" | tr / '\\\\')" ;;
        *) echo "wslpath double: not modelled: $*" >&2; exit 70 ;;
      esac`,
    );
    // Only low bytes of exit codes come through, as with interop.
    const variables = Object.entries(windows.env)
      .map(([name, value]) => `${name}='${value}'`)
      .join(' ');
    for (const name of ['certutil.exe', 'reg.exe'])
      program(
        join(system32, name),
        `exec env ${variables} wine 'C:\\windows\\system32\\${name}' "$@"`,
      );
    // The temporary folder of the Windows user is there, too.
    symlinkSync(join(windows.drive, 'users'), join(home, 'mnt/c/users'));
    // WSL's own files: a distribution that was a container once, as CI's is, has its folder of sockets.
    const fs = "const fs = require('fs'), { existsSync, readFileSync } = fs;";
    writeFileSync(
      join(home, 'wsl.cjs'),
      `${fs} fs.existsSync = (file) => file === '/run/WSL' || existsSync(file);
      fs.readFileSync = (file, ...more) => {
        if (!String(file).startsWith('/proc/sys/fs/binfmt_misc/')) return readFileSync(file, ...more);
        return process.env.INTEROP ?? 'enabled';
      };`,
    );
    cli = ['-r', join(home, 'wsl.cjs'), CLI];
    env = {
      PATH: `${bin}:${process.env.PATH ?? ''}`,
      HOME: home,
      NO_COLOR: '1',
      WSL_DISTRO_NAME: 'Debian',
    };
  });
  afterAll(() => {
    (windows as Windows | undefined)?.close();
    rmSync(home, { recursive: true, force: true });
  });

  /** Runs the command, without a terminal. */
  const devcert = (...args: string[]) => devcertWith({}, ...args);
  const devcertWith = (more: Record<string, string>, ...args: string[]) =>
    spawnSync(process.execPath, [...cli, ...args], {
      ...{ cwd: project, env: { ...env, ...more }, encoding: 'utf8', timeout: 60_000 },
    });
  /** Runs it at a terminal, whose output is both of its streams. */
  const atTerminal = (...args: string[]) => {
    const line = [process.execPath, ...cli, ...args].map((it) => `'${it}'`).join(' ');
    return spawnSync('script', ['-qec', line, '/dev/null'], {
      cwd: project,
      env,
      encoding: 'utf8',
    });
  };
  const STORES = ['--stores', 'windows,nss'];

  test('in CI the dialog is not started, and the Linux side is trusted all the same', () => {
    const ran = devcertWith({ CI: 'true' }, 'install', ...STORES);
    expect(ran.status).toBe(1);
    expect(ran.stdout).toMatch(/Windows +failed: .*nobody can answer it/);
    expect(ran.stdout).toMatch(/Chromium +trusted/);
    expect(devcert('uninstall', ...STORES).status).toBe(0);
  });

  test('interop off: Windows is skipped with the reason, and nothing else is touched', () => {
    const off = { INTEROP: 'disabled' };
    const ran = devcertWith(off, 'install', '--stores', 'windows');
    expect(ran.stdout).toMatch(/Windows +skipped: interop is off/);
    expect(ran.status).toBe(0);
    const purged = devcertWith(off, 'uninstall', '--purge');
    expect(purged.stdout).toContain('Deleted the CA');
    expect(purged.stderr).toMatch(
      /it still does.* certutil\.exe -user -delstore Root [0-9a-f]{40}$/m,
    );
    expect(purged.status).toBe(0);
  });

  test('without a terminal the dialog of Windows is opened, and no copy of the root stays there', () => {
    const ran = devcert('install', '--stores', 'windows');
    expect(ran.stdout).toMatch(/Windows +trusted/);
    const copies = readdirSync(join(windows.drive, 'users'), { recursive: true, encoding: 'utf8' });
    expect(copies.filter((name) => name.includes('devcert-'))).toEqual([]);
    expect(devcert('uninstall', '--stores', 'windows').status).toBe(0);
  });

  test('both sides trust the root after install and neither after uninstall', async () => {
    await untilWineReads((attempt) => {
      if (attempt > 0) rmSync(join(home, '.config/devcert-nodejs'), { recursive: true });
      expect(devcert('localhost', '--force').status).toBe(0);
      const read = (file: string) => readFileSync(join(project, '.devcert', file), 'utf8');
      return read('cert.pem') + read('ca.pem');
    });
    const script = `const s = require('https').createServer({
      cert: require('fs').readFileSync('cert.pem'), key: require('fs').readFileSync('key.pem'),
    }, (q, r) => r.end('hello')).listen(0, '127.0.0.1', () => console.log(s.address().port))`;
    const child = spawn(process.execPath, ['-e', script], { cwd: join(project, '.devcert') });
    try {
      const port = await new Promise<string>((resolve) =>
        child.stdout.once('data', (data: Buffer) => {
          resolve(data.toString().trim());
        }),
      );
      const client = `require('https').get('https://localhost:${port}/',{agent:false},r=>console.log(r.statusCode)).on('error',e=>console.log(e.code))`;
      writeFileSync(join(windows.drive, 'client.cjs'), client);
      const node = () => windows.node(['--use-system-ca', 'C:\\client.cjs']).stdout.trim();
      const database = join(home, '.local/share/pki/nssdb');
      // The database goes again with the root that it was made for.
      const nss = () =>
        existsSync(database)
          ? execFileSync('certutil', ['-L', '-d', `sql:${database}`], { encoding: 'utf8' })
          : '';

      const refused = node();
      expect(refused).toMatch(/SELF_SIGNED|UNABLE_TO|ISSUER/);
      const installed = atTerminal('install', ...STORES);
      expect(installed.stdout).toMatch(/Windows asks in a dialog[^]*choose Yes/);
      expect(installed.stdout).toMatch(/Windows +trusted/);
      expect(installed.stdout).toMatch(/Chromium +trusted/);
      expect(installed.status).toBe(0);
      const status = devcert('status', ...STORES);
      expect(status.stdout).toMatch(/Windows +trusted/);
      expect(status.status).toBe(0);
      expect(node()).toBe('200');
      expect(nss()).toContain('devcert');

      const removed = atTerminal('uninstall', ...STORES);
      expect(removed.stdout).toMatch(/Windows +removed/);
      expect(removed.stdout).toMatch(/Chromium +removed/);
      expect(removed.status).toBe(0);
      expect(node()).toBe(refused);
      expect(nss()).not.toContain('devcert');
      expect(devcert('status', ...STORES).status).toBe(4);
    } finally {
      child.kill();
    }
  });

  test('a dialog answered with No is exit code 7, seen through the low byte', () => {
    const knob = join(windows.system32, 'dialog-no');
    writeFileSync(knob, '');
    const ran = atTerminal('install', '--stores', 'windows');
    rmSync(knob);
    expect(ran.stdout).toContain('the dialog was answered with No');
    expect(ran.status).toBe(7);
  });
});
