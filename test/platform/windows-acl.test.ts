import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  closeCommand,
  protectFolder,
  readSid,
  strangeFolderNotes,
  whoamiCommand,
} from '../../platform/windows-acl.ts';
import { Drive } from '../doubles/icacls.mjs';
import { fakeHost, recorder } from '../helpers/host.ts';

const env = { SystemRoot: 'D:\\Win' };
const sid = 'S-1-5-21-1-2-3-1001';
const F = 'E:\\my keys';
const KEY = `${F}\\issuer-key.pem`;
const [EVERYONE, AUTHENTICATED, USERS, OTHER] = [
  'S-1-1-0',
  'S-1-5-11',
  'S-1-5-32-545',
  'S-1-5-21-1-2-3-1002',
];
const CLOSED = `D:PAI(A;OICI;FA;;;${sid})(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)`;

/** A drive whose root gives everything in it to its users, as C:\ does with what is made there. */
function machine(whoami = `"engine\\zoë","${sid}"\r\n`) {
  const drive = new Drive();
  drive.add('E:', [USERS, AUTHENTICATED], { isFolder: true });
  const ran = recorder((_, { file, args }) => {
    if (file === 'D:\\Win\\System32\\whoami.exe') return { stdout: whoami };
    if (file !== 'D:\\Win\\System32\\icacls.exe') throw new Error(`it runs ${file}`);
    const { exitCode, file: saved, text } = drive.icacls(args);
    if (exitCode === 70) throw new Error(`not modelled: ${args.join(' ')}`);
    if (saved !== undefined) writeFileSync(saved, text ?? '', 'utf16le');
    return { exitCode };
  });
  return { drive, ran, host: fakeHost({ env, run: ran.run }) };
}

describe('protectFolder()', () => {
  test('closes the folder by SIDs, as nobody translates them', async () => {
    const { drive, ran, host } = machine();
    drive.add(F, [], { isFolder: true });
    expect(await protectFolder(F, host)).toEqual([]);
    expect(drive.sddl(F)).toBe(CLOSED);
    expect(ran.commands[0]).toEqual(whoamiCommand(env));
    expect(ran.commands.at(-1)).toEqual(closeCommand(env, F, sid));
    expect(closeCommand(env, F, sid)).toEqual({
      file: 'D:\\Win\\System32\\icacls.exe',
      args: [
        ...[F, '/inheritance:r', '/grant:r'],
        ...[`*${sid}:(OI)(CI)F`, '*S-1-5-18:(OI)(CI)F', '*S-1-5-32-544:(OI)(CI)F'],
        ...['/remove:g', '*S-1-1-0', '*S-1-5-11', '*S-1-5-32-545'],
      ],
    });
  });

  test.each([EVERYONE, AUTHENTICATED, USERS])(
    'an entry of its own for %s is removed, and said',
    async (who) => {
      const { drive, host } = machine();
      drive.add(F, [who, OTHER], { isFolder: true });
      expect(await protectFolder(F, host)).toEqual([
        `"${F}" was open to everybody on this machine; it is closed`,
      ]);
      // Whom the user named himself stays.
      expect(drive.sddl(F)).toBe(CLOSED.replace('(A;', `(A;OICI;FA;;;${OTHER})(A;`));
      expect(await protectFolder(F, host)).toEqual([]);
    },
  );

  test('a key that was restored open is closed, and said', async () => {
    const { drive, host } = machine();
    drive.add(F, [], { isFolder: true });
    drive.add(KEY, [EVERYONE]);
    drive.add(`${F}\\root.pem`);
    expect(await protectFolder(F, host)).toEqual([
      `"${KEY}" was open to everybody on this machine; it is closed`,
    ]);
    expect(drive.sddl(KEY)).toBe(`D:AI(A;ID;FA;;;${sid})(A;ID;FA;;;SY)(A;ID;FA;;;BA)`);
    expect(drive.sddl(`${F}\\root.pem`)).toBe(drive.sddl(KEY));
  });

  test('no permissions, no key: a drive that has none is refused', async () => {
    const { run } = recorder((it) =>
      it.includes('icacls') ? { exitCode: 1 } : { stdout: `"a","${sid}"` },
    );
    await expect(protectFolder(F, fakeHost({ env, run }))).rejects.toMatchObject({
      code: 'file',
      hint: expect.stringContaining('its drive') as string,
    });
  });

  test('whoami that fails is not the drive’s fault', async () => {
    const { ran, host } = machine('');
    await expect(protectFolder(F, host)).rejects.toMatchObject({
      code: 'command',
      message: 'cannot find out who you are on this machine',
      hint: 'see what Windows says: whoami /user',
    });
    expect(ran.lines).toHaveLength(1);
  });
});

describe('readSid()', () => {
  test('takes the last field: a user may be called like another’s SID', () => {
    expect(readSid({ stdout: `"engine\\S-1-5-18","${sid}"\r\n` })).toBe(sid);
    expect(readSid({ stdout: `"engine\\a"",""S-1-5-18","${sid}"\r\n` })).toBe(sid);
    expect(() => readSid({ stdout: '"engine\\S-1-5-18",""' })).toThrow('who you are');
  });
});

describe('strangeFolderNotes()', () => {
  test('a folder of others is left as it is, and it is said', async () => {
    const { drive, ran, host } = machine();
    drive.add(F, [], { isFolder: true });
    const before = drive.sddl(F);
    expect(await strangeFolderNotes(F, host)).toEqual([
      `"${F}" is open to other users of this machine, and a key is in it: icacls "${F}"`,
    ]);
    expect(drive.sddl(F)).toBe(before);
    await protectFolder(F, host);
    ran.lines.length = 0;
    expect(await strangeFolderNotes(F, host)).toEqual([]);
    expect(ran.lines).toHaveLength(1);
  });
});
