/** `devcert mtls`: a folder for each party, holding exactly what that machine needs. */
import { join, resolve } from 'node:path';
import { assertCertifies } from '../authority/permits.ts';
import { assertNoLink } from '../disk/files.ts';
import { DevcertError, say, worded } from '../errors.ts';
import { findEntries, isRecorded } from '../ledger/ledger.ts';
import { contentOf } from '../ledger/place.ts';
import { parseNames } from '../names/names.ts';
import { clientName } from '../names/request.ts';
import { type MtlsClient, type MtlsSet, parsePartyName, readSet, SET_FILE } from '../mtls/set.ts';
import { type Certifier, type SetOptions, writeSet, type WrittenSet } from '../mtls/write.ts';
import {
  type Context,
  contextOf,
  ensureAuthorityFor,
  identity,
  type Lists,
  type MadeAuthority,
  placing,
  refuseSudo,
  recording,
} from './context.ts';
import { allRoots } from './roots.ts';

export interface MtlsOptions extends SetOptions {
  /** Of the server; `localhost` and `NAME.localhost` by default. */
  readonly serverNames?: string | readonly string[];
  /** `NAME`, or `NAME=SAN,SAN`. Added to the clients that are there already. */
  readonly client?: string | readonly string[];
  /** One authority for both sides. */
  readonly ca?: string;
  readonly serverCa?: string;
  readonly clientCa?: string;
  /** The common name of a client is its name alone, as PostgreSQL and others want it. */
  readonly plainCn?: boolean;
  /** The set's folder; `NAME` by default. */
  readonly out?: string;
}

export interface MtlsResult extends WrittenSet {
  /** Absolute. */
  readonly folder: string;
  readonly set: MtlsSet;
  /** If there was no authority and this run made it. */
  readonly made?: MadeAuthority;
}

/**
 * Makes the set, or brings one that is there up to date.
 *
 * @throws DevcertError `usage`, `invalid-name`, `no-authority`, `refused`, `outside-constraints`, `file`,
 *   `expired`, `busy`: nothing was written then.
 */
export async function mtls(
  context: Context,
  name: string,
  options: Lists<MtlsOptions> = {},
): Promise<MtlsResult> {
  refuseSudo(context);
  parsePartyName(name);
  const folder = resolve(context.cwd, options.out ?? name);
  if (options.out === undefined)
    assertNoLink(folder, say`name the folder: ${{ out: `"${folder}"` }}`);
  const set = wantedSet(name, readSet(folder), options);
  const written = await writeSetOf(context, folder, set, options);
  const notes = [...written.notes];
  if (set.serverCa === set.clientCa)
    notes.push(
      worded`one CA for both sides: every client certificate it ever issued gets in. With two: ${{ serverCa: 'X', clientCa: 'Y' }}`,
    );
  return { ...written, notes, folder, set };
}

/** Writes a set with what its authorities are now. */
export async function writeSetOf(
  context: Context,
  folder: string,
  set: MtlsSet,
  options: SetOptions,
): Promise<WrittenSet & { readonly made?: MadeAuthority }> {
  const changes = changedSet(context.stateFolder, folder);
  const clientNames = set.clients.flatMap(({ names }) => names);
  const server = await certifier(context, set.serverCa, set.serverNames);
  const client = await certifier(context, set.clientCa, clientNames);
  const where = { ...placing(context), ...recording(context), folder, server, client };
  const who = { identity: identity(context), keys: context.keys };
  const written = await writeSet(set, { ...where, ...who }, options);
  const made = server.made ?? client.made;
  return { ...written, notes: [...written.notes, ...changes], made };
}

/** A line about a set that was changed since devcert wrote it: a repository may have brought it. */
function changedSet(stateFolder: string, folder: string): string[] {
  const file = join(folder, SET_FILE);
  const bytes = contentOf(file);
  const set = readSet(folder);
  if (bytes === undefined || set === undefined) return [];
  const entries = findEntries(stateFolder, [file]);
  if (isRecorded(entries, file, bytes)) return [];
  const why = entries.length === 0 ? 'was not written by devcert here' : 'was changed by others';
  const { serverCa, clientCa, serverNames, clients } = set;
  const parties = clients.map(({ name, names, commonName }) => {
    const cn = commonName === undefined ? '' : ` as "${commonName}"`;
    return `${name}${cn} (${names.join(', ')})`;
  });
  return [
    `"${file}" ${why}, and was followed: server ${serverNames.join(', ')} of CA "${serverCa}"; clients of "${clientCa}": ${parties.join('; ')}`,
  ];
}

async function certifier(
  context: Context,
  ca: string,
  names: readonly string[],
): Promise<Certifier & { readonly made?: MadeAuthority }> {
  const target = contextOf(context, ca);
  const parsed = parseNames(names, { client: true });
  const { authority, made } = await ensureAuthorityFor(target, parsed);
  assertCertifies(authority, parsed);
  const roots = (await allRoots(target.folder)).map(({ pem }) => pem);
  return { authority, ca: target.ca ?? 'default', roots, made };
}

function wantedSet(name: string, old: MtlsSet | undefined, options: Lists<MtlsOptions>): MtlsSet {
  const { ca, serverCa, clientCa } = options;
  if (ca !== undefined && (serverCa !== undefined || clientCa !== undefined))
    throw new DevcertError('usage', say`${{ ca: true }} is one CA for both sides`, {
      hint: say`leave it out, or ${{ serverCa: true }} and ${{ clientCa: true }}`,
    });
  const set = {
    name,
    serverCa: serverCa ?? ca ?? old?.serverCa ?? 'default',
    clientCa: clientCa ?? ca ?? old?.clientCa ?? 'default',
    serverNames: parseServerNames(name, old, options.serverNames),
    clients: mergeClients(old?.clients ?? [], options),
  };
  if (
    old !== undefined &&
    options.force !== true &&
    (old.serverCa !== set.serverCa || old.clientCa !== set.clientCa)
  )
    throw new DevcertError('refused', `the set "${name}" has other CAs`, {
      hint: say`make another set (${{ out: 'DIR' }}), or change it at once for all parties: ${{ force: true }}`,
    });
  if (set.clients.length === 0)
    throw new DevcertError('usage', 'a set needs at least one client', {
      hint: { command: 'mtls', names: name, client: 'web' },
    });
  return set;
}

function parseServerNames(
  name: string,
  old: MtlsSet | undefined,
  given: readonly string[] | undefined,
): string[] {
  const own = /^[a-z0-9-]+$/.test(name) ? [`${name}.localhost`] : [];
  const wanted = given?.flatMap((text) => text.split(',')).map((text) => text.trim()) ??
    old?.serverNames ?? ['localhost', ...own];
  return parseNames(wanted).map(({ value }) => value);
}

function mergeClients(old: readonly MtlsClient[], options: Lists<MtlsOptions>): MtlsClient[] {
  const clients = new Map(old.map((client) => [client.name.toLowerCase(), client]));
  for (const text of options.client ?? []) {
    const [name = '', names] = text.split(/=(.*)/s);
    parsePartyName(name);
    const wanted = (names?.split(',') ?? [name]).map((it) => clientName(it.trim()));
    clients.set(name.toLowerCase(), {
      name,
      names: parseNames(wanted, { client: true }).map(({ value }) => value),
      commonName: options.plainCn === true ? name : undefined,
    });
  }
  return [...clients.values()];
}
