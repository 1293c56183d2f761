/** Where an imported authority came from: `origin.json` in its folder. One that devcert made has none. */
import type { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { readIfThere } from '../disk/files.ts';

/** What is known of an import. */
export interface Origin {
  /** Absolute paths of the files it was read from. */
  readonly files: readonly string[];
  /** ISO 8601, UTC. */
  readonly importedAt: string;
  /** True if it is to certify clients only, whatever its certificates say. */
  readonly clientsOnly: boolean;
  /** SHA-256 of the root it belongs to: an origin of an authority that was replaced says nothing. */
  readonly root: string;
}

export const ORIGIN_FILE = 'origin.json';

/** The text of the file. */
export function encodeOrigin(origin: Origin): string {
  return `${JSON.stringify({ version: 1, ...origin }, null, 2)}\n`;
}

/** Where the authority with this root came from; undefined if devcert made it, or nothing is known. */
export function readOrigin(folder: string, root: X509Certificate): Origin | undefined {
  return parseOrigin(readText(folder), root);
}

/**
 * True if the authority with this root was imported to certify clients only; also if its origin cannot be
 * read, as nobody knows then whether stores may trust it.
 */
export function isImportedForClients(folder: string, root: X509Certificate): boolean {
  const text = readText(folder);
  if (text === undefined) return false;
  const { root: itsRoot, clientsOnly } = contentOf(text);
  if (typeof itsRoot !== 'string' || typeof clientsOnly !== 'boolean') return true;
  return parseOrigin(text, root)?.clientsOnly === true;
}

/** SHA-256 of a certificate's DER: 64 hex digits. */
export function sha256Of(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

function readText(folder: string): string | undefined {
  return readIfThere(join(folder, ORIGIN_FILE))?.toString();
}

/** What the text of the file says of this root; undefined if nothing. */
export function parseOrigin(text: string | undefined, root: X509Certificate): Origin | undefined {
  if (text === undefined) return undefined;
  const content = contentOf(text);
  return content.root === sha256Of(root) && Array.isArray(content.files)
    ? (content as Origin)
    : undefined;
}

/** Nothing of a damaged one: it is only shown to people, so no error; see isImportedForClients(). */
function contentOf(text: string): Partial<Origin> {
  try {
    return (JSON.parse(text) as Partial<Origin> | null) ?? {};
  } catch {
    return {};
  }
}
