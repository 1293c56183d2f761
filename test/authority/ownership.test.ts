/** Whose folder is this? By files that really belong to several users where this process may give them away. */
import {
  chmodSync,
  chownSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Host } from '../../platform/types.ts';
import { createAuthority } from '../../src/authority/create.ts';
import { makeStateFolder } from '../../src/authority/purge.ts';
import { assertOwnFolder, assertOwnState } from '../../src/authority/ownership.ts';
import { hasModes } from '../helpers/can.ts';
import { fakeHost, recorder, temporaryFolder } from '../helpers/host.ts';
import { needs } from '../helpers/require.ts';
import { stateNames } from '../helpers/state.ts';

const ADA = 61_001;
const EVE = 61_002;
const isRoot = process.geteuid?.() === 0;
if (!isRoot) console.warn('skipped: only root can give files to several users');

const rootPem = (await createAuthority('ada@engine', undefined, new Date())).root;

/** A home of Ada's and a machine on which she and Eve have entries. */
function world(overrides: Partial<Host> = {}) {
  const base = temporaryFolder();
  const sysroot = join(base, 'system');
  const home = join(base, 'home');
  const files = {
    'etc/passwd': `root:x:0:0::/root:/bin/sh\nada:x:${ADA}:${ADA}::${home}:/bin/sh\neve:x:${EVE}:100::/:/bin/sh\n`,
    'etc/group': `root:x:0:\nusers:x:100:\nada:x:${ADA}:\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(sysroot, name)), { recursive: true });
    writeFileSync(join(sysroot, name), text);
  }
  const make = (path: string, uid = ADA, mode = 0o755) => {
    mkdirSync(join(base, path), { recursive: true });
    chmodSync(join(base, path), mode);
    chownSync(join(base, path), uid, uid);
    return join(base, path);
  };
  chmodSync(base, 0o755);
  make('home');
  const host = fakeHost({ uid: ADA, home, sysroot, ...overrides });
  const write = (path: string, uid = ADA, mode = 0o644, data = '') => {
    writeFileSync(join(base, path), data);
    chmodSync(join(base, path), mode);
    chownSync(join(base, path), uid, uid);
    return join(base, path);
  };
  return { base, home, host, make, write, check: (path: string) => assertOwnState(path, host) };
}

const refused = (hint: string, message: string) =>
  expect.objectContaining({
    code: 'refused',
    exitCode: 6,
    hint,
    message: expect.stringContaining(message) as unknown,
  }) as unknown;

describe.runIf(isRoot)('assertOwnState() takes', () => {
  test.each([
    ['a folder that is not there yet', () => undefined],
    ['an empty one', (w: ReturnType<typeof world>) => void w.make('home/state')],
    [
      'one with dot files of git and lost+found',
      (w: ReturnType<typeof world>) => {
        w.make('home/state');
        w.make('home/state/.git');
        w.make('home/state/lost+found', 0);
        w.write('home/state/.gitignore');
      },
    ],
    [
      'one that is marked, whatever else is in it',
      (w: ReturnType<typeof world>) => {
        w.make('home/state');
        w.write('home/state/devcert-state.json', ADA, 0o644, '{ "version": 1 }');
        w.write('home/state/notes.txt', EVE);
      },
    ],
    [
      'one of an earlier version, by its root',
      (w: ReturnType<typeof world>) => {
        w.make('home/state');
        w.write('home/state/root.pem', ADA, 0o644, rootPem);
        w.write('home/state/notes.txt');
      },
    ],
    [
      'one of an earlier version with named authorities alone',
      (w: ReturnType<typeof world>) => {
        w.make('home/state');
        w.make('home/state/authorities');
        w.make('home/state/authorities/team');
        w.write('home/state/authorities/team/root.pem', ADA, 0o644, rootPem);
        w.write('home/state/folders');
      },
    ],
    [
      'one that a group can write which is the user’s own',
      (w: ReturnType<typeof world>) => {
        chmodSync(w.home, 0o775);
        w.make('home/state', ADA, 0o770);
      },
    ],
    [
      'one below a sticky folder that everyone can write',
      (w: ReturnType<typeof world>) => {
        chmodSync(w.home, 0o1777);
        chownSync(w.home, 0, 0);
        w.make('home/state', ADA, 0o700);
      },
    ],
    [
      'a link of the user’s to a folder of the user’s',
      (w: ReturnType<typeof world>) => {
        w.make('home/elsewhere', ADA, 0o700);
        symlinkSync('../home/./elsewhere', join(w.home, 'state'));
        lchownSync(join(w.home, 'state'), ADA, ADA);
      },
    ],
  ])('%s', async (_, arrange) => {
    const all = world();
    arrange(all);
    await expect(all.check(join(all.home, 'state'))).resolves.toBeUndefined();
  });

  test('one of a user without an entry, in folders of the group with their number', async () => {
    const { home, make, host } = world({ uid: 61_003 });
    chownSync(home, 61_003, 61_003);
    make('home/state', 61_003, 0o770);
    await expect(assertOwnState(join(home, 'state'), host)).resolves.toBeUndefined();
  });
});

describe.runIf(isRoot)('assertOwnState() refuses', () => {
  test('another user’s folder in the home, and root’s, with the command that gives it back', async () => {
    const { home, make, check } = world();
    const state = make('home/state', EVE);
    const hint = `sudo chown -R ada ${state}`;
    await expect(check(state)).rejects.toEqual(refused(hint, `"${state}" belongs to eve, not to`));
    chownSync(state, 0, 0);
    await expect(check(state)).rejects.toEqual(refused(hint, 'belongs to root'));
    // Not made yet, and it could not be: the folder that is in the way is named, and that alone.
    await expect(check(join(make('home/closed', EVE), 'state'))).rejects.toEqual(
      refused(`sudo chown ada ${join(home, 'closed')}`, 'belongs to eve'),
    );
  });

  test('for a user without an entry, by number', async () => {
    const { home, make, host } = world({ uid: 61_003 });
    chownSync(home, 61_003, 61_003);
    const state = make('home/state', 61_004);
    await expect(assertOwnState(state, host)).rejects.toEqual(
      refused(`sudo chown -R 61003 ${state}`, 'belongs to 61004'),
    );
  });

  test.each([
    ['unset DEVCERT_HOME', true],
    ['export DEVCERT_HOME="$(mktemp -d /var/tmp/devcert.XXXXXX)"', false],
  ])('a predictable path that somebody else was first to take: %s', async (way, isSet) => {
    const { make, host } = world();
    make('shared', 0, 0o1777);
    const state = make('shared/devcert', EVE);
    // With all that would make it a state folder.
    writeFileSync(join(state, 'devcert-state.json'), '{ "version": 1 }');
    writeFileSync(join(state, 'root.pem'), rootPem);
    const asking = { ...host, env: isSet ? { DEVCERT_HOME: state } : {} };
    const refusal = expect.objectContaining({
      code: 'refused',
      message: `"${state}" belongs to eve, not to you`,
      hint: expect.stringContaining(way) as unknown,
    }) as unknown;
    await expect(assertOwnState(state, asking)).rejects.toEqual(refusal);
    await expect(assertOwnState(join(state, 'below'), asking)).rejects.toEqual(refusal);
  });

  test('a link that somebody else planted, even to a folder of the user’s', async () => {
    const { base, make, check } = world();
    make('shared', 0, 0o1777);
    const own = make('home/state', ADA, 0o700);
    const link = join(base, 'shared/devcert');
    symlinkSync(own, link);
    lchownSync(link, EVE, EVE);
    await expect(check(link)).rejects.toEqual(
      refused(expect.any(String) as string, `"${link}" belongs to eve`),
    );
    lchownSync(link, ADA, ADA);
    await expect(check(link)).resolves.toBeUndefined();
  });

  test('a link of the user’s to what is somebody else’s, on its way, too', async () => {
    const { base, home, make, check } = world();
    make('eves', EVE);
    make('eves/state', ADA);
    for (const [name, target] of [
      ['direct', 'eves'],
      ['through', 'eves/state'],
    ] as const) {
      const link = join(home, name);
      symlinkSync(join(base, target), link);
      lchownSync(link, ADA, ADA);
      await expect(check(link)).rejects.toEqual(
        refused(expect.any(String) as string, `"${join(base, 'eves')}" belongs to eve`),
      );
    }
  });

  test('links that lead to each other', async () => {
    const { home, check } = world();
    symlinkSync('b', join(home, 'a'));
    symlinkSync('a', join(home, 'b'));
    await expect(check(join(home, 'a', 'state'))).rejects.toEqual(
      refused(expect.any(String) as string, 'too many links'),
    );
  });

  test.each([
    ['others', 0o777, 'go-w', 'every user'],
    ['others, though it is sticky', 0o1777, 'go-w', 'every user'],
    ['others alone', 0o702, 'go-w', 'every user'],
    ['a group of several', 0o770, 'g-w', 'its whole group'],
  ])('a folder that %s can write', async (_, mode, change, who) => {
    const { make, check } = world();
    const state = make('home/state', ADA, mode);
    chownSync(state, ADA, 100);
    chmodSync(state, mode);
    await expect(check(state)).rejects.toEqual(
      refused(`chmod ${change} ${state}`, `${who} can write "${state}"`),
    );
    expect(statSync(state).mode & 0o7777).toBe(mode); // told, never changed
    await check(make('home/other', ADA, 0o755));
  });

  test('one below a folder that others can write: the user’s, and root’s', async () => {
    const { home, make, check } = world();
    const state = make('home/state', ADA, 0o700);
    chmodSync(home, 0o757);
    await expect(check(state)).rejects.toEqual(refused(`chmod go-w ${home}`, `"${home}"`));
    chownSync(home, 0, 0);
    await expect(check(state)).rejects.toEqual(refused(`sudo chmod +t ${home}`, `"${home}"`));
    chmodSync(home, 0o1777);
    await expect(check(state)).resolves.toBeUndefined();
    // The owner of a sticky folder may replace everything in it.
    chownSync(home, EVE, EVE);
    await expect(check(state)).rejects.toMatchObject({ code: 'refused' });
  });

  test('a folder above that is another user’s', async () => {
    const { home, make, check } = world();
    const above = make('home/above', EVE);
    const state = make('home/above/state', ADA, 0o700);
    await expect(check(state)).rejects.toEqual(refused(`sudo chown ada ${above}`, `"${above}"`));
    expect(home).toBe(dirname(above));
  });

  test.each([
    'root.pem',
    'issuer-key.pem',
    'ledger.jsonl',
    'devcert-state.json',
    'devcert.lock',
    'next/root.pem',
    'pending/issuer-key.pem',
    `retired/${'ab'.repeat(32)}.pem`,
    'authorities/team/issuer.pem',
  ])('%s in it that is not the user’s, or that others can write', async (name) => {
    const { make, write, check } = world();
    const state = make('home/state', ADA, 0o700);
    write('home/state/devcert-state.json');
    for (const folder of ['next', 'pending', 'retired', 'authorities', 'authorities/team'])
      make(`home/state/${folder}`, ADA, 0o700);
    const file = write(`home/state/${name}`, 0);
    await expect(check(state)).rejects.toEqual(refused(`sudo chown ada ${file}`, `"${file}"`));
    chownSync(file, ADA, ADA);
    chmodSync(file, 0o646);
    await expect(check(state)).rejects.toEqual(refused(`chmod go-w ${file}`, `"${file}"`));
    chmodSync(file, 0o644);
    await expect(check(state)).resolves.toBeUndefined();
    chownSync(dirname(file), EVE, EVE);
    await expect(check(state)).rejects.toMatchObject({ code: 'refused' });
  });

  test('a file in it that is a link to what is somebody else’s', async () => {
    const { home, make, write, check } = world();
    const state = make('home/state', ADA, 0o700);
    write('home/state/devcert-state.json');
    const target = write('home/planted.pem', EVE, 0o644, rootPem);
    symlinkSync(target, join(state, 'root.pem'));
    lchownSync(join(state, 'root.pem'), ADA, ADA);
    await expect(check(state)).rejects.toEqual(refused(`sudo chown ada ${target}`, 'eve'));
    expect(dirname(target)).toBe(home);
  });

  test('paths with blanks and quotes come as one word of a shell', async () => {
    const { make, check } = world();
    const state = make("home/my 'state'", EVE);
    await expect(check(state)).rejects.toMatchObject({
      hint: `sudo chown -R ada '${state.replaceAll("'", `'\\''`)}'`,
    });
  });
});

