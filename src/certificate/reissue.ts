/** Issuing again what was issued before, after the authority was replaced. */
import { existsSync } from 'node:fs';
import { type InventoryEntry, readInventory } from '../authority/inventory.ts';
import { sha256Of } from '../authority/origin.ts';
import { siblings } from '../authority/siblings.ts';
import { DevcertError } from '../errors.ts';
import { certificateKeyHash, keyTypes } from '../keys.ts';
import { parseNames } from '../names.ts';
import type { LeafRequest } from '../request.ts';
import { readExisting } from './output.ts';
import {
  type WriteContext,
  type WrittenCertificate,
  writeCertificate,
  writeLeaf,
} from './write.ts';

/** What came of one entry of the inventory. */
export interface Reissued {
  readonly certFile: string;
  readonly leaf?: WrittenCertificate;
  /** Why it was left as it is. */
  readonly reason?: string;
}

/**
 * Replaces every certificate in the inventory whose files are still there by one of the authority in
 * `context`: same names, same files, new key (the same one where a CSR brought it).
 *
 * A set for mutual TLS is written as a whole, by `refreshSets()`.
 *
 * @returns one result for each entry with files; a file that is no longer ours stays untouched.
 */
export async function reissueAll(context: WriteContext): Promise<Reissued[]> {
  const results: Reissued[] = [];
  // What another authority has issued by now is not to become this one's again.
  const { stateFolder, ...own } = context;
  const others =
    stateFolder === undefined
      ? []
      : siblings(stateFolder, context.folder).flatMap(({ inventory }) => inventory);
  for (const entry of readInventory(context.folder)) {
    const { certFile, keyFile, caFile } = entry;
    if (entry.mtls !== undefined) continue;
    if (!existsSync(certFile) || (keyFile !== undefined && !existsSync(keyFile))) continue;
    if (others.some((other) => other.certFile === certFile && liesThere(other))) continue;
    const paths = { certFile, ...(caFile === undefined ? {} : { caFile }) };
    try {
      const leaf =
        keyFile === undefined
          ? await writeCertificate(own, { ...requestOf(entry), ...keyOf(entry) }, paths)
          : await writeLeaf(own, requestOf(entry), { ...paths, keyFile });
      results.push({ certFile, leaf });
    } catch (error) {
      // One project's unwritable folder must not keep the others on the old authority.
      if (!(error instanceof DevcertError)) throw error;
      results.push({ certFile, reason: error.message });
    }
  }
  return results;
}

function liesThere({ certFile, sha256 }: InventoryEntry): boolean {
  const { certificate } = readExisting({ certFile });
  return certificate !== undefined && sha256Of(certificate) === sha256;
}

function requestOf(entry: InventoryEntry): LeafRequest {
  return {
    names: parseNames(entry.names, { client: true }),
    usages: entry.usages,
    keyType: keyTypes.find((type) => type === entry.keyType),
    validityDays: entry.validityDays,
    ...(entry.commonName === undefined ? {} : { commonName: entry.commonName }),
  };
}

// The CSR is gone; its key is in the certificate, which has to be the one that was made for it.
function keyOf({ certFile, publicKey: hash }: InventoryEntry) {
  const { certificate } = readExisting({ certFile });
  if (certificate !== undefined && certificateKeyHash(certificate) === hash)
    return { publicKey: certificate.publicKey };
  throw new DevcertError('file', `"${certFile}" is not the certificate that was made there`, {
    hint: 'sign its CSR again: devcert sign FILE',
  });
}
