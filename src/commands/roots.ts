/** The roots that stores may hold because of us: the authority's, one that is to take over, replaced ones. */
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Root } from '../../platform/types.ts';
import { readIfThere } from '../disk/files.ts';
import { readCommonName } from '../x509/read.ts';
import { type Authority, readRoot } from '../authority/authority.ts';
import { loadRoot, rootFile } from '../authority/folder.ts';
import { sha256Of } from '../authority/origin.ts';
import { discardPending, isRotating, pendingRootFile } from '../authority/replace.ts';
import { dropRetired, retiredRootFiles } from '../authority/retired.ts';
import { isStaged } from '../authority/staged.ts';

/**
 * A root certificate in a file, as trust stores take it. `pem` is the file's first certificate; its
 * probe is made by the authority in the file's folder, if that is this root's.
 */
export function rootInFile(pem: string, file: string): Root {
  const certificate = new X509Certificate(pem);
  const der = certificate.raw;
  const sha256 = sha256Of(certificate);
  return {
    pem: certificate.toString(),
    der,
    file,
    sha256,
    sha1: createHash('sha1').update(der).digest('hex'),
    // An imported root may have none, and a store's entry needs a label.
    commonName: readCommonName(der) ?? `devcert root ${sha256.slice(0, 8)}`,
    probe: async (now) => {
      const { makeProbe } = await import('./probe.ts');
      return makeProbe(dirname(file), der, now);
    },
  };
}

/**
 * The authority's own root; undefined if there is no authority.
 *
 * @throws DevcertError `invalid-authority`, `file`.
 */
export async function currentRoot(folder: string): Promise<Root | undefined> {
  const pem = await loadRoot(folder);
  return pem === undefined ? undefined : rootInFile(pem, rootFile(folder));
}

/** The root of one that waits to take over. */
export function pendingRoot(folder: string, { rootPem }: Authority): Root {
  return rootInFile(rootPem, pendingRootFile(folder));
}

/** That root and those besides it. */
export async function allRoots(folder: string): Promise<Root[]> {
  const current = await currentRoot(folder);
  return [...(current === undefined ? [] : [current]), ...otherRoots(folder)];
}

/** The roots besides the authority's own: of a replacement that was cut short, and of earlier ones. */
export function otherRoots(folder: string): Root[] {
  const pending = pendingRootFile(folder);
  const files = [...(isStaged(dirname(pending)) ? [pending] : []), ...retiredRootFiles(folder)];
  return files
    .filter((file) => existsSync(file))
    .map((file) =>
      rootInFile(readRoot(readIfThere(file)?.toString() ?? '', file).toString(), file),
    );
}

/** Forgets a root that no store holds any more; the authority's own stays, and in a rotation each. */
export async function forgetRoot(folder: string, { file }: Root): Promise<void> {
  if (isRotating(folder)) return; // the parties of a set need both
  if (file === pendingRootFile(folder)) await discardPending(folder);
  else if (file !== rootFile(folder)) dropRetired(file);
}
