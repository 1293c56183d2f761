/** Names of every form that a certificate may hold (RFC 5280 4.2.1.6), and constraints on them (4.2.1.10). */
import { isUtf8 } from 'node:buffer';
import { formatIp, ipBytes } from '../names/ip.ts';
import type { Constraints } from '../names/constraints.ts';
import { firstBits, isForbidden as forbidden, type Subtrees } from '../names/subtrees.ts';
import { contextTagOf, type Element, fieldsOf, unreadable, unwrap } from './asn1.ts';
import { decodeOid, decodeText } from './asn1-values.ts';

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

/** How names are written that are no plain text. An argument: who issues needs none of the words for it. */
export interface Wording {
  /** Of an object identifier, dotted. */
  readonly identifier: (dotted: string) => string;
  /** Of a distinguished name. */
  readonly directory: (name: Element) => string;
}

/** As they are in the certificate, for comparing. */
export const unworded: Wording = {
  identifier: (dotted) => dotted,
  directory: ({ raw }) => raw.toString('hex'),
};

/** The members of a GeneralNames value, in order. */
export function generalNames(value: Element, wording: Wording): GeneralName[] {
  return [...value.children()].map((name) => generalName(name, wording));
}

/** One of them. */
export function generalName(name: Element, wording: Wording): GeneralName {
  if (name.tag !== IP) return nameOrBase(name, wording);
  const { length } = name.content;
  if (length !== 4 && length !== 16) throw unreadable(`an address of ${length} bytes`);
  return { type: 'ip', value: formatIp(name.content) };
}

/** The subtrees of a NameConstraints value. */
export function readConstraintLists(value: Element, wording: Wording): ConstraintLists {
  const fields = fieldsOf(value);
  const permitted = fields.optional(contextTagOf(0, true));
  const excluded = fields.optional(contextTagOf(1, true));
  const lists = { permitted: subtrees(permitted, wording), excluded: subtrees(excluded, wording) };
  // RFC 5280 4.2.1.10: no empty list; Go and Chromium cannot read one, and what it means nobody knows.
  if (
    [permitted, excluded].some((list) => list?.content.length === 0) ||
    fieldsOf(value).tag === undefined
  )
    throw unreadable('name constraints without a subtree');
  const gaps = [...lists.permitted, ...lists.excluded].filter(
    ({ type, value }) => type === 'ip' && !/\/\d+$/.test(value),
  );
  if (gaps.length > MAX_GAPS) throw unreadable(`more than ${MAX_GAPS} network masks with gaps`);
  return lists;
}

/** Nobody needs one, and each has to be tried for each address. */
const MAX_GAPS = 100;

/**
 * True if the constraints forbid the name, by the judgement of `names/subtrees.ts`; directory names, which only a
 * certificate has, by the attributes they begin with.
 */
export function isForbidden(name: GeneralName, constraints: ConstraintLists): boolean {
  const [permitted, excluded] = [basesOf(constraints.permitted), basesOf(constraints.excluded)];
  if (name.type === 'directory') {
    const isIn = ({ directories }: Bases) => directories.some((base) => isBelow(name, base));
    return isIn(excluded) || (permitted.directories.length > 0 && !isIn(permitted));
  }
  // A form that is constrained and not understood here cannot be held against anything: 4.2.1.10 has it refused.
  if (name.type === 'other') return permitted.hasOther || excluded.hasOther;
  // What host an address with two or none of these is of is not known.
  const isBound = permitted.email.length + excluded.email.length > 0;
  if (name.type === 'email' && isBound && !/^[^@]+@[^@]+$/.test(name.value)) return true;
  return forbidden(name, permitted, excluded);
}

/**
 * The constraints as a signer keeps to them, whoever wrote them.
 *
 * @throws DevcertError `invalid-input` for a network mask with gaps, which no signer needs.
 */
export function constraintsFrom({ permitted, excluded }: ConstraintLists): Constraints {
  const plain = (list: readonly GeneralName[]) => {
    const { dns, ip, patterns = [] } = basesOf(list);
    if (patterns.length > 0) throw unreadable('a network mask with gaps');
    return { dns, ip };
  };
  const closed = new Set(
    [...permitted, ...excluded].flatMap(({ type }) =>
      type === 'dns' || type === 'ip' ? [] : [type],
    ),
  );
  // No directory that devcert writes is in one that somebody takes out.
  if (!permitted.some(({ type }) => type === 'directory')) closed.delete('directory');
  const out = plain(excluded);
  return {
    ...plain(permitted),
    ...(out.dns.length + out.ip.length > 0 ? { excluded: out } : {}),
    ...(closed.size > 0 ? { closed: [...closed] } : {}),
  };
}

