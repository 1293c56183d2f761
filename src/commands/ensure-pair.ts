/** The pair of files that a program asks for again and again: found, made, or made to have more names. */
import { X509Certificate } from 'node:crypto';
import { loadAuthority } from '../authority/folder.ts';
import {
  type ExistingPair,
  type OutputPaths,
  readExisting,
  tryCertificate,
} from '../certificate/output.ts';
import { isKeyOf } from '../certificate/reusable.ts';
import { DevcertError, orUndefined } from '../errors.ts';
import { decodePem, encodePem, passOver } from '../keystore/pem.ts';
import { isPermitted } from '../names/constraints.ts';
import { type Name, parseName } from '../names/names.ts';
import type { LeafOptions } from '../names/request.ts';
import { MAX_NAMES } from '../policy.ts';
import { isIssuedBy, isSelfSigned } from '../x509/judge.ts';
import { readNames, readUsages } from '../x509/read.ts';
import type { Context } from './context.ts';
import { issue } from './issue.ts';

/** A certificate, its key and the root, as they are in their files. PEM. */
export interface Pair {
  readonly certificate: X509Certificate;
  /** The certificate, then the issuer. */
  readonly cert: string;
  /** PKCS#8, not encrypted. Secret. */
  readonly key: string;
  readonly ca: string;
}

/** Which pair is wanted. */
export interface PairRequest {
  readonly names: readonly Name[];
  readonly options: Pick<LeafOptions, 'key' | 'days'>;
  /** Folder of the files as it was given; undefined for the usual one. */
  readonly dir: string | undefined;
  readonly paths: OutputPaths;
  /** These names and no others; else a pair that has more of them is as good. */
  readonly exact: boolean;
}

/** How often another process may take the files away between their making and their reading. */
const MAX_ATTEMPTS = 5;

/**
 * The pair in the files: the one that is there as long as it is good, else a new one. One that lacks a name gives
 * way to one that has its names, too: another program of the project asked for them.
 *
 * @throws DevcertError of every code of {@link issue}.
 */
export async function pairInFiles(
  context: Context,
  request: PairRequest,
): Promise<Pair & { readonly issued: boolean; readonly notes: readonly string[] }> {
  const { options, dir: out, paths, names, exact } = request;
  let issued = false;
  let notes: readonly string[] = [];
  let lost: readonly string[] = [];
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const wanted = await namesToIssue(context, request, lost);
    const written = await issue(context, wanted, { ...options, out });
    if (written.issued || !issued) ({ notes } = written);
    issued ||= written.issued;
    const pair = wholePair(readExisting(paths));
    // Names that another process had put there since they were looked at: its server needs them.
    lost = exact ? [] : written.lost;
    // Else another process replaced them meanwhile, for other names.
    const isLast = attempt === MAX_ATTEMPTS - 1;
    if (pair !== undefined && hasNames(pair.certificate, names) && (isLast || lost.length === 0))
      return { ...pair, issued, notes };
  }
  throw new DevcertError('busy', `another process keeps changing "${paths.certFile}"`, {
    hint: 'have every program of the project ask for the same names, or give each a folder of its own',
  });
}

/**
 * A good pair that came here with its root and without the authority: into a container, from a colleague.
 *
 * @returns undefined if there is none; nothing is written and nothing is said of who trusts it.
 */
export function pairFromElsewhere(
  { paths, names }: Pick<PairRequest, 'paths' | 'names'>,
  now: Date,
): Pair | undefined {
  const pair = wholePair(readExisting(paths));
  if (pair === undefined || !hasNames(pair.certificate, names)) return undefined;
  const { certificate, cert, ca } = pair;
  if (Date.parse(certificate.validTo) <= now.getTime()) return undefined;
  if (Date.parse(certificate.validFrom) > now.getTime()) return undefined;
  const root = tryCertificate(ca);
  if (root === undefined || !isSelfSigned(root)) return undefined;
  const chain = [...certificatesIn(cert), root];
  const isChain = chain.every((it, index) => {
    const next = chain[index + 1];
    return next === undefined || (next.ca && isIssuedBy(it, next));
  });
  return isChain ? pair : undefined;
}

/** Those of the pair that is there, too, unless it has names enough or is none of ours. */
async function namesToIssue(
  context: Context,
  { names, paths, exact }: PairRequest,
  lost: readonly string[],
): Promise<string[]> {
  const wanted = names.map(({ value }) => value);
  const there = exact ? [] : namesThere(readExisting(paths).certificate);
  const all = [...new Set([...there, ...lost, ...wanted])];
  if (all.length === there.length) return there;
  if (there.length === 0) return wanted;
  // Of an authority that was replaced, maybe: what this one may not sign is no name to keep.
  const { constraints } = await loadAuthority(context.folder);
  const kept = all.filter((name) => {
    const parsed = orUndefined(() => parseName(name)); // of earlier times, it may be none that is issued today
    return wanted.includes(name) || (parsed !== undefined && isPermitted(constraints, parsed));
  });
  return kept.length > MAX_NAMES ? wanted : kept;
}

function wholePair({
  certificate,
  certText,
  key,
  keyText,
  caText,
}: ExistingPair): Pair | undefined {
  if (certificate === undefined || certText === undefined) return undefined;
  if (key === undefined || keyText === undefined || caText === undefined) return undefined;
  if (!isKeyOf(certificate, key)) return undefined;
  return { certificate, cert: certText, key: keyText, ca: caText };
}

function hasNames(certificate: X509Certificate, names: readonly Name[]): boolean {
  const there = new Set(namesThere(certificate));
  return names.every(({ value }) => there.has(value));
}

/** The names of a server's certificate. */
function namesThere(certificate: X509Certificate | undefined): string[] {
  try {
    if (certificate === undefined || readUsages(certificate.raw).join() !== 'serverAuth') return [];
    return readNames(certificate.raw);
  } catch {
    return []; // a certificate of somebody else's, which is not replaced: issuing says so
  }
}

function certificatesIn(text: string): X509Certificate[] {
  return decodePem(text, passOver).flatMap(
    (block) => tryCertificate(encodePem(block.label, block.der)) ?? [],
  );
}
