/** How devcert knows the NSS databases and folders that it made. */
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Host } from './types.ts';

/** The file in a database folder that tells that devcert made it, and which folders for it. */
export const MARKER = 'made-by-devcert';

/**
 * The note that devcert is making this folder and those in it, until the marker is in the innermost one. An
 * empty folder beside it: making one follows no link and takes nobody's place.
 */
export function noteOf(folder: string): string {
  return `${folder}.${MARKER}`;
}

/** The notes that a run left which was killed before it could set the marker; innermost first. */
export function notesOf(folder: string, host: Pick<Host, 'home'>): string[] {
  return aroundDatabase(folder, host)
    .map(noteOf)
    .filter((path) => existsSync(path));
}

/** The folder and those above it, innermost first, up to the home. */
export function aroundDatabase(folder: string, { home }: Pick<Host, 'home'>): string[] {
  const around: string[] = [];
  for (let path = folder; path !== home && path !== dirname(path); path = dirname(path))
    around.push(path);
  return around;
}
