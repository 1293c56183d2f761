import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DevcertError } from '../../src/errors.ts';
import {
  findLines,
  looserThan,
  makeFolder,
  readIfThere,
  tighten,
  writeExclusive,
} from '../../src/disk/files.ts';
import { replaceFiles } from '../../src/ledger/transaction.ts';
import { removeStaleTemporaries, temporaryName } from '../../src/disk/temporary.ts';
import { bundledModule } from '../helpers/bundle.ts';
import { canMake, hasLinks, hasModes, hasShell, seenMode } from '../helpers/can.ts';
import { temporaryFolder } from '../helpers/host.ts';

const isRoot = process.getuid?.() === 0;
const canMount = isRoot && process.platform === 'linux';
const mode = (path: string) => fs.statSync(path).mode & 0o7777;
const text = (path: string) => fs.readFileSync(path, 'utf8');

function failure(action: () => unknown): DevcertError {
  try {
    action();
  } catch (error) {
    if (error instanceof DevcertError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

// For a process of its own: another umask, another user, another mount table.
const bundle = bundledModule('test/helpers/disk.ts');

/** Runs code with files.ts as `f`, node:fs as `fs`; prints `error.code|cause|message|hint` if it throws. */
function child(code: string, options: { uid?: number; before?: string } = {}): string {
  const program = `import * as f from ${JSON.stringify(bundle())}; import fs from 'node:fs';
    try { ${code} } catch (e) { console.log([e.code, e.cause?.code, e.message, e.hint].join('|')) }`;
  const node = [process.execPath, '--input-type=module', '-e', program] as const;
  const [file, ...args] =
    options.before === undefined
      ? node
      : (['unshare', '-m', 'sh', '-ec', `${options.before}; exec "$@"`, 'sh', ...node] as const);
  const result = spawnSync(file, args, { encoding: 'utf8', uid: options.uid, timeout: 20_000 });
  expect(result.stderr).toBe('');
  return result.stdout.trim();
}

describe('replaceFiles()', () => {
  test.runIf(hasModes).each([0o000, 0o077, 0o022])('gives exact modes under umask %o', (umask) => {
    const folder = temporaryFolder();
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    fs.writeFileSync(key, 'old');
    fs.chmodSync(key, 0o666);
    const files = [
      { path: key, data: 'k', mode: 0o600 },
      { path: cert, data: 'c', mode: 0o644 },
    ];
    const out = child(
      `process.umask(${umask}); f.replaceFiles(${JSON.stringify(files)},{sync:true})`,
    );
    expect(out).toBe('');
    expect([mode(key), mode(cert), text(key), text(cert)]).toEqual([0o600, 0o644, 'k', 'c']);
    expect(fs.readdirSync(folder).sort()).toEqual(['cert.pem', 'key.pem']);
  });

  test('restores the first file if the second cannot be put in place', () => {
    const folder = temporaryFolder();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => join(folder, name)) as [string, string, string];
    fs.writeFileSync(a, 'old a');
    fs.chmodSync(a, 0o640);
    const error = failure(() => {
      replaceFiles([
        { path: a, data: 'new a', mode: 0o600 },
        { path: c, data: 'new c', mode: 0o600 },
        {
          path: b,
          mode: 0o600,
          // Past the checks, before the renames: somebody makes a folder of that name.
          get data() {
            fs.mkdirSync(b);
            return 'new b';
          },
        },
      ]);
    });
    expect(error.code).toBe('file');
    expect(error.hint).toBeDefined();
    expect([text(a), mode(a)]).toEqual(['old a', seenMode(0o640)]);
    expect(fs.readdirSync(folder).sort()).toEqual(['a', 'b']);
  });

  const inTheWay: readonly (readonly [string, (path: string) => void])[] = [
    [
      'symbolic link',
      (path) => {
        fs.symlinkSync('victim', path);
      },
    ],
    [
      'dangling symbolic link',
      (path) => {
        fs.symlinkSync('nowhere', path);
      },
    ],
    [
      'folder',
      (path) => {
        fs.mkdirSync(path);
      },
    ],
    [
      'pipe',
      (path) => {
        execFileSync('mkfifo', [path]);
      },
    ],
  ];
  test.each(inTheWay.filter(([kind]) => canMake(kind)))(
    'refuses a %s before anything is written',
    (_kind, make) => {
      const folder = temporaryFolder();
      fs.writeFileSync(join(folder, 'victim'), 'untouched');
      make(join(folder, 'target'));
      const error = failure(() => {
        replaceFiles([
          { path: join(folder, 'first'), data: 'x', mode: 0o644 },
          { path: join(folder, 'target'), data: 'x', mode: 0o644 },
        ]);
      });
      expect(error).toMatchObject({ code: 'file' });
      expect(error.hint).toContain(hasModes ? 'mv ' : 'move ');
      expect(fs.readdirSync(folder).sort()).toEqual(['target', 'victim']);
      expect(text(join(folder, 'victim'))).toBe('untouched');
    },
  );

  test.runIf(hasLinks)('refuses a folder that is a symbolic link, unless told to follow it', () => {
    const folder = temporaryFolder();
    fs.mkdirSync(join(folder, 'real'));
    fs.symlinkSync('real', join(folder, 'link'));
    const files = [{ path: join(folder, 'link', 'a'), data: 'x', mode: 0o600 }];
    expect(
      failure(() => {
        replaceFiles(files);
      }).code,
    ).toBe('file');
    expect(fs.readdirSync(join(folder, 'real'))).toEqual([]);
    replaceFiles(files, { followFolder: true });
    expect(text(join(folder, 'real', 'a'))).toBe('x');
  });

  test('says what is wrong with the path', () => {
    const folder = temporaryFolder();
    fs.writeFileSync(join(folder, 'file'), '');
    const write = (path: string) =>
      failure(() => {
        replaceFiles([{ path, data: '', mode: 0o600 }]);
      });
    if (hasModes) {
      // Windows says of both that they are not there.
      expect(write(join(folder, 'n'.repeat(300))).message).toContain('the name is too long');
      expect(write(join(folder, 'file', 'a')).message).toContain(
        'a part of its path is not a folder',
      );
    }
    expect(write(join(folder, 'no', 'a')).hint).toContain('mkdir');
    expect(fs.readdirSync(folder)).toEqual(['file']);
    replaceFiles([{ path: join(folder, 'n'.repeat(255)), data: '', mode: 0o600 }]);
    expect(() => {
      replaceFiles([{ path: 'relative', data: '', mode: 0o600 }]);
    }).toThrow(RangeError);
  });

  test.runIf(canMount)('leaves all as it was on a full disk', () => {
    const folder = temporaryFolder();
    const out = child(
      `fs.writeFileSync('${folder}/a','old');
       let r; try { f.replaceFiles([{path:'${folder}/a',data:'new',mode:0o600},{path:'${folder}/b',data:Buffer.alloc(1e6),mode:0o600}]) }
       catch (e) { console.log(fs.readFileSync('${folder}/a','utf8'), fs.readdirSync('${folder}').join()); throw e }`,
      { before: `mount -t tmpfs -o size=64k tmpfs '${folder}'` },
    );
    expect(out).toMatch(
      /^old a\nfile\|ENOSPC\|cannot write ".*": the disk is full\|free some space/,
    );
  });

  test.runIf(canMount)('says that a file system is read-only', () => {
    const folder = temporaryFolder();
    const out = child(`f.replaceFiles([{path:'${folder}/a',data:'x',mode:0o600}])`, {
      before: `mount --bind '${folder}' '${folder}'; mount -o remount,bind,ro '${folder}'`,
    });
    expect(out).toMatch(/^file\|EROFS\|cannot write ".*": the file system is read-only\|choose/);
  });

  test.runIf(isRoot)('says that a folder belongs to somebody else', () => {
    const folder = temporaryFolder();
    fs.chmodSync(folder, 0o755);
    const out = child(`f.replaceFiles([{path:'${folder}/a',data:'x',mode:0o600}])`, { uid: 65534 });
    expect(out).toMatch(/^file\|EACCES\|cannot write ".*": permission denied\|look who may write/);
    expect(fs.readdirSync(folder)).toEqual([]);
  });
});

describe('writeExclusive()', () => {
  test('writes once, and not through a dangling symbolic link', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a');
    expect([writeExclusive(path, '1', 0o640), writeExclusive(path, '2', 0o640)]).toEqual([
      true,
      false,
    ]);
    expect([text(path), mode(path)]).toEqual(['1', seenMode(0o640)]);
    if (!hasLinks) return;
    fs.symlinkSync('nowhere', join(folder, 'link'));
    expect(writeExclusive(join(folder, 'link'), '2', 0o640)).toBe(false);
    expect(fs.readdirSync(folder).sort()).toEqual(['a', 'link']);
  });
});

describe('removeStaleTemporaries()', () => {
  test('removes those of the dead and the old ones, and nothing else', () => {
    const folder = temporaryFolder();
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    const mine = temporaryName(join(folder, 'mine'));
    const dead = temporaryName(join(folder, 'dead')).replace(`.${process.pid}-`, `.${gone}-`);
    // Not in the folder's random name, which may look alike.
    const elsewhere = dead.replace(/-[0-9a-f]{4}(?=[0-9a-f]*\.devcert-tmp$)/, (tag) =>
      tag === '-0000' ? '-1111' : '-0000',
    );
    const folderOfThatName = dead.replace('.dead.', '.folder.');
    const foreign = join(folder, '.x.1-2.devcert-tmp');
    for (const path of [mine, dead, elsewhere, foreign]) fs.writeFileSync(path, '');
    fs.mkdirSync(folderOfThatName);
    removeStaleTemporaries(folder, new Date());
    const left = () =>
      fs
        .readdirSync(folder)
        .map((name) => join(folder, name))
        .sort();
    expect(left()).toEqual([mine, elsewhere, foreign, folderOfThatName].sort());
    removeStaleTemporaries(folder, new Date(Date.now() + 61_000));
    expect(left()).toEqual([foreign, folderOfThatName].sort());
    removeStaleTemporaries(join(folder, 'no'), new Date());
  });
});

describe('makeFolder()', () => {
  test.runIf(hasModes).each([0o000, 0o077])(
    'gives exactly the mode under umask %o, and says what it made',
    (umask) => {
      const folder = temporaryFolder();
      const out = child(
        `process.umask(${umask}); console.log(f.makeFolder('${folder}/a/b', 0o750).join(), f.makeFolder('${folder}/a/b', 0o700))`,
      );
      expect(out).toBe(`${folder}/a,${folder}/a/b []`);
      expect([mode(`${folder}/a`), mode(`${folder}/a/b`)]).toEqual([0o755 & ~umask, 0o750]);
    },
  );

  test('refuses a file and a dangling symbolic link in the way, and leaves nothing', () => {
    const folder = temporaryFolder();
    fs.writeFileSync(join(folder, 'file'), '');
    const inTheWay = ['file', 'file/a', ...(hasLinks ? ['link', 'link/a'] : [])];
    if (hasLinks) fs.symlinkSync('nowhere', join(folder, 'link'));
    for (const path of inTheWay)
      expect(failure(() => makeFolder(join(folder, path), 0o700)).code).toBe('file');
    expect(failure(() => makeFolder(join(folder, 'new', 'n'.repeat(300)), 0o700)).code).toBe(
      'file',
    );
    expect(fs.readdirSync(folder).sort()).toEqual(hasLinks ? ['file', 'link'] : ['file']);
  });
});

describe('findLines()', () => {
  const found = (lines: string, ...texts: readonly string[]) => {
    const path = join(temporaryFolder(), 'lines');
    fs.writeFileSync(path, lines);
    return findLines(
      path,
      texts.map((it) => Buffer.from(it)),
      1e7,
    );
  };

  test('gives the first line and those with one of the texts, each once, in order', () => {
    expect(found('head\na x\nb y\nc x y\nx cut short', 'y', 'x')).toEqual([
      'head',
      'a x',
      'b y',
      'c x y',
    ]);
    expect(found('head x\nb\n', 'x', 'no')).toEqual(['head x']);
    expect(found('cut short', 'cut')).toEqual([]);
    expect(found('', 'x')).toEqual([]);
    expect(findLines(join(temporaryFolder(), 'no'), [], 10)).toBeUndefined();
  });

  test('finds them wherever a block of the file ends, and longer ones than a block', () => {
    const long = `x${'ü'.repeat(600_000)}`;
    for (const before of [0, 1, 2, 261_990, 262_130, 262_140, 262_143]) {
      const filler = 'a'.repeat(before);
      const lines = [`head${filler}`, 'xü', 'none', long, 'none', 'ax', filler, 'x end'];
      expect(found(`${lines.join('\n')}\n`, 'x')).toEqual([lines[0], 'xü', long, 'ax', 'x end']);
    }
  });

  test('refuses links, and files that are too long', () => {
    const folder = temporaryFolder();
    fs.writeFileSync(join(folder, 'a'), 'head\n');
    expect(failure(() => findLines(join(folder, 'a'), [], 4)).message).toContain(
      'larger than 4 bytes',
    );
    if (!hasLinks) return;
    fs.symlinkSync('a', join(folder, 'link'));
    expect(failure(() => findLines(join(folder, 'link'), [], 10)).message).toContain(
      'a symbolic link',
    );
  });
});

describe('readIfThere()', () => {
  test('reads a file, follows a link unless told not to, and knows absence', () => {
    const folder = temporaryFolder();
    fs.writeFileSync(join(folder, 'a'), 'x'.repeat(20_000));
    if (hasLinks) fs.symlinkSync('a', join(folder, 'link'));
    expect(readIfThere(join(folder, 'a'))?.length).toBe(20_000);
    if (hasLinks) expect(readIfThere(join(folder, 'link'))?.length).toBe(20_000);
    expect(readIfThere(join(folder, 'no'))).toBeUndefined();
    if (hasLinks)
      expect(failure(() => readIfThere(join(folder, 'link'), { follow: false })).code).toBe('file');
    expect(failure(() => readIfThere(join(folder, 'a'), { maxBytes: 19_999 })).code).toBe('file');
    expect(readIfThere(join(folder, 'a'), { maxBytes: 20_000 })?.length).toBe(20_000);
  });

  test('reads all that its limit allows, and refuses one byte more', () => {
    const file = join(temporaryFolder(), 'file');
    for (const size of [0, 1, 4095, 4096, 4097, 100_000]) {
      fs.writeFileSync(file, 'x'.repeat(size));
      expect(readIfThere(file, { maxBytes: size })?.length).toBe(size);
      if (size > 0)
        expect(failure(() => readIfThere(file, { maxBytes: size - 1 })).message).toContain(
          `is larger than ${size - 1} bytes`,
        );
    }
  });

  test.runIf(process.platform === 'linux')('reads to the end of a file that tells no size', () => {
    const maps = readIfThere('/proc/self/smaps', { maxBytes: 64 * 1024 * 1024 })?.toString() ?? '';
    expect(maps.length).toBeGreaterThan(3 * 4096);
    expect(maps).toMatch(/\nVmFlags:.*\n$/);
  });

  test.runIf(hasShell)('refuses a folder, a device and a pipe without waiting', () => {
    const folder = temporaryFolder();
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect(failure(() => readIfThere(folder)).message).toContain('is a folder');
    expect(failure(() => readIfThere('/dev/zero')).message).toContain('is a device');
    expect(failure(() => readIfThere(join(folder, 'pipe'))).message).toContain('is a pipe');
  });
});

describe.runIf(hasModes)('looserThan() and tighten()', () => {
  test('see and mend what lets others in, of files and folders, not through links', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'key.pem');
    fs.writeFileSync(path, '');
    fs.chmodSync(path, 0o644);
    expect(looserThan(path, 0o600)).toBe(0o644);
    tighten(path, 0o600);
    expect([looserThan(path, 0o600), mode(path)]).toEqual([undefined, 0o600]);
    fs.chmodSync(folder, 0o755);
    expect(looserThan(folder, 0o700)).toBe(0o755);
    tighten(folder, 0o700);
    expect(mode(folder)).toBe(0o700);
    expect(looserThan(join(folder, 'no'), 0o600)).toBeUndefined();
    fs.symlinkSync('key.pem', join(folder, 'link'));
    expect(
      failure(() => {
        tighten(join(folder, 'link'), 0o644);
      }).code,
    ).toBe('file');
    expect(mode(path)).toBe(0o600);
  });
});
