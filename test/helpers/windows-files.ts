/**
 * Runs on Windows: `node windows-files.cjs` counts under the lock in 8 processes and replaces files while
 * others read them; prints what became of them.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere, writeExclusive } from '../../src/disk/files.ts';
import { replaceFiles } from '../../src/ledger/transaction.ts';
import { withLock } from '../../src/disk/lock.ts';

const folder = 'C:\\files Müller';
const at = (name: string) => join(folder, name);
const write = (name: string, data: string) => ({ path: at(name), data, mode: 0o600 });

const long = (letter: string) => letter.repeat(50_000);

/** True if the file is not one of those that were written, from its first letter to its last. */
function isTorn(): boolean {
  const text = readIfThere(at('long'))?.toString() ?? '';
  return text !== long(text.slice(0, 1)) || text === '';
}

/** Where each of the 8 processes says how often a file was torn: not by its exit code, which wine may lose. */
const outcomes = 'C:\\outcomes';

/** Adds one to the count 5 times, with time for another process to come in between. */
async function count(): Promise<void> {
  let torn = 0;
  for (let i = 0; i < 5; i++)
    await withLock(folder, async () => {
      const before = Number(readIfThere(at('count')));
      await new Promise((resolve) => setTimeout(resolve, 5));
      replaceFiles([write('count', String(before + 1))]);
      if (isTorn()) torn++;
    });
  writeFileSync(join(outcomes, String(process.pid)), String(torn));
}

async function all(): Promise<void> {
  mkdirSync(folder);
  mkdirSync(outcomes);
  writeFileSync(at('count'), '0');
  replaceFiles([write('long', long('a'))]);
  let running = 8;
  for (let i = 0; i < 8; i++)
    spawn(process.execPath, [process.argv[1] ?? '', 'count'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    }).on('exit', () => {
      running--;
    });
  for (let i = 0; running > 0; i++) {
    replaceFiles([write('long', long(i % 2 === 0 ? 'b' : 'c'))]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  writeExclusive(at('once'), 'first', 0o600);
  const second = writeExclusive(at('once'), 'second', 0o600);
  for (const name of ['a', 'b']) writeFileSync(at(name), `old ${name}`);
  mkdirSync(at('c'));
  try {
    replaceFiles(['a', 'b', 'c'].map((name) => write(name, 'new')));
  } catch {
    // A folder is in the way of the third: then nothing is written at all.
  }
  const text = (name: string) => readFileSync(at(name), 'utf8');
  const leftovers = readdirSync(folder).filter((name) => /devcert-tmp$|^lock$/.test(name));
  const untouched = [text('a'), text('b')];
  const result = {
    count: Number(text('count')),
    torn: readdirSync(outcomes).map((name) => Number(readFileSync(join(outcomes, name)))),
    second,
    kept: text('once'),
    untouched,
    leftovers,
  };
  console.log(JSON.stringify(result));
}

void (process.argv[2] === 'count' ? count() : all());
