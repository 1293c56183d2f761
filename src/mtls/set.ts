/** A set of parties for mutual TLS: one server, its clients, and who certifies which. `mtls.json` in its folder. */
import { join } from 'node:path';
import { assertNoLink, readIfThere } from '../disk/files.ts';
import { DevcertError, isError, say } from '../errors.ts';
import { shellCommand } from '../disk/filesystem.ts';
import { parseCommonName } from '../names/common-name.ts';
import { parseNames } from '../names/names.ts';
import type { LeafRequest } from '../names/request.ts';

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

/** What a client's certificate is to be. */
export function clientRequest({ names, commonName }: MtlsClient): LeafRequest {
  return { names: parseNames(names, { client: true }), usages: ['clientAuth'], commonName };
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
 * Makes sure that nothing of a set is a symbolic link. The author of the folder, a repository perhaps, would
 * have keys written elsewhere, or others taken for the set's.
 *
 * @throws DevcertError `file`.
 */
export function assertNoLinks(folder: string, set: MtlsSet): void {
  const parties = [undefined, ...set.clients.map(({ name }) => name)];
  const files = parties.flatMap((party) => Object.values(partyFiles(folder, party)) as string[]);
  const own = [SET_FILE, 'README.md', '.gitignore', 'clients'].map((name) => join(folder, name));
  for (const path of [...own, ...files])
    assertNoLink(path, `see where it leads, then take it away: rm "${path}"`);
}

/**
 * The set in a folder; undefined if there is none. Names are checked as those that are typed.
 *
 * @throws DevcertError `invalid-input` if the file is damaged or says what devcert never writes; `file`.
 */
export function readSet(folder: string): MtlsSet | undefined {
  const file = join(folder, SET_FILE);
  const text = readIfThere(file, { follow: false })?.toString();
  if (text === undefined) return undefined;
  try {
    return parseSet(JSON.parse(text));
  } catch (error) {
    const isName = error instanceof DevcertError;
    if (!isName && !isError(error, 'SyntaxError')) throw error;
    const why = isName
      ? `says what devcert does not write: ${error.message}`
      : 'is damaged, or a newer devcert wrote it';
    throw new DevcertError('invalid-input', `"${file}" ${why}`, {
      hint: `move it away and make the set again: ${shellCommand('move', file, `${file}.old`)}`,
      cause: error,
    });
  }
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
  throw new DevcertError('usage', `"${text.slice(0, 60)}" cannot be the name of a party`, {
    hint: say`use letters, digits, hyphens, dots, or an e-mail address: ${{ client: true }} web`,
  });
}

// A folder on every system; Windows keeps some names for devices.
const partyName =
  /^(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[a-z0-9_](?:[a-z0-9._@+-]{0,62}[a-z0-9_])?$/i;

/** @throws SyntaxError for another shape, DevcertError for a name that cannot be typed either. */
function parseSet(content: unknown): MtlsSet {
  const { version, name, serverCa, clientCa, serverNames, clients } = fieldsOf(content);
  if (version !== 1 || !Array.isArray(clients)) throw new SyntaxError('no set');
  const set = {
    name: parsePartyName(textOf(name)),
    serverCa: textOf(serverCa),
    clientCa: textOf(clientCa),
    serverNames: namesOf(serverNames),
    clients: clients.map(parseClient),
  };
  // Their folders would be one, on systems whose names have no case.
  if (new Set(set.clients.map((client) => client.name.toLowerCase())).size < clients.length)
    throw new SyntaxError('the same client twice');
  return set;
}

function parseClient(client: unknown): MtlsClient {
  const { name, names, commonName } = fieldsOf(client);
  return {
    name: parsePartyName(textOf(name)),
    names: namesOf(names, { client: true }),
    commonName: commonName === undefined ? undefined : parseCommonName(textOf(commonName)),
  };
}

function namesOf(value: unknown, options?: { client: true }): string[] {
  if (!Array.isArray(value) || value.length === 0) throw new SyntaxError('no names');
  return parseNames(value.map(textOf), options).map((name) => name.value);
}

function fieldsOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new SyntaxError('no object');
  return value as Record<string, unknown>;
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new SyntaxError('no text');
  return value;
}
