/** Subtrees of names and addresses, as name constraints have them (RFC 5280 4.2.1.10), and what is in them. Pure. */
import { ipBytes } from './ip.ts';

/** Bases of subtrees by the form of their names, all in lower case. A form without bases is not constrained. */
export interface Subtrees {
  /** Each with all that is below it; with a leading dot only that; an empty one is every name. */
  readonly dns: readonly string[];
  /** Networks in CIDR notation. */
  readonly ip: readonly string[];
  /** Networks whose mask has gaps: address and mask. */
  readonly patterns?: readonly (readonly [Buffer, Buffer])[];
  /** Whole addresses, hosts, or with a leading dot what is below a host. */
  readonly email?: readonly string[];
  /** Hosts, or with a leading dot what is below one. */
  readonly uri?: readonly string[];
}

/**
 * The one judgement of a name against name constraints: true if it is excluded, or its form is constrained and
 * no base permits it. IPv4 and IPv6 are one form. Names of other forms than these four are never forbidden here.
 */
export function isForbidden(
  name: { readonly type: string; readonly value: string },
  permitted: Subtrees,
  excluded?: Subtrees,
): boolean {
  const isConstrained = basesFor(name.type, permitted).length > 0;
  return (
    (isConstrained && !isWithin(name, permitted, false)) ||
    (excluded !== undefined && isWithin(name, excluded, true))
  );
}

function basesFor(type: string, subtrees: Subtrees): readonly unknown[] {
  if (type === 'ip') return [...subtrees.ip, ...(subtrees.patterns ?? [])];
  if (type === 'dns' || type === 'email' || type === 'uri') return subtrees[type] ?? [];
  return [];
}

/** @param partly for a wildcard: also true if just some of the names it stands for are within. */
function isWithin(
  { type, value }: { readonly type: string; readonly value: string },
  subtrees: Subtrees,
  partly: boolean,
): boolean {
  const name = value.toLowerCase();
  switch (type) {
    case 'dns': {
      const domain = withoutStar(name);
      return (
        isCovered(subtrees.dns, domain) ||
        (partly && domain !== name && holds(subtrees.dns, domain))
      );
    }
    case 'ip': {
      const address = ipBytes(value);
      return isInNetworks(subtrees.ip, address) || isInPattern(subtrees.patterns ?? [], address);
    }
    case 'email': {
      const { email = [] } = subtrees;
      const host = /^[^@]+@([^@]+)$/.exec(name)?.[1];
      // As of a URI without a host: what cannot be held against a base is refused.
      if (host === undefined) return partly && email.length > 0;
      return indexOf(email).all.has(name) || isHostWithin(email, host);
    }
    case 'uri': {
      const host = hostOf(name);
      // RFC 5280 4.2.1.10: one without a host can be held against nothing, and is refused.
      return host === undefined
        ? partly && (subtrees.uri ?? []).length > 0
        : isHostWithin(subtrees.uri ?? [], host);
    }
    default:
      return false;
  }
}

/** The domain behind the star of a wildcard; any other itself. */
export function withoutStar(domain: string): string {
  return domain.startsWith('*.') ? domain.slice(2) : domain;
}

/** RFC 3986 3.2; undefined without an authority, and for an address, which no constraint can be on. */
function hostOf(uri: string): string | undefined {
  const [, host = ''] =
    /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:@[\]]+)(?::\d*)?(?:[/?#]|$)/.exec(uri) ?? [];
  return host === '' || /^[0-9.]+$/.test(host) ? undefined : host;
}

/** Hosts as constraints on mail and URIs have them: whole, or below one with a dot in front. */
function isHostWithin(bases: readonly string[], host: string): boolean {
  const { all } = indexOf(bases);
  if (all.has('') || all.has(host)) return true;
  if (all.size === 0 || host.length > MAX_DOMAIN) return false;
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1))
    if (all.has(host.slice(dot))) return true;
  return false;
}

function isInPattern(patterns: readonly (readonly [Buffer, Buffer])[], address: Buffer): boolean {
  return patterns.some(
    ([base, mask]) =>
      base.length === address.length &&
      address.every((byte, i) => (((base[i] ?? 0) ^ byte) & (mask[i] ?? 0)) === 0),
  );
}

/**
 * True if one of the bases is the domain or above it; both in lower case. A base with a leading dot is only
 * above what is below it, an empty one above everything.
 *
 * Found by the domain's own suffixes: names and constraints come in thousands, and one by one never end.
 */
