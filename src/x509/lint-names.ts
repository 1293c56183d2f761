/** Names that a server's certificate holds, and whether a host asked for is among them (RFC 9525). Pure. */
import { isIP } from 'node:net';
import { ipBytes } from '../names/ip.ts';
import { type Finding, finding } from './finding.ts';
import type { GeneralName } from './general-names.ts';

/** DNS names that no client, or not every client, finds by the host that is meant. */
export function nameFindings(names: readonly GeneralName[]): Finding[] {
  return names.flatMap(({ type, value }) => {
    if (type !== 'dns') return [];
    const why = problemOf(value);
    if (why !== undefined) return [finding('error', 'bad-name', { name: value, why })];
    const rest = value.replace(/^\*\./, '');
    if (rest.includes('*') || (value.startsWith('*') && !rest.includes('.')))
      return [
        finding('error', 'wildcard', { name: value, why: rest.includes('*') ? 'place' : 'top' }),
      ];
    return value.includes('_') ? [finding('warning', 'underscore', { name: value })] : [];
  });
}

/** Why a dNSName is none: what it is taken for, or what is in it. */
function problemOf(
  name: string,
): 'address' | 'url' | 'port' | 'several' | 'ascii' | 'dot' | 'form' | undefined {
  if (isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0) return 'address';
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(name)) return 'url';
  if (/^[^:]+:\d+$/.test(name)) return 'port';
  if (/[,; \t\n]/.test(name.trim()) && /^\S/.test(name)) return 'several';
  if (/[^\x20-\x7e]/.test(name)) return 'ascii';
  if (name.endsWith('.') && name.length > 1) return 'dot';
  const labels = name.split('.');
  const isHost = labels.every(
    (label, index) =>
      (index === 0 && label === '*') || /^[a-z0-9_*](?:[a-z0-9_*-]{0,61}[a-z0-9_*])?$/i.test(label),
  );
  return isHost && name.length <= 253 ? undefined : 'form';
}

/**
 * True if the certificate's names hold the host, as RFC 9525 6.3 matches: by the subjectAltName alone, an address
 * by its bytes, a wildcard for one whole label.
 *
 * @param host a DNS name in A-labels, or an address; a dot at its end and brackets mean nothing.
 */
export function holdsHost(names: readonly GeneralName[], host: string): boolean {
  const wanted = host
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
  if (isIP(wanted) !== 0) {
    const address = ipBytes(wanted);
    return names.some(({ type, value }) => type === 'ip' && ipBytes(value).equals(address));
  }
  const [, parent] = /^[^.]+\.(.+\..+)$/.exec(wanted) ?? [];
  return names.some(({ type, value }) => {
    if (type !== 'dns' || wanted === '') return false;
    const name = value.toLowerCase();
    // A wildcard directly under a top-level label matches in few clients: here in none.
    return name === wanted || (parent !== undefined && name === `*.${parent}`);
  });
}
