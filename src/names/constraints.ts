/**
 * What an authority may sign: the permitted subtrees of its name constraints (RFC 5280 4.2.1.10). Pure.
 */
import { DevcertError, orUndefined, say, type Text } from '../errors.ts';
import { formatName, parseName, type Name } from './names.ts';
import { isCovered, isForbidden, isNetworkIn, withoutStar } from './subtrees.ts';
import { isBelowTopLevel } from './top-level.ts';

/** Permitted subtrees. A form without entries is not constrained. */
export interface Constraints {
  /**
   * Canonical DNS names: each permits itself and all below it; one with a leading dot, which others
   * write, only what is below it, and an empty one everything.
   */
  readonly dns: readonly string[];
  /** Networks in CIDR notation, as `networkBytes` takes them. */
  readonly ip: readonly string[];
  /** Subtrees that are taken out again; imported authorities may have such. */
  readonly excluded?: { readonly dns: readonly string[]; readonly ip: readonly string[] };
  /** Other forms that an imported authority constrains. They are not looked into: none is permitted. */
  readonly closed?: readonly ClosedForm[];
}

export type ClosedForm = 'email' | 'uri' | 'directory' | 'other';

/** Names that mean something on a local network only: what a new authority permits of domains. */
export const localDomains: readonly string[] = [
  'localhost',
  'test',
  'example',
  'invalid',
  'local',
  'internal',
  'home.arpa',
  'localdomain',
  'lan',
];

/** Loopback, private and link-local networks: what a new authority permits of addresses. */
export const localNetworks: readonly string[] = [
  '127.0.0.0/8',
  '::1/128',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '100.64.0.0/10',
  'fc00::/7',
  'fe80::/10',
];

/** Both networks that there are: excluded, they leave no address. */
export const EVERY_ADDRESS: readonly string[] = ['0.0.0.0/0', '::/0'];

/**
 * The constraints of a new authority: names and networks that mean something on a local network only, and the
 * machine's own host name if it is one that a constraint can hold and is in no domain that belongs to the world (a
 * machine may call itself `accounts.google.com`, or `dev`).
 *
 * @param hostname as the system gives it; anything that does not fit is left out without a word
 */
export function defaultConstraints(hostname: string): Constraints {
  const own = domainOf(hostname);
  const isOwn = own !== undefined && !isCovered(localDomains, own) && !isBelowTopLevel(own);
  return { dns: isOwn ? [...localDomains, own] : localDomains, ip: [...localNetworks] };
}

// A host name is free text: one that cannot be permitted is no reason to make no authority.
function domainOf(hostname: string): string | undefined {
  const name = orUndefined(() => parseName(hostname));
  // As of a permit: no wildcard, and no underscore, which Java cannot read.
  return name?.type === 'dns' && !/[*_]/.test(name.value) ? name.value : undefined;
}

/**
 * True if an authority with these constraints may sign `name`. E-mail addresses and URIs are not
 * constrained (several TLS stacks cannot read constraints on them), and without constraints all is
 * permitted. A wildcard is permitted if the domain behind the star is.
 */
export function isPermitted(constraints: Constraints | undefined, name: Name): boolean {
  if (constraints === undefined) return true;
  if (name.type === 'email' || name.type === 'uri')
    return constraints.closed?.includes(name.type) !== true;
  return !isForbidden(name, constraints, constraints.excluded);
}

/**
 * What every one of the constraints permits, as a chain of authorities has them: RFC 5280 6.1.4 (g).
 * Undefined if none of them constrains anything.
 */
export function intersectConstraints(
  all: readonly (Constraints | undefined)[],
): Constraints | undefined {
  const [first, ...rest] = all.filter((it) => it !== undefined);
  return first === undefined ? undefined : rest.reduce(intersectTwo, first);
}

/**
 * Makes sure that every name is permitted.
 *
 * @param permitting what permits domains.
 * @throws OutsideConstraints
 */
export function assertPermitted(
  constraints: Constraints | undefined,
  names: readonly Name[],
  permitting: Permitting = (permit) => ({ command: 'install', permit }),
): void {
  const outside = names.filter((name) => !isPermitted(constraints, name));
  if (outside.length > 0) throw new OutsideConstraints(outside, permitting);
}

/** What permits domains. */
type Permitting = (permit: readonly string[]) => Text;

