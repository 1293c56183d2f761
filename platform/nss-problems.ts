/** Why an NSS database cannot be used, in words: NSS has one code for what a person has to tell apart. */
import { closeSync, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { printable, systemCode, say } from '../src/errors.ts';
import { quoteForPosix } from './quote.ts';
import { isLegacy } from './nss-entries.ts';
import { explainBy, type Meaning } from './report-store.ts';
import type { CommandResult, Explanation } from './types.ts';

/** What a failure to use the database in a folder comes from: asks the files themselves where NSS does not say. */
export function explainFailure(folder: string, result: CommandResult): Explanation | undefined {
  if (result.failure !== undefined) return undefined;
  if ((result.stderr + result.stdout).includes('SEC_ERROR_BAD_DATABASE'))
    return isLegacy(folder) ? LEGACY : explainDamage(folder);
  return explainBy(problems, result);
}

const CLOSE = 'close the browser and try again';
const LOCKED = { reason: 'another program has the database locked', hint: CLOSE };

const LEGACY: Explanation = {
  reason: 'its database is of the old kind (cert8.db), which the certutil here cannot use',
  hint: say`update that browser and start it once with this profile, then ${{ command: 'install' }}`,
};

const problems: readonly Meaning[] = [
  {
    said: /SEC_ERROR_BAD_PASSWORD|could not authenticate|Incorrect password/i,
    reason: 'the profile has a primary password',
    hint: say`${{ command: 'install', nssPasswordFile: 'FILE' }} (its first line is the password)`,
  },
  {
    said: /SEC_ERROR_READ_ONLY|read-only/i,
    reason: 'the database is read-only',
    hint: 'make its folder writable for you',
  },
  { said: /SEC_ERROR_BUSY|SEC_ERROR_PKCS11_GENERAL_ERROR|locked/i, ...LOCKED },
  { said: /SEC_ERROR_LEGACY_DATABASE|old, unsupported format/i, ...LEGACY },
];

/** Why NSS takes the files in a folder for no database, and a line that has a new one made. */
export function explainDamage(folder: string): Explanation {
  const files = ['cert9.db', 'key4.db'].map((name) => ({ name, path: join(folder, name) }));
  for (const { path } of files) {
    const code = whyUnreadable(path);
    if (code !== undefined && code !== 'ENOENT')
      return {
        reason: `"${printable(path)}" cannot be read (${code})`,
        hint: `see whose it is, and make it yours: ls -ld "${printable(folder)}"`,
      };
  }
  const [holder] = files.flatMap(({ path }) => lockHolder(path) ?? []);
  if (holder !== undefined) {
    const which = holder > 0 ? ` (process ${holder})` : '';
    return { reason: `${LOCKED.reason}${which}`, hint: CLOSE };
  }
  const damaged = files.find(({ path }) => !isWhole(path));
  const what =
    damaged === undefined
      ? 'the database is damaged, or another program has it locked'
      : whyUnreadable(damaged.path) === 'ENOENT'
        ? `the database is damaged: "${damaged.name}" is missing`
        : `the database is damaged: "${damaged.name}" is not a whole database`;
  const moves = files
    .filter(({ path }) => whyUnreadable(path) === undefined)
    .map(({ path }) => `mv ${quoteForPosix(path)} ${quoteForPosix(`${path}.damaged`)}`);
  return {
    reason: what,
    hint: say`${[...moves, ''].join(' && ')}${{ command: 'install' }} (with the browser closed; certificates, keys and exceptions of your own in them are lost then, unless you put "${printable(folder)}" back from a backup)`,
  };
}

function whyUnreadable(path: string): string | undefined {
  try {
    closeSync(openSync(path, 'r'));
    return undefined;
  } catch (error) {
    return systemCode(error) ?? 'unknown';
  }
}

/**
 * The process that holds a lock for writing on a file, 0 if it is not known; undefined if there is none, or
 * the system does not say (only Linux does, proc_locks(5)).
 */
function lockHolder(path: string): number | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    // As glibc has it: gnu_dev_major(), gnu_dev_minor().
    const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
    const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
    const hex = (number: bigint) => number.toString(16).padStart(2, '0');
    const file = `${hex(major)}:${hex(minor)}:${ino}`;
    for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
      const [, , , type, process, where] = line.split(/\s+/);
      if (type === 'WRITE' && where === file) return Math.max(0, Number(process));
    }
    return undefined;
  } catch {
    return undefined; // no such file, or another system
  }
}

/** True if it begins as SQLite's files do and is as long as it says (sqlite.org/fileformat.html 1.3). */
function isWhole(path: string): boolean {
  try {
    const file = openSync(path, 'r');
    try {
      const header = Buffer.alloc(100);
      if (readSync(file, header) < header.length) return false;
      if (header.toString('latin1', 0, 16) !== 'SQLite format 3\0') return false;
      const size = header.readUInt16BE(16);
      return statSync(path).size >= (size === 1 ? 65_536 : size) * header.readUInt32BE(28);
    } finally {
      closeSync(file);
    }
  } catch {
    return false; // not there any more
  }
}
