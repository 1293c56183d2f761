import { constants } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Files, findForRoot, foldersForRoot } from '../../platform/as-root.ts';

const DIRECTORY = constants.S_IFDIR;
const PROGRAM = constants.S_IFREG;

interface Entry {
  readonly uid?: number;
  readonly mode?: number;
  /** Makes it a link. */
  readonly to?: string;
}

/** A file system of programs (and links); folders above them are root's, 0755, unless they are named. */
function tree(entries: Record<string, Entry>): Files {
  const all: Record<string, Required<Pick<Entry, 'uid' | 'mode'>> & Entry> = {};
  for (const path of Object.keys(entries))
    for (let at = path; ; at = at.slice(0, at.lastIndexOf('/'))) {
      all[at === '' ? '/' : at] ??= { uid: 0, mode: DIRECTORY | 0o755 };
      if (at === '') break;
    }
  for (const [path, { uid = 0, mode, to }] of Object.entries(entries)) {
    const isFolder = Object.keys(entries).some((it) => it.startsWith(`${path}/`));
    const kind = to !== undefined ? constants.S_IFLNK : isFolder ? DIRECTORY : PROGRAM;
    all[path] = {
      uid,
      mode: kind | (mode ?? (to === undefined ? 0o755 : 0o777)),
      ...(to && { to }),
    };
  }
  const find = (path: string) => {
    const found = all[path];
    if (found === undefined) throw Object.assign(new Error('no'), { code: 'ENOENT' });
    return found;
  };
  return { lstat: find, readlink: (path) => find(path).to ?? '' };
}

const PATH = ['.', '', 'bin', '/home/ada/bin', '/usr/local/bin', '/usr/bin'];

describe('findForRoot()', () => {
  test('passes over what lies in relative folders and what others can change', () => {
    const files = tree({
      '/home/ada': { uid: 1000 },
      '/home/ada/bin/sudo': {},
      '/usr/local/bin/sudo': { mode: 0o775 },
      '/usr/bin/sudo': { mode: 0o4755 },
    });
    expect(findForRoot('sudo', PATH, files)).toBe('/usr/bin/sudo');
    expect(findForRoot('doas', PATH, files)).toBeUndefined();
  });

  test.each([
    ['the program belongs to another user', { '/usr/bin/tool': { uid: 1000 } }],
    ['its group can write it', { '/usr/bin/tool': { mode: 0o775 } }],
    ['everybody can write it', { '/usr/bin/tool': { mode: 0o757 } }],
    ['nobody can run it', { '/usr/bin/tool': { mode: 0o644 } }],
    ['its folder belongs to another user', { '/usr/bin': { uid: 1000 }, '/usr/bin/tool': {} }],
    ['its group can write its folder', { '/usr/bin': { mode: 0o775 }, '/usr/bin/tool': {} }],
    ['everybody can add to its folder', { '/usr/bin': { mode: 0o1777 }, '/usr/bin/tool': {} }],
    ['a folder above belongs to another user', { '/usr': { uid: 1 }, '/usr/bin/tool': {} }],
    ['everybody can write a folder above', { '/usr': { mode: 0o777 }, '/usr/bin/tool': {} }],
    ['it is a folder', { '/usr/bin/tool/x': {} }],
    [
      'it is a link to another user’s',
      { '/usr/bin/tool': { to: '/home/tool' }, '/home/tool': { uid: 1 } },
    ],
    [
      'the link lies where others can change it',
      { '/usr/bin': { uid: 1000 }, '/usr/bin/tool': { to: '/bin/python' }, '/bin/python': {} },
    ],
    [
      'a link on the way lies there',
      {
        '/usr/bin': { to: '/opt/bin' },
        '/opt/bin': { to: '/x' },
        '/opt': { uid: 7 },
        '/x/tool': {},
      },
    ],
    ['the link leads nowhere', { '/usr/bin/tool': { to: 'gone' } }],
    ['the link leads to itself', { '/usr/bin/tool': { to: 'tool' } }],
  ] as [string, Record<string, Entry>][])('finds none where %s', (_why, entries) => {
    expect(findForRoot('tool', ['/usr/bin'], tree(entries))).toBeUndefined();
    expect(findForRoot('/usr/bin/tool', [], tree(entries))).toBeUndefined();
  });

  test('gives the real path, through links of folders and of programs', () => {
    const files = tree({
      '/bin': { to: 'usr/bin' },
      '/usr/bin/java': { to: '/etc/alternatives/java' },
      '/etc/alternatives/java': { to: '../../usr/lib/jvm/bin/java' },
      '/usr/lib/jvm/bin/java': {},
      '/usr/bin/tool': {},
    });
    expect(findForRoot('java', ['/bin'], files)).toBe('/usr/lib/jvm/bin/java');
    expect(findForRoot('tool', ['/bin'], files)).toBe('/usr/bin/tool');
  });

  test('leaves a program the name it acts by', () => {
    const files = tree({
      '/bin': { to: 'usr/bin' },
      '/usr/bin/install': { to: 'busybox' },
      '/usr/bin/busybox': {},
    });
    expect(findForRoot('install', ['/bin'], files)).toBe('/usr/bin/install');
  });

  test('takes a program below a folder to which everybody may add (Nix)', () => {
    const files = tree({ '/nix/store': { mode: 0o1775 }, '/nix/store/abc/bin/tool': {} });
    expect(findForRoot('tool', ['/nix/store/abc/bin'], files)).toBe('/nix/store/abc/bin/tool');
  });
});

describe('foldersForRoot()', () => {
  test('gives those in which only root can put programs', () => {
    const files = tree({
      '/home/ada': { uid: 1000 },
      '/home/ada/bin/tool': {},
      '/bin': { to: 'usr/bin' },
      '/usr/bin/tool': {},
      '/tmp': { mode: 0o1777 },
      '/tmp/tool': {},
    });
    const path = ['', '.', '/home/ada/bin', '/bin', '/usr/bin', '/tmp', '/gone'];
    expect(foldersForRoot(path, files)).toEqual(['/usr/bin']);
  });
});