/** Forms that are text. */
const texts: Readonly<Record<number, GeneralName['type']>> = {
  [contextTagOf(1, false)]: 'email',
  [contextTagOf(2, false)]: 'dns',
  [contextTagOf(6, false)]: 'uri',
};
const DIRECTORY = contextTagOf(4, true);
const IP = contextTagOf(7, false);
const REGISTERED_ID = contextTagOf(8, false);
const OTHER = contextTagOf(0, true);

/** All but addresses, which a base of constraints has with a mask. */
function nameOrBase(name: Element, wording: Wording): GeneralName {
  const type = texts[name.tag];
  if (type !== undefined) return { type, value: ia5Text(name.content) };
  switch (name.tag) {
    case DIRECTORY:
      return { type: 'directory', value: wording.directory(unwrap(name)) };
    case OTHER:
      return { type: 'other', value: otherName(name, wording) };
    case REGISTERED_ID:
      return { type: 'other', value: wording.identifier(decodeOid(name, REGISTERED_ID)) };
    default:
      return { type: 'other', value: `form ${name.tag & 0x1f}` };
  }
}

// IA5 by the standard; where a tool has put other letters in, they are UTF-8, or else Latin-1.
function ia5Text(content: Buffer): string {
  return isUtf8(content) ? content.toString('utf8') : content.toString('latin1');
}

// An OBJECT IDENTIFIER and [0] of anything; Windows' user principal names are text.
function otherName(name: Element, { identifier }: Wording): string {
  const [type, value] = name.children();
  if (type === undefined || value === undefined) throw unreadable('a name without its value');
  const label = identifier(decodeOid(type));
  return label === 'userPrincipalName' ? `${label} ${decodeText(unwrap(value))}` : label;
}

function subtrees(list: Element | undefined, wording: Wording): GeneralName[] {
  return [...(list?.children() ?? [])].map((subtree) => {
    const base = fieldsOf(subtree).next();
    return base.tag === IP
      ? { type: 'ip', value: networkText(base.content) }
      : nameOrBase(base, wording);
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

interface Bases extends Subtrees {
  readonly email: readonly string[];
  readonly directories: readonly GeneralName[];
  /** One at least of a form that is not understood here. */
  readonly hasOther: boolean;
}

// Of lists that nobody changes: sorted once, not for every name.
const known = new WeakMap<readonly GeneralName[], Bases>();

function basesOf(list: readonly GeneralName[]): Bases {
  const found = known.get(list);
  if (found !== undefined) return found;
  const of = (wanted: GeneralName['type']) =>
    list.flatMap(({ type, value }) => (type === wanted ? [value.toLowerCase()] : []));
  const ip: string[] = [];
  const patterns: [Buffer, Buffer][] = [];
  for (const network of of('ip')) {
    const [base = '', mask = ''] = network.split('/');
    const bytes = ipBytes(base);
    const bits = /^\d+$/.test(mask) ? Number(mask) : undefined;
    // Who checks it looks through the mask: 10.0.0.1/8, as some write, is 10.0.0.0/8.
    if (bits === undefined) patterns.push([bytes, ipBytes(mask)]);
    else ip.push(`${formatIp(firstBits(bytes, bits))}/${bits}`);
  }
  const bases = {
    ...{ dns: of('dns'), ip, patterns, email: of('email'), uri: of('uri') },
    directories: list.filter(({ type }) => type === 'directory'),
    hasOther: list.some(({ type }) => type === 'other'),
  };
  known.set(list, bases);
  return bases;
}

/** RFC 5280 4.2.1.10: the base's attributes come first, compared without regard to case and spaces (7.1). */
function isBelow(name: GeneralName, base: GeneralName): boolean {
  const [own, above] = [name, base].map(({ value }) =>
    value.toLowerCase().replace(/\s+/g, ' ').trim(),
  );
  if (own === undefined || above === undefined) return false;
  return above === '' || own === above || own.startsWith(`${above}, `);
}
