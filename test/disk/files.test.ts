import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  findLines,
  looserThan,
  makeFolder,
  readIfThere,
  tighten,
  writeExclusive,
} from '../../src/disk/files.ts';
import { removeStaleTemporaries, temporaryName } from '../../src/disk/temporary.ts';
import { failure } from '../helpers/failure.ts';
import { fileProcess } from '../helpers/file-process.ts';
import { hasLinks, hasModes, hasShell, seenMode } from '../helpers/can.ts';
import { temporaryFolder } from '../helpers/host.ts';

const mode = (path: string) => fs.statSync(path).mode & 0o7777;
const text = (path: string) => fs.readFileSync(path, 'utf8');
const child = fileProcess();

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
