/**
 * The other authorities of one state folder: what one of them wrote, another may replace, as all are the
 * same user's. What cannot be read of them is passed over: then nothing is known to be theirs.
 */
import type { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { DevcertError } from '../errors.ts';
import { authoritiesFolder } from '../paths.ts';
import { type ExportRecord, forgetExports, readExports } from './exports.ts';
import { forgetIssued, type InventoryEntry, readInventory } from './inventory.ts';
import { certificateIn, namesIn } from './known.ts';

/** What one authority knows of what it wrote. */
export interface Ours {
  /** Undefined if it cannot be read. */
  readonly issuer: X509Certificate | undefined;
  readonly inventory: readonly InventoryEntry[];
}

/** Absolute paths of the folders of all authorities but the one in `folder`. */
export function siblingFolders(stateFolder: string, folder: string): string[] {
  const named = authoritiesFolder(stateFolder);
  const all = [stateFolder, ...namesIn(named).map((name) => join(named, name))];
  return all.filter((it) => it !== folder);
}

/** What the others know to be theirs. */
export function siblings(stateFolder: string, folder: string): Ours[] {
  return siblingFolders(stateFolder, folder).map((it) => ({
    issuer: certificateIn(join(it, 'issuer.pem')),
    inventory: orNone<InventoryEntry>(() => readInventory(it)),
  }));
}

/** What was exported for the others. */
export function siblingExports(stateFolder: string, folder: string): ExportRecord[] {
  return siblingFolders(stateFolder, folder).flatMap((it) =>
    orNone<ExportRecord>(() => readExports(it)),
  );
}

/** The others forget what lies at these paths: the authority in `folder` has replaced it. */
export async function takeOver(
  stateFolder: string,
  folder: string,
  { certFiles = [], exports = [] }: { certFiles?: readonly string[]; exports?: readonly string[] },
): Promise<void> {
  for (const other of siblingFolders(stateFolder, folder)) {
    try {
      await forgetIssued(other, certFiles);
      await forgetExports(other, exports);
    } catch (error) {
      // Damaged or not writable: what was written is whole, and whoever works with that authority is told.
      if (!(error instanceof DevcertError)) throw error;
    }
  }
}

function orNone<T>(read: () => T[]): T[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof DevcertError) return [];
    throw error;
  }
}
