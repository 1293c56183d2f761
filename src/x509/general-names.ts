/** Names of every form that a certificate may hold (RFC 5280 4.2.1.6), and constraints on them (4.2.1.10). */
import { formatIp, ipBytes } from '../ip.ts';
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
  return { permitted: subtrees(permitted), excluded: subtrees(excluded) };
}

/**
 * True if the constraints forbid the name: it is excluded, or its form is constrained and no subtree permits it.
 * DNS names, addresses and mail addresses are judged; of other forms it is never true.
 */
export function isForbidden(name: GeneralName, constraints: ConstraintLists): boolean {
  if (name.type !== 'dns' && name.type !== 'ip' && name.type !== 'email') return false;
  const ofForm = ({ type }: GeneralName) => type === name.type;
  const permitted = constraints.permitted.filter(ofForm);
  const matches = (subtree: GeneralName) => isWithin(name, subtree.value);
  return (
    constraints.excluded.filter(ofForm).some(matches) ||
    (permitted.length > 0 && !permitted.some(matches))
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
  const text = name.content.toString('latin1');
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

function isWithin({ type, value }: GeneralName, subtree: string): boolean {
  if (type === 'ip') return isInNetwork(value, subtree);
  const name = value.toLowerCase();
  const base = subtree.toLowerCase();
  if (type === 'email') {
    const host = name.slice(name.lastIndexOf('@') + 1);
    if (base.includes('@')) return name === base;
    return base.startsWith('.') ? host.endsWith(base) : host === base;
  }
  const domain = name.replace(/^\*\./, '');
  // The form with a dot in front is no standard's, and programs read it as "below, not itself".
  return (
    base === '' || domain === base || domain.endsWith(base.startsWith('.') ? base : `.${base}`)
  );
}

function isInNetwork(address: string, network: string): boolean {
  const [base = '', mask = ''] = network.split('/');
  const [bytes, baseBytes] = [ipBytes(address), ipBytes(base)];
  if (bytes.length !== baseBytes.length) return false;
  const bits = /^\d+$/.test(mask) ? Number(mask) : undefined;
  const maskBytes =
    bits === undefined
      ? ipBytes(mask)
      : Buffer.from(bytes.map((_, i) => (0xff00 >> Math.min(8, Math.max(0, bits - 8 * i))) & 0xff));
  return bytes.every(
    (byte, i) => (byte & (maskBytes[i] ?? 0)) === ((baseBytes[i] ?? 0) & (maskBytes[i] ?? 0)),
  );
}
