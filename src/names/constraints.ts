/**
 * What an authority may sign: the permitted subtrees of its name constraints (RFC 5280 4.2.1.10). Pure.
 */
import { DevcertError, say, type Step, type Text, ifExpected } from '../errors.ts';
import { formatName, parseName, type Name } from './names.ts';
import { hasPublicDomain, isPublicSuffix, registrableDomain } from './publicsuffix.ts';
import { isCovered, isForbidden, isNetworkIn } from './subtrees.ts';

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

const localDomains = [
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
 * The constraints of a new authority: names and networks that mean something on a local network only,
 * the machine's own host name if it is one that a constraint can hold and has no domain that is registered
 * in public (a machine may call itself `accounts.google.com`), and the domains in `permits`, each once.
 *
 * @param hostname as the system gives it; anything that does not fit is left out without a word
 * @throws DevcertError as {@link parsePermit} for one of `permits`
 */
export async function defaultConstraints(
  hostname: string,
  permits: readonly string[] = [],
): Promise<Constraints> {
  // A host name is free text: one that cannot be permitted is no reason to make no authority.
  const own = await parsePermit(hostname).catch(ifExpected);
  const isOwn = own !== undefined && !isCovered(localDomains, own) && !(await hasPublicDomain(own));
  const dns = isOwn ? [...localDomains, own] : localDomains;
  return addPermits({ dns, ip: [...localNetworks] }, permits);
}

/**
 * The constraints with these domains permitted, too.
 *
 * @throws DevcertError as {@link parsePermit} for one of `permits`
 */
export async function addPermits(
  constraints: Constraints,
  permits: readonly string[],
  typed?: Step,
): Promise<Constraints> {
  let { dns } = constraints;
  for (const permit of permits) {
    const value = await parsePermit(permit, typed);
    if (!isPermitted({ ...constraints, dns }, { type: 'dns', value })) dns = [...dns, value];
  }
  return { ...constraints, dns };
}

/**
 * The domain, canonical, that `--permit` names; it may be one that is permitted anyway.
 *
 * @param typed the command that is to permit it.
 *
 * @throws DevcertError `invalid-name` if it is no plain domain or one that Java cannot read in a
 *   constraint; `refused` for a public suffix, below which strangers have their names
 */
export async function parsePermit(
  text: string,
  typed: Step = { command: 'install' },
): Promise<string> {
  const plain = text.replace(/^(?:\*\.|\.)+/, '');
  const domain = parseDomain(plain, typed);
  if (plain !== text)
    throw new DevcertError(
      'invalid-name',
      `a permit for "${domain}" takes no "*." or dot in front`,
      {
        hint: say`a domain permits all names below it: ${{ ...typed, permit: domain }}`,
      },
    );
  if (isCovered(localDomains, domain)) return domain;
  if (await isPublicSuffix(domain))
    throw new DevcertError('refused', `"${domain}" is a public suffix: it belongs to everyone`, {
      hint: say`permit a domain of your own below it: ${{ ...typed, permit: `my-company.${domain}` }}`,
    });
  return domain;
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
 * Resolves if every name is permitted.
 *
 * @param permitting what permits domains.
 * @throws DevcertError `outside-constraints`, which names those outside, twenty at most; the hint is the command
 *   that would permit them, where there is one
 */
export async function assertPermitted(
  constraints: Constraints | undefined,
  names: readonly Name[],
  permitting = (permit: readonly string[]): Text => ({ command: 'install', permit }),
): Promise<void> {
  const outside = names.filter((name) => !isPermitted(constraints, name));
  if (outside.length === 0) return;
  const more = outside.length - MAX_LISTED;
  const list = outside
    .slice(0, MAX_LISTED)
    .map((name) => `"${formatName(name)}"`)
    .join(', ');
  const verb = outside.length === 1 ? 'is' : 'are';
  const message = `${list}${more > 0 ? ` and ${more} more` : ''} ${verb} outside what this CA may sign`;
  throw new DevcertError('outside-constraints', message, {
    hint: await hintFor(outside.slice(0, MAX_LISTED), permitting),
  });
}

/** Names that one message has room for. */
const MAX_LISTED = 20;

function parseDomain(text: string, typed: Step): string {
  let name: Name;
  try {
    name = parseName(text);
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    throw new DevcertError('invalid-name', error.message, {
      cause: error,
      hint: say`give one plain domain: ${{ ...typed, permit: 'corp.example' }}`,
    });
  }
  if (name.type !== 'dns')
    throw new DevcertError('invalid-name', `"${name.value}" is not a domain`, {
      hint: 'private and loopback addresses are permitted already, others cannot be',
    });
  // Java refuses every certificate of an authority whose constraints it cannot parse.
  if (name.value.includes('_'))
    throw new DevcertError('invalid-name', `"${name.value}" has an underscore`, {
      hint: say`permit a domain above it: ${{ ...typed, permit: 'corp.example' }}`,
    });
  return name.value;
}

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

async function hintFor(
  outside: readonly Name[],
  permitting: (permit: readonly string[]) => Text,
): Promise<Text> {
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
    const domain = (await registrableDomain(host)) ?? host;
    if (await isPublicSuffix(domain))
      return say`"${domain}" is a public suffix; use a name of your own: ${{ command: 'issue', names: 'my-company.test' }}`;
    domains.add(domain);
  }
  const permit = permitting([...domains]);
  // Some authorities keep their constraints, whatever they are asked.
  if (typeof permit === 'string' || !('permit' in permit)) return permit;
  for (const domain of domains)
    if (await hasPublicDomain(domain))
      return say`only if "${domain}" is yours, because whoever copies the key could forge it, too: ${permit}`;
  return permit;
}

function withoutStar(domain: string): string {
  return domain.startsWith('*.') ? domain.slice(2) : domain;
}
