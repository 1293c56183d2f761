/** Stores and bundles as tables that stay readable, however long. Pure. */
import type { InspectedFile } from '../../inspect/types.ts';
import type { Scheme } from '../../keystore/pkcs12-protection.ts';
import { dateText, leftText, shown, titleOf } from './format.ts';
import type { Style } from '../terminal.ts';
import { SOON_DAYS } from '../../policy.ts';
import { columns } from '../lines.ts';

const TITLE_WIDTH = 40;

/** One line for each certificate, those of keys first with the name of their entry. */
export function storeLines({ certificates, keys }: InspectedFile, style: Style): string[] {
  const ofKey = new Set(keys.flatMap(({ certificate }) => certificate ?? []));
  const keyWidth = Math.max(0, ...certificates.map(({ key }) => key.type.length));
  return columns(
    certificates.map((it, index) => {
      const title = `${titleOf(it)}${ofKey.has(index) ? ' (has its key)' : ''}`;
      const left = (it.daysLeft ?? 0) < 0 ? 'expired' : leftText(it.daysLeft);
      const isSoon = (it.daysLeft ?? SOON_DAYS) < SOON_DAYS;
      return [
        ...[shown(title, TITLE_WIDTH), style.dim(it.key.type.padEnd(keyWidth))],
        ...[dateText(it.notAfter), isSoon ? style.bad(left) : left],
      ];
    }),
  );
}

/** How a PKCS#12 is protected, and whether something vouches for a store. */
export function protectionText(file: InspectedFile): string[] {
  const { protection, format, isVerified, isLocked } = file;
  if (format === 'jks')
    return [isVerified ? 'the password vouches for it' : 'not checked: no password was given'];
  if (protection === undefined) return [];
  const { mac, keys, certificates } = protection;
  const parts = [
    ...(keys.length === 0 ? [] : [`keys ${keys.map(schemeText).join(' and ')}`]),
    ...(certificates.length === 0
      ? []
      : [`certificates ${certificates.map(schemeText).join(' and ')}`]),
    mac === undefined ? 'no MAC' : `MAC ${schemeText(mac)}`,
  ];
  const state = isLocked ? '' : isVerified ? '; the password vouches for it' : '';
  return [`${parts.join(', ')}${state}`];
}

function schemeText({ name, iterations }: Scheme): string {
  const text = name === 'none' ? 'not encrypted' : shown(name);
  return iterations === undefined ? text : `${text} (${iterations} rounds)`;
}
