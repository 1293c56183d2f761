/** What other machines need that are to open a server of this one. */
import { basename } from 'node:path';
import { type Step, worded } from '../errors.ts';
import { asLabel } from '../project/checkout.ts';

/** What has a machine trust certificates of another one: its root, under a name of its own. */
export function importStep(caFile: string, name: string): Step {
  const file = /[^\w./-]/.test(caFile) ? `"${caFile}"` : caFile;
  return { command: 'ca import', names: file, trustOnly: true, name };
}

/** @param caFile absolute path of the copy of the root; undefined if none was written. */
export function networkNotes(caFile: string | undefined, hostname: string): string[] {
  if (caFile === undefined) return [];
  const there = importStep(basename(caFile), asLabel(hostname) || 'other');
  return [
    worded`other machines of your network do not trust it yet: copy "${caFile}" to each, and there, with devcert: ${there}`,
  ];
}
