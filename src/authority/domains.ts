/**
 * The folder in the state folder with the pairs of programs that were written for the `devcert` package: one
 * folder for each set of domains, the same from every project.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { withFileError } from '../disk/filesystem.ts';
import { sha256 } from '../ledger/journal.ts';
import type { Name } from '../names/names.ts';

/** Absolute path. */
export function domainsFolder(stateFolder: string): string {
  return join(stateFolder, 'domains');
}

/** Absolute path of the folder of a pair. It is called as the domain, or `san-` and a hash for several. */
export function domainFolder(stateFolder: string, names: readonly Name[]): string {
  const [first, ...more] = names.map(({ value }) => value).sort();
  const alone = more.length === 0 && first !== undefined && isFolderName(first) ? first : undefined;
  const hash = sha256([first, ...more].join()).slice(0, 16);
  return join(domainsFolder(stateFolder), alone ?? `san-${hash}`);
}

/** Names of the folders of all pairs, sorted. */
export function listDomains(stateFolder: string): string[] {
  const folder = domainsFolder(stateFolder);
  return withFileError('read', folder, () =>
    existsSync(folder) ? readdirSync(folder) : [],
  ).sort();
}

/** On every system: Windows has no colon and no star in a name, and some words are devices there. */
function isFolderName(name: string): boolean {
  return /^(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[a-z0-9._-]+$/.test(name);
}
