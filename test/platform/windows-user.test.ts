import { describe, expect, test } from 'vitest';
import { install } from '../../src/commands/install.ts';
import { uninstall } from '../../src/commands/uninstall.ts';
import { otherProfile } from '../../platform/windows-user.ts';
import { fakeHost, recorder, stateAt, temporaryFolder } from '../helpers/host.ts';

const S = 'D:\\Win\\System32';
const ADA = 'S-1-5-21-1-2-3-1001';
const ADMIN = 'S-1-5-21-1-2-3-500';
const DESKTOPS = `${S}\\reg.exe query HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Authentication\\LogonUI\\SessionData /s /v LoggedOnUserSID`;
const PROFILE = `${S}\\reg.exe query HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\${ADA} /v ProfileImagePath`;

/** A Windows where ada is at the desktop, and the process is of this user. */
function machine({
  sid = ADMIN,
  integrity = 'S-1-16-12288',
  desktops = [ADA],
  env = {},
}: {
  sid?: string;
  integrity?: string;
  desktops?: string[];
  env?: Record<string, string>;
} = {}) {
  const ran = recorder((it) => {
    switch (it) {
      case DESKTOPS:
        return desktops.length === 0
          ? { exitCode: 1 }
          : { stdout: desktops.map((it) => `    LoggedOnUserSID    REG_SZ    ${it}\r\n`).join('') };
      case PROFILE:
        return { stdout: '    ProfileImagePath    REG_EXPAND_SZ    C:\\Users\\Ada B\r\n' };
      case `${S}\\whoami.exe /user /fo csv /nh`:
        return { stdout: `"engine\\x","${sid}"\r\n` };
      case `${S}\\whoami.exe /groups /fo csv /nh`:
        return { stdout: `"Label","Label","${integrity}",""\r\n` };
      default:
        throw new Error(`not a command of the table: ${it}`);
    }
  });
  return {
    ran,
    host: fakeHost({ platform: 'win32', env: { SystemRoot: 'D:\\Win', ...env }, run: ran.run }),
  };
}

describe('otherProfile()', () => {
  test.each([
    ['elevated as somebody else', {}, 'C:\\Users\\Ada B'],
    ['elevated as herself', { sid: ADA }, undefined],
    ['not elevated', { integrity: 'S-1-16-8192' }, undefined],
    ['nobody at a desktop', { desktops: [] }, undefined],
    ['several desktops', { desktops: [ADA, 'S-1-5-21-1-2-3-1002'] }, undefined],
    ['in CI', { env: { CI: 'true' } }, undefined],
    ['over SSH', { env: { SSH_CONNECTION: '1' } }, undefined],
  ])('%s', async (_name, options, expected) => {
    expect(await otherProfile(machine(options).host)).toBe(expected);
  });
});

describe('elevated as somebody else', () => {
  const FILE = '"C:\\Users\\Ada B\\AppData\\Local\\devcert-nodejs\\Data\\root.pem"';

  test('install is refused with the certutil line for the right file, and makes nothing', async () => {
    const { host, ran } = machine();
    const folder = temporaryFolder();
    const context = { host, finders: [], ...stateAt(`${folder}/state`), cwd: folder };
    await expect(install(context, { machine: true })).rejects.toMatchObject({
      code: 'refused',
      hint: expect.stringMatching(/here: certutil -f -addstore Root "/) as string,
    });
    await expect(install(context, { machine: true })).rejects.toMatchObject({
      hint: expect.stringContaining(FILE) as string,
    });
    await expect(uninstall(context)).rejects.toMatchObject({
      code: 'refused',
      hint: expect.stringContaining('certutil -delstore Root') as string,
    });
    expect(ran.lines.join('\n')).not.toContain('icacls');
  });

  test('DEVCERT_HOME says which authority is meant', async () => {
    const { host, ran } = machine({ env: { DEVCERT_HOME: 'C:\\state' } });
    const folder = temporaryFolder();
    const context = { host, finders: [], ...stateAt(`${folder}/state`), cwd: folder };
    expect(await uninstall(context)).toMatchObject({ hadAuthority: false });
    expect(ran.lines).toEqual([]);
  });
});
