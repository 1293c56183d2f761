/** Issuing to disk: a pair that is still good stays, everything else is replaced whole or not at all. */
import { existsSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Authority } from '../authority/authority.ts';
import { type InventoryEntry, readInventory, recordIssued } from '../authority/inventory.ts';
import { BACKDATE_MS } from '../authority/profile.ts';
import { commonNameOf } from '../common-name.ts';
import { looserThan, makeFolder, removeStaleTemporaries, replaceFiles, tighten } from '../files.ts';
import { withLock } from '../lock.ts';
import { type KeyType, keyTypeOf, publicKeyHash } from '../keys.ts';
import { DEFAULT_KEY_TYPE, DEFAULT_VALIDITY_DAYS, type LeafRequest } from '../request.ts';
import { readCommonName, readNames, readUsages } from '../x509/read.ts';
import type { Usage } from '../x509/extensions.ts';
import type { Leaf } from './issue.ts';
import { type ExistingPair, type OutputPaths, assertOurs, readExisting } from './output.ts';

const DAY_MS = 86_400_000;
/** A certificate with less than this left is issued anew. */
const RENEW_BELOW_DAYS = 30;
const KEY_MODE = 0o600;
const CERTIFICATE_MODE = 0o644;
const FOLDER_MODE = 0o755;

/** What issuing to disk came to. */
export interface WrittenLeaf {
  /** False if a valid pair was there already and nothing was issued. */
  readonly issued: boolean;
  readonly names: readonly string[];
  readonly usages: readonly Usage[];
  /** Of a client or peer. */
  readonly commonName?: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile?: string;
  readonly notAfter: Date;
  readonly sha256: string;
  readonly keyType: string;
  /** One line each, for the user. */
  readonly notes: readonly string[];
}

export interface WriteContext {
  readonly authority: Authority;
  /** The state folder. */
  readonly folder: string;
  /** `user@host` from `identityOf()`. */
  readonly identity: string;
  readonly now: Date;
  /** Closes a folder that was made for a key to other users, where its mode does not. */
  readonly close?: (folder: string) => Promise<void>;
}

/**
 * Certificate and key for the request at the output paths. If a pair is there that fits (same names
 * and usages, the key matches, our issuer, more than 30 days left) it stays as it is.
 *
 * @param options.force issue anyway, over whatever lies there.
 * @throws DevcertError `file` for something that is not ours to replace or cannot be written,
 *   `outside-constraints`, `expired`, `busy`.
 */
export async function writeLeaf(
  context: WriteContext,
  request: LeafRequest,
  paths: OutputPaths,
  options: { force?: boolean } = {},
): Promise<WrittenLeaf> {
  const { authority, folder, now } = context;
  const force = options.force === true;
  if (!force) {
    // Without the lock at first: nearly always all is well, and then nothing is written. Read while
    // somebody replaces it, a pair does not fit.
    const existing = readExisting(paths);
    if (fits(existing, authority, request, now) && isWhole(existing, authority, paths))
      return describe(existing.certificate, paths, false, []);
  }
  return withLock(folder, async () => {
    const inventory = readInventory(folder);
    if (!force) {
      const existing = readExisting(paths);
      assertOurs(existing, paths, authority, inventory);
      if (fits(existing, authority, request, now))
        return describe(existing.certificate, paths, false, keepFiles(existing, authority, paths));
    }
    // Loaded here, as a pair that is still good needs nothing of what makes one.
    const { issueLeaf } = await import('./issue.ts');
    const leaf = await issueLeaf(authority, request, context.identity, now);
    const made = prepareFolders(paths, now);
    try {
      const keyFolder = dirname(paths.keyFile);
      if (made.includes(keyFolder)) await context.close?.(keyFolder);
      // The inventory first: it is what tells that a file is ours if we are killed between renames.
      recordIssued(folder, inventory, entryFor(leaf, authority, request, paths, now));
      replaceFiles(filesOf(leaf, authority, paths), {
        followFolder: paths.followFolders === true,
      });
    } catch (error) {
      for (const path of made.reverse()) removeIfEmpty(path);
      throw error;
    }
    return describe(leaf.certificate, paths, true, []);
  });
}

type Fitting = ExistingPair & { readonly certificate: NonNullable<ExistingPair['certificate']> };

function fits(
  existing: ExistingPair,
  authority: Authority,
  request: LeafRequest,
  now: Date,
): existing is Fitting {
  const { certificate, certText, key } = existing;
  if (certificate === undefined || key === undefined || certText === undefined) return false;
  const lifetimeDays = Math.round(
    (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom) - BACKDATE_MS) / DAY_MS,
  );
  const enoughDays = Math.min(RENEW_BELOW_DAYS, lifetimeDays / 3);
  return (
    certificate.checkPrivateKey(key) &&
    certificate.verify(authority.issuer.publicKey) &&
    certText.startsWith(certificate.toString() + authority.chainPem) &&
    Date.parse(certificate.validTo) - now.getTime() > enoughDays * DAY_MS &&
    Date.parse(certificate.validFrom) <= now.getTime() &&
    sameSet(
      readNames(certificate.raw),
      request.names.map(({ value }) => value),
    ) &&
    sameSet(readUsages(certificate.raw), request.usages) &&
    readCommonName(certificate.raw) === commonNameOf(request) &&
    (request.keyType === undefined || request.keyType === leafKeyType(certificate)) &&
    (request.validityDays === undefined || request.validityDays === lifetimeDays)
  );
}

