/** The authorities of this machine as far as their certificates go: read, never mended or made. */
import { X509Certificate } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { systemCode } from '../errors.ts';
import { readIfThere } from '../disk/files.ts';
import { authoritiesFolder } from '../disk/paths.ts';

/** An authority's certificates. */
export interface AuthorityCertificates {
  /** `default`, or the name of one in `authorities/`. */
  readonly name: string;
  readonly root: X509Certificate;
  readonly issuer: X509Certificate;
}

/**
 * The default authority and those with a name, as far as they can be read: of one that is damaged nothing is
 * known. Takes no lock and changes nothing.
 *
 * @param folder the state folder, which need not exist.
 */
export function authorityCertificates(folder: string): AuthorityCertificates[] {
  return authorityFolders(folder).flatMap((path) => {
    const name = path === folder ? 'default' : basename(path);
    const root = certificateIn(join(path, 'root.pem'));
    const issuer = certificateIn(join(path, 'issuer.pem'));
    return root === undefined || issuer === undefined ? [] : [{ name, root, issuer }];
  });
}

/** The issuers of all of these. */
export function authorityIssuers(folder: string): X509Certificate[] {
  return authorityCertificates(folder).map(({ issuer }) => issuer);
}

/** The first certificate in a file; undefined if there is none that can be read. */
export function certificateIn(file: string): X509Certificate | undefined {
  try {
    const bytes = readIfThere(file);
    return bytes === undefined ? undefined : new X509Certificate(bytes);
  } catch {
    // Damaged, or not readable by this user: `devcert status` reports that.
    return undefined;
  }
}

/**
 * The state folder, and the folders in it of authorities with a name, as far as they exist and this user may read
 * them: whether an authority is in one or not.
 */
export function authorityFolders(folder: string): string[] {
  const named = authoritiesFolder(folder);
  try {
    const entries = readdirSync(named, { withFileTypes: true }).filter((it) => it.isDirectory());
    return [folder, ...entries.map(({ name }) => join(named, name))];
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(systemCode(error) ?? '')) return [folder];
    throw error;
  }
}
