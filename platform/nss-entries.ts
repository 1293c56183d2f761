/** Which entries of an NSS database hold a root: by the certificate, never by the nickname alone. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { authoritiesIn, certificateBodies } from './pem.ts';
import { entryName } from './report-store.ts';
import type { Command, CommandResult, Host, Root } from './types.ts';

/** A database as certutil gets at it. */
export interface Database {
  /** Absolute path of NSS' certutil. */
  readonly certutil: string;
  /** Absolute path. */
  readonly folder: string;
  readonly host: Pick<Host, 'run' | 'home'>;
}

/** One line of `certutil -L`. */
export interface Entry {
  readonly nickname: string;
  /** `C,,`: trust for web sites, mail and code. */
  readonly flags: string;
}

/** The entries of one root, as far as certutil can tell. */
export interface FoundEntries {
  readonly entries: readonly Entry[];
  /** False if some of the entries hold another root with the same subject. */
  readonly isCertain: boolean;
}

// Without -f certutil asks for a password at the terminal itself, even if its input is empty.
const NO_PASSWORD = '/dev/null';

/** A command on one database that never asks for a password. @param passwordFile of a protected one */
export function databaseCommand(
  { certutil, folder }: Database,
  [action = '', ...options]: readonly string[],
  passwordFile = NO_PASSWORD,
): Command {
  const kind = isLegacy(folder) ? 'dbm' : 'sql';
  const args = [action, '-d', `${kind}:${folder}`, '-f', passwordFile, ...options];
  return { file: certutil, args };
}

/** True for a profile with the database of before 2018 alone, which some builds of certutil still use. */
export function isLegacy(folder: string): boolean {
  return !existsSync(join(folder, 'cert9.db')) && existsSync(join(folder, 'cert8.db'));
}

/** What `certutil -L` says. */
export function askListing(database: Database): Promise<CommandResult> {
  return database.host.run(databaseCommand(database, ['-L']));
}

/** Every entry with its trust flags; none if certutil cannot read the database. */
export async function readEntries(database: Database): Promise<Entry[]> {
  return parseListing((await askListing(database)).stdout);
}

/** The base64 of every certificate that has the subject of the one with this nickname. */
async function bodiesOf(database: Database, nickname: string): Promise<string[]> {
  const show = databaseCommand(database, ['-L', '-n', nickname, '-a']);
  return certificateBodies((await database.host.run(show)).stdout);
}

/** The lines of `certutil -L`: a nickname, padded, and three groups of flags. */
export function parseListing(listing: string): Entry[] {
  return listing.split('\n').flatMap((line) => {
    const match = /^(.*\S)\s+([a-zA-Z]*,[a-zA-Z]*,[a-zA-Z]*)\s*$/.exec(line);
    const [, nickname = '', flags = ''] = match ?? [];
    return match === null ? [] : [{ nickname, flags }];
  });
}

/**
 * The entries that hold the root, under any name: devcert's by its name, everything that is trusted
 * for anything, and what looks like an earlier root of devcert.
 */
export async function findEntries(database: Database, root: Root): Promise<FoundEntries> {
  const all = await readEntries(database);
  const body = root.der.toString('base64');
  for (const nickname of candidates(all, root)) {
    const bodies = await bodiesOf(database, nickname);
    if (!bodies.includes(body)) continue;
    const isAlone = bodies.every((it) => it === body);
    if (isAlone || nickname === entryName(root))
      return { entries: all.filter((it) => it.nickname === nickname), isCertain: true };
    // Each nickname of a subject shows all its certificates: what our own nicknames claim goes out.
    const claimed = new Set(bodies.map((it) => entryName({ sha256: sha256Of(it) })));
    const names = new Set(all.map((it) => it.nickname));
    const unclaimed = bodies.filter((it) => !names.has(entryName({ sha256: sha256Of(it) })));
    const entries: Entry[] = [];
    for (const entry of all)
      if (!claimed.has(entry.nickname) && (await bodiesOf(database, entry.nickname)).includes(body))
        entries.push(entry);
    return { entries, isCertain: unclaimed.length === 1 };
  }
  return { entries: [], isCertain: true };
}

/** DER of the authorities of an organization, as {@link TrustStore.list} gives them. */
export async function listAuthorities(database: Database, organization: string): Promise<Buffer[]> {
  const bodies: string[] = [];
  for (const nickname of candidates(await readEntries(database)))
    bodies.push(...(await bodiesOf(database, nickname)));
  return authoritiesIn(bodies, organization);
}

// Asking takes some 10 ms each, and old Firefox profiles hold hundreds of intermediates.
function candidates(entries: readonly Entry[], root?: Root): Set<string> {
  const own = root && entryName(root);
  const starts = ['devcert', ...(root === undefined ? [] : [root.commonName])];
  const names = entries
    .filter(({ nickname, flags }) => flags !== ',,' || starts.some((it) => nickname.startsWith(it)))
    .map(({ nickname }) => nickname);
  return new Set([...names.filter((it) => it === own), ...names]);
}

function sha256Of(body: string): string {
  return createHash('sha256').update(body, 'base64').digest('hex');
}
