/** The files of a set: every party's folder with what that machine needs, written whole or not at all. */
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import type { Authority } from '../authority/authority.ts';
import { type InventoryEntry, readInventory, recordIssued } from '../authority/inventory.ts';
import { issueLeaf, type Leaf } from '../certificate/issue.ts';
import { removeIfEmpty } from '../certificate/folders.ts';
import { readExisting } from '../certificate/output.ts';
import { assertOurs } from '../certificate/ours.ts';
import { fits } from '../certificate/fits.ts';
import { entryFor } from '../certificate/write.ts';
import { sha256Of } from '../authority/origin.ts';
import { takeOver } from '../authority/siblings.ts';
import { DevcertError } from '../errors.ts';
import { type FileToWrite, makeFolder, readIfThere, replaceFiles } from '../files.ts';
import { withLock } from '../lock.ts';
import { parseNames } from '../names.ts';
import type { LeafRequest } from '../request.ts';
import { keyStoreFiles } from './key-stores.ts';
import { readmeText } from './readme.ts';
import { encodeSet, type MtlsSet, type PartyFiles, partyFiles, readSet, SET_FILE } from './set.ts';

/** One of the set's authorities. */
export interface Certifier {
  readonly authority: Authority;
  /** Its state folder. */
  readonly folder: string;
  /** PEM of its root, then of one that follows or goes while it is rotated: what the others trust. */
  readonly roots: readonly string[];
}

export interface SetContext {
  readonly folder: string;
  /** In which the authorities lie. */
  readonly stateFolder: string;
  readonly server: Certifier;
  readonly client: Certifier;
  readonly identity: string;
  readonly now: Date;
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
  const { server, client } = context;
  // Always in the same order, so that two runs never wait for each other.
  const [first = '', second] = [...new Set([server.folder, client.folder])].sort();
  const written = await withLock(first, () =>
    second === undefined
      ? writeLocked(set, context, options)
      : withLock(second, () => writeLocked(set, context, options)),
  );
  for (const { folder } of new Set([server, client])) {
    const certFiles = written.parties
      .filter(
        ({ party, issued }) => issued && folder === (party === 'server' ? server : client).folder,
      )
      .map(({ certFile }) => certFile);
    await takeOver(context.stateFolder, folder, { certFiles });
  }
  return written;
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

async function writeLocked(
  set: MtlsSet,
  context: SetContext,
  options: SetOptions,
): Promise<WrittenSet> {
  const isOurs = options.force === true || readSet(context.folder) !== undefined;
  const prepared: Prepared[] = [];
  for (const party of partiesOf(set, context))
    prepared.push(await prepare(party, context, isOurs, options));
  const notes: string[] = [];
  const wanted = prepared.flatMap((party) => {
    const { trusted, files, certPem, keyPem } = party;
    const stores = keyStoreFiles({ ...party, roots: trusted.roots }, options.password);
    if (stores.stale)
      notes.push(
        `"${files.folder}" has key stores of before, which need their password: give it again`,
      );
    return [
      { path: files.keyFile, data: keyPem, mode: 0o600 },
      { path: files.certFile, data: certPem, mode: 0o644 },
      { path: files.trustFile, data: trusted.roots.join(''), mode: 0o644 },
      ...stores.files,
    ];
  });
  wanted.push(
    { path: join(context.folder, 'README.md'), data: readmeText(set), mode: 0o644 },
    { path: join(context.folder, '.gitignore'), data: '*\n', mode: 0o644 },
    { path: join(context.folder, SET_FILE), data: encodeSet(set), mode: 0o644 },
  );
  const changed = wanted.filter(({ path, data }) => !isThere(path, data));
  assertReplaceable(changed, isOurs);
  place(prepared, changed, context);
  return {
    parties: prepared.map(describe),
    written: changed.map(({ path }) => path),
    notes,
  };
}

function partiesOf(set: MtlsSet, { folder, server, client }: SetContext): Party[] {
  const common = { keyType: undefined, validityDays: undefined };
  return [
    {
      party: 'server',
      files: partyFiles(folder),
      request: { ...common, names: parseNames(set.serverNames), usages: ['serverAuth'] },
      certifier: server,
      trusted: client,
    },
    ...set.clients.map(({ name, names, commonName }) => ({
      party: name,
      files: partyFiles(folder, name),
      request: {
        ...common,
        names: parseNames(names, { client: true }),
        usages: ['clientAuth'] as const,
        ...(commonName === undefined ? {} : { commonName }),
      },
      certifier: client,
      trusted: server,
    })),
  ];
}

async function prepare(
  party: Party,
  { identity, now, stateFolder }: SetContext,
  isOurs: boolean,
  options: SetOptions,
): Promise<Prepared> {
  const { certifier, request, files } = party;
  const { authority } = certifier;
  const paths = { certFile: files.certFile, keyFile: files.keyFile };
  const existing = readExisting(paths);
  const keyPem = readIfThere(files.keyFile)?.toString();
  if (fits(existing, authority, request, now) && keyPem !== undefined)
    return {
      ...party,
      issued: undefined,
      certificate: existing.certificate,
      certPem: existing.certText ?? '',
      keyPem,
    };
  if (!isOurs) {
    const own = { issuer: authority.issuer, inventory: readInventory(certifier.folder) };
    await assertOurs(existing, paths, own, { folder: certifier.folder, stateFolder });
  }
  if (isOurs && options.force !== true) assertKnown(existing.certificate, certifier, files);
  const leaf = await issueLeaf(authority, request, identity, now);
  return { ...party, ...leaf, issued: leaf };
}

/** Also in a folder of ours a certificate that somebody put there by hand stays. */
function assertKnown(
  certificate: X509Certificate | undefined,
  { folder, authority }: Certifier,
  { certFile }: PartyFiles,
): void {
  if (certificate === undefined) return;
  const known =
    readInventory(folder).some((entry) => entry.certFile === certFile) ||
    certificate.verify(authority.issuer.publicKey);
  if (!known) throw foreign(certFile);
}

function assertReplaceable(files: readonly FileToWrite[], isOurs: boolean): void {
  if (isOurs) return;
  for (const { path } of files) {
    if (/[\\/](?:cert|key)\.pem$/.test(path)) continue; // looked at already
    if (readIfThere(path) !== undefined) throw foreign(path);
  }
}

function place(prepared: readonly Prepared[], files: readonly FileToWrite[], context: SetContext) {
  const made: string[] = [];
  try {
    for (const folder of [context.folder, ...prepared.map(({ files }) => files.folder)])
      made.push(...makeFolder(folder, 0o755));
    // The inventory first: it is what tells that a file is ours if we are killed between renames.
    for (const { issued, certifier, files, request } of prepared) {
      if (issued === undefined) continue;
      const { certFile, keyFile } = files;
      const entry: InventoryEntry = {
        ...entryFor(issued, certifier.authority, request, { certFile, keyFile }, context.now),
        mtls: context.folder,
      };
      recordIssued(certifier.folder, readInventory(certifier.folder), entry);
    }
    // A key is never there without what says what it is for.
    if (files.length > 0) replaceFiles(files, { followFolder: true });
  } catch (error) {
    for (const folder of made.reverse()) removeIfEmpty(folder);
    throw error;
  }
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

function isThere(path: string, data: string | Buffer): boolean {
  return readIfThere(path)?.equals(Buffer.from(data)) === true;
}

function foreign(path: string): DevcertError {
  return new DevcertError('file', `"${path}" is there already and devcert did not write it`, {
    hint: 'move it away, write elsewhere (--out DIR), or replace it: --force',
  });
}
