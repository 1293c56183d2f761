/** What `ca import`, `ca replace` and `ca protect` would do: a dry run. Asks for no password, and changes nothing. */
import type { TrustStore } from '../../platform/types.ts';
import { hasAuthority, rootFile } from '../authority/folder.ts';
import type { Imported } from '../authority/import.ts';
import { parseOrigin } from '../authority/origin.ts';
import { describeChain, summarize } from '../authority/summary.ts';
import { readLedger } from '../ledger/ledger.ts';
import { installRoot, mergeOutcomes, uninstallRoot } from '../trust.ts';
import type { AuthorityResult, ReplaceResult } from './ca.ts';
import { type Context, stateFolderOf } from './context.ts';
import { exampleOutcomes } from './install-plan.ts';
import { isCertificate } from './list.ts';
import { asRenewed } from './renew-due.ts';
import { trustingStores } from './replace.ts';
import { currentRoot, rootInFile } from './roots.ts';

/** The same options for each of them. */
export interface DryRunOption {
  /** Tell what would be done, and do nothing. */
  readonly dryRun?: boolean;
}

/**
 * @param rootPem of the authority that would take over.
 * @param isExample it was made for this plan, and the real one will be another.
 * @returns the authority that is there, with what the stores would run and what would be made again.
 */
export async function planReplacement(
  target: Context,
  rootPem: string,
  isExample: boolean,
  notes: readonly string[],
): Promise<ReplaceResult> {
  const { folder, ca, host } = target;
  const stores = await trustingStores(target);
  return {
    ...summarize(folder, ca, host.now()),
    replaced: false,
    outcomes: await turns(target, stores, rootPem, isExample),
    renewed: remade(target),
    notes,
  };
}

/** First the new root into each store, then the old one out. */
async function turns(
  target: Context,
  stores: readonly TrustStore[],
  rootPem: string,
  isExample: boolean,
) {
  const { folder, host } = target;
  const dry = { dryRun: true };
  const added = isExample
    ? await exampleOutcomes(target, stores, rootPem)
    : await installRoot(stores, rootInFile(rootPem, rootFile(folder)), host, dry);
  const old = await currentRoot(folder);
  return old === undefined
    ? added
    : mergeOutcomes(added, await uninstallRoot(stores, old, host, dry));
}

/** Certificates of the authority, and sets for mutual TLS as one each. */
function remade(target: Context) {
  const own = readLedger(stateFolderOf(target))
    .filter(isCertificate)
    .filter(({ ca }) => ca === (target.ca ?? 'default'))
    .map(asRenewed);
  return own.filter(
    ({ files }, index) => own.findIndex((it) => it.files[0] === files[0]) === index,
  );
}

/** An authority that would be kept, as it would be shown then. */
export function planImport(
  { folder, ca, host }: Context,
  { pem, chain, clientsOnly, notes }: Imported,
  passphrase: boolean,
): AuthorityResult {
  const root = chain.at(-1);
  if (root === undefined || hasAuthority(folder)) throw new TypeError('nothing to import');
  const summary = describeChain(chain, root, host.now());
  return {
    name: ca ?? 'default',
    folder,
    ...summary,
    clientsOnly,
    origin: parseOrigin(pem.origin, root),
    keeping: passphrase ? { way: 'passphrase', wasOpen: false } : { way: 'file' },
    earlierRoots: [],
    ...(pem.issuerKey === '' ? { problem: 'its key is not here: it can only be trusted' } : {}),
    notes,
  };
}
