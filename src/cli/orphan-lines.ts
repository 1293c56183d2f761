/** Roots that no state folder knows, as lines for a person. Pure. */
import type { Orphan } from '../commands/context.ts';
import { printable } from '../errors.ts';
import { date } from './lines.ts';

/** Each with its days, its fingerprint and where it is. */
export function orphanLines(orphans: readonly Orphan[], unread: readonly string[] = []): string[] {
  return [
    ...orphans.flatMap(({ name, root, notBefore, notAfter, stores }) => [
      `  ${printable(name)}, made ${date(notBefore)}, ends ${date(notAfter)}`,
      `    SHA-256 ${root}`,
      `    in ${[...new Set(stores.map(({ store }) => printable(store)))].join(', ')}`,
    ]),
    ...unread.map((path) => `  It may belong to "${printable(path)}", which cannot be read`),
  ];
}

/** What `status` and `uninstall` say of them: nothing if there are none. */
export function orphanNote(orphans: readonly Orphan[], unread: readonly string[] = []): string[] {
  if (orphans.length === 0) return [];
  return [
    'Orphans: roots of yours that are still in stores, and that no folder of devcert knows:',
    ...orphanLines(orphans, unread),
    'To remove them: devcert uninstall --orphans',
  ];
}
