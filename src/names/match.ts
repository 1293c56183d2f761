/** Whether a certificate's names hold the one that a client asks for, as strictly as any client (RFC 6125 6.4). Pure. */
import { ipBytes } from './ip.ts';
import type { Name } from './names.ts';

/**
 * True if one of the names is the wanted one, or a wildcard for it. An address is only ever matched by an address, a
 * common name by nothing. A star is a whole first label, stands for one label, and has two or more behind it: most
 * clients match no `*.test`.
 *
 * @param names as the certificate writes them.
 * @param wanted canonical, no wildcard.
 */
export function isNamed(
  names: readonly { readonly type: string; readonly value: string }[],
  wanted: Name,
): boolean {
  return names.some(({ type, value }) => {
    if (type !== wanted.type) return false;
    if (type === 'dns') return matchesHost(value.toLowerCase(), wanted.value);
    if (type === 'ip') return ipBytes(value).equals(ipBytes(wanted.value));
    return value === wanted.value;
  });
}

function matchesHost(pattern: string, host: string): boolean {
  if (!hostname.test(pattern.replace(/^\*\./, ''))) return false;
  if (!pattern.startsWith('*.')) return pattern === host;
  const behind = pattern.slice(1);
  const [first = ''] = host.split('.', 1);
  return first !== '' && behind.slice(1).includes('.') && host === `${first}${behind}`;
}

/** What a wildcard has behind its star, and all of any other name. */
const hostname = /^(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*$/;