describe.runIf(isRoot)('assertOwnState() of root', () => {
  test('in another user’s home is refused, with the way out', async () => {
    const { home, make, host } = world({ uid: 0, isRoot: true });
    const state = join(home, '.config/devcert-nodejs');
    const message = `devcert runs as root, and HOME="${home}" is ada's`;
    const hint = "keep root's CA apart: export DEVCERT_HOME=/root/.config/devcert-nodejs";
    await expect(assertOwnState(state, host)).rejects.toEqual(refused(hint, message));
    // Also where root has a folder in it already, or XDG_CONFIG_HOME is root's.
    make('home/.config', 0);
    make('home/.config/devcert-nodejs', 0);
    await expect(assertOwnState(state, host)).rejects.toEqual(refused(hint, message));
    await expect(assertOwnState(make('roots', 0), host)).rejects.toEqual(refused(hint, message));
    const sudo = { ...host, env: { SUDO_USER: 'ada' } };
    await expect(assertOwnState(state, sudo)).rejects.toMatchObject({
      code: 'refused',
      hint: expect.stringContaining('run it as yourself, not with sudo') as unknown,
    });
  });

  test('takes a DEVCERT_HOME of root’s there, and no other one', async () => {
    const { base, make, host } = world({ uid: 0, isRoot: true });
    const at = (path: string) => ({ ...host, env: { DEVCERT_HOME: join(base, path) } });
    make('roots', 0, 0o700);
    await expect(assertOwnState(join(base, 'roots'), at('roots'))).resolves.toBeUndefined();
    make('adas');
    make('home/roots', 0, 0o700);
    for (const path of ['adas', 'home/roots', 'home/new'])
      await expect(assertOwnState(join(base, path), at(path))).rejects.toMatchObject({
        code: 'refused',
        message: expect.stringContaining('belongs to ada, not to you') as unknown,
        hint: expect.stringContaining('unset DEVCERT_HOME') as unknown,
      });
  });

  test('in root’s own home is asked as everyone is', async () => {
    const { home, make, host } = world({ uid: 0, isRoot: true });
    chownSync(home, 0, 0);
    await assertOwnState(join(home, 'state'), host);
    const state = make('home/state', EVE);
    await expect(assertOwnState(state, host)).rejects.toMatchObject({
      hint: `chown -R root ${state}`,
    });
  });
});

