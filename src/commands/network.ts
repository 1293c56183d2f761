/** What other machines need that are to open a server of this one. */
import { basename } from 'node:path';
import { worded } from '../errors.ts';
import { asLabel } from '../project/checkout.ts';

/** @param caFile absolute path of the copy of the root; undefined if none was written. */
export function networkNotes(caFile: string | undefined, hostname: string): string[] {
  if (caFile === undefined) return [];
  const there = {
    ...({ command: 'ca import', names: basename(caFile), trustOnly: true } as const),
    name: asLabel(hostname) || 'other',
  };
  return [
    worded`other machines of your network do not trust it yet: copy "${caFile}" to each, and there, with devcert: ${there}`,
  ];
}
