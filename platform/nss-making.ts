/** NSS databases that devcert makes: whatever stops it, the next run completes them or takes them away. */
import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { textIn } from './look.ts';
import { databaseCommand, type Database, readEntries } from './nss-entries.ts';
import type { Command, Host } from './types.ts';

/** The file in a database folder that tells that devcert made it, and which folders for it. */
export const MARKER = 'made-by-devcert';

/**
 * The note that devcert is making this folder and those in it, until the marker is in the innermost one. An
 * empty folder beside it: making one follows no link and takes nobody's place.
 */
function noteOf(folder: string): string {
  return `${folder}.${MARKER}`;
}

/** The notes that a run left which was killed before it could set the marker; innermost first. */
export function notesOf(folder: string, host: Pick<Host, 'home'>): string[] {
  return aroundDatabase(folder, host)
    .map(noteOf)
    .filter((path) => existsSync(path));
}

/** The folder and those above it, innermost first, up to the home. */
function aroundDatabase(folder: string, { home }: Pick<Host, 'home'>): string[] {
  const around: string[] = [];
  for (let path = folder; path !== home && path !== dirname(path); path = dirname(path))
    around.push(path);
  return around;
}

const FILES = ['cert9.db', 'key4.db', 'pkcs11.txt'];
/** What NSS leaves of a file that it was killed over. */
const JOURNALS = FILES.slice(0, 2).map((name) => `${name}-journal`);
/** First line of the marker until the database is made. No path, so that it names no folder. */
const UNFINISHED = 'unfinished';

/**
 * The folders that are to be made for a database, outermost first. Those that are there and hold nothing but
 * each other count, too: a run that was killed before it could mark them leaves such.
 */
export function missingFolders(folder: string, host: Pick<Host, 'home'>): string[] {
  const missing: string[] = [];
  for (const path of aroundDatabase(folder, host)) {
    if (!holdsOnly(path, missing[0])) break;
    missing.unshift(path);
  }
  return missing;
}

/** @param inner the one folder that may be in it; none if left out. */
function holdsOnly(path: string, inner: string | undefined): boolean {
  if (!existsSync(path)) return true;
  try {
    if (!lstatSync(path).isDirectory()) return false; // a link is somebody's
    return readdirSync(path).every((name) => inner !== undefined && name === basename(inner));
  } catch {
    return false; // not to be read: nobody knows what is in it
  }
}

/**
 * The folder (and those above it that are missing) and an empty database; the marker that devcert made it before
 * it, and before the folders a note beside them, so that a kill or a full disk leaves nothing that nobody knows.
 *
 * @param made as {@link missingFolders} gives it, with what an earlier run made.
 */
export function makeCommands(database: Database, made: readonly string[]): Command[] {
  const { folder, host } = database;
  const marker = (first: readonly string[]): Command => ({
    file: 'tee',
    args: [join(folder, MARKER)],
    input: `${[...first, ...made].join('\n')}\n`,
  });
  const left = leftOvers(folder);
  const [outermost] = existsSync(folder) ? [] : made;
  const note = outermost === undefined ? [] : [noteOf(outermost)];
  const lies = note.some((path) => existsSync(path));
  return [
    ...(lies ? [] : note.map((path) => ({ file: 'mkdir', args: ['-m', '0700', '--', path] }))),
    ...(existsSync(folder) ? [] : [{ file: 'mkdir', args: ['-p', '-m', '0700', '--', folder] }]),
    marker([UNFINISHED]),
    ...removeFolders([...new Set([...note, ...notesOf(folder, host)])]),
    ...(left.length === 0 ? [] : [{ file: 'rm', args: ['-f', '--', ...left] }]),
    databaseCommand(database, ['-N', '--empty-password']),
    marker([]),
  ];
}

/** True if devcert began to make a database here and was stopped. */
export function isUnfinished(folder: string): boolean {
  return readMarker(folder)?.[0] === UNFINISHED;
}

/**
 * True if the file of keys is there and that of certificates is not, which no browser leaves: a new database cannot
 * be made over it, and the keys in it may be somebody's.
 */
export function isHalf(folder: string): boolean {
  const has = (name: string) => existsSync(join(folder, name));
  return has('key4.db') && !has('cert9.db') && !isUnfinished(folder);
}

/** True if the file of certificates is there and holds nothing: a disk was full when it was made. */
export function isEmptyFile(folder: string): boolean {
  return statSync(join(folder, 'cert9.db'), { throwIfNoEntry: false })?.size === 0;
}

/** The folders that devcert made for a database, as its marker or a note has them; whatever else it says. */
export function markedFolders(folder: string, host: Pick<Host, 'home'>): string[] {
  const around = aroundDatabase(folder, host);
  const [note] = notesOf(folder, host).slice(-1);
  const noted = around.slice(0, around.findIndex((path) => noteOf(path) === note) + 1);
  return [...(readMarker(folder) ?? []), ...noted.reverse()];
}

/**
 * True unless devcert made the database and nobody has put anything into it since.
 *
 * @param rootCount how many of its certificates are the root.
 */
export async function hasOthers(database: Database, rootCount: number): Promise<boolean> {
  const { folder, host } = database;
  if (readMarker(folder) === undefined)
    return notesOf(folder, host).length === 0 || !holdsOnly(folder, undefined);
  if (!existsSync(join(folder, 'cert9.db'))) return isHalf(folder); // else making it stopped half-way
  const certificates = await readEntries(database);
  // 255: there are no keys.
  const keys = await host.run(databaseCommand(database, ['-K']));
  const modules = textIn(join(folder, 'pkcs11.txt')).match(/^library=/gm) ?? [];
  return certificates.length > rootCount || keys.exitCode === 0 || modules.length > 1;
}

/**
 * Takes away the files of a database, and of the folders made for it those that really lie around it.
 *
 * @param made folders that this run made, of which there may be no marker yet.
 */
export function unmakeCommands(
  { folder, host }: Pick<Database, 'folder' | 'host'>,
  made: readonly string[],
): Command[] {
  const listed = new Set([...markedFolders(folder, host), ...made]);
  const existing = aroundDatabase(folder, host).filter(
    (path) => listed.has(path) && existsSync(path),
  );
  const files = [...FILES, ...JOURNALS, MARKER].map((name) => join(folder, name));
  const left = existsSync(folder) ? readdirSync(folder).length : 0;
  return [
    ...(left === 0 ? [] : [{ file: 'rm', args: ['-f', '--', ...files] }]),
    ...removeFolders(existing),
    // Also where a folder is not empty: somebody uses it.
    ...removeFolders(notesOf(folder, host)).map((it) => ({ ...it, cleansUp: true })),
  ];
}

/** Takes away empty folders, as notes of folders are. */
export function removeFolders(folders: readonly string[]): Command[] {
  return folders.map((path) => ({ file: 'rmdir', args: ['--', path] }));
}

/** What a stopped attempt of devcert left: nothing of it can be anybody else's. */
function leftOvers(folder: string): string[] {
  if (!isUnfinished(folder)) return [];
  return [...FILES, ...JOURNALS]
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path));
}

function readMarker(folder: string): string[] | undefined {
  const file = join(folder, MARKER);
  return existsSync(file) ? textIn(file).split('\n') : undefined;
}