describe.runIf(isRoot && process.platform === 'linux')('assertOwnState() and mounts', () => {
  const system = (base: string, name: string, text: string) => {
    mkdirSync(join(base, 'system/proc/self'), { recursive: true });
    writeFileSync(join(base, 'system/proc/self', name), text);
  };

  test('a file system without true owners is refused by name, whatever it shows', async () => {
    // /proc: the one here that is none of those whose owners are certain to be true.
    const { base, host } = world({ uid: 0, isRoot: true, env: { DEVCERT_HOME: '/proc/sys' } });
    for (const [type, name] of [
      ['drvfs', 'drvfs'],
      ['cifs', 'cifs'],
      ['fuse.sshfs', 'sshfs'],
    ]) {
      system(
        base,
        'mountinfo',
        `20 1 8:1 / / rw - ext4 a rw\n21 20 0:5 / /proc rw - ${type} x rw\n`,
      );
      await expect(assertOwnState('/proc/sys/devcert', host)).rejects.toEqual(
        refused(
          'use the folder that devcert has for you: unset DEVCERT_HOME',
          `"/proc/sys" lies on a file system that does not show who owns a file: ${name}`,
        ),
      );
    }
    system(base, 'mountinfo', '21 20 0:5 / /proc rw - proc proc rw\n');
    await expect(assertOwnState('/proc/sys/devcert', host)).resolves.toBeUndefined();
  });

  test('"nobody" above the folder stands for root where a user namespace has no number for it', async () => {
    const { base, home, make, check } = world();
    const state = make('home/above/state', ADA, 0o700);
    make('home/above', 65_534);
    system(base, 'uid_map', '         0          0 4294967295\n');
    await expect(check(state)).rejects.toMatchObject({ code: 'refused' });
    system(base, 'uid_map', '      1000       1000          1\n');
    await expect(check(state)).resolves.toBeUndefined();
    // Not the folder itself.
    chownSync(state, 65_534, 65_534);
    await expect(check(state)).rejects.toMatchObject({ code: 'refused' });
    expect(home).toBe(join(base, 'home'));
  });
});

