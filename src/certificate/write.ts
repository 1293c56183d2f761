/** Issuing to disk: a pair that is still good stays, everything else is replaced whole or not at all. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Authority } from '../authority/authority.ts';
import { type InventoryEntry, readInventory, recordIssued } from '../authority/inventory.ts';
import { sha256Of } from '../authority/origin.ts';
import { looserThan, replaceFiles, tighten } from '../files.ts';
import { withLock } from '../lock.ts';
import { keyTypeOf, publicKeyHash, publicKeyOf } from '../keys.ts';
import { DEFAULT_VALIDITY_DAYS, type LeafRequest } from '../request.ts';
import { readCommonName, readNames, readUsages } from '../x509/read.ts';
import type { Usage } from '../x509/extensions.ts';
import { type Companions, textOf } from './companions.ts';
import { type CertificateRequest, fits } from './fits.ts';
import type { Leaf } from './issue.ts';
import { prepareFolders, removeIfEmpty } from './folders.ts';
import { assertOurs, assertSameKey, assertSamePurpose } from './ours.ts';
import {
  type CertificatePaths,
  type ExistingPair,
  type OutputPaths,
  readExisting,
} from './output.ts';

const KEY_MODE = 0o600;
const CERTIFICATE_MODE = 0o644;

/** What writing a certificate came to. */
export interface WrittenCertificate {
  /** False if a valid one was there already and nothing was issued. */
  readonly issued: boolean;
  readonly names: readonly string[];
  readonly usages: readonly Usage[];
  /** Of a client or peer. */
  readonly commonName?: string;
  readonly certFile: string;
  readonly caFile?: string;
  readonly notAfter: Date;
  readonly sha256: string;
  readonly keyType: string;
  /** One line each, for the user. */
  readonly notes: readonly string[];
}

/** The same with its key. */
export interface WrittenLeaf extends WrittenCertificate {
  readonly keyFile: string;
}

export interface WriteContext {
  readonly authority: Authority;
  /** The authority's folder. */
  readonly folder: string;
  /** Where the other authorities lie whose files may be replaced, too; without it none may. */
  readonly stateFolder?: string;
  /** `user@host` from `identityOf()`. */
  readonly identity: string;
  readonly now: Date;
  /** Closes a folder that was made for a key to other users, where its mode does not. */
  readonly close?: (folder: string) => Promise<unknown>;
}

export interface WriteOptions {
  /** Issue anyway, over whatever lies there. */
  readonly force?: boolean;
  readonly companions?: Companions | undefined;
}

/**
 * Certificate and key for the request at the output paths. If a pair is there that fits (same names
 * and usages, the key matches, our issuer, more than 30 days left) it stays as it is.
 *
 * @throws DevcertError `file` for something that is not ours to replace or cannot be written,
 *   `outside-constraints`, `expired`, `busy`.
 */
export async function writeLeaf(
  context: WriteContext,
  request: LeafRequest,
  paths: OutputPaths,
  options: WriteOptions = {},
): Promise<WrittenLeaf> {
  const { keyFile } = paths;
  return { ...(await writeCertificate(context, request, paths, options)), keyFile };
}

/**
 * The same for a request that may bring its public key, as a CSR does: then no key is made or written,
 * and a certificate for another key is not replaced without `force`.
 */
export async function writeCertificate(
  context: WriteContext,
  request: CertificateRequest,
  paths: CertificatePaths,
  { force = false, companions }: WriteOptions = {},
): Promise<WrittenCertificate> {
  const { authority, folder, now } = context;
  const isWhole = (existing: ExistingPair) =>
    isMended(existing, authority, paths) && companions?.fit(textOf(existing)) !== false;
  if (!force) {
    // Without the lock at first: nearly always all is well, and then nothing is written. Read while
    // somebody replaces it, a pair does not fit.
    const existing = readExisting(paths);
    if (fits(existing, authority, request, now) && isWhole(existing))
      return describe(existing.certificate, paths, false, []);
  }
  const written = await withLock(folder, async () => {
    const inventory = readInventory(folder);
    const options = { followFolder: paths.followFolders === true };
    if (!force) {
      const existing = readExisting(paths);
      const own = { issuer: authority.issuer, inventory };
      await assertOurs(existing, paths, own, context);
      assertSameKey(existing, request, paths);
      assertSamePurpose(existing, request, paths, now);
      if (fits(existing, authority, request, now)) {
        const beside = companions?.make(textOf(existing));
        const notes = keepFiles(existing, authority, paths);
        beside?.record();
        replaceFiles(beside?.files ?? [], options);
        return describe(existing.certificate, paths, false, notes);
      }
    }
    const leaf = await makeLeaf(context, request);
    const beside = companions?.make({ certPem: leaf.certPem, keyPem: leaf.keyPem ?? '' });
    const files = [...filesOf(leaf, authority, paths), ...(beside?.files ?? [])];
    const made = prepareFolders(paths, now);
    try {
      const secret = files.filter(({ mode }) => mode === KEY_MODE).map(({ path }) => dirname(path));
      for (const folder of new Set(secret))
        if (made.includes(folder)) await context.close?.(folder);
      // The inventory first: it is what tells that a file is ours if we are killed between renames.
      recordIssued(folder, inventory, entryFor(leaf, authority, request, paths, now));
      beside?.record();
      replaceFiles(files, options);
    } catch (error) {
      for (const path of made.reverse()) removeIfEmpty(path);
      throw error;
    }
    return describe(leaf.certificate, paths, true, []);
  });
  if (written.issued) await takeFromOthers(context, paths.certFile);
  return written;
}

