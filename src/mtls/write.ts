/** The files of a set: every party's folder with what that machine needs, written whole or not at all. */
import type { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import type { Authority } from '../authority/authority.ts';
import { sha256Of } from '../authority/origin.ts';
import { isReusable } from '../certificate/reusable.ts';
import { DevcertError, say } from '../errors.ts';
import { isLostOnJava } from '../export/formats.ts';
import { issueLeaf, type Leaf } from '../certificate/issue.ts';
import { readExisting } from '../certificate/output.ts';
import { assertIssuedByDevcert } from '../certificate/replaceable.ts';
import type { WriteContext } from '../certificate/write.ts';
import { recordOf } from '../certificate/written.ts';
import type { LedgerEntry } from '../ledger/ledger.ts';
import {
  assertWritten,
  type Batch,
  contentOf,
  mendKeys,
  type Output,
  place,
  type Target,
} from '../ledger/place.ts';
import { parseNames } from '../names/names.ts';
import type { LeafRequest } from '../names/request.ts';
import { keyStoreFiles } from './key-stores.ts';
import { readmeText } from './readme.ts';
import {
  assertNoLinks,
  clientRequest,
  encodeSet,
  type MtlsSet,
  type PartyFiles,
  partyFiles,
  SET_FILE,
} from './set.ts';

/** One of the set's authorities. */
export interface Certifier {
  readonly authority: Authority;
  /** Its name, `default` for the one without. */
  readonly ca: string;
  /** PEM of its root, then of one that follows or goes while it is rotated: what the others trust. */
  readonly roots: readonly string[];
}

export interface SetContext extends WriteContext {
  /** Of the set, absolute. */
  readonly folder: string;
  readonly server: Certifier;
  readonly client: Certifier;
}

export interface SetOptions {
  /** Also write PKCS#12 stores; an empty password is none. Undefined: only if they need nothing new. */
  readonly password?: string | undefined;
  /** Replace files that devcert did not write. */
  readonly force?: boolean | undefined;
}

export interface WrittenParty extends PartyFiles {
  /** `server`, or the client's name. */
  readonly party: string;
  readonly names: readonly string[];
  readonly issued: boolean;
  readonly notAfter: Date;
  readonly sha256: string;
}

export interface WrittenSet {
  readonly parties: readonly WrittenParty[];
  /** Absolute paths of what was written; none if all was in place. */
  readonly written: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Brings the folder to what the set says. Certificates that are still good stay.
 *
 * @throws DevcertError `file`, `outside-constraints`, `refused`, `expired`, `busy`: nothing was written then.
 */
export async function writeSet(
  set: MtlsSet,
  context: SetContext,
  options: SetOptions = {},
): Promise<WrittenSet> {
  assertNoLinks(context.folder, set);
  const force = options.force === true;
  if (!force && isLostOnJava(options.password ?? ''))
    throw new DevcertError('refused', 'no Java before 25 opens a trust store with this password', {
      hint: say`take one of plain ASCII letters, or write the stores all the same: ${{ force: true }}`,
    });
  const parties: Prepared[] = [];
  // Signing may take long, or ask somebody: never under the lock.
  for (const party of partiesOf(set, context)) parties.push(await prepare(party, context, force));
  const notes = mendKeys(parties.map(({ files }) => files.keyFile));
  const batches = parties.map((party) => partyBatch(party, context, options, notes));
  batches.push(setBatch(set, context));
  const changed = batches
    .map(({ outputs, entry }) => ({ outputs: outputs.filter((it) => !isThere(it)), entry }))
    .filter(({ outputs }) => outputs.length > 0);
  const outputs = changed.flatMap(({ outputs }) => outputs);
  const placing = { ...context, force, followFolder: true };
  const written = await place(outputs, placing, (entries) => {
    if (!force) assertReplaceable(parties, outputs, entries(), context);
    return changed;
  });
  return { parties: parties.map(describe), written, notes };
}

interface Party {
  readonly party: string;
  readonly files: PartyFiles;
  readonly request: LeafRequest;
  readonly certifier: Certifier;
  readonly trusted: Certifier;
}

interface Prepared extends Party {
  readonly issued: Leaf | undefined;
  readonly certificate: X509Certificate;
  readonly certPem: string;
  readonly keyPem: string;
}

function partiesOf(set: MtlsSet, { folder, server, client }: SetContext): Party[] {
  return [
    {
      party: 'server',
      files: partyFiles(folder),
      request: { names: parseNames(set.serverNames), usages: ['serverAuth'] },
      certifier: server,
      trusted: client,
    },
    ...set.clients.map((it) => ({
      party: it.name,
      files: partyFiles(folder, it.name),
      request: clientRequest(it),
      certifier: client,
      trusted: server,
    })),
  ];
}

async function prepare(
  party: Party,
  { identity, now, keys }: SetContext,
  force: boolean,
): Promise<Prepared> {
  const { certifier, request, files } = party;
  const { authority } = certifier;
  const existing = readExisting(files);
  const { certText, keyText } = existing;
  if (!force && isReusable(existing, authority, request, now)) {
    const { certificate } = existing;
    const texts = { certPem: certText ?? '', keyPem: keyText ?? '' };
    return { ...party, ...texts, issued: undefined, certificate };
  }
  const leaf = await issueLeaf(authority, request, identity, now, keys);
  return { ...party, ...leaf, issued: leaf };
}

/** The files that a party is to have. */
function partyBatch(
  party: Prepared,
  { folder, now }: SetContext,
  { password }: SetOptions,
  notes: string[],
): Batch {
  const { trusted, certifier, files, certPem, keyPem, issued, request } = party;
  const stores = keyStoreFiles({ ...party, roots: trusted.roots }, password);
  if (stores.stale)
    notes.push(`"${files.folder}" has key stores from an earlier run: give their password again`);
  return {
    outputs: [
      { path: files.keyFile, data: keyPem, secret: true },
      { path: files.certFile, data: certPem, secret: false },
      { path: files.trustFile, data: trusted.roots.join(''), secret: false },
      ...stores.outputs,
    ],
    entry: {
      ca: certifier.ca,
      mtls: folder,
      ...(issued === undefined
        ? {}
        : { certificate: recordOf(issued, certifier.authority, request, files, now) }),
    },
  };
}

/** What the folder of the set holds besides its parties. */
function setBatch(set: MtlsSet, { folder }: SetContext): Batch {
  const output = (name: string, data: string): Output => ({
    ...{ path: join(folder, name), data, secret: false },
  });
  return {
    outputs: [
      output(SET_FILE, encodeSet(set)),
      output('README.md', readmeText(set)),
      output('.gitignore', '*\n'),
    ],
    entry: { ca: set.serverCa, mtls: folder },
  };
}

/** @throws DevcertError `file` if something is there that devcert did not write. */
function assertReplaceable(
  parties: readonly Prepared[],
  outputs: readonly Target[],
  entries: readonly LedgerEntry[],
  context: SetContext,
): void {
  const pairs = parties.filter(({ issued }) => issued !== undefined);
  for (const { files } of pairs)
    assertIssuedByDevcert(readExisting(files), files, entries, context);
  const checked = new Set(pairs.flatMap(({ files }) => [files.certFile, files.keyFile]));
  for (const { path } of outputs)
    if (!checked.has(path)) assertWritten(path, contentOf(path), entries);
}

function describe({ party, files, request, issued, certificate }: Prepared): WrittenParty {
  return {
    party,
    ...files,
    names: request.names.map(({ value }) => value),
    issued: issued !== undefined,
    notAfter: new Date(certificate.validTo),
    sha256: sha256Of(certificate),
  };
}

function isThere({ path, data }: Output): boolean {
  return contentOf(path)?.equals(Buffer.from(data)) === true;
}
