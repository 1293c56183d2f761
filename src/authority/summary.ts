/** What there is to tell of an authority, from its files alone. */
import { X509Certificate } from 'node:crypto';
import type { Constraints } from '../names/constraints.ts';
import { DevcertError, orUndefined } from '../errors.ts';
import { readIfThere } from '../disk/files.ts';
import { keyTypeOf } from '../keys.ts';
import { authorityFolderIn } from '../disk/paths.ts';
import type { Usage } from '../names/usage.ts';
import { readCommonName, readPermittedUsages } from '../x509/read.ts';
import { constraintsOf, endOf, readAuthority, readRoot, usagesOf } from './authority.ts';
import { rootFile, readPem } from './folder.ts';
import { type Keeping, readKeeping } from './keeping.ts';
import { authorityNames } from './named.ts';
import { isImportedForClients, type Origin, readOrigin, sha256Of } from './origin.ts';
import { retiredRoots } from './retired.ts';
import { daysUntil } from '../policy.ts';
import { certificateIn } from './certificates.ts';

export interface AuthoritySummary {
  /** `default` for the one that has no name. */
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  /** Of the root's subject. */
  readonly commonName: string;
  /** SHA-256 of the root: 64 hex digits. */
  readonly root: string;
  /** When the first certificate of its chain ends. */
  readonly notAfter: Date;
  readonly daysLeft: number;
  /** Undefined: every name. */
  readonly constraints: Constraints | undefined;
  readonly usages: readonly Usage[];
  /** True if no store may ever trust it. */
  readonly clientsOnly: boolean;
  /** Of the issuer, as `--key` names it; other types by their usual name: `p521`. */
  readonly keyType: string;
  /** Certificates from the issuer up to the root, by their subjects' texts. */
  readonly chain: readonly string[];
  /** Undefined if devcert made it. */
  readonly origin: Origin | undefined;
  /** How its key is kept. */
  readonly keeping: Keeping;
  /** SHA-256 of roots that it replaced and that a store may still trust. */
  readonly earlierRoots: readonly string[];
  /** Why it can issue nothing, if so. */
  readonly problem?: string;
}

/**
 * @param pem of an authority that is about to be kept in the folder; what is there if left out.
 * @throws DevcertError `invalid-authority` if there is no root that can be read.
 */
export function summarize(
  folder: string,
  name: string | undefined,
  now: Date,
  pem = readPem(folder),
): AuthoritySummary {
  const root = readRoot(pem.root, folder);
  let chain: readonly X509Certificate[] = [root];
  let problem: string | undefined;
  try {
    if (pem.issuer === '') problem = 'its key is not here: it can only be trusted';
    else ({ chain } = readAuthority(pem, folder));
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    problem = error.message;
  }
  const notAfter = endOf(chain);
  const usages = usagesOf(chain);
  return {
    name: name ?? 'default',
    folder,
    commonName: readCommonName(root.raw) ?? root.subject.replaceAll('\n', ', '),
    root: sha256Of(root),
    notAfter,
    daysLeft: daysUntil(notAfter, now),
    constraints: constraintsOf(chain),
    usages,
    keyType: keyTypeOf(chain[0]?.publicKey ?? root.publicKey),
    chain: chain.map(({ subject }) => subject.replaceAll('\n', ', ')),
    clientsOnly: !usages.includes('serverAuth') || isImportedForClients(folder, root),
    origin: readOrigin(folder, root),
    keeping: readKeeping(folder),
    earlierRoots: retiredRoots(folder),
    problem,
  };
}

/** The authorities that have names; one whose root cannot be read is left out. */
export function summarizeNamed(stateFolder: string, now: Date): AuthoritySummary[] {
  return authorityNames(stateFolder).flatMap((name) => {
    const folder = authorityFolderIn(stateFolder, name);
    const isThere = orUndefined(() => readIfThere(rootFile(folder))) !== undefined;
    return (isThere ? orUndefined(() => summarize(folder, name, now)) : undefined) ?? [];
  });
}

/**
 * True if the authority in a folder is for clients only, by its certificates or by what was said when it
 * was imported; or if that cannot be known any more. No store may trust such a one. What else cannot be
 * read is looked at elsewhere.
 */
export function isClientsOnly(folder: string): boolean {
  const root = certificateIn(rootFile(folder));
  if (root === undefined) return false; // the caller reads it, too, and says what is wrong with it
  return (
    !readPermittedUsages(root.raw).includes('serverAuth') || isImportedForClients(folder, root)
  );
}
