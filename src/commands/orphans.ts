/**
 * Roots of devcert's that stores hold and no state folder of this user knows: what is left where a folder was
 * deleted, or put back from an old backup.
 */
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inTemporaryFolder } from '../../platform/look.ts';
import type { TrustStore } from '../../platform/types.ts';
import { knownRoots, readHomes } from '../authority/homes.ts';
import { sha256Of } from '../authority/origin.ts';
import { AUTHORITY_ORGANIZATION } from '../policy.ts';
import { DevcertError, ifExpected } from '../errors.ts';
import { mergeOutcomes, type Outcome, type TrustOptions, uninstallRoot } from '../trust.ts';
import { readCommonName, readOrganizationalUnit } from '../x509/read.ts';
import { type Context, identity, type Orphan } from './context.ts';
import { rootInFile } from './roots.ts';

/** What was found, for {@link removeOrphans}. */
export interface FoundOrphans {
  readonly orphans: readonly Orphan[];
  /** Folders and files that should hold a root of this user and cannot be read: it may be one of these. */
  readonly unread: readonly string[];
  /** The certificates, PEM, by SHA-256. */
  readonly pems: ReadonlyMap<string, string>;
}

/**
 * Asks the stores that can list what they hold. Never those of another user: whose a root is, its subject says.
 * Nor those of the other side of WSL.
 */
export async function findOrphans(
  context: Context,
  stores: readonly TrustStore[],
): Promise<FoundOrphans> {
  const { defaultFolder } = context;
  const homes = defaultFolder === undefined ? [] : readHomes(defaultFolder);
  const folders = [context.stateFolder, ...(defaultFolder === undefined ? [] : [defaultFolder])];
  const { sha256: known, unread } = knownRoots(folders, homes);
  const found = new Map<string, Orphan>();
  const pems = new Map<string, string>();
  for (const store of stores) {
    // One that cannot says so itself when it is asked for a root.
    for (const der of (await store.list?.(AUTHORITY_ORGANIZATION).catch(ifExpected)) ?? []) {
      const certificate = new X509Certificate(der);
      const root = sha256Of(certificate);
      if (known.has(root) || !isOfThisUser(der, context)) continue;
      const { name: label, location } = store;
      const at = [...(found.get(root)?.stores ?? []), { store: label, location }];
      pems.set(root, certificate.toString());
      found.set(root, {
        root,
        name: readCommonName(der) ?? '',
        notBefore: new Date(certificate.validFrom),
        notAfter: new Date(certificate.validTo),
        stores: at,
      });
    }
  }
  return { orphans: [...found.values()], unread, pems };
}

/**
 * Removes them from every store, each by its fingerprint.
 *
 * @throws DevcertError `usage` if nobody can be asked, `cancelled` if the answer is no.
 */
export async function removeOrphans(
  context: Context,
  stores: readonly TrustStore[],
  { yes = false, ...trust }: TrustOptions & { yes?: boolean },
): Promise<{ orphans: readonly Orphan[]; outcomes: readonly Outcome[] }> {
  const { orphans, unread, pems } = await findOrphans(context, stores);
  if (orphans.length === 0) return { orphans, outcomes: [] };
  if (!yes && trust.dryRun !== true) await ask(context, orphans, unread);
  return inTemporaryFolder(async (folder) => {
    let outcomes: Outcome[] = [];
    for (const { root } of orphans) {
      const file = join(folder, `${root}.pem`);
      const pem = pems.get(root) ?? '';
      writeFileSync(file, pem);
      const these = await uninstallRoot(stores, rootInFile(pem, file), context.host, trust);
      outcomes = mergeOutcomes(outcomes, these);
    }
    return { orphans, outcomes };
  });
}

async function ask(
  { confirm }: Context,
  orphans: readonly Orphan[],
  unread: readonly string[],
): Promise<void> {
  if (confirm === undefined)
    throw new DevcertError(
      'usage',
      'orphans are removed only after asking, and nobody can be asked here',
      { hint: { command: 'uninstall', orphans: true, yes: true } },
    );
  if (!(await confirm(orphans, unread)))
    throw new DevcertError('cancelled', 'cancelled, and nothing was removed', {});
}

function isOfThisUser(der: Buffer, context: Context): boolean {
  return (
    readOrganizationalUnit(der) === identity(context) &&
    readCommonName(der)?.startsWith('devcert root ') === true
  );
}