describe('assertOwnFolder()', () => {
  test.runIf(hasModes)('a path that is too long is that, and nothing of root’s', () => {
    expect(() => {
      assertOwnFolder(`/${'a'.repeat(5000)}`);
    }).toThrow(expect.objectContaining({ code: 'file', hint: 'choose a shorter path' }));
  });

  test.runIf(hasModes)('refuses a project, whatever its folders are called', () => {
    const folder = temporaryFolder();
    for (const name of ['staging-server', 'pending', 'next']) mkdirSync(join(folder, name));
    expect(() => {
      assertOwnFolder(folder);
    }).toThrow(`"${folder}" is not devcert's: it holds "next" and no devcert-state.json`);
    try {
      assertOwnFolder(folder);
    } catch (error) {
      expect(error).toMatchObject({
        exitCode: 6,
        hint: `give it a folder of its own: export DEVCERT_HOME="${join(folder, 'devcert')}"`,
      });
    }
    // A root.pem that is no certificate says nothing.
    writeFileSync(join(folder, 'root.pem'), 'something else');
    expect(() => {
      assertOwnFolder(folder);
    }).toThrow('is not devcert');
    writeFileSync(join(folder, 'root.pem'), rootPem);
    assertOwnFolder(folder);
  });

  test.runIf(hasModes)(
    'is asked again when the folder is made: it may be somebody’s by then',
    () => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'package.json'), '{}');
      expect(() => {
        makeStateFolder(folder);
      }).toThrow('is not devcert');
      expect(readdirSync(folder)).toEqual(['package.json']);
      if (!needs(isRoot, 'root, to give a folder away')) return;
      const other = temporaryFolder();
      chownSync(other, EVE, EVE);
      expect(() => {
        makeStateFolder(other);
      }).toThrow('belongs to 61002');
      expect(readdirSync(other)).toEqual([]);
    },
  );

  test('makes a marked folder that notes what was made for it', () => {
    const base = temporaryFolder();
    const folder = join(base, 'a/b');
    makeStateFolder(folder);
    expect(stateNames(folder)).toEqual(['devcert-state.json', 'folders']);
    expect(JSON.parse(readFileSync(join(folder, 'devcert-state.json'), 'utf8'))).toEqual({
      version: 2,
    });
    expect(readFileSync(join(folder, 'folders'), 'utf8').split('\n')).toEqual([
      join(base, 'a'),
      folder,
    ]);
    expect(lstatSync(folder).isDirectory()).toBe(true);
  });
});

