/** Looks at what may not be there, or not be this user's to read: then there is nothing to see. */
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What is in a text file; empty if that cannot be told. */
export function textIn(file: string): string {
  return attempt(() => readFileSync(file, 'utf8')) ?? '';
}

/** Names of what is in a folder, sorted; none if that cannot be told. */
export function namesIn(folder: string): string[] {
  return attempt(() => readdirSync(folder).sort()) ?? [];
}

/** The path with its links resolved; undefined if it leads nowhere. */
export function realPath(path: string): string | undefined {
  return attempt(() => realpathSync(path));
}

/** Where a link leads; empty for what is none. */
export function linkIn(path: string): string {
  return attempt(() => readlinkSync(path)) ?? '';
}

/** What JSON text stands for; undefined for what is none. */
export function jsonIn(text: string): unknown {
  return attempt(() => JSON.parse(text) as unknown);
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined; // not there, no such thing, or not to be read: the answer is that nothing is seen
  }
}

/** Calls with a temporary folder, which goes when what it returns has settled. */
export async function inTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'devcert-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
