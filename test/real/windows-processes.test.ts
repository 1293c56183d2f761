/** What processes do to each other on a real Windows Node under wine: at once, killed, hanging. */
import { execFileSync, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bundleUnitTests, LEFT_OUT, onDriveZ } from '../helpers/windows-bundle.ts';
import { needsTools } from '../helpers/require.ts';

import { untilWineReads } from '../helpers/wine-signatures.ts';
import { startWindows, type Windows } from '../helpers/wine.ts';

const ready = needsTools('wine', 'wineserver', 'x86_64-w64-mingw32-gcc', 'openssl');
const checkout = resolve(import.meta.dirname, '../..');
const tests = join(checkout, 'test');
const programs = join(tests, 'helpers');

describe.runIf(ready)('processes on Windows Node under wine', () => {
  let windows: Windows;
  const CLI = onDriveZ(join(checkout, 'dist/bin/devcert.cjs'));

  beforeAll(() => {
    windows = startWindows();
  });
  afterAll(() => {
    (windows as Windows | undefined)?.close();
  });

  const options = (name: string) =>
    ({
      bundle: true,
      ignoreAnnotations: true, // "sideEffects": false is not true of tests
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      outfile: join(windows.drive, `${name}.cjs`),
    }) as const;

  /** Bundles a program of test/helpers for Windows' Node, runs it there, and reads the JSON it prints. */
  function run(name: string, ...args: string[]): unknown {
    buildSync({ ...options(name), entryPoints: [join(programs, `${name}.ts`)] });
    const ran = windows.node([`C:\\${name}.cjs`, ...args]);
    if (ran.status !== 0) throw new Error(`${name}: ${ran.status} ${ran.stdout}${ran.stderr}`);
    if (ran.stderr !== '') console.warn(ran.stderr); // of its children, too
    return JSON.parse(ran.stdout);
  }

  const at = (...path: string[]) => join(windows.drive, ...path);

  /** True if OpenSSL finds the certificate valid for the name below the root of the state folder. */
  function isValid(certFile: string, state: string, name: string): boolean {
    try {
      const args = ['-CAfile', join(state, 'root.pem'), '-untrusted', certFile];
      const out = execFileSync(
        'openssl',
        ['verify', '-no-CApath', '-no-CAstore', ...args, '-verify_hostname', name, certFile],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
      );
      return out.includes(': OK');
    } catch {
      return false; // openssl says no by its exit code
    }
  }

  // A file may take half a minute, many at once on a busy machine; only a hang should be ended.
  test('the unit tests pass', { timeout: 1_300_000 }, async () => {
    const files = await bundleUnitTests(at('unit.mjs'));
    // A process for each core that any machine has.
    const parts = await Promise.all(
      ['0', '1'].map((part) =>
        windows.startNode(['C:\\unit.mjs', part, '2'], { timeoutMs: 1_200_000 }),
      ),
    );
    const results = parts.map(({ status, stdout, stderr }) => {
      if (status !== 0) throw new Error(`${status} ${stdout}${stderr}`);
      return JSON.parse(stdout.trim().split(/\r?\n/).at(-1) ?? '') as UnitResult;
    });
    expect(results.flatMap(({ failed }) => failed)).toEqual([]);
    expect(results.reduce((sum, { passed }) => sum + passed, 0)).toBeGreaterThan(1000);
    // Links, modes, sh, and whose a folder is by the owners of Unix: everything else runs.
    expect(results.flatMap(({ skipped }) => skipped).length).toBeLessThan(110);
    for (const file of ['disk/files.test.ts', 'disk/lock.test.ts', 'platform/run.test.ts'])
      expect(files).toContain(file);
    for (const file of Object.keys(LEFT_OUT)) expect(existsSync(join(tests, file))).toBe(true);
  });

  test('files are replaced whole while others read and write them; the lock lets one in', () => {
    expect(run('windows-files')).toEqual({
      count: 40, // 8 processes, 5 times each
      torn: Array(8).fill(0),
      second: false, // writeExclusive() of a file that is there
      kept: 'first',
      untouched: ['old a', 'old b'],
      leftovers: [],
    });
  });

  test('8 first runs at once make one authority; all certificates verify', () => {
    const results = run('windows-parallel', CLI, '8') as Moment['next'][];
    expect(
      results.filter(({ status, stderr }) => status !== 0 || stderr.includes('error')),
    ).toEqual([]);
    const roots = new Set<string>();
    for (let i = 0; i < 8; i++) {
      const folder = at('parallel', `p${i}`, '.devcert');
      roots.add(readFileSync(join(folder, 'ca.pem'), 'utf8'));
      expect(isValid(join(folder, 'cert.pem'), at('parallel/state'), `p${i}.test`)).toBe(true);
    }
    expect([...roots]).toEqual([readFileSync(at('parallel/state/root.pem'), 'utf8')]);
    expect(isValid(at('parallel/p0/.devcert/cert.pem'), at('parallel/state'), 'p1.test')).toBe(
      false,
    );
    const ledger = readFileSync(at('parallel/state/ledger.jsonl'), 'utf8');
    for (let i = 0; i < 8; i++) expect(ledger).toContain(`p${i}.test`);
    expect(leftovers(at('parallel'))).toEqual([]);
  });

  test('killed at several steps of making and issuing, the next run completes', () => {
    const moments = run('windows-killed', CLI) as Moment[];
    const killed = moments.filter((it) => it.killed);
    // Some while the authority was made, some while the certificate was written.
    expect(new Set(killed.map(({ seen }) => seen.join())).size).toBeGreaterThanOrEqual(3);
    expect(killed.some(({ seen }) => seen.includes('project\\.devcert'))).toBe(true);
    expect(moments.some(({ issued }) => issued)).toBe(true);
    for (const { folder, issued, next } of moments) {
      expect(next.stderr).not.toContain('error');
      expect(next.status).toBe(0);
      const cert = at('killed', folder, 'project/.devcert/cert.pem');
      expect(isValid(cert, at('killed', folder, 'state'), 'shop.test')).toBe(true);
      const key = readFileSync(at('killed', folder, 'project/.devcert/key.pem'), 'utf8');
      const publicKey = execFileSync('openssl', ['pkey', '-pubout'], { input: key }).toString();
      const inside = new X509Certificate(readFileSync(cert)).publicKey;
      expect(publicKey).toBe(inside.export({ type: 'spki', format: 'pem' }));
      // Whoever finds a valid pair takes no lock, so a dead one stays for the next who writes.
      if (issued) expect(leftovers(at('killed', folder))).toEqual([]);
    }
  });

  test('a certutil that hangs is ended by its time limit, with the thing to do', () => {
    writeFileSync(join(windows.system32, 'hangs'), '');
    const outcomes = run('windows-hanging');
    rmSync(join(windows.system32, 'hangs'));
    expect(outcomes).toMatchObject([
      {
        store: 'Windows',
        status: 'failed',
        reason: expect.stringMatching(
          /certutil\.exe" did not end in time and was stopped$/,
        ) as string,
        hint: 'look for its dialog and answer it: devcert install',
      },
    ]);
    expect(processesOf(windows.drive, 'certutil.exe')).toEqual([]);
  });

  test('a certificate for another name is refused by WinHTTP, WinINet and Node', async () => {
    mkdirSync(at('wrong'));
    const cwd = at('wrong');
    const options = { cwd, terminal: true };
    const devcert = (...args: string[]) => {
      expect(windows.node([CLI, ...args], options).status).toBe(0);
    };
    await untilWineReads((attempt) => {
      if (attempt > 0) devcert('uninstall', '--purge');
      devcert('api.test', '--force');
      const read = (file: string) => readFileSync(join(cwd, '.devcert', file), 'utf8');
      return read('cert.pem') + read('ca.pem');
    });
    devcert('install', '--stores', 'system');
    const script = `const s = require('https').createServer({
      cert: require('fs').readFileSync('cert.pem'), key: require('fs').readFileSync('key.pem'),
    }, (q, r) => r.end('hello')).listen(0, '127.0.0.1', () => console.log(s.address().port))`;
    const child = spawn(process.execPath, ['-e', script], { cwd: join(cwd, '.devcert') });
    try {
      const port = await new Promise<string>((resolve) =>
        child.stdout.once('data', (data: Buffer) => {
          resolve(data.toString().trim());
        }),
      );
      const said = windows.wine(['C:\\https-client.exe', 'localhost', port]).stdout;
      const client = `for (const servername of ['localhost', 'api.test']) require('https').get({
        host: '127.0.0.1', port: ${port}, servername, agent: false }, r => { console.log(servername, r.statusCode); r.resume(); })
        .on('error', e => console.log(servername, e.code));`;
      writeFileSync(at('client.cjs'), client);
      const node = windows.node(['--use-system-ca', 'C:\\client.cjs']).stdout;
      expect(node.trim().split(/\r?\n/).sort()).toEqual([
        'api.test 200',
        'localhost ERR_TLS_CERT_ALTNAME_INVALID',
      ]);
      expect(said.split(/\r?\n/).slice(0, 2)).toEqual(WRONG_NAME);
    } finally {
      child.kill();
    }
    devcert('uninstall', '--stores', 'system');
  });
});

interface UnitResult {
  readonly passed: number;
  readonly skipped: string[];
  readonly failed: string[];
}

interface Moment {
  readonly folder: string;
  readonly killed: boolean;
  /** What had appeared when it was killed. */
  readonly seen: string[];
  /** False if the killed run had got as far as a valid pair. */
  readonly issued: boolean;
  readonly next: { status: number; stderr: string };
}

// ERROR_WINHTTP_SECURE_CHANNEL_ERROR; ERROR_INTERNET_SEC_CERT_CN_INVALID.
const WRONG_NAME = ['winhttp 12157', 'wininet 12038'];

/** Locks and temporary files that stayed. */
function leftovers(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /devcert-tmp$|(^|\/)devcert\.lock$/.test(name),
  );
}

/** The ids of this prefix's processes of a Windows program. */
function processesOf(drive: string, program: string): string[] {
  const prefix = `WINEPREFIX=${resolve(drive, '..')}\0`;
  return readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(program) &&
        existsSync(`/proc/${pid}/environ`) &&
        readFileSync(`/proc/${pid}/environ`, 'utf8').includes(prefix)
      );
    } catch {
      return false; // it ended in this instant
    }
  });
}
