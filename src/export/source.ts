/** What an export is made of: a key and its chain, or certificates to trust. */
import { X509Certificate } from 'node:crypto';
import { loadRoot } from '../authority/folder.ts';
import { readPair } from '../certificate/pair.ts';
import { DevcertError } from '../errors.ts';
import { type KeyEntry, type TrustedCertificate, uniqueAliases } from '../keystore/entries.ts';
import type { ExportRequest } from './request.ts';

/** A request with what it is made of. */
export interface Export {
  readonly request: ExportRequest;
  /** DER; of a key its chain, leaf first. */
  readonly certificates: readonly Buffer[];
  readonly notes: readonly string[];
  /** The contents of the request's files. @param password checked; empty for none. */
  readonly encode: (password: string, now: Date) => readonly Buffer[];
}

/**
 * A request with what its files, or the authority, give.
 *
 * @param authority its folder, and its name if it has one.
 */
export async function exportOf(
  request: ExportRequest,
  authority: { readonly folder: string; readonly ca?: string | undefined },
  now: Date,
): Promise<Export> {
  if (request.trust) return trustExport(request, authority);
  return keyExport(request, readPair(request.certFile, request.keyFile), now);
}

/** A request with a key and its chain. */
export function keyExport(
  request: ExportRequest & { trust: false },
  pair: Omit<KeyEntry, 'alias'>,
  now: Date,
): Export {
  const { format, options, alias } = request;
  const { certificates } = pair;
  return {
    request,
    certificates,
    notes: expiryNotes(certificates, now),
    encode: (password, now) => format.encode({ ...pair, alias }, { ...options, password }, now),
  };
}

async function trustExport(
  request: ExportRequest & { trust: true },
  { folder, ca }: { readonly folder: string; readonly ca?: string | undefined },
): Promise<Export> {
  const { format, options, alias, withPublicRoots } = request;
  const root = await loadRoot(folder);
  if (root === undefined)
    throw new DevcertError('no-authority', 'there is no CA whose root could be exported', {
      hint: ca === undefined ? { command: 'install' } : { command: 'ca create', names: ca },
    });
  const own = { certificate: new X509Certificate(root).raw, alias };
  const trusted = [own, ...(withPublicRoots ? await publicRoots(alias) : [])];
  return {
    request,
    certificates: trusted.map(({ certificate }) => certificate),
    notes: withPublicRoots
      ? [`the public roots are Mozilla's, as Node.js ${process.versions.node} has them`]
      : [],
    encode: (password, now) => format.encode(trusted, { ...options, password }, now),
  };
}

/** Mozilla's list: the same on every system, and not itself changed by `devcert install`. */
async function publicRoots(taken: string): Promise<TrustedCertificate[]> {
  const { rootCertificates } = await import('node:tls');
  const roots = rootCertificates.map((pem) => new X509Certificate(pem));
  const names = roots.map(({ subject }) => /^(?:CN|OU|O)=(.+)$/m.exec(subject)?.[1] ?? '');
  const [, ...aliases] = uniqueAliases([taken, ...names]);
  return roots.map(({ raw }, i) => ({ certificate: raw, alias: aliases[i] ?? '' }));
}

function expiryNotes([leaf]: readonly Buffer[], now: Date): string[] {
  if (leaf === undefined) return [];
  const end = new X509Certificate(leaf).validTo;
  return Date.parse(end) < now.getTime()
    ? [`the certificate has expired (${end}): issue it again first`]
    : [];
}
