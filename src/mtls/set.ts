/** A set of parties for mutual TLS: one server, its clients, and who certifies which. `mtls.json` in its folder. */
import { join } from 'node:path';
import { DevcertError, say } from '../errors.ts';
import { shellCommand } from '../disk/filesystem.ts';
import { readIfThere } from '../disk/files.ts';

/** One client: a person or a service. */
export interface MtlsClient {
  /** Of its folder. */
  readonly name: string;
  /** Canonical names of its certificate. */
  readonly names: readonly string[];
  readonly commonName?: string;
}

export interface MtlsSet {
  readonly name: string;
  /** Authority of the server's certificate, which clients trust; `default` for the one without a name. */
  readonly serverCa: string;
  /** Authority of the clients' certificates, which the server trusts. */
  readonly clientCa: string;
  readonly serverNames: readonly string[];
  readonly clients: readonly MtlsClient[];
}

/** What every set folder holds besides its parties. */
export const SET_FILE = 'mtls.json';

/** Absolute paths of a party's files. */
export interface PartyFiles {
  readonly folder: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Whom it trusts, never a certificate of its own chain. */
  readonly trustFile: string;
  readonly keyStore: string;
  readonly trustStore: string;
}

/** @param client undefined for the server. */
export function partyFiles(setFolder: string, client?: string): PartyFiles {
  const folder =
    client === undefined ? join(setFolder, 'server') : join(setFolder, 'clients', client);
  return {
    folder,
    certFile: join(folder, 'cert.pem'),
    keyFile: join(folder, 'key.pem'),
    trustFile: join(folder, 'trust.pem'),
    keyStore: join(folder, 'keystore.p12'),
    trustStore: join(folder, 'truststore.p12'),
  };
}

/**
 * The set in a folder; undefined if there is none.
 *
 * @throws DevcertError `invalid-input` if the file is damaged or says what devcert never writes.
 */
export function readSet(folder: string): MtlsSet | undefined {
  const file = join(folder, SET_FILE);
  const text = readIfThere(file)?.toString();
  if (text === undefined) return undefined;
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The same answer as for JSON of another shape, below.
  }
  if (isSet(content)) return content;
  throw new DevcertError('invalid-input', `"${file}" is damaged, or a newer devcert wrote it`, {
    hint: `move it away and make the set again: ${shellCommand('move', file, `${file}.old`)}`,
  });
}

export function encodeSet(set: MtlsSet): string {
  return `${JSON.stringify({ version: 1, ...set }, null, 2)}\n`;
}

/**
 * A set's or client's name, which is a folder's, too.
 *
 * @throws DevcertError `usage`.
 */
export function parsePartyName(text: string): string {
  if (partyName.test(text)) return text;
  throw new DevcertError('usage', `"${text.slice(0, 60)}" is no name for a party`, {
    hint: say`use letters, digits, hyphens, dots, or an e-mail address: ${{ client: true }} web`,
  });
}

// A folder on every system; Windows keeps some names for devices.
const partyName =
  /^(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[a-z0-9_](?:[a-z0-9._@+-]{0,62}[a-z0-9_])?$/i;

function isPartyName(text: unknown): text is string {
  return typeof text === 'string' && partyName.test(text);
}

function isSet(content: unknown): content is MtlsSet {
  if (typeof content !== 'object' || content === null) return false;
  const { version, name, serverCa, clientCa, serverNames, clients } = content as Record<
    string,
    unknown
  >;
  return (
    version === 1 &&
    isPartyName(name) &&
    typeof serverCa === 'string' &&
    typeof clientCa === 'string' &&
    isTexts(serverNames) &&
    Array.isArray(clients) &&
    clients.every(isClient)
  );
}

function isClient(client: unknown): client is MtlsClient {
  if (typeof client !== 'object' || client === null) return false;
  const { name, names, commonName } = client as Record<string, unknown>;
  return (
    isPartyName(name) &&
    isTexts(names) &&
    (commonName === undefined || typeof commonName === 'string')
  );
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((it) => typeof it === 'string');
}
