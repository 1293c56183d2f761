/** What was asked for, checked: pure. */
import { type Holder, isUserName, parseCommonName, userUri } from './common-name.ts';
import { DevcertError, say, exclusive } from '../errors.ts';
import { type KeyType, keyTypes } from '../keys.ts';
import { parseNames } from './names.ts';
import type { Usage } from './usage.ts';
import { MAX_LEAF_DAYS, WEBTRANSPORT_DAYS } from '../policy.ts';

/** A leaf certificate to be issued. */
export interface LeafRequest extends Holder {
  /** Undefined if the user did not say: then a valid certificate with another key will do, too. */
  readonly keyType?: KeyType | undefined;
  /** 1 to {@link MAX_LEAF_DAYS}; undefined if the user did not say. */
  readonly validityDays?: number | undefined;
}

/** What a leaf request may say, as typed. */
export interface LeafOptions {
  /** For a client (a person or a service) instead of a server: names may be users, e-mail addresses and URIs, too. */
  readonly client?: boolean;
  /** For both, as in a service mesh: a server that is a client of others. */
  readonly peer?: boolean;
  /** Common name of a client or peer, for servers that read it. */
  readonly cn?: string;
  /** One of `p256`, `p384`, `rsa2048`, `rsa3072`, `rsa4096`. */
  readonly key?: string;
  readonly days?: string | number;
  /** For a server that browsers know by the certificate's hash (`serverCertificateHashes`): P-256 and two weeks in all. */
  readonly webtransport?: boolean;
}

export const DEFAULT_KEY_TYPE: KeyType = 'p256';

/**
 * The request that names and options make; no names means `localhost`.
 *
 * @throws DevcertError `invalid-name`, `usage`.
 */
export function parseLeafRequest(names: readonly string[], options: LeafOptions = {}): LeafRequest {
  const usages = parseUsages(options);
  const client = usages.includes('clientAuth');
  if (client && names.length === 0)
    throw new DevcertError('usage', 'a client certificate needs a name', {
      hint:
        options.peer === true
          ? { command: 'issue', peer: true, names: 'api.test' }
          : { command: 'issue', client: true, names: 'alice' },
    });
  if (!client && options.cn !== undefined)
    throw new DevcertError(
      'usage',
      say`${{ cn: true }} is for clients: a server certificate has no common name`,
      {
        hint: say`leave ${{ cn: true }} out, or add ${{ client: true }} or ${{ peer: true }}`,
      },
    );
  const { key, days } = options.webtransport === true ? forWebTransport(options) : options;
  const wanted =
    options.client === true ? names.map(clientName) : names.length === 0 ? ['localhost'] : names;
  return {
    names: parseNames(wanted, { client }),
    usages,
    keyType: key === undefined ? undefined : parseKeyType(key),
    validityDays: days === undefined ? undefined : parseDays(days),
    commonName: options.cn === undefined ? undefined : parseCommonName(options.cn),
  };
}

/**
 * What a certificate is for, by these options: a server if they say nothing.
 *
 * @throws DevcertError `usage` for both.
 */
export function parseUsages(options: Pick<LeafOptions, 'client' | 'peer'>): Usage[] {
  if (options.client === true && options.peer === true)
    throw exclusive(
      { client: true },
      { peer: true },
      say`a peer is a client, too: leave ${{ client: true }} out`,
    );
  if (options.peer === true) return ['serverAuth', 'clientAuth'];
  return options.client === true ? ['clientAuth'] : ['serverAuth'];
}

/** W3C WebTransport 3.4: with another key, or for longer, browsers refuse the hash. */
function forWebTransport(options: LeafOptions): Pick<LeafOptions, 'key' | 'days'> {
  const { key = DEFAULT_KEY_TYPE, days = WEBTRANSPORT_DAYS, client } = options;
  if (client === true)
    throw exclusive({ client: true }, { webtransport: true }, 'browsers ask servers for it');
  if (parseKeyType(key) !== 'p256' || parseDays(days) > WEBTRANSPORT_DAYS)
    throw new DevcertError(
      'usage',
      `WebTransport takes a P-256 key and at most ${String(WEBTRANSPORT_DAYS)} days`,
      { hint: say`leave ${{ key: true }} and ${{ days: true }} out` },
    );
  return { key, days };
}

/** A user or service is not a host, so it is named by a URI; every other name is what it is. */
export function clientName(text: string): string {
  return isUserName(text) ? userUri(text) : text;
}

function parseKeyType(text: string): KeyType {
  const wanted = text.toLowerCase().replace(/[-_ ]/g, '');
  const type = keyTypes.find((type) => type === wanted);
  if (type !== undefined) return type;
  throw new DevcertError('usage', `there is no key type "${text}"`, {
    hint: { key: keyTypes.join(' | ') },
  });
}

/** @throws DevcertError `usage`. */
export function parseDays(days: string | number): number {
  const value = typeof days === 'number' ? days : /^\d{1,6}$/.test(days) ? Number(days) : NaN;
  if (Number.isInteger(value) && value >= 1 && value <= MAX_LEAF_DAYS) return value;
  throw new DevcertError('usage', `a certificate cannot be valid for "${days}" days`, {
    hint: say`${{ days: true }} takes a whole number from 1 to ${String(MAX_LEAF_DAYS)}, the longest that Apple's systems accept`,
  });
}
