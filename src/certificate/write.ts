/** Issuing to disk: a pair that is still good stays, everything else is replaced whole or not at all. */
import type { Authority } from '../authority/authority.ts';
import { DevcertError } from '../errors.ts';
import { looserThan } from '../disk/files.ts';
import { findEntries, type LedgerEntry } from '../ledger/ledger.ts';
import {
  type Batch,
  mendKeys,
  type Output,
  place,
  SECRET_MODE,
  type Target,
} from '../ledger/place.ts';
import type { Keyring } from '../signer/keyring.ts';
import { type DerivedFiles, textOf } from './derived-files.ts';
import { type CertificateRequest, isReusable } from './reusable.ts';
import type { Leaf } from './issue.ts';
import { type CertificatePaths, type ExistingPair, readExisting } from './output.ts';
import { assertReplaceable, type Whose } from './replaceable.ts';
import {
  describeCertificate,
  lostNames,
  type NewLeaf,
  recordOf,
  type WrittenCertificate,
} from './written.ts';

/** What writing certificates takes, whichever authority issues them. */
export interface WriteContext extends Whose {
  readonly identity: string;
  /** Of the run, for an authority whose key lies in no open file. */
  readonly keys?: Keyring | undefined;
  /** Closes a folder that was made for a key to other users, where its mode does not. */
  readonly close?: (folder: string) => Promise<unknown>;
}

/** The same for those of one authority. */
export interface IssueContext extends WriteContext {
  readonly authority: Authority;
  /** Its name, for the ledger. */
  readonly ca: string;
}

export interface WriteOptions {
  /** Issue anyway, over whatever is there. */
  readonly force?: boolean;
  /** Files that are made of the pair and are written with it, or not at all. */
  readonly beside?: readonly DerivedFiles[] | undefined;
  /** Made already, by an authority that is sealed since. */
  readonly leaf?: Leaf | undefined;
}

/**
 * Certificate and key for the request at the output paths. A pair that can stay (same names
 * and usages, the key matches, an issuer of devcert, more than 30 days left) is left unchanged.
 *
 * Where the request brings its public key, as a CSR does, no key is made or written, and a certificate for
 * another key is not replaced without `force`.
 *
 * @throws DevcertError `file` for something that devcert did not write or cannot be written,
 *   `outside-constraints`, `expired`, `busy`.
 */
export async function writeCertificate<Paths extends CertificatePaths>(
  context: IssueContext,
  request: CertificateRequest,
  paths: Paths,
  { force = false, beside = [], leaf: made }: WriteOptions = {},
): Promise<WrittenCertificate & Pick<Paths, 'keyFile'>> {
  const { authority, stateFolder, now } = context;
  const isKept = (pair: ExistingPair) => !force && isReusable(pair, authority, request, now);
  const targets = [...targetsOf(paths), ...beside.flatMap(({ targets }) => targets)];
  const recorded = () =>
    findEntries(
      stateFolder,
      targets.map(({ path }) => path),
    );
  // Without the lock at first: nearly always all is well, and then nothing is written.
  const before = readExisting(paths);
  if (isKept(before) && isWhole(before, paths, authority, beside, recorded))
    return describe(before, paths, false, []);
  const check = (pair: ExistingPair, entries: () => readonly LedgerEntry[]) => {
    if (force || isAbsent(pair)) return;
    assertReplaceable(pair, request, paths, context, entries());
  };
  check(before, recorded);
  // Signing may take long, or ask somebody: never under the lock.
  const leaf = isKept(before) ? undefined : (made ?? (await makeLeaf(context, request)));
  const done: { there: ExistingPair; leaf?: NewLeaf } = { there: before };
  await place(targets, { ...context, force, ...folderOptions(paths) }, (entries) => {
    done.there = readExisting(paths);
    if (!isSame(done.there, before)) check(done.there, entries);
    if (!isKept(done.there)) done.leaf = required(leaf);
    const own =
      done.leaf === undefined
        ? rootCopy(done.there, paths, context)
        : [batchOf(done.leaf, request, paths, context)];
    const pair = textOf(done.leaf ?? done.there);
    return [...own, ...beside.flatMap((it) => it.batches(pair, entries))];
  });
  if (done.leaf !== undefined)
    return { ...describe(done.leaf, paths, true, []), lost: lostNames(done.there, done.leaf) };
  return describe(done.there, paths, false, mendKeys(keyPaths(paths)));
}