/** What is known of who owns which domain. Names are canonical, without wildcard. */
export interface Ownership {
  /** The part that somebody registered: `corp.com` for `api.corp.com`. Undefined for a suffix itself and a single label. */
  registrableDomain(domain: string): string | undefined;
  /**
   * True if anyone may register names below it: a suffix of the list's ICANN or private section (`com`, `co.uk`,
   * `github.io`). False for what the list does not know, such as `localhost` or `corp`.
   */
  isPublicSuffix(domain: string): boolean;
  /**
   * True if somebody can register it, or a name that it is below: `google.com` and `accounts.google.com`,
   * `ada.github.io`. False for a suffix itself, for a single label and below a suffix that the list does not know:
   * `engine.corp`.
   */
  hasPublicDomain(domain: string): boolean;
}

/** Without the public suffix list: each name is permitted for itself, which is never too much. */
const unknown: Ownership = {
  registrableDomain: () => undefined,
  isPublicSuffix: () => false,
  hasPublicDomain: (domain) => isBelowTopLevel(domain),
};

/**
 * Code `outside-constraints`: the message names those outside, twenty at most; the hint is the command that would permit
 * them, where there is one.
 */
export class OutsideConstraints extends DevcertError {
  readonly #outside: readonly Name[];
  readonly #permitting: Permitting;

  constructor(outside: readonly Name[], permitting: Permitting, owners = unknown) {
    const listed = outside.slice(0, MAX_LISTED);
    const more = outside.length - listed.length;
    const list = listed.map((name) => `"${formatName(name)}"`).join(', ');
    const verb = outside.length === 1 ? 'is' : 'are';
    const message = `${list}${more > 0 ? ` and ${more} more` : ''} ${verb} outside what this CA may sign`;
    super('outside-constraints', message, { hint: hintFor(listed, permitting, owners) });
    this.#outside = outside;
    this.#permitting = permitting;
  }

  /** The same by what is known of the domains: one permit for all names of an owner. */
  static advised(error: OutsideConstraints, owners: Ownership): OutsideConstraints {
    return new OutsideConstraints(error.#outside, error.#permitting, owners);
  }
}

/** Names that one message has room for. */
const MAX_LISTED = 20;

function intersectTwo(a: Constraints, b: Constraints): Constraints {
  const dns = intersectBases(a.dns, b.dns, isCovered);
  const ip = intersectBases(a.ip, b.ip, isNetworkIn);
  const union = <T>(x: readonly T[] = [], y: readonly T[] = []) => [...new Set([...x, ...y])];
  // Where nothing is left all is excluded, as an empty list would permit everything.
  const excluded = {
    dns: union(union(a.excluded?.dns, b.excluded?.dns), dns === undefined ? [''] : []),
    ip: union(union(a.excluded?.ip, b.excluded?.ip), ip === undefined ? EVERY_ADDRESS : []),
  };
  const closed = union(a.closed, b.closed);
  return {
    dns: dns ?? [],
    ip: ip ?? [],
    ...(excluded.dns.length + excluded.ip.length === 0 ? {} : { excluded }),
    ...(closed.length === 0 ? {} : { closed }),
  };
}

/** The part below a base of both; undefined if nothing does, empty if neither has one. */
function intersectBases(
  a: readonly string[],
  b: readonly string[],
  isWithin: (bases: readonly string[], other: string) => boolean,
): string[] | undefined {
  if (a.length === 0 || b.length === 0) return [...a, ...b];
  const common = new Set([
    ...a.filter((it) => isWithin(b, it)),
    ...b.filter((it) => isWithin(a, it)),
  ]);
  return common.size === 0 ? undefined : [...common];
}

function hintFor(outside: readonly Name[], permitting: Permitting, owners: Ownership): Text {
  const domains = new Set<string>();
  for (const name of outside) {
    if (name.type === 'ip') {
      const ipv4 = /^::ffff:(.*\..*)$/.exec(name.value)?.[1];
      return ipv4 === undefined
        ? 'of IP addresses only private and loopback ones are permitted'
        : say`write the IPv4 address as such: ${{ command: 'issue', names: ipv4 }}`;
    }
    const host = withoutStar(name.value);
    if (!host.includes('.') && !isCovered(localDomains, host))
      return say`a name of your own ends in ".test" or ".localhost": ${{ command: 'issue', names: `${host}.test` }}`;
    const domain = owners.registrableDomain(host) ?? host;
    if (owners.isPublicSuffix(domain))
      return say`"${domain}" is a public suffix; use a name of your own: ${{ command: 'issue', names: 'my-company.test' }}`;
    domains.add(domain);
  }
  const permit = permitting([...domains]);
  // Some authorities keep their constraints, whatever they are asked.
  if (typeof permit === 'string' || !('permit' in permit)) return permit;
  const foreign = [...domains].find((domain) => owners.hasPublicDomain(domain));
  if (foreign === undefined) return permit;
  return say`only if "${foreign}" is yours, because whoever copies the key could forge it, too: ${permit}`;
}
