/** Stores and bundles as tables that stay readable, however long. Pure. */
import type { InspectedFile } from '../../inspect/types.ts';
import type { Scheme } from '../../keystore/pkcs12-protection.ts';
import { dateText, leftText, shown, titleOf } from './format.ts';
import type { Style } from '../terminal.ts';
import { SOON_DAYS } from '../../policy.ts';

const TITLE_WIDTH = 40;

/** One line for each certificate, those of keys first with the name of their entry. */
export function storeLines({ certificates, keys }: InspectedFile, style: Style): string[] {
  const ofKey = new Set(keys.flatMap(({ certificate }) => certificate ?? []));
  const rows = certificates.map((it, index) => {
    const title = shown(
      ofKey.has(index) ? `${titleOf(it)} (has its key)` : titleOf(it),
      TITLE_WIDTH,
    );
    const left = (it.daysLeft ?? 0) < 0 ? 'expired' : leftText(it.daysLeft);
    return {
      title,
      key: it.key.type,
      until: dateText(it.notAfter),
      left: (it.daysLeft ?? SOON_DAYS) < SOON_DAYS ? style.bad(left) : left,
    };
  });
  const width = Math.max(0, ...rows.map(({ title }) => title.length));
  const keyWidth = Math.max(0, ...rows.map(({ key }) => key.length));
  return rows.map(
    ({ title, key, until, left }) =>
      `  ${title.padEnd(width)}  ${style.dim(key.padEnd(keyWidth))}  ${until}  ${left}`,
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