/** False if {@link keepFiles} has something to do. */
function isWhole(existing: ExistingPair, authority: Authority, paths: OutputPaths): boolean {
  return (
    looserThan(paths.keyFile, KEY_MODE) === undefined &&
    (paths.caFile === undefined || existing.caText === authority.rootPem)
  );
}

/** Mends what little may be off beside a good pair: the key's mode, the root's copy. */
function keepFiles(existing: ExistingPair, authority: Authority, paths: OutputPaths): string[] {
  const notes: string[] = [];
  const loose = looserThan(paths.keyFile, KEY_MODE);
  if (loose !== undefined) {
    tighten(paths.keyFile, KEY_MODE);
    notes.push(
      `"${paths.keyFile}" was open to others (mode 0${loose.toString(8)}); it is 0600 now. If others use this machine, issue anew: --force`,
    );
  }
  if (paths.caFile !== undefined && existing.caText !== authority.rootPem)
    replaceFiles([{ path: paths.caFile, data: authority.rootPem, mode: CERTIFICATE_MODE }]);
  return notes;
}

function filesOf(leaf: Leaf, authority: Authority, paths: OutputPaths) {
  if (paths.certFile === paths.keyFile)
    return [{ path: paths.certFile, data: leaf.certPem + leaf.keyPem, mode: KEY_MODE }];
  return [
    { path: paths.keyFile, data: leaf.keyPem, mode: KEY_MODE },
    { path: paths.certFile, data: leaf.certPem, mode: CERTIFICATE_MODE },
    ...(paths.caFile === undefined
      ? []
      : [{ path: paths.caFile, data: authority.rootPem, mode: CERTIFICATE_MODE }]),
  ];
}

/** Makes the folders, each new one of ours with a `.gitignore`: a key does not belong into a repository. */
function prepareFolders(paths: OutputPaths, now: Date): string[] {
  const folders = new Set([paths.keyFile, paths.certFile].map((file) => dirname(file)));
  const made: string[] = [];
  for (const folder of folders) {
    const created = makeFolder(folder, FOLDER_MODE);
    made.push(...created);
    removeStaleTemporaries(folder, now);
    const gitignore = join(folder, '.gitignore');
    if (created.length > 0 && paths.caFile !== undefined && !existsSync(gitignore))
      replaceFiles([{ path: gitignore, data: '*\n', mode: CERTIFICATE_MODE }]);
  }
  return made;
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Something is in it by now, so it stays: the error that led here is the one to tell.
  }
}

function entryFor(
  leaf: Leaf,
  authority: Authority,
  request: LeafRequest,
  paths: OutputPaths,
  now: Date,
): InventoryEntry {
  const { certificate, publicKey } = leaf;
  return {
    names: request.names.map(({ value }) => value),
    usages: request.usages,
    ...(request.commonName === undefined ? {} : { commonName: request.commonName }),
    keyType: request.keyType ?? DEFAULT_KEY_TYPE,
    validityDays: request.validityDays ?? DEFAULT_VALIDITY_DAYS,
    ...filePaths(paths),
    sha256: hex(certificate.fingerprint256),
    publicKey: publicKeyHash(publicKey),
    issuer: hex(authority.issuer.fingerprint256),
    issuedAt: now.toISOString(),
    notAfter: new Date(certificate.validTo).toISOString(),
  };
}

function describe(
  certificate: Leaf['certificate'],
  paths: OutputPaths,
  issued: boolean,
  notes: readonly string[],
): WrittenLeaf {
  const commonName = readCommonName(certificate.raw);
  return {
    issued,
    names: readNames(certificate.raw),
    usages: readUsages(certificate.raw),
    ...(commonName === undefined ? {} : { commonName }),
    ...filePaths(paths),
    notAfter: new Date(certificate.validTo),
    sha256: hex(certificate.fingerprint256),
    keyType: leafKeyType(certificate),
    notes,
  };
}

/** In the words of `--key`, for what devcert issued itself. */
function leafKeyType({ publicKey }: Leaf['certificate']): KeyType {
  return keyTypeOf(publicKey) as KeyType;
}

function filePaths({ certFile, keyFile, caFile }: OutputPaths) {
  return { certFile, keyFile, ...(caFile === undefined ? {} : { caFile }) };
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && new Set([...a, ...b]).size === new Set(a).size;
}

function hex(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase();
}
