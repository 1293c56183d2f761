/** What makes a folder a state folder, and tells whether devcert made it. */
import { X509Certificate } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere, replaceFiles, writeExclusive } from '../files.ts';
import { authoritiesFolder } from '../paths.ts';
import { isTemporary } from './staged.ts';

/** In every state folder: `{ "version": 1 }`, the version of how the state is kept. */
export const MARKER = 'devcert-state.json';
/** Lists the folders that devcert had to make for the state, which may be the state folder itself. */
export const FOLDERS = 'folders';

/**
 * True for a folder that devcert may keep its state in: empty, marked, or of an earlier version, which is
 * known by a root certificate. Dot files of git and `lost+found` do not count.
 *
 * @param names what is in it.
 */
export function isStateFolder(folder: string, names: readonly string[]): boolean {
  return names.includes(MARKER) || strangers(names).length === 0 || holdsRoot(folder);
}

/** What is in a folder that an empty one has not. */
export function strangers(names: readonly string[]): string[] {
  return names.filter((name) => !/^\.git|^lost\+found$/.test(name) && !isTemporary(name));
}

/** Marks a folder, and notes which folders were made for it. @param made absolute paths. */
export function markStateFolder(folder: string, made: readonly string[]): void {
  writeExclusive(join(folder, MARKER), '{ "version": 1 }\n', 0o644);
  if (made.length === 0) return;
  const data = [...new Set([...madeFolders(folder), ...made])].join('\n');
  replaceFiles([{ path: join(folder, FOLDERS), data, mode: 0o600 }]);
}

/** Absolute paths of the folders that devcert noted it made, in no order. */
export function madeFolders(folder: string): string[] {
  return readIfThere(join(folder, FOLDERS))?.toString().split('\n') ?? [];
}

function holdsRoot(folder: string): boolean {
  const named = authoritiesFolder(folder);
  return [folder, join(folder, 'next'), ...namesIn(named).map((name) => join(named, name))].some(
    (it) => isCertificate(join(it, 'root.pem')),
  );
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // not there, or no folder: nothing in it speaks for devcert
  }
}

function isCertificate(file: string): boolean {
  try {
    return new X509Certificate(readIfThere(file) ?? '').raw.length > 0;
  } catch {
    return false; // not there, not readable or something else: it does not speak for devcert
  }
}