export function isCovered(bases: readonly string[], domain: string): boolean {
  const { all } = indexOf(bases);
  if (all.has('') || all.has(domain)) return true;
  if (domain.length > MAX_DOMAIN) return false;
  for (let dot = domain.indexOf('.'); dot !== -1; dot = domain.indexOf('.', dot + 1))
    if (all.has(domain.slice(dot)) || all.has(domain.slice(dot + 1))) return true;
  return false;
}

/** True if one of the bases is the domain or below it. */
function holds(bases: readonly string[], domain: string): boolean {
  return domain === '' ? bases.length > 0 : indexOf(bases).above().has(domain);
}

/** RFC 1035 2.3.4. Longer ones are no names, and could have millions of suffixes. */
const MAX_DOMAIN = 255;

interface BaseIndex {
  readonly all: ReadonlySet<string>;
  /** Every domain that is a base, without its dot, or above one. */
  readonly above: () => ReadonlySet<string>;
}

// Of lists that nobody changes: they are the same objects for every name of a certificate.
const indexOf = once((bases): BaseIndex => {
  let above: Set<string> | undefined;
  return {
    all: new Set(bases),
    above: () => {
      above ??= new Set(
        bases
          .filter(({ length }) => length <= MAX_DOMAIN + 1)
          .flatMap((base) => {
            const labels = base.replace(/^\./, '').split('.');
            return labels.map((_, at) => labels.slice(at).join('.'));
          }),
      );
      return above;
    },
  };
});

/** What is made of a list, once for each. */
function once<T>(make: (list: readonly string[]) => T): (list: readonly string[]) => T {
  const known = new WeakMap<readonly string[], T>();
  return (list) => {
    const made = known.get(list) ?? make(list);
    known.set(list, made);
    return made;
  };
}

/** True if the address, 4 or 16 bytes, is in one of the networks. */
function isInNetworks(networks: readonly string[], address: Buffer): boolean {
  return prefixesFor(networks).some(({ bits, bases }) => bases.has(masked(address, bits)));
}

/** True if the network is, or is a part of, one of the networks. */
export function isNetworkIn(networks: readonly string[], other: string): boolean {
  const network = networkBytes(other);
  const address = network.subarray(0, network.length / 2);
  const own = Number(other.split('/')[1]);
  return prefixesFor(networks).some(
    ({ bits, bases }) => bits <= own && bases.has(masked(address, bits)),
  );
}

/** The networks by the length of their prefix, of which there are few. */
type Prefixes = readonly { readonly bits: number; readonly bases: ReadonlySet<string> }[];

const prefixesFor = once((networks): Prefixes => {
  const byBits = new Map<number, Set<string>>();
  for (const cidr of networks) {
    const network = networkBytes(cidr);
    const bits = Number(cidr.split('/')[1]);
    const bases = byBits.get(bits) ?? new Set<string>();
    byBits.set(bits, bases.add(masked(network.subarray(0, network.length / 2), bits)));
  }
  return [...byBits].map(([bits, bases]) => ({ bits, bases }));
});

/** The first bits as text; IPv4 and IPv6 never have the same. */
function masked(address: Buffer, bits: number): string {
  return firstBits(address, bits).toString('hex');
}

/** The address with all but its first bits zero. */
export function firstBits(address: Buffer, bits: number): Buffer {
  return Buffer.from(
    address.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * i)))),
  );
}

/**
 * A network as an iPAddress constraint holds it: address, then mask, 8 or 32 bytes.
 * @param cidr such as `10.0.0.0/8`
 * @throws RangeError if it is no network, or has bits set outside its mask
 */
export function networkBytes(cidr: string): Buffer {
  const [, address = '', digits = ''] = /^([^/]*)\/([0-9]{1,3})$/.exec(cidr) ?? [];
  if (digits === '') throw new RangeError('not a network in CIDR notation');
  const base = ipBytes(address);
  const prefixBits = Number(digits);
  if (prefixBits > 8 * base.length) throw new RangeError('network prefix too long');
  const mask = firstBits(Buffer.alloc(base.length, 0xff), prefixBits);
  if (!firstBits(base, prefixBits).equals(base))
    throw new RangeError('network address has bits set outside its mask');
  return Buffer.concat([base, mask]);
}
