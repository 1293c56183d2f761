/** What was issued: `inventory.json` in the state folder. */
import { join } from 'node:path';
import { DevcertError } from '../errors.ts';
import { readIfThere, replaceFiles } from '../files.ts';
import type { Usage } from '../x509/extensions.ts';

/** One certificate that was written to disk. */
export interface InventoryEntry {
  /** Canonical names, in the order of the certificate. */
  readonly names: readonly string[];
  readonly usages: readonly Usage[];
  /** Of a client or peer, if it was asked for. */
  readonly commonName?: string;
  /** In the words of `--key`; any other kind for a CSR's key. */
  readonly keyType: string;
  readonly validityDays: number;
  /** Absolute path; the same as `keyFile` for one combined file. */
  readonly certFile: string;
  /** Absent for a certificate that was made for a CSR: its key is somebody else's. */
  readonly keyFile?: string;
  /** Absolute path of the copy of the root beside it, if one was written. */
  readonly caFile?: string;
  /** Absolute path of the mutual TLS set it belongs to, if it does. */
  readonly mtls?: string;
  /** SHA-256 of the certificate's DER: 64 hex digits. */
  readonly sha256: string;
  /** SHA-256 of the public key's SubjectPublicKeyInfo: 64 hex digits. */
  readonly publicKey: string;
  /** SHA-256 of the issuer's DER: 64 hex digits. */
  readonly issuer: string;
  /** ISO 8601, UTC. */
  readonly issuedAt: string;
  readonly notAfter: string;
}

const VERSION = 1;
/** Some hundred bytes for each of tens of thousands of entries. */
const MAX_BYTES = 32 * 1024 * 1024;

/** Absolute path of the inventory in a state folder. */
export function inventoryFile(folder: string): string {
  return join(folder, 'inventory.json');
}

/**
 * Every entry, oldest first; none if there is no file.
 *
 * @throws DevcertError `invalid-authority` if the file is damaged or from a newer devcert, `file`.
 */
export function readInventory(folder: string): InventoryEntry[] {
  const file = inventoryFile(folder);
  const text = readIfThere(file, { maxBytes: MAX_BYTES })?.toString();
  if (text === undefined) return [];
  try {
    const content: unknown = JSON.parse(text);
    if (isInventory(content)) return content.certificates;
  } catch {
    // Not JSON: the same answer as for JSON of another shape, below.
  }
  throw new DevcertError('invalid-authority', `"${file}" is damaged, or a newer devcert wrote it`, {
    hint: `move it away, what it lists stays valid: mv "${file}" "${file}.old"`,
  });
}

/**
 * Adds an entry; one for the same files is replaced.
 *
 * @param inventory what {@link readInventory} gave under the same hold of the folder's lock.
 */
export function recordIssued(
  folder: string,
  inventory: readonly InventoryEntry[],
  entry: InventoryEntry,
): void {
  const kept = inventory.filter(({ certFile }) => certFile !== entry.certFile);
  const content = { version: VERSION, certificates: [...kept, entry] };
  replaceFiles([
    { path: inventoryFile(folder), data: `${JSON.stringify(content, null, 2)}\n`, mode: 0o600 },
  ]);
}

function isInventory(content: unknown): content is { certificates: InventoryEntry[] } {
  if (typeof content !== 'object' || content === null) return false;
  const { version, certificates } = content as Record<string, unknown>;
  return version === VERSION && Array.isArray(certificates) && certificates.every(isEntry);
}

function isEntry(entry: unknown): entry is InventoryEntry {
  if (typeof entry !== 'object' || entry === null) return false;
  const fields = entry as Record<string, unknown>;
  const texts = ['keyType', 'certFile', 'sha256', 'publicKey', 'issuer', 'notAfter'];
  return (
    texts.every((field) => typeof fields[field] === 'string') &&
    ['string', 'undefined'].includes(typeof fields.keyFile) &&
    [fields.names, fields.usages].every(Array.isArray) &&
    typeof fields.validityDays === 'number'
  );
}