/** A pair that fitted and no longer does. */
function required(leaf: NewLeaf | undefined): NewLeaf {
  if (leaf !== undefined) return leaf;
  throw new DevcertError('busy', 'another devcert changed these files in the meantime', {
    hint: 'run the same command again',
  });
}

// What makes one is loaded here, as a pair that is still good needs nothing of it.
async function makeLeaf(context: IssueContext, request: CertificateRequest): Promise<NewLeaf> {
  const { authority, identity, now, keys } = context;
  const { publicKey } = request;
  if (publicKey === undefined) {
    const { issueLeaf } = await import('./issue.ts');
    return issueLeaf(authority, request, identity, now, keys);
  }
  const { certify } = await import('./certify.ts');
  return certify(authority, { ...request, publicKey }, identity, now, keys);
}

function targetsOf({ certFile, keyFile, caFile }: CertificatePaths): Target[] {
  if (certFile === keyFile) return [{ path: certFile, secret: true }];
  return [
    ...(keyFile === undefined ? [] : [{ path: keyFile, secret: true }]),
    { path: certFile, secret: false },
    ...(caFile === undefined ? [] : [{ path: caFile, secret: false }]),
  ];
}

function batchOf(
  leaf: NewLeaf,
  request: CertificateRequest,
  paths: CertificatePaths,
  { authority, ca, now }: IssueContext,
): Batch {
  const { certPem, keyPem = '' } = leaf;
  const { certFile, keyFile, caFile } = paths;
  const data = new Map([
    [keyFile, keyPem],
    [caFile, authority.rootPem],
    [certFile, certFile === keyFile ? certPem + keyPem : certPem],
  ]);
  // The certificate stands for all of them in the ledger.
  const outputs = targetsOf(paths).map((it): Output => ({ ...it, data: data.get(it.path) ?? '' }));
  return { outputs, entry: { ca, certificate: recordOf(leaf, authority, request, paths, now) } };
}

/** The root's copy beside a pair that stays, if that is another one's. */
function rootCopy(
  { caText }: ExistingPair,
  { caFile }: CertificatePaths,
  { authority, ca }: IssueContext,
): Batch[] {
  if (caFile === undefined || caText === authority.rootPem) return [];
  return [{ outputs: [{ path: caFile, data: authority.rootPem, secret: false }], entry: { ca } }];
}

function isWhole(
  existing: ExistingPair,
  paths: CertificatePaths,
  authority: Authority,
  beside: readonly DerivedFiles[],
  recorded: () => readonly LedgerEntry[],
): boolean {
  return (
    keyPaths(paths).every((path) => looserThan(path, SECRET_MODE) === undefined) &&
    (paths.caFile === undefined || existing.caText === authority.rootPem) &&
    beside.every((it) => it.isUpToDate(textOf(existing), recorded()))
  );
}

function keyPaths({ keyFile }: CertificatePaths): string[] {
  return keyFile === undefined ? [] : [keyFile];
}

function isAbsent({ certText, keyText, caText }: ExistingPair): boolean {
  return certText === undefined && keyText === undefined && caText === undefined;
}

function isSame(a: ExistingPair, b: ExistingPair): boolean {
  return a.certText === b.certText && a.keyText === b.keyText && a.caText === b.caText;
}

function folderOptions({ caFile, followFolders }: CertificatePaths) {
  return { gitignore: caFile !== undefined, followFolder: followFolders === true };
}

function describe<Paths extends CertificatePaths>(
  { certificate }: Pick<ExistingPair, 'certificate'>,
  { certFile, caFile, keyFile }: Paths,
  issued: boolean,
  notes: readonly string[],
): WrittenCertificate & Pick<Paths, 'keyFile'> {
  if (certificate === undefined) throw new TypeError('a pair without a certificate');
  return { ...describeCertificate(certificate, issued), certFile, caFile, notes, keyFile };
}
