/**
 * Replacing an authority: the new one waits in `pending` until stores trust it, then takes the old
 * one's place; the old root stays in `retired` until no store holds it any more.
 */
import { X509Certificate } from 'node:crypto';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DevcertError } from '../errors.ts';
import { readIfThere, replaceFiles } from '../files.ts';
import { withLock } from '../lock.ts';
import { type Authority, readAuthority } from './authority.ts';
import type { AuthorityPem } from './create.ts';
import { assertFree, rollForward, rootFile, stage } from './folder.ts';
import { retire } from './retired.ts';
import { isStaged, removeStaged } from './staged.ts';

const PENDING = 'pending';
const ROTATION = 'rotation';

/** The authority that waits to take over, if there is one. */
export function readPending(folder: string): Authority | undefined {
  const pending = join(folder, PENDING);
  if (!isStaged(pending)) return undefined;
  const part = (name: string) => readIfThere(join(pending, name))?.toString() ?? '';
  return readAuthority(
    { root: part('root.pem'), issuer: part('issuer.pem'), issuerKey: part('issuer-key.pem') },
    pending,
  );
}

/** Absolute path of the pending authority's root. */
export function pendingRootFile(folder: string): string {
  return join(folder, PENDING, 'root.pem');
}

/** Writes an authority that is to take over; one that waited before is dropped. */
export async function stagePending(folder: string, pem: AuthorityPem): Promise<void> {
  await withLock(folder, () => {
    removeStaged(join(folder, PENDING));
    assertFree(folder, 'next'); // before any store trusts what could not take over
    stage(folder, pem, PENDING);
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
  await withLock(folder, () => {
    rollForward(folder);
    const pending = join(folder, PENDING);
    if (!isIssuer(pending, expected)) {
      if (isIssuer(folder, expected)) return;
      throw new DevcertError('busy', 'another devcert replaced this authority in the meantime', {
        hint: 'see what there is now: devcert ca list',
      });
    }
    assertFree(folder, 'next');
    const old = readIfThere(rootFile(folder))?.toString();
    if (old !== undefined) retire(folder, old);
    renameSync(pending, join(folder, 'next'));
    rollForward(folder);
  });
}

/** Drops the pending authority. Its root must have left every store. */
export async function discardPending(folder: string): Promise<void> {
  await withLock(folder, () => {
    removeStaged(join(folder, PENDING));
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

/** True if what lies in the folder is this authority. */
function isIssuer(folder: string, { chain }: Authority): boolean {
  const part = (name: string) => readIfThere(join(folder, name))?.toString();
  const [root, issuer] = [part('root.pem'), part('issuer.pem')];
  return (
    root !== undefined &&
    issuer !== undefined &&
    new X509Certificate(root).fingerprint256 === chain.at(-1)?.fingerprint256 &&
    new X509Certificate(issuer).fingerprint256 === chain[0]?.fingerprint256
  );
}
