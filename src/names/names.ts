/**
 * The names a certificate may carry: what was typed, checked and made canonical. Pure.
 */
import { formatIp, ipv6Bytes, isIPv4 } from './ip.ts';
import { DevcertError, oneLine, say, type Step, type Text, orUndefined } from '../errors.ts';
import { decodeDomain, encodeDomain } from './idna.ts';
import { MAX_NAMES } from '../policy.ts';

/**
 * One subjectAltName entry. `value` is canonical, so that equal names are equal strings:
 * - `dns`: A-labels, lower case, no trailing dot; may start with `*.`.
 * - `ip`: dotted IPv4, or IPv6 as in RFC 5952 without brackets.
 * - `email`: the local part as given, `@`, and a host as in `dns`.
 * - `uri`: lower-case scheme, `://`, a canonical host (IPv6 in brackets), the rest as given.
 */
export interface Name {
  readonly type: 'dns' | 'ip' | 'email' | 'uri';
  readonly value: string;
}

/** `client`: also e-mail addresses and URIs, which only a client certificate may carry. */
export interface NameOptions {
  readonly client?: boolean;
}

/**
 * The name that `text` stands for. A canonical value gives itself again.
 *
 * DNS names follow RFC 1035 and IDNA 2008 as UTS #46 prepares it, plus `_`. Refused beyond that:
 * names that a browser takes for an address, a wildcard directly under a top-level label (most
 * stacks do not match it, and under name constraints some refuse the whole certificate), look-alike
 * names of mixed scripts.
 *
 * @throws DevcertError `invalid-name`; the hint is the name inside a URL or host:port if there is one
 */
