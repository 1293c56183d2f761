/** The ledger as text: what counts in it, what is dropped, and what is damage. */
import { appendFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  appendix,
  compact,
  encodeLedger,
  findEntries,
  isRecorded,
  latest,
  type LedgerEntry,
  ledgerFile,
  readLedger,
} from '../../src/ledger/ledger.ts';
import { sha256 } from '../../src/ledger/journal.ts';
import { temporaryFolder } from '../helpers/host.ts';

const file = (path: string, text: string) => ({ path, sha256: [sha256(text)] });
const entry = (path: string, text: string, ca = 'default'): LedgerEntry => ({
  files: [file(path, text)],
  ca,
});

/** A state folder with a ledger of these entries, one added after the other. */
function state(...entries: readonly LedgerEntry[]): string {
  const folder = temporaryFolder();
  for (const it of entries) add(folder, it);
  return folder;
}

function add(folder: string, ...entries: readonly LedgerEntry[]): void {
  const added = appendix(folder, entries);
  expect(added?.path).toBe(ledgerFile(folder));
  appendFileSync(ledgerFile(folder), added?.text ?? '');
}

describe('readLedger()', () => {
  test('gives nothing where there is no ledger', () => {
    expect(readLedger(temporaryFolder())).toEqual([]);
    expect(findEntries(temporaryFolder(), ['/a'])).toEqual([]);
    expect(appendix(temporaryFolder(), [])).toBeUndefined();
  });

  test('gives the latest entry of each first file, in the order of the latest', () => {
    const folder = state(entry('/a', 'one'), entry('/b', 'two'), entry('/a', 'three', 'people'));
    expect(readLedger(folder)).toEqual([entry('/b', 'two'), entry('/a', 'three', 'people')]);
  });

  test('passes over a last line that a full disk cut short, and the next one is read again', () => {
    const folder = state(entry('/a', 'one'));
    const whole = readFileSync(ledgerFile(folder), 'utf8');
    const line = JSON.stringify(entry('/b', 'two'));
    for (let length = 1; length <= line.length; length++) {
      writeFileSync(ledgerFile(folder), whole + line.slice(0, length));
      expect(readLedger(folder)).toEqual([entry('/a', 'one')]);
      expect(findEntries(folder, ['/b'])).toEqual([]);
    }
    writeFileSync(ledgerFile(folder), `${whole}${line}\n`);
    expect(findEntries(folder, ['/b'])).toEqual([entry('/b', 'two')]);
  });

  test.each([
    ['no header', `${JSON.stringify(entry('/a', 'one'))}\n`],
    ['a newer version', '{"version":3}\n'],
    ['an empty line', '{"version":2}\n\n{"ca":"default","files":[]}\n'],
    ['a line that is not JSON', '{"version":2}\n{"ca":"def\n{"ca":"default","files":[]}\n'],
    ['an entry without files', '{"version":2}\n{"ca":"default"}\n'],
    ['a file without its hashes', '{"version":2}\n{"ca":"default","files":[{"path":"/a"}]}\n'],
    [
      'a certificate without its names',
      '{"version":2}\n{"ca":"default","files":[],"certificate":{"certFile":"/a"}}\n',
    ],
    ['nothing at all', ''],
  ])('refuses %s, and names the file', (_, text) => {
    const folder = temporaryFolder();
    writeFileSync(ledgerFile(folder), text);
    expect(() => readLedger(folder)).toThrow(
      expect.objectContaining({
        code: 'invalid-authority',
        message: `"${ledgerFile(folder)}" is damaged, or a newer devcert wrote it`,
      }) as Error,
    );
  });
});

describe('findEntries()', () => {
  test('gives every entry that mentions a path, earlier ones too, and no other', () => {
    const folder = state(entry('/a', 'one'), entry('/ab', 'two'), entry('/a', 'three'));
    expect(findEntries(folder, ['/a'])).toEqual([entry('/a', 'one'), entry('/a', 'three')]);
    expect(findEntries(folder, ['/a', '/ab', '/a'])).toHaveLength(3);
    expect(findEntries(folder, ['/c'])).toEqual([]);
  });

  test('finds a path that JSON writes with escapes', () => {
    const path = '/srv/"a\\b\nc';
    expect(findEntries(state(entry(path, 'one')), [path])).toEqual([entry(path, 'one')]);
  });
});

test('isRecorded() knows bytes by path and hash, the old hash of a file too', () => {
  const entries = [{ files: [{ path: '/a', sha256: [sha256('new'), sha256('old')] }], ca: 'x' }];
  expect(isRecorded(entries, '/a', 'new')).toBe(true);
  expect(isRecorded(entries, '/a', Buffer.from('old'))).toBe(true);
  expect(isRecorded(entries, '/a', 'other')).toBe(false);
  expect(isRecorded(entries, '/b', 'new')).toBe(false);
});

test('latest() drops an entry whose files were taken off', () => {
  const certificate = { certFile: '/a' } as LedgerEntry['certificate'];
  const gone = { files: [], ca: 'default', certificate };
  expect(latest([entry('/a', 'one'), gone])).toEqual([]);
});

describe('compact()', () => {
  /** A path of 1 kB, so that 300 entries are above the size from which the ledger is compacted. */
  const long = (folder: string, index: number) =>
    join(folder, ...Array.from({ length: 5 }, () => 'x'.repeat(200)), String(index));

  test('leaves a small ledger unchanged, with lines that no longer count', () => {
    const folder = state(entry('/gone', 'one'), entry('/gone', 'two'));
    const before = readFileSync(ledgerFile(folder));
    compact(folder);
    expect(readFileSync(ledgerFile(folder))).toEqual(before);
  });

  test('drops entries whose files are gone and lines that others replaced, and keeps the rest', () => {
    const folder = temporaryFolder();
    const project = temporaryFolder();
    const kept = join(project, 'cert.pem');
    writeFileSync(kept, 'two');
    const gone = Array.from({ length: 300 }, (_, index) => entry(long(project, index), 'gone'));
    add(folder, entry(kept, 'one'), ...gone, entry(kept, 'two'));
    compact(folder);
    expect(readLedger(folder)).toEqual([entry(kept, 'two')]);
    expect(findEntries(folder, [kept])).toEqual([entry(kept, 'two')]);
    expect(statSync(ledgerFile(folder)).size).toBeLessThan(1000);
    add(folder, entry('/next', 'three'));
    expect(readLedger(folder)).toEqual([entry(kept, 'two'), entry('/next', 'three')]);
  });

  test('does not write a large ledger anew before it has doubled', () => {
    const folder = temporaryFolder();
    const project = temporaryFolder();
    const entries = Array.from({ length: 600 }, (_, index) => entry(long(project, index), 'there'));
    mkdirSync(join(long(project, 0), '..'), { recursive: true });
    for (const { files } of entries) writeFileSync(files[0]?.path ?? '', 'there');
    writeFileSync(ledgerFile(folder), encodeLedger(entries));
    compact(folder);
    const size = statSync(ledgerFile(folder)).size;
    expect(readLedger(folder)).toEqual(entries);
    // As many bytes again would be too few: what was kept is counted from then on.
    add(folder, ...entries.slice(0, 500));
    const larger = statSync(ledgerFile(folder)).size;
    compact(folder);
    expect(statSync(ledgerFile(folder)).size).toBe(larger);
    add(folder, ...entries.slice(0, 500));
    compact(folder);
    expect(statSync(ledgerFile(folder)).size).toBe(size);
    expect(readLedger(folder)).toHaveLength(600);
  });
});
