/** What was issued: `inventory.json` in an authority's folder. */
import { join } from 'node:path';
import type { Usage } from '../x509/extensions.ts';
import { dropFromList, type ListKind, readList, writeList } from './list.ts';

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

const inventory: ListKind<InventoryEntry> = {
  file: 'inventory.json',
  field: 'certificates',
  isItem: (fields) => {
    const texts = ['keyType', 'certFile', 'sha256', 'publicKey', 'issuer', 'notAfter'];
    return (
      texts.every((field) => typeof fields[field] === 'string') &&
      ['string', 'undefined'].includes(typeof fields.keyFile) &&
      [fields.names, fields.usages].every(Array.isArray) &&
      typeof fields.validityDays === 'number'
    );
  },
};

/** Absolute path of the inventory in an authority's folder. */
export function inventoryFile(folder: string): string {
  return join(folder, inventory.file);
}

/** Every entry, oldest first. Throws as {@link readList}. */
export function readInventory(folder: string): InventoryEntry[] {
  return readList(folder, inventory);
}

/**
 * Adds an entry; one for the same files is replaced.
 *
 * @param earlier what {@link readInventory} gave under the same hold of the folder's lock.
 */
export function recordIssued(
  folder: string,
  earlier: readonly InventoryEntry[],
  entry: InventoryEntry,
): void {
  const kept = earlier.filter(({ certFile }) => certFile !== entry.certFile);
  writeList(folder, inventory, [...kept, entry]);
}

/** Takes the certificates at these paths off the list; takes the folder's lock for it. */
export function forgetIssued(folder: string, certFiles: readonly string[]): Promise<void> {
  return dropFromList(folder, inventory, ({ certFile }) => certFiles.includes(certFile));
}
