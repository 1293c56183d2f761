/** Who made an authority, as its subject tells: `user@host`. */
import { sha256 } from '../ledger/journal.ts';

/** Characters that fit beside `devcert root` and the key id in a common name of 64. */
const MAX_IDENTITY = 40;
/** Hex digits of a state folder's hash. */
const HOME_DIGITS = 8;
/** In a Linux of WSL user and host may be called as in the Windows around it, whose store holds both's roots. */
const IN_WSL = ' (WSL)';

/**
 * `user@host` fit for a certificate's subject: at most 40 characters, without control characters,
 * unpaired surrogates or a Windows domain. User and host names come from the system and may hold anything.
 *
 * @param kernel its release, which tells a Linux of WSL.
 * @param home another state folder than the default one: its roots are distinguished from those of all others, as
 *   nothing else would know them for its own if both folders were gone.
 */
export function identityOf(user: string, hostname: string, kernel = '', home?: string): string {
  const name = clean(user.slice(user.lastIndexOf('\\') + 1)) || 'user';
  const machine = clean(hostname) || 'host';
  const mark = home === undefined ? '' : ` (home ${sha256(home).slice(0, HOME_DIGITS)})`;
  const end = (/microsoft/i.test(kernel) ? IN_WSL : '') + mark;
  const start = Array.from(`${name}@${machine}`).slice(0, MAX_IDENTITY - end.length);
  return start.join('').trim() + end;
}

function clean(text: string): string {
  // Nearly always, and 0.3 ms faster than what follows.
  if (/^[!-~]*$/.test(text)) return text;
  return text
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\p{C}\p{Zl}\p{Zp}\ufffd]/gu, '')
    .trim();
}