async function takeFromOthers({ folder, stateFolder }: WriteContext, certFile: string) {
  if (stateFolder === undefined) return;
  // Looked at here, as most people have one authority and need nothing of the rest.
  if (folder === stateFolder && !existsSync(join(stateFolder, 'authorities'))) return;
  const { takeOver } = await import('../authority/siblings.ts');
  await takeOver(stateFolder, folder, { certFiles: [certFile] });
}

type NewLeaf = Omit<Leaf, 'keyPem'> & { readonly keyPem?: string };

// What makes one is loaded here, as a pair that is still good needs nothing of it.
async function makeLeaf(context: WriteContext, request: CertificateRequest): Promise<NewLeaf> {
  const { authority, identity, now } = context;
  const { publicKey, keyType } = request;
  if (publicKey === undefined) {
    const { issueLeaf } = await import('./issue.ts');
    return issueLeaf(authority, { ...request, keyType }, identity, now);
  }
  const { certify } = await import('./certify.ts');
  const certificate = await certify(authority, { ...request, publicKey }, identity, now);
  return {
    certificate,
    publicKey: publicKeyOf(publicKey),
    certPem: certificate.toString() + authority.chainPem,
  };
}

/** What is told of a certificate, wherever it lies. */
export function describeCertificate(
  certificate: Leaf['certificate'],
  issued: boolean,
): Omit<WrittenCertificate, 'certFile'> {
  const commonName = readCommonName(certificate.raw);
  return {
    issued,
    names: readNames(certificate.raw),
    usages: readUsages(certificate.raw),
    ...(commonName === undefined ? {} : { commonName }),
    notAfter: new Date(certificate.validTo),
    sha256: sha256Of(certificate),
    keyType: keyTypeOf(certificate.publicKey),
    notes: [],
  };
}

/** False if {@link keepFiles} has something to do. */
function isMended(existing: ExistingPair, authority: Authority, paths: CertificatePaths): boolean {
  return (
    (paths.keyFile === undefined || looserThan(paths.keyFile, KEY_MODE) === undefined) &&
    (paths.caFile === undefined || existing.caText === authority.rootPem)
  );
}

/** Mends what little may be off beside a good pair: the key's mode, the root's copy. */
function keepFiles(
  existing: ExistingPair,
  authority: Authority,
  paths: CertificatePaths,
): string[] {
  const notes: string[] = [];
  const { keyFile } = paths;
  const loose = keyFile === undefined ? undefined : looserThan(keyFile, KEY_MODE);
  if (keyFile !== undefined && loose !== undefined) {
    tighten(keyFile, KEY_MODE);
    notes.push(
      `"${keyFile}" was open to others (mode 0${loose.toString(8)}); it is 0600 now. If others use this machine, issue anew: --force`,
    );
  }
  if (paths.caFile !== undefined && existing.caText !== authority.rootPem)
    replaceFiles([{ path: paths.caFile, data: authority.rootPem, mode: CERTIFICATE_MODE }]);
  return notes;
}

function filesOf({ certPem, keyPem }: NewLeaf, authority: Authority, paths: CertificatePaths) {
  const { certFile, keyFile, caFile } = paths;
  if (certFile === keyFile)
    return [{ path: certFile, data: certPem + (keyPem ?? ''), mode: KEY_MODE }];
  return [
    ...(keyFile === undefined || keyPem === undefined
      ? []
      : [{ path: keyFile, data: keyPem, mode: KEY_MODE }]),
    { path: certFile, data: certPem, mode: CERTIFICATE_MODE },
    ...(caFile === undefined
      ? []
      : [{ path: caFile, data: authority.rootPem, mode: CERTIFICATE_MODE }]),
  ];
}

/** What the inventory keeps of a certificate. */
export function entryFor(
  leaf: NewLeaf,
  authority: Authority,
  request: CertificateRequest,
  paths: CertificatePaths,
  now: Date,
): InventoryEntry {
  const { certificate, publicKey } = leaf;
  return {
    names: request.names.map(({ value }) => value),
    usages: request.usages,
    ...(request.commonName === undefined ? {} : { commonName: request.commonName }),
    keyType: publicKey.type,
    validityDays: request.validityDays ?? DEFAULT_VALIDITY_DAYS,
    ...filePaths(paths),
    ...(paths.keyFile === undefined ? {} : { keyFile: paths.keyFile }),
    sha256: sha256Of(certificate),
    publicKey: publicKeyHash(publicKey),
    issuer: sha256Of(authority.issuer),
    issuedAt: now.toISOString(),
    notAfter: new Date(certificate.validTo).toISOString(),
  };
}

function describe(
  certificate: Leaf['certificate'],
  paths: CertificatePaths,
  issued: boolean,
  notes: readonly string[],
): WrittenCertificate {
  return { ...describeCertificate(certificate, issued), ...filePaths(paths), notes };
}

function filePaths({ certFile, caFile }: CertificatePaths) {
  return { certFile, ...(caFile === undefined ? {} : { caFile }) };
}