export function parseName(text: string, options: NameOptions = {}): Name {
  if (text === '') refuse(text, 'is not a name');
  // Far above what 253 characters of A-labels can come from; keeps hostile input cheap.
  if (text.length > 1024) refuse(text, 'is too long');
  // Asked of other than plain ASCII only: a pattern of Unicode classes takes 0.4 ms to compile.
  if (/[^!-~]/.test(text) && /[\s\p{Cc}\p{Cs}]/u.test(text)) {
    const hint = say`give each name as an argument of its own: ${{ command: 'issue', names: ['localhost', 'api.test'] }}`;
    refuse(text, 'holds whitespace or a control character', hint);
  }
  if (/["'`\\]/.test(text)) refuse(text, 'holds a quote or a backslash');
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return parseUri(text, options);
  // With a "/" or ":" it is a URL without its scheme, which has a name to offer as the hint.
  if (text.includes('@') && !/[/:]/.test(text)) return parseEmail(text, options);
  const address = parseAddress(text);
  if (address !== undefined) return { type: 'ip', value: address };
  if (/[:/?#@%[\]]/.test(text)) refuseMore(text);
  return { type: 'dns', value: parseDomain(text) };
}

/**
 * The names in `texts`, canonical, each once, in the order given.
 * @throws DevcertError `invalid-name` for one that is none, `usage` for more than 100
 */
export function parseNames(texts: readonly string[], options: NameOptions = {}): Name[] {
  const names = new Map<string, Name>();
  for (const text of texts) {
    const name = parseName(text, options);
    names.set(`${name.type}:${name.value}`, name);
    if (names.size > MAX_NAMES)
      throw new DevcertError('usage', `more than ${MAX_NAMES} names for one certificate`, {
        hint: say`issue several certificates, or use a wildcard: ${{ command: 'issue', names: '"*.app.localhost"' }}`,
      });
  }
  return [...names.values()];
}

/** The name for people: an internationalised one with its own script in parentheses behind it. */
export function formatName(name: Name): string {
  if (name.type !== 'dns' && name.type !== 'email') return name.value;
  const start = /^(?:\*\.|.*@)?/.exec(name.value)?.[0] ?? '';
  const host = name.value.slice(start.length);
  const readable = decodeDomain(host);
  return readable === host ? name.value : `${name.value} (${start}${readable})`;
}

/** What people should know of a name that is accepted all the same: none or more lines without full stop. */
export function nameNotes(name: Name): string[] {
  if (name.type !== 'dns') return [];
  const notes: string[] = [];
  if (name.value.includes('_'))
    notes.push(
      `"${name.value}" has an underscore: Java and some others refuse the certificate for it`,
    );
  if (name.value.startsWith('*.'))
    notes.push(
      `"${name.value}" stands for one label: it matches neither "${name.value.slice(2)}" nor "a.b.${name.value.slice(2)}"`,
    );
  return notes;
}

/** True if the name can only mean this machine: localhost and all below it, 127.0.0.0/8, ::1. */
export function isLoopbackName(name: Name): boolean {
  if (name.type === 'ip') return name.value === '::1' || /^127\.[0-9.]*$/.test(name.value);
  return name.type === 'dns' && /^(?:.*\.)?localhost$/.test(name.value);
}

function parseAddress(text: string): string | undefined {
  const inBrackets = /^\[(.*)\]$/.exec(text)?.[1];
  const address = inBrackets ?? text;
  const [front = '', ...zone] = address.split('%');
  const bytes = ipv6Bytes(front);
  if (bytes !== undefined && zone.length > 0) {
    const why = 'has a zone id, which means something on this machine only';
    refuse(text, why, { command: 'issue', names: formatIp(bytes) });
  }
  if (bytes !== undefined) return formatIp(bytes);
  return inBrackets === undefined && isIPv4(address) ? address : undefined;
}

function parseDomain(text: string, wildcards = true): string {
  const wildcard = wildcards && text.startsWith('*.') ? '*.' : '';
  const rest = text.slice(wildcard.length);
  if (rest.includes('*')) {
    const why = 'has a wildcard that is not the whole first label of a longer name';
    refuse(text, why, { command: 'issue', names: '"*.app.localhost"' });
  }
  // Of ASCII just what encodeDomain may be given.
  const odd = /[^\x80-\u{10ffff}A-Za-z0-9._-]/u.exec(rest)?.[0];
  if (odd !== undefined) refuse(text, `holds a character that no host name has: ${odd}`);
  const { ascii, problem } = encodeDomain(rest);
  const domain = ascii.replace(/\.$/, '');
  const labels = domain.split('.');
  if (/^(?:[0-9]+|0x[0-9a-f]*)$/.test(labels.at(-1) ?? '')) {
    // Browsers read every such host as IPv4 or as an error (WHATWG URL, "ends in a number").
    const plain = text.normalize('NFKC');
    const why = 'ends in a number and is not an IP address';
    refuse(text, why, isIPv4(plain) ? { command: 'issue', names: plain } : undefined);
  }
  if (problem !== undefined)
    refuse(text, `${ascii === '' || ascii === rest ? '' : `(${shown(ascii)}) `}${problem}`);
  for (const label of labels) {
    if (label === '') refuse(text, 'has an empty label: two dots in a row, or one in front');
    // RFC 1035 2.3.4
    if (label.length > 63) refuse(text, 'has a label of more than 63 characters');
    if (/^-|-$/.test(label)) refuse(text, 'has a label that starts or ends with a hyphen');
    // What the conversion may let through on another version of Node.
    if (!/^[a-z0-9_-]+$/.test(label)) refuse(text, 'is not a valid host name');
  }
  if (wildcard.length + domain.length > 253) refuse(text, 'has more than 253 characters');
  if (wildcard !== '' && labels.length === 1) {
    const why = 'is a wildcard directly under a top-level name, which most programs do not match';
    refuse(text, why, { command: 'issue', names: `"*.app.${domain}"` });
  }
  return wildcard + domain;
}

function parseEmail(text: string, { client = false }: NameOptions): Name {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, at);
  const host = text.slice(at + 1);
  // RFC 5321 4.1.2 and 4.5.3.1.1, without what a shell, a URL or an option parser takes for its own.
  if (!/^(?=.{1,64}$)[a-z0-9_+][a-z0-9_+-]*(?:\.[a-z0-9_+-]+)*$/i.test(local) || host === '')
    refuse(text, 'is not an e-mail address', forClient('alice@localhost'));
  const value = `${local}@${parseDomain(host, false)}`;
  // RFC 5321 4.5.3.1.3
  if (value.length > 254) refuse(text, 'has more than 254 characters');
  if (!client) refuse(text, CLIENTS_ONLY, forClient(value));
  return { type: 'email', value };
}

function parseUri(text: string, { client = false }: NameOptions): Name {
  const [, scheme = '', authority = '', rest = ''] = /^([^:]+):\/\/([^/?#]*)(.*)$/.exec(text) ?? [];
  // Someone pasted the address of a page. Any other scheme was meant as the name of a client.
  if (!client && /^(?:https?|wss?)$/i.test(scheme)) refuseMore(text);
  if (authority.includes('@')) refuse(text, 'holds a user name or a password');
  const [, host = '', port = ''] = /^(.*?)(:[0-9]+)?$/.exec(authority) ?? [];
  // RFC 5280 4.2.1.6: a name for an authority needs a host.
  if (host === '') refuse(text, 'is a URI without a host');
  if (port !== '' && Number(port.slice(1)) > 65535) refuse(text, 'has no valid port');
  if (!/^(?:[a-z0-9._~:/?#@!$&()*+,;=-]|%[0-9a-f]{2})*$/i.test(rest))
    refuse(text, 'holds a character that no URI has; write it percent-encoded');
  const address = host.startsWith('[') || isIPv4(host) ? parseAddress(host) : undefined;
  const canonical = address?.includes(':') ? `[${address}]` : (address ?? parseDomain(host, false));
  const value = `${scheme.toLowerCase()}://${canonical}${port}${rest}`;
  if (!client)
    refuse(text, CLIENTS_ONLY, forClient(/^[a-z0-9.:/_-]*$/.test(value) ? value : undefined));
  return { type: 'uri', value };
}

const CLIENTS_ONLY = 'is for a client certificate only';

function forClient(names: string | undefined): Step {
  return { command: 'issue', client: true, names };
}

/** For what has a port, a path, a network length or the like around a name. */
function refuseMore(text: string): never {
  const inside = nameInside(text);
  if (inside !== undefined)
    refuse(text, 'is more than a name', { command: 'issue', names: inside });
  if (/^[a-z][a-z0-9+.-]*:/i.test(text)) {
    const hint = say`put a host into it: ${forClient('spiffe://localhost/alice')}`;
    refuse(text, 'is a URI without a host', hint);
  }
  refuse(text, 'is not a host name or an IP address');
}

function nameInside(text: string): string | undefined {
  const authority = text.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '').split(/[/?#]/, 1)[0] ?? '';
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  const bare = ipv6Bytes(host) === undefined ? host.replace(/:[0-9]*$/, '') : host;
  const name = orUndefined(() => parseAddress(bare) ?? parseDomain(bare));
  return name?.startsWith('*') === true ? `"${name}"` : name;
}

function refuse(text: string, why: string, hint?: Text): never {
  throw new DevcertError('invalid-name', `"${shown(text)}" ${why}`, {
    hint:
      hint ??
      say`give host names or IP addresses: ${{ command: 'issue', names: ['localhost', 'api.test', '127.0.0.1'] }}`,
  });
}

/** On one line, and no password of a pasted URL. */
function shown(text: string): string {
  const line = oneLine(text.slice(0, 1100), 1100);
  return oneLine(line.replace(/^([^/@]*\/\/)?[^/]*:[^/]*@/, '$1…@'));
}
