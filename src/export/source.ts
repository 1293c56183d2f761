/** What an export is made of: a key and its chain, or certificates to trust. */
import { X509Certificate } from 'node:crypto';
import { loadRoot } from '../authority/folder.ts';
import { readPair } from '../certificate/pair.ts';
import { DevcertError } from '../errors.ts';
import { type KeyEntry, type TrustedCertificate, uniqueAliases } from '../keystore/entries.ts';
import {
  checkPassword,
  encodeKeyFormat,
  encodeTrustFormat,
  type FormatFile,
  keyFiles,
  trustFile,
} from './formats.ts';
import type { ExportRequest } from './request.ts';

/** Where an authority is kept, and under which name; undefined for the default one. */
export interface AuthorityPlace {
  readonly folder: string;
  readonly ca?: string | undefined;
}

/** Its parts, and how they become files. */
export interface ExportSource {
  readonly certificates: readonly TrustedCertificate[];
  readonly notes: readonly string[];
  readonly files: readonly FormatFile[];
  /** The contents of `files`. */
  readonly encode: (password: string, now: Date) => readonly Buffer[];
}

/**
 * What the files, or the authority, of a request give.
 *
 * @param authority its folder, and its name if it has one.
 */
export async function sourceOf(
  request: ExportRequest,
  authority: AuthorityPlace,
  now: Date,
): Promise<ExportSource> {
  if (request.trust) return trustSource(request, authority);
  return keySource(request, readPair(request.certFile, request.keyFile), now);
}

/** A key and its chain as what an export is made of. */
export function keySource(
  request: ExportRequest & { trust: false },
  pair: Omit<KeyEntry, 'alias'>,
  now: Date,
): ExportSource {
  const entry: KeyEntry = { ...pair, alias: request.alias };
  const { format, options } = request;
  return {
    certificates: entry.certificates.map((certificate) => ({ certificate, alias: request.alias })),
    notes: expiryNotes(entry.certificates, now),
    encode: (password, now) => {
      checkPassword(request, password);
      return encodeKeyFormat(format, entry, password, options, now);
    },
    files: keyFiles(format, options),
  };
}

async function trustSource(
  request: ExportRequest & { trust: true },
  { folder, ca }: AuthorityPlace,
): Promise<ExportSource> {
  const root = await loadRoot(folder);
  if (root === undefined)
    throw new DevcertError('no-authority', 'there is no CA whose root could be exported', {
      hint: ca === undefined ? { command: 'install' } : { command: 'ca create', names: ca },
    });
  const own = { certificate: new X509Certificate(root).raw, alias: request.alias };
  const certificates = request.withPublicRoots
    ? [own, ...(await publicRoots([request.alias]))]
    : [own];
  const { format, options } = request;
  return {
    certificates,
    notes: request.withPublicRoots
      ? [`the public roots are Mozilla's, as Node.js ${process.versions.node} has them`]
      : [],
    encode: (password, now) => {
      checkPassword(request, password);
      return [encodeTrustFormat(format, certificates, password, options, now)];
    },
    files: [trustFile(format, certificates.length)],
  };
}

/** Mozilla's list: the same on every system, and not itself changed by `devcert install`. */
async function publicRoots(taken: readonly string[]): Promise<TrustedCertificate[]> {
  const { rootCertificates } = await import('node:tls');
  const roots = rootCertificates.map((pem) => new X509Certificate(pem));
  const names = roots.map(({ subject }) => /^(?:CN|OU|O)=(.+)$/m.exec(subject)?.[1] ?? '');
  const aliases = uniqueAliases([...taken, ...names]).slice(taken.length);
  return roots.map(({ raw }, i) => ({ certificate: raw, alias: aliases[i] ?? '' }));
}

function expiryNotes([leaf]: readonly Buffer[], now: Date): string[] {
  if (leaf === undefined) return [];
  const end = new X509Certificate(leaf).validTo;
  return Date.parse(end) < now.getTime()
    ? [`the certificate has expired (${end}): issue it again first`]
    : [];
}
