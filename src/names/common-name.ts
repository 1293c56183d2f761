/**
 * The common name of a client: what servers such as PostgreSQL compare with a user. Pure.
 *
 * Some TLS stacks take a common name that looks like a host name for one and hold it against the
 * authority's name constraints: Java any, OpenSSL one with a dot and no DNS name beside it.
 */
import type { Constraints } from './constraints.ts';
import { isPermitted } from './constraints.ts';
import { DevcertError, printable, say, worded } from '../errors.ts';
import type { Name } from './names.ts';
import type { Usage } from './usage.ts';

/** Whom a certificate is for: what its common name is made of. */
export interface Holder {
  /** Canonical, without duplicates, at least one. */
  readonly names: readonly Name[];
  readonly usages: readonly Usage[];
  /** Common name of a client or peer; one is made of the names if it is left out. */
  readonly commonName?: string;
}

/** RFC 5280 appendix A.1: ub-common-name. */
const MAX_CHARACTERS = 64;

/**
 * The common name that was typed, unchanged.
 *
 * @throws DevcertError `usage` if it is empty, longer than 64 characters, begins or ends with white
 *   space, or holds what cannot be seen.
 */
export function parseCommonName(text: string): string {
  const problem = commonNameProblem(text);
  if (problem === undefined) return text;
  throw new DevcertError('usage', `the common name ${problem}`, {
    hint: say`give the user or service that the certificate is for: ${{ cn: 'alice' }}`,
  });
}

/** What is wrong with the form of a common name, if anything. */
export function commonNameProblem(text: string): string | undefined {
  if (text.trim() === '') return 'is empty';
  if (Array.from(text).length > MAX_CHARACTERS) return `has more than ${MAX_CHARACTERS} characters`;
  if (text.trim() !== text) return 'begins or ends with white space';
  if (printable(text) !== text || /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufffd]/u.test(text))
    return 'has invisible characters';
  return undefined;
}

/**
 * The common name that a certificate for this request has; undefined for a server's, whose names are in
 * the subjectAltName alone. One that was not asked for is an e-mail address or has a space, which no
 * stack takes for a host name.
 */
export function commonNameOf(request: Holder) {
  if (!request.usages.includes('clientAuth')) return undefined;
  if (request.commonName !== undefined) return request.commonName;
  const { names, usages } = request;
  const email = names.find(({ type, value }) => type === 'email' && value.length <= MAX_CHARACTERS);
  const suffix = usages.includes('serverAuth') ? ' (devcert peer)' : ' (devcert client)';
  return email?.value ?? withSuffix(plainName(names[0]), suffix);
}

/**
 * Why an authority with these constraints should not put the common name of the request into a
 * certificate, for people; undefined if it may.
 */
export function commonNameObjection(
  constraints: Constraints | undefined,
  request: Holder,
): string | undefined {
  const host = hostIn(commonNameOf(request) ?? '');
  if (host === undefined || isPermitted(constraints, { type: 'dns', value: host }))
    return undefined;
  if (host.includes('.')) return 'looks like a host outside what this CA may sign';
  // Beside no DNS name some clients take a server's common name for its host.
  const isServer = request.usages.includes('serverAuth');
  if (isServer && !request.names.some(({ type }) => type === 'dns'))
    return 'could be taken for a host, as there is no DNS name beside it';
  return undefined;
}

/** What people should know of a client's common name: none or more lines without full stop. */
export function commonNameNotes(constraints: Constraints | undefined, request: Holder): string[] {
  const commonName = commonNameOf(request);
  if (commonName === undefined) return [];
  const host = hostIn(commonName);
  if (host !== undefined && !isPermitted(constraints, { type: 'dns', value: host }))
    return [
      worded`Java servers take the common name "${commonName}" for a host and refuse it: for them leave out ${{ cn: true }}`,
    ];
  const user = /^(.+) \(devcert client\)$/.exec(commonName)?.[1];
  if (user !== undefined && request.names[0]?.value === userUri(user))
    return [
      worded`servers that compare the common name with a user (PostgreSQL, Mosquitto, …) need ${{ cn: user }}`,
    ];
  return [];
}

/** The name that stands for a user or service without a host of its own: a SPIFFE ID of this machine. */
export function userUri(user: string): string {
  return `spiffe://localhost/${user}`;
}

/** True for what `--client` takes for a user or service: one word that is no host name of its own. */
export function isUserName(text: string): boolean {
  return /^[a-z0-9_][a-z0-9_-]{0,62}$/i.test(text) && text.toLowerCase() !== 'localhost';
}

// What Java (DNSName: no underscore) or OpenSSL (cn2dnsid: only with a dot) takes for a host name.
function hostIn(text: string): string | undefined {
  const host = text.toLowerCase().replace(/^\*\./, '').replace(/\.$/, '');
  if (!/^[a-z0-9._*-]+$/.test(host)) return undefined;
  return host.includes('.') || !host.includes('_') ? host : undefined;
}

function plainName(name: Name | undefined): string {
  const value = name?.value ?? 'client';
  return name?.type === 'uri' && value.startsWith(userUri(''))
    ? value.slice(userUri('').length)
    : value;
}

// The end says what it is, and its space keeps it from being a host: what is cut is the name.
function withSuffix(name: string, suffix: string): string {
  return (
    Array.from(name)
      .slice(0, MAX_CHARACTERS - suffix.length)
      .join('') + suffix
  );
}
