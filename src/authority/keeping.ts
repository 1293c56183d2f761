/**
 * How the issuer's key is kept: `keeping.json` in the authority's folder. Where there is none the key is a
 * file, open to everybody who can read it.
 */
import { join } from 'node:path';
import { DevcertError, say, orUndefined } from '../errors.ts';
import { readIfThere } from '../disk/files.ts';
import { invalid } from './damage.ts';
import { authorityNameOf } from './marker.ts';
import { KEEPING_FILE } from './staged.ts';

/**
 * - `file`: open to whoever can read the file.
 * - `sealed`: it was thrown away when its one certificate was made, for these names.
 * - `passphrase`: in the file, encrypted. `wasOpen` if the same key lay there open before.
 * - `ssh-agent`: in the user's agent, and never in a file of ours. `fingerprint` as OpenSSH has it: `SHA256:…`.
 */
export type Keeping =
  | { readonly way: 'file' }
  | { readonly way: 'sealed'; readonly names: readonly string[] }
  | { readonly way: 'passphrase'; readonly wasOpen: boolean }
  | { readonly way: 'ssh-agent'; readonly fingerprint: string };

/** True if there has to be a file with the key. */
export function hasKeyFile({ way }: Keeping): boolean {
  return way === 'file' || way === 'passphrase';
}

/** True if signing may ask somebody. */
export function canAsk({ way }: Keeping): boolean {
  return way === 'passphrase' || way === 'ssh-agent';
}

/** The text of the file; undefined for a key that is a file, which needs none. */
export function encodeKeeping(keeping: Keeping): string | undefined {
  if (keeping.way === 'file') return undefined;
  return `${JSON.stringify({ version: 1, ...keeping }, null, 2)}\n`;
}

/**
 * @param text of the file; undefined or empty if there is none.
 * @throws DevcertError `invalid-authority` for a damaged one: nothing is guessed about a key.
 */
export function parseKeeping(text: string | undefined, folder: string): Keeping {
  if (text === undefined || text === '') return { way: 'file' };
  try {
    const content = (JSON.parse(text) ?? {}) as Record<string, unknown>;
    const { way, names, wasOpen, fingerprint } = content;
    if (way === 'sealed' && Array.isArray(names) && names.every((it) => typeof it === 'string'))
      return { way, names };
    if (way === 'passphrase' && typeof wasOpen === 'boolean') return { way, wasOpen };
    if (way === 'ssh-agent' && typeof fingerprint === 'string') return { way, fingerprint };
  } catch {
    // Not JSON: said below, for every kind of damage.
  }
  throw invalid(`${KEEPING_FILE} in "${folder}" is damaged`, folder);
}

/** How the key of the authority in a folder is kept. @throws DevcertError `invalid-authority`, `file`. */
export function readKeeping(folder: string): Keeping {
  return parseKeeping(readIfThere(join(folder, KEEPING_FILE))?.toString(), folder);
}

/** What to say when the authorities in these folders are deleted: an agent keeps its keys. Before that. */
export function agentNotes(folders: readonly string[]): string[] {
  return folders.flatMap((folder) => {
    const keeping = orUndefined(() => readKeeping(folder)); // a damaged record names no key
    if (keeping?.way !== 'ssh-agent') return [];
    const { fingerprint } = keeping;
    return [`the key ${fingerprint} stays in your SSH agent; to take it out: ssh-add -d FILE`];
  });
}

/**
 * Makes sure that an authority gives way to none whose key is kept worse.
 *
 * @throws DevcertError `refused`.
 */
export function assertNoWayBack(from: Keeping, to: Keeping, folder: string): void {
  if (to.way !== 'sealed') assertNotSealed(from, folder);
  if (to.way !== 'file' || from.way === 'file') return;
  const name = authorityNameOf(folder);
  throw new DevcertError('refused', 'its key is protected, and that of the other lies open', {
    hint:
      from.way === 'passphrase'
        ? say`if that is meant, first: ${{ command: 'ca unprotect', names: name }}`
        : say`give the other a name of its own: ${{ name: 'NAME' }}`,
  });
}

/**
 * Makes sure that an authority's key may be used as others are.
 *
 * @param folder of the authority.
 * @param asked names that a certificate was asked for; those of the record if left out.
 * @throws DevcertError `refused` for a sealed one, with the line that makes another.
 */
export function assertNotSealed(
  keeping: Keeping,
  folder: string,
  asked: readonly string[] = [],
): void {
  if (keeping.way === 'sealed') throw sealed(keeping, folder, asked);
}

/** The refusal of one that is sealed. */
export function sealed(
  keeping: Keeping & { readonly way: 'sealed' },
  folder: string,
  asked: readonly string[] = [],
): DevcertError {
  const names = asked.length === 0 ? keeping.names : asked;
  return new DevcertError(
    'refused',
    `this CA is sealed: its key was thrown away after it had issued for ${keeping.names.map((it) => `"${it}"`).join(', ')}`,
    {
      hint: say`make another in its place, for all names you need: ${{ command: 'install', sealed: true, names, ca: authorityNameOf(folder) }}`,
    },
  );
}
