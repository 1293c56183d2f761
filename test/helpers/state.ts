/** What is in a state folder. */
import { readdirSync } from 'node:fs';

/** Folders that keep devcert 0.1 out. */
const GUARDS = ['lock', 'next', 'retired'];

/** Names in a state folder, sorted, without what only keeps devcert 0.1 out. */
export function stateNames(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => !GUARDS.includes(name))
    .sort();
}
