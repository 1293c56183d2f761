/** Host names as TLS clients send them to servers (SNI), and which of them a server answers. Pure. */
import { DevcertError, oneLine } from '../errors.ts';
import { parseName, type Name } from './names.ts';

/** Names that a server has certificates for. */
export interface AllowedNames {
  /** The names of the list, canonical; none where a function decides. */
  readonly names: readonly Name[];
  /**
   * The name that the certificate for a host is issued for: the host itself, or the wildcard that it is
   * below, one certificate for all of those.
   *
   * @param host as {@link parseServerName} gives it.
   * @returns undefined for one that is not allowed.
   */
  readonly nameFor: (host: string) => string | undefined;
}

/**
 * The host name that a client sent, as a certificate has it. RFC 6066 3 wants ASCII, A-labels and no dot at
 * the end; case and one dot at the end are mended, as they make no other host of it.
 *
 * @param sent anything: TLS lets a client send any bytes, and programs pass on what they have.
 * @throws DevcertError `invalid-name` for an address, a wildcard and everything else that is no host name.
 */
export function parseServerName(sent: unknown): string {
  // Before anything that takes long for a long text.
  if (typeof sent !== 'string' || !/^[a-z0-9_.-]{1,254}$/i.test(sent))
    throw notAHost(typeof sent === 'string' ? `"${oneLine(sent.slice(0, 300))}"` : typeof sent);
  const { type, value } = parseName(sent);
  if (type !== 'dns') throw notAHost(`"${value}"`);
  return value;
}

/**
 * @param texts names, and wildcards, each for the hosts directly below it.
 * @throws DevcertError `invalid-name`, `usage` for addresses, which no client sends, and for no name at all.
 */
export function allowNames(texts: readonly string[]): AllowedNames {
  // Any number: each gets a certificate of its own.
  const names = texts.map((text) => parseName(text));
  if (names.length === 0)
    throw new DevcertError('usage', 'no name is allowed', {
      hint: 'allow names such as "app.test" and "*.app.test"',
    });
  const address = names.find(({ type }) => type !== 'dns');
  if (address !== undefined)
    throw new DevcertError('usage', `"${address.value}" is an address: no client sends it (SNI)`, {
      hint: 'put it into the certificate that the server has by itself, for clients that send no name',
    });
  const known = new Set(names.map(({ value }) => value));
  return {
    names,
    nameFor: (host) => [host, host.replace(/^[^.]+/, '*')].find((it) => known.has(it)),
  };
}

function notAHost(what: string): DevcertError {
  return new DevcertError('invalid-name', `the client asks for ${what}, which is no host name`);
}
