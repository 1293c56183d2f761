import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withLock } from '../../src/disk/lock.ts';
import { isInterrupted, JOURNAL, recover, sha256 } from '../../src/ledger/journal.ts';
import { temporaryFolder } from '../helpers/host.ts';

const text = (path: string) => readFileSync(path, 'utf8');
/** Of a process that cannot be there. */
const dead = (name: string) => `.${name}.2147483646-0000${'0'.repeat(12)}.devcert-tmp`;

/** A state folder whose devcert was killed with everything written, before anything was replaced. */
function killed(options: { old?: string } = {}) {
  const [state, project] = [temporaryFolder(), temporaryFolder()];
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) => join(project, name)) as [
    string,
    string,
  ];
  if (options.old !== undefined) for (const path of [key, cert]) writeFileSync(path, options.old);
  const steps = [key, cert].map((path, index) => ({
    path,
    temporary: join(project, dead(`new${index}`)),
    backup: join(project, dead(`old${index}`)),
    sha256: sha256(`new ${index}`),
    before: options.old === undefined ? undefined : sha256(options.old),
  }));
  steps.forEach(({ temporary }, index) => {
    writeFileSync(temporary, `new ${index}`);
  });
  const ledger = join(state, 'ledger.jsonl');
  writeFileSync(ledger, 'header\n');
  const append = { path: ledger, text: 'entry\n', size: 7 };
  writeFileSync(join(state, JOURNAL), JSON.stringify({ steps, removals: [], append }));
  return { state, project, key, cert, ledger, steps };
}

describe('recover()', () => {
  test('completes what was written whole', () => {
    const { state, project, key, cert, ledger } = killed({ old: 'old' });
    appendFileSync(ledger, 'ent'); // cut short
    recover(state);
    expect([text(key), text(cert), text(ledger)]).toEqual(['new 0', 'new 1', 'header\nentry\n']);
    expect(readdirSync(project).sort()).toEqual(['cert.pem', 'key.pem']);
    expect(isInterrupted(state)).toBe(false);
  });

  test('undoes what was not, also where nothing was before', () => {
    const { state, project, key, steps } = killed();
    // Killed while an error was undone: the first is in place, the second gone again.
    writeFileSync(key, 'new 0');
    for (const { temporary } of steps) writeFileSync(temporary, 'half');
    recover(state);
    expect(readdirSync(project)).toEqual([]);
  });

  test('completes nothing over a file that somebody wrote since', () => {
    const { state, project, key, ledger } = killed();
    writeFileSync(key, 'a key of my own');
    recover(state);
    expect(text(key)).toBe('a key of my own');
    expect(readdirSync(project)).toEqual(['key.pem']);
    expect(text(ledger)).toBe('header\n');
  });

  test('drops a journal that no devcert wrote', () => {
    const state = temporaryFolder();
    for (const content of ['', 'null', '{"steps":1}', '[']) {
      writeFileSync(join(state, JOURNAL), content);
      recover(state);
      expect(existsSync(join(state, JOURNAL))).toBe(false);
    }
  });
});

test('withLock() leaves temporary files of killed processes to its work, and removes them afterwards', async () => {
  const folder = join(temporaryFolder(), 'state');
  mkdirSync(folder);
  const file = join(folder, dead('root.pem'));
  writeFileSync(file, '');
  const later = new Date(Date.now() + 3_600_000);
  expect(await withLock(folder, () => existsSync(file), { now: () => later })).toBe(true);
  expect(existsSync(file)).toBe(false);
});
