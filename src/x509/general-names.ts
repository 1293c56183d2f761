/** Names of every form that a certificate may hold (RFC 5280 4.2.1.6), and constraints on them (4.2.1.10). */
import { isUtf8 } from 'node:buffer';
import { formatIp, ipBytes } from '../names/ip.ts';
import { firstBits, isCovered, isInNetworks } from '../names/subtrees.ts';
import { contextTagOf, type Element, fieldsOf, unreadable, unwrap } from './asn1.ts';
import { decodeOid, decodeText } from './asn1-values.ts';
import { nameText } from './distinguished-name.ts';
import { oidName } from './oids.ts';

/** One GeneralName. The text stands as it is in the certificate and may hold any character. */
export interface GeneralName {
  readonly type: 'dns' | 'ip' | 'email' | 'uri' | 'directory' | 'other';
  readonly value: string;
}

/** Subtrees of a nameConstraints; a network is an `ip` in CIDR notation. */
export interface ConstraintLists {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** The members of a GeneralNames value, in order. */
export function generalNames(value: Element): GeneralName[] {
  return [...value.children()].map((name) => {
    if (name.tag !== IP) return generalName(name);
    const { content } = name;
    if (content.length !== 4 && content.length !== 16) throw unreadable('an address of odd length');
    return { type: 'ip', value: formatIp(content) };
  });
}

/** The subtrees of a NameConstraints value. */
export function readConstraintLists(value: Element): ConstraintLists {
  const fields = fieldsOf(value);
  const permitted = fields.optional(contextTagOf(0, true));
  const excluded = fields.optional(contextTagOf(1, true));
  const lists = { permitted: subtrees(permitted), excluded: subtrees(excluded) };
  const gaps = [...lists.permitted, ...lists.excluded].filter(
    ({ type, value }) => type === 'ip' && !/\/\d+$/.test(value),
  );
  if (gaps.length > MAX_GAPS) throw unreadable(`more than ${MAX_GAPS} network masks with gaps`);
  return lists;
}

/** Nobody needs one, and each has to be tried for each address. */
const MAX_GAPS = 100;

/**
 * True if the constraints forbid the name: it is excluded, or its form is constrained and no subtree permits it.
 * DNS names, addresses and mail addresses are judged; of other forms it is never true.
 */
export function isForbidden(name: GeneralName, constraints: ConstraintLists): boolean {
  if (name.type !== 'dns' && name.type !== 'ip' && name.type !== 'email') return false;
  const permitted = basesOf(constraints.permitted);
  return (
    isWithin(name, basesOf(constraints.excluded)) ||
    (permitted.has[name.type] && !isWithin(name, permitted))
  );
}

const EMAIL = contextTagOf(1, false);
const DNS = contextTagOf(2, false);
const DIRECTORY = contextTagOf(4, true);
const URI = contextTagOf(6, false);
const IP = contextTagOf(7, false);
const REGISTERED_ID = contextTagOf(8, false);
const OTHER = contextTagOf(0, true);

function generalName(name: Element): GeneralName {
  const text = ia5Text(name.content);
  switch (name.tag) {
    case EMAIL:
      return { type: 'email', value: text };
    case DNS:
      return { type: 'dns', value: text };
    case URI:
      return { type: 'uri', value: text };
    case DIRECTORY:
      return { type: 'directory', value: nameText(unwrap(name)) };
    case OTHER:
      return { type: 'other', value: otherName(name) };
    case REGISTERED_ID:
      return { type: 'other', value: oidName(decodeOid(name, REGISTERED_ID)) };
    default:
      return { type: 'other', value: `form ${name.tag & 0x1f}` };
  }
}

// IA5 by the standard; where a tool has put other letters in, they are UTF-8, or else Latin-1.
function ia5Text(content: Buffer): string {
  return isUtf8(content) ? content.toString('utf8') : content.toString('latin1');
}

// An OBJECT IDENTIFIER and [0] of anything; Windows' user principal names are text.
function otherName(name: Element): string {
  const [type, value] = name.children();
  if (type === undefined || value === undefined) throw unreadable('a name without its value');
  const label = oidName(decodeOid(type));
  return label === 'userPrincipalName' ? `${label} ${decodeText(unwrap(value))}` : label;
}

function subtrees(list: Element | undefined): GeneralName[] {
  return [...(list?.children() ?? [])].map((subtree) => {
    const base = fieldsOf(subtree).next();
    return base.tag === IP ? { type: 'ip', value: networkText(base.content) } : generalName(base);
  });
}

/** CIDR notation; address and mask in full where the mask has gaps. */
function networkText(content: Buffer): string {
  if (content.length !== 8 && content.length !== 32) throw unreadable('a network of another size');
  const half = content.length / 2;
  const address = formatIp(content.subarray(0, half));
  const mask = content.subarray(half);
  const bits = [...mask].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return `${address}/${bits.includes('01') ? formatIp(mask) : bits.replaceAll('0', '').length}`;
}

interface Bases {
  readonly has: Readonly<Record<'dns' | 'ip' | 'email', boolean>>;
  /** In lower case, as those below. */
  readonly dns: readonly string[];
  /** A whole address, a host, or what is below one, with a dot in front. */
  readonly email: ReadonlySet<string>;
  readonly networks: readonly string[];
  /** Networks whose mask has gaps: address and mask. */
  readonly patterns: readonly (readonly [Buffer, Buffer])[];
}

// Of lists that nobody changes: sorted once, not for every name.
const known = new WeakMap<readonly GeneralName[], Bases>();

function basesOf(subtrees: readonly GeneralName[]): Bases {
  const found = known.get(subtrees);
  if (found !== undefined) return found;
  const of = (wanted: GeneralName['type']) =>
    subtrees.flatMap(({ type, value }) => (type === wanted ? [value.toLowerCase()] : []));
  const [dns, email, ip] = [of('dns'), of('email'), of('ip')];
  const networks: string[] = [];
  const patterns: [Buffer, Buffer][] = [];
  for (const network of ip) {
    const [base = '', mask = ''] = network.split('/');
    const bytes = ipBytes(base);
    const bits = /^\d+$/.test(mask) ? Number(mask) : undefined;
    // Who checks it looks through the mask: 10.0.0.1/8, as some write, is 10.0.0.0/8.
    if (bits === undefined) patterns.push([bytes, ipBytes(mask)]);
    else networks.push(`${formatIp(firstBits(bytes, bits))}/${bits}`);
  }
  const has = { dns: dns.length > 0, email: email.length > 0, ip: ip.length > 0 };
  const bases = { has, dns, email: new Set(email), networks, patterns };
  known.set(subtrees, bases);
  return bases;
}

function isWithin({ type, value }: GeneralName, bases: Bases): boolean {
  if (type === 'ip') return isInside(ipBytes(value), bases);
  const name = value.toLowerCase();
  if (type === 'dns') return isCovered(bases.dns, name.replace(/^\*\./, ''));
  const host = name.slice(name.lastIndexOf('@') + 1);
  const { email } = bases;
  if (email.has(name) || email.has(host)) return true;
  // RFC 1035 2.3.4: longer hosts are none, and could have millions of suffixes.
  if (email.size === 0 || host.length > 255) return false;
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1))
    if (email.has(host.slice(dot))) return true;
  return false;
}

function isInside(address: Buffer, { networks, patterns }: Bases): boolean {
  return (
    isInNetworks(networks, address) ||
    patterns.some(
      ([base, mask]) =>
        base.length === address.length &&
        address.every((byte, i) => (((base[i] ?? 0) ^ byte) & (mask[i] ?? 0)) === 0),
    )
  );
}
