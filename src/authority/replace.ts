/**
 * Replacing an authority: the new one waits in `pending` until stores trust it, then takes the old
 * one's place; the old root stays in `retired` until no store holds it any more.
 */
import { X509Certificate } from 'node:crypto';
import { existsSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DevcertError, say } from '../errors.ts';
import { makeFolder } from '../disk/files.ts';
import { removeQuietly } from '../disk/filesystem.ts';
import { recover } from '../ledger/journal.ts';
import { replaceFiles } from '../ledger/transaction.ts';
import { withLock } from '../disk/lock.ts';
import { type Authority, readAuthority } from './authority.ts';
import type { AuthorityPem } from './create.ts';
import { changeFolder, changeTo, pathsIn, readPem } from './folder.ts';
import { assertNoWayBack, parseKeeping, readKeeping } from './keeping.ts';
import { retiredRoot } from './retired.ts';
import { assertFree, FOLDER_MODE } from './staged.ts';

const PENDING = 'pending';
const ROTATION = 'rotation';

/** The authority that waits to take over, if there is one. */
export function readPending(folder: string): Authority | undefined {
  return existsSync(pendingRootFile(folder))
    ? readAuthority(readPem(join(folder, PENDING)), join(folder, PENDING))
    : undefined;
}

/** Absolute path of the pending authority's root. */
export function pendingRootFile(folder: string): string {
  return join(folder, PENDING, 'root.pem');
}

/** Writes an authority that is to take over, and gives it; one that waited before is dropped. */
export async function stagePending(folder: string, pem: AuthorityPem): Promise<Authority> {
  const pending = join(folder, PENDING);
  return withLock(folder, () => {
    recover(folder);
    // Whatever was overlooked above: no way back to an open key.
    assertNoWayBack(readKeeping(folder), parseKeeping(pem.keeping, folder), folder);
    assertFree(pending);
    makeFolder(pending, FOLDER_MODE);
    changeFolder(folder, changeTo(pending, pem));
    return readAuthority(readPem(pending), pending);
  });
}

/**
 * Makes the pending authority the authority and retires the root that was.
 *
 * @param expected the one that was read: what stores were made to trust. Nothing happens if it took over
 *   already.
 * @throws DevcertError `busy` if another one waits by now.
 */
export async function promotePending(folder: string, expected: Authority): Promise<void> {
  const pending = join(folder, PENDING);
  await withLock(folder, () => {
    recover(folder);
    if (!isIssuer(pending, expected)) {
      if (isIssuer(folder, expected)) return;
      throw new DevcertError('busy', 'another devcert replaced this CA in the meantime', {
        hint: say`see what there is now: ${{ command: 'ca list' }}`,
      });
    }
    const old = readPem(folder).root;
    const next = readPem(pending);
    // It may have been protected since the other began to wait.
    assertNoWayBack(readKeeping(folder), parseKeeping(next.keeping, pending), folder);
    const { files, removals } = changeTo(folder, next);
    changeFolder(folder, {
      files: [...(old === '' ? [] : [retiredRoot(folder, old)]), ...files],
      removals: [...pathsIn(pending), ...removals],
    });
    removeQuietly(pending, rmdirSync);
  });
}

/** Drops the pending authority. Its root must have left every store. */
export async function discardPending(folder: string): Promise<void> {
  const pending = join(folder, PENDING);
  await withLock(folder, () => {
    recover(folder);
    changeFolder(folder, { files: [], removals: pathsIn(pending) });
    removeQuietly(pending, rmdirSync);
  });
}

/** True while an authority is replaced step by step: old and new are both needed until the last one. */
export function isRotating(folder: string): boolean {
  return existsSync(join(folder, ROTATION));
}

/** Begins or ends a rotation. */
export function markRotating(folder: string, rotating: boolean): void {
  const path = join(folder, ROTATION);
  if (rotating) replaceFiles([{ path, data: '', mode: 0o600 }]);
  else rmSync(path, { force: true });
}

/** True if the folder holds this authority. */
function isIssuer(folder: string, { chain, rootPem }: Authority): boolean {
  const { root, issuer } = readPem(folder);
  if (root === '' || issuer === '') return false;
  const [rootThere, issuerThere] = [root, issuer].map((pem) => new X509Certificate(pem).toString());
  return rootThere === rootPem && issuerThere === chain[0]?.toString();
}
