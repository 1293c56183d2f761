/**
 * `devcert doctor`, for real: machines that are broken one way each, in a mount namespace whose /etc and system
 * store are covered. It names the cause, and what it says to type, typed as printed, cures it.
 */
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clients } from '../../src/doctor/clients.ts';
import {
  brokenMachine,
  type Finding,
  type Machine,
  type MachineOptions,
} from '../helpers/broken-machine.ts';
import { clock } from '../helpers/clock.ts';
import { needsCover, needsTools } from '../helpers/require.ts';

const ready = needsCover();

describe.runIf(ready)('devcert doctor', () => {
  /** One on which all is well. */
  async function healthy(options?: MachineOptions): Promise<Machine> {
    const made = await brokenMachine(options);
    await made.type('devcert install >&2 && devcert localhost >&2');
    expect(await made.doctor()).toMatchObject({ wrong: [], status: 0 });
    return made;
  }

  const only = ({ wrong }: { wrong: readonly Finding[] }): Finding => {
    expect(wrong).toHaveLength(1);
    return wrong[0] ?? { check: '', problem: '', cure: '', exitCode: 0 };
  };

  test('from nothing to all is well by what it says alone', async () => {
    const programs = clients.map(({ program }) => program);
    const { doctor, type } = await brokenMachine({ programs, java: true });
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
    const { doctor, home } = await healthy();
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
    const { doctor, type, project } = await brokenMachine();
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
    const { doctor, project } = await healthy();
    const { wrong } = await doctor(`export NODE_OPTIONS='--import ${clock(project, -300)}'`);
    expect(wrong.map(({ check, cure }) => [check, cure])).toContainEqual([
      'clock',
      'set the clock of this machine',
    ]);
  });

  test('a state folder that cannot be written, or is another user’s', async () => {
    const { doctor, type, state } = await healthy();
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

  test.runIf(needsTools('certutil'))('a damaged NSS database', async () => {
    const { doctor, home, type } = await healthy({ programs: ['chromium'] });
    const database = join(home, '.local/share/pki/nssdb/cert9.db');
    writeFileSync(database, 'not a database');
    const found = await doctor();
    expect(found.status).toBe(4);
    const { check, problem, cure } = only(found);
    expect([check, problem]).toEqual(['stores', expect.stringMatching(/nssdb/)]);
    const line = cure.slice(0, cure.indexOf(' ('));
    const keys = join(dirname(database), 'key4.db');
    const moves = [database, keys].map((file) => `mv ${file} ${file}.damaged`);
    expect(line).toBe(`${moves.join(' && ')} && devcert install`);
    const before = readFileSync(keys);
    // Half done: a database is not made over keys that may be somebody's.
    await type(moves[0] ?? '');
    expect((await type('devcert install')).stdout).toContain('"cert9.db" is missing');
    expect(readFileSync(keys).equals(before)).toBe(true);
    const rest = (await doctor()).wrong[0]?.cure ?? '';
    expect(await type(rest.slice(0, rest.indexOf(' (')))).toMatchObject({ status: 0 });
    expect(readFileSync(`${keys}.damaged`).equals(before)).toBe(true);
    expect(await doctor()).toMatchObject({ wrong: [], status: 0 });
  });

  test('a second CA of our name', async () => {
    const { doctor, type, state } = await healthy();
    rmSync(state, { recursive: true });
    await type('devcert install >&2 && devcert localhost --force >&2');
    const { problem, cure } = only(await doctor());
    expect(problem).toMatch(/a root that no CA of yours has: devcert root .* \(SHA-256/);
    // Without a terminal nobody is asked, and it says what to add.
    const asked = await type(cure);
    expect(asked.stderr).toContain(`hint: ${cure} --yes`);
    await type(`${cure} --yes`);
    expect(await doctor()).toMatchObject({ wrong: [], status: 0 });
  });

  test('other development CAs are named and not touched', async () => {
    const { doctor, home } = await healthy();
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
