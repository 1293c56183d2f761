/** Issuing again what was issued before, after the authority was replaced. */
import { existsSync } from 'node:fs';
import { staleExports } from '../authority/exports.ts';
import { readInventory } from '../authority/inventory.ts';
import { DevcertError } from '../errors.ts';
import { parseNames } from '../names.ts';
import { type WriteContext, writeLeaf, type WrittenLeaf } from './write.ts';

/** What came of one entry of the inventory. */
export interface Reissued {
  readonly certFile: string;
  readonly leaf?: WrittenLeaf;
  /** Why it was left as it is. */
  readonly reason?: string;
}

/**
 * Replaces every certificate in the inventory whose files are still there by one of the authority in
 * `context`: same names, same files, new key.
 *
 * @returns one result for each entry with files; a file that is no longer ours stays untouched.
 */
export async function reissueAll(context: WriteContext): Promise<Reissued[]> {
  const results: Reissued[] = [];
  for (const entry of readInventory(context.folder)) {
    const { certFile, keyFile, caFile } = entry;
    if (!existsSync(certFile) || !existsSync(keyFile)) continue;
    const request = {
      names: parseNames(entry.names, { client: true }),
      usages: entry.usages,
      keyType: entry.keyType,
      validityDays: entry.validityDays,
      ...(entry.commonName === undefined ? {} : { commonName: entry.commonName }),
    };
    const paths = { certFile, keyFile, ...(caFile === undefined ? {} : { caFile }) };
    try {
      const leaf = await writeLeaf(context, request, paths);
      const stale = staleExports(context.folder, certFile, leaf.sha256);
      results.push({ certFile, leaf: { ...leaf, notes: [...leaf.notes, ...stale] } });
    } catch (error) {
      // One project's unwritable folder must not keep the others on the old authority.
      if (!(error instanceof DevcertError)) throw error;
      results.push({ certFile, reason: error.message });
    }
  }
  return results;
}