describe('assertOwnState() on Windows', () => {
  const sid = 'S-1-5-21-1-2-3-1001';
  const windows = (owner: string) => {
    const home = temporaryFolder();
    const { run } = recorder((it) => ({ stdout: it.includes('whoami') ? `"a","${sid}"` : owner }));
    return { home, host: fakeHost({ uid: undefined, platform: 'win32', home, run }) };
  };

  test('asks for the owner outside the profile, and everywhere whether the folder is devcert’s', async () => {
    const outside = temporaryFolder();
    await expect(assertOwnState(outside, windows(`O:${sid}G:`).host)).resolves.toBeUndefined();
    await expect(assertOwnState(outside, windows('O:BUG:').host)).rejects.toMatchObject({
      code: 'refused',
      message: `"${outside}" belongs to BU, not to you`,
    });
    const { home, host } = windows('O:BUG:');
    const inside = join(home, 'state');
    await expect(assertOwnState(inside, host)).resolves.toBeUndefined();
    mkdirSync(inside);
    writeFileSync(join(inside, 'notes.txt'), '');
    await expect(assertOwnState(inside, host)).rejects.toMatchObject({
      message: `"${inside}" is not devcert's: it holds "notes.txt" and no devcert-state.json`,
    });
    writeFileSync(join(inside, 'devcert-state.json'), '{ "version": 1 }');
    await expect(assertOwnState(inside, host)).resolves.toBeUndefined();
  });
});
