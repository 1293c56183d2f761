/** Which entries of an NSS database hold a root: by the certificate, never by the nickname alone. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { authoritiesIn, certificateBodies } from './pem.ts';
import type { Command, Host, Root } from './types.ts';

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
  certutil: string,
  folder: string,
  [action = '', ...options]: readonly string[],
  passwordFile = NO_PASSWORD,
): Command {
  const kind = isLegacy(folder) ? 'dbm' : 'sql';
  return {
    file: certutil,
    args: [action, '-d', `${kind}:${folder}`, '-f', passwordFile, ...options],
  };
}

/** True for a profile with the database of before 2018 alone, which some builds of certutil still use. */
export function isLegacy(folder: string): boolean {
  return !existsSync(join(folder, 'cert9.db')) && existsSync(join(folder, 'cert8.db'));
}

/** What `certutil -L` lists: nicknames with their trust flags. */
export function listCommand(certutil: string, folder: string): Command {
  return databaseCommand(certutil, folder, ['-L']);
}

/** Prints as PEM every certificate that has the subject of the one with this nickname. */
export function showCommand(certutil: string, folder: string, nickname: string): Command {
  return databaseCommand(certutil, folder, ['-L', '-n', nickname, '-a']);
}

/** Our nickname for a root: different even for roots with one subject. @param sha256 hex of its DER */
export function entryName(sha256: string): string {
  return `devcert-${sha256.slice(0, 16)}`;
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
export async function findEntries(
  certutil: string,
  folder: string,
  root: Root,
  host: Pick<Host, 'run'>,
): Promise<FoundEntries> {
  const all = parseListing((await host.run(listCommand(certutil, folder))).stdout);
  const body = root.der.toString('base64');
  const show = async (nickname: string) =>
    certificateBodies((await host.run(showCommand(certutil, folder, nickname))).stdout);
  for (const nickname of candidates(all, root)) {
    const bodies = await show(nickname);
    if (!bodies.includes(body)) continue;
    const isAlone = bodies.every((it) => it === body);
    if (isAlone || nickname === entryName(root.sha256))
      return { entries: all.filter((it) => it.nickname === nickname), isCertain: true };
    // Each nickname of a subject shows all its certificates: what our own nicknames claim goes out.
    const claimed = new Set(bodies.map((it) => entryName(sha256Of(it))));
    const names = new Set(all.map((it) => it.nickname));
    const unclaimed = bodies.filter((it) => !names.has(entryName(sha256Of(it))));
    const entries: Entry[] = [];
    for (const entry of all)
      if (!claimed.has(entry.nickname) && (await show(entry.nickname)).includes(body))
        entries.push(entry);
    return { entries, isCertain: unclaimed.length === 1 };
  }
  return { entries: [], isCertain: true };
}

/** DER of the authorities of an organization, as {@link TrustStore.list} gives them. */
export async function listAuthorities(
  certutil: string,
  folder: string,
  organization: string,
  host: Pick<Host, 'run'>,
): Promise<Buffer[]> {
  const all = parseListing((await host.run(listCommand(certutil, folder))).stdout);
  const texts: string[] = [];
  for (const nickname of candidates(all))
    texts.push((await host.run(showCommand(certutil, folder, nickname))).stdout);
  return authoritiesIn(texts.flatMap(certificateBodies), organization);
}

// Asking takes some 10 ms each, and old Firefox profiles hold hundreds of intermediates.
function candidates(entries: readonly Entry[], root?: Root): Set<string> {
  const own = root === undefined ? undefined : entryName(root.sha256);
  const names = entries
    .filter(
      ({ nickname, flags }) =>
        flags !== ',,' ||
        (root !== undefined && nickname.startsWith(root.commonName)) ||
        nickname.startsWith('devcert'),
    )
    .map(({ nickname }) => nickname);
  return new Set([...names.filter((it) => it === own), ...names]);
}

function sha256Of(body: string): string {
  return createHash('sha256').update(body, 'base64').digest('hex');
}
