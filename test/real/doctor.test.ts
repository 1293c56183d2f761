/**
 * `devcert doctor`, for real: machines that are broken one way each, in a mount namespace whose /etc and system
 * store are covered. It names the cause, and what it says to type, typed as printed, cures it.
 */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { CLI } from '../helpers/cli.ts';
import { clock } from '../helpers/clock.ts';
import { openNamespace } from '../helpers/namespace.ts';
import { canCover, needs } from '../helpers/require.ts';
import { findProgram } from '../helpers/run.ts';

const ready = needs(canCover(), 'root and mount namespaces');

interface Finding {
  readonly check: string;
  readonly problem: string;
  readonly cure: string;
  readonly exitCode: number;
}

interface Machine {
  readonly state: string;
  readonly project: string;
  readonly home: string;
  /** Types a line in the project's folder, as sh has it. */
  readonly type: (line: string) => Promise<{ status: number; stdout: string; stderr: string }>;
  /** What doctor finds that counts, after the line was typed. */
  readonly doctor: (
    before?: string,
  ) => Promise<{ wrong: Finding[]; notes: Finding[]; status: number }>;
}

describe.runIf(ready)('devcert doctor', { timeout: 240_000 }, () => {
  let base: string;

  beforeAll(() => {
    base = mkdtempSync(join(tmpdir(), 'devcert-doctor-'));
    mkdirSync(join(base, 'bin'));
    writeFileSync(
      join(base, 'bin/devcert'),
      `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`,
      { mode: 0o755 },
    );
  });

  afterAll(() => {
    rmSync(base, { recursive: true, force: true });
  });

  async function machine(name: string): Promise<Machine> {
    const namespace = await openNamespace(
      ['/etc', '/usr/local/share/ca-certificates'],
      ['rm -f /etc/hosts', 'printf "127.0.0.1 localhost\\n::1 localhost\\n" > /etc/hosts'],
    );
    onTestFinished(namespace.end);
    const home = join(base, name);
    const project = join(home, 'project');
    mkdirSync(project, { recursive: true });
    const path = [join(base, 'bin'), '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
    const env = {
      PATH: [...path, dirname(process.execPath)].join(':'),
      HOME: home,
      CI: '1',
      LANG: 'C.UTF-8',
    };
    const type: Machine['type'] = (line) =>
      new Promise((resolve) => {
        const args = [
          '-m',
          '-t',
          String(namespace.pid),
          '--',
          'sh',
          '-c',
          `cd ${project} && ${line}`,
        ];
        execFile('nsenter', args, { env, timeout: 120_000 }, (error, stdout, stderr) => {
          const code = error === null ? 0 : error.code;
          resolve({ status: typeof code === 'number' ? code : -1, stdout, stderr });
        });
      });
    return {
      home,
      project,
      state: join(home, '.config/devcert-nodejs'),
      type,
      doctor: async (before = ':') => {
        const { status, stdout, stderr } = await type(`${before}\ndevcert doctor --json`);
        if (!stdout.startsWith('{')) throw new Error(`${status} ${stdout} ${stderr}`);
        const { findings } = JSON.parse(stdout) as { findings: Finding[] };
        return {
          wrong: findings.filter(({ exitCode }) => exitCode !== 0),
          notes: findings.filter(({ exitCode }) => exitCode === 0),
          status,
        };
      },
    };
  }

  /** One on which all is well. */
  async function healthy(name: string): Promise<Machine> {
    const made = await machine(name);
    await made.type('devcert install >&2 && devcert localhost >&2');
    expect(await made.doctor()).toMatchObject({ wrong: [], status: 0 });
    return made;
  }

  const only = ({ wrong }: { wrong: Finding[] }): Finding => {
    expect(wrong).toHaveLength(1);
    return wrong[0] ?? { check: '', problem: '', cure: '', exitCode: 0 };
  };

  test('from nothing to all is well by what it says alone', async () => {
    const { doctor, type } = await machine('fresh');
    expect(only(await doctor())).toMatchObject({ cure: 'devcert install', exitCode: 3 });
    await type('devcert localhost api.test');
    const untrusted = await doctor();
    expect(untrusted.status).toBe(4);
    const checks = new Set(untrusted.wrong.map(({ check }) => check));
    expect(checks).toEqual(new Set(['stores', 'names']));
    const cures = [...new Set(untrusted.wrong.map(({ cure }) => cure))];
    expect(cures).toEqual(['devcert install', 'devcert hosts add api.test']);
    for (const cure of cures) expect((await type(cure)).status).toBe(0);
    const cured = await doctor();
    expect(cured).toMatchObject({ wrong: [], status: 0 });
    // Node brings its own list: worth to know, and what is said of it helps.
    expect(cured.notes.map(({ cure }) => cure)).toContain('devcert run -- node');
    const inside = await type('devcert run -- devcert doctor --json');
    expect(inside.stdout).toContain('"findings"');
    expect(inside.stdout).not.toContain('devcert run -- node');
  });

  test('a file of roots that takes the place of the system’s', async () => {
    const { doctor, home } = await healthy('variable');
    const bundle = join(home, 'corporate.pem');
    writeFileSync(bundle, readFileSync('/etc/ssl/certs/ca-certificates.crt'));
    for (const [set, problem] of [
      [`export SSL_CERT_FILE=${bundle}`, 'SSL_CERT_FILE names a file of roots without'],
      ['export REQUESTS_CA_BUNDLE=/nowhere.pem', 'REQUESTS_CA_BUNDLE names a file that cannot be'],
      ['export NODE_TLS_REJECT_UNAUTHORIZED=0', 'Node verifies no certificate'],
    ] as const) {
      const { problem: told, cure } = only(await doctor(set));
      expect(told).toContain(problem);
      expect(await doctor(`${set}\n${cure}`)).toMatchObject({ wrong: [], status: 0 });
    }
  });

  test('an expired certificate', async () => {
    const { doctor, type, project } = await machine('expired');
    const past = clock(project, -20);
    await type(`NODE_OPTIONS='--import ${past}' devcert localhost --days 9`);
    await type('devcert install');
    const found = await doctor();
    expect(found.status).toBe(5);
    const { problem, cure } = only(found);
    expect(problem).toContain('the certificate expired on');
    expect((await type(cure)).status).toBe(0);
    expect(await doctor()).toMatchObject({ wrong: [], status: 0 });
  });

  test('a clock that is behind', async () => {
    const { doctor, project } = await healthy('clock');
    const { wrong } = await doctor(`export NODE_OPTIONS='--import ${clock(project, -300)}'`);
    expect(wrong.map(({ check, cure }) => [check, cure])).toContainEqual([
      'clock',
      'set the clock of this machine',
    ]);
  });

  test('a state folder that cannot be written, or is another user’s', async () => {
    const { doctor, type, state } = await healthy('state');
    chmodSync(state, 0o500);
    const readOnly = only(await doctor());
    expect(readOnly.problem).toContain('cannot be written');
    await type(readOnly.cure);
    expect(statSync(state).mode & 0o777).toBe(0o700);
    expect(await doctor()).toMatchObject({ wrong: [], status: 0 });

    chmodSync(join(state, 'issuer-key.pem'), 0o644);
    const open = await doctor();
    for (const { cure } of open.wrong) await type(cure);
    expect(await doctor()).toMatchObject({ wrong: [], status: 0 });

    chownSync(state, 12_345, 12_345);
    const foreign = only(await doctor());
    expect(foreign).toMatchObject({ check: 'state', exitCode: 1 });
    await type(foreign.cure);
    expect(await doctor()).toMatchObject({ wrong: [], status: 0 });
  });

  test.runIf(needs(findProgram('certutil') !== undefined, 'certutil of NSS'))(
    'a damaged NSS database',
    async () => {
      const { doctor, home, type } = await healthy('nss');
      const database = join(home, '.local/share/pki/nssdb/cert9.db');
      writeFileSync(database, 'not a database');
      const found = await doctor();
      expect(found.status).toBe(4);
      const { check, problem } = only(found);
      expect([check, problem]).toEqual(['stores', expect.stringMatching(/nssdb/)]);
      rmSync(dirname(database), { recursive: true });
      await type('devcert install');
      expect(await doctor()).toMatchObject({ wrong: [], status: 0 });
    },
  );

  test('a second CA of our name', async () => {
    const { doctor, type, state } = await healthy('second');
    rmSync(state, { recursive: true });
    await type('devcert install >&2 && devcert localhost --force >&2');
    const { problem, cure } = only(await doctor());
    expect(problem).toMatch(/a root that no authority of yours has: devcert root .* \(SHA-256/);
    // Without a terminal nobody is asked, and it says what to add.
    const asked = await type(cure);
    expect(asked.stderr).toContain(`hint: ${cure} --yes`);
    await type(`${cure} --yes`);
    expect(await doctor()).toMatchObject({ wrong: [], status: 0 });
  });

  test('other development CAs are named and not touched', async () => {
    const { doctor, home } = await healthy('others');
    const places = ['mkcert/rootCA.pem', 'caddy/pki/authorities/local/root.crt'];
    for (const place of places) {
      const file = join(home, '.local/share', place);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, 'another');
    }
    const { wrong, notes } = await doctor();
    expect(wrong).toEqual([]);
    const cures = notes.filter(({ check }) => check === 'others').map(({ cure }) => cure);
    for (const cure of ['mkcert -uninstall', 'caddy untrust'])
      expect(cures).toContainEqual(expect.stringContaining(cure));
    for (const place of places)
      expect(readFileSync(join(home, '.local/share', place), 'utf8')).toBe('another');
  });
});
