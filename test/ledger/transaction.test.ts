import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { replaceFiles } from '../../src/ledger/transaction.ts';
import { failure } from '../helpers/failure.ts';
import { fileProcess } from '../helpers/file-process.ts';
import { canMake, hasLinks, hasModes, seenMode } from '../helpers/can.ts';
import { temporaryFolder } from '../helpers/host.ts';

const isRoot = process.getuid?.() === 0;
const canMount = isRoot && process.platform === 'linux';
const mode = (path: string) => fs.statSync(path).mode & 0o7777;
const text = (path: string) => fs.readFileSync(path, 'utf8');
const child = fileProcess();

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
