/**
 * What `install`, `ca import`, `ca replace` and `ca protect` would do: a dry run. Asks for no password, and changes
 * nothing.
 */
import { X509Certificate } from 'node:crypto';
import type { TrustStore } from '../../platform/types.ts';
import { hasAuthority, rootFile } from '../authority/folder.ts';
import type { Imported } from '../authority/import.ts';
import { parseOrigin } from '../authority/origin.ts';
import { summarize } from '../authority/summary.ts';
import { readLedger } from '../ledger/ledger.ts';
import { installRoot, mergeOutcomes, type Outcome, uninstallRoot } from '../trust.ts';
import { type Context } from './context.ts';
import { isCertificate } from './list.ts';
import { asRenewed } from './renew-due.ts';
import {
  type AuthorityResult,
  type ReplaceResult,
  type Successor,
  trustingStores,
} from './replace.ts';
import { currentRoot, rootInFile } from './roots.ts';

/** The plan for an authority that does not exist yet. @param missing what the stores that are not here come to. */
export async function planInstall(
  context: Context,
  stores: readonly TrustStore[],
  missing: readonly Outcome[],
  successor: Successor,
) {
  const { root } = await successor.make();
  const { constraints } = successor;
  return {
    ...{ root: undefined, notAfter: undefined, constraints, renewed: [], notes: [] },
    authority: hasAuthority(context.folder) ? ('replaced' as const) : ('created' as const),
    outcomes: [...(await exampleOutcomes(context, stores, root)), ...missing],
  };
}

/**
 * @param isExample the successor's authority is made for this plan, and the real one will be another.
 * @returns the authority that is there, with what the stores would run and what would be made again.
 */
export async function planReplacement(
  target: Context,
  successor: Successor,
  isExample: boolean,
  notes: readonly string[],
): Promise<ReplaceResult> {
  const { folder, ca, host } = target;
  const { root } = await successor.make();
  const stores = await trustingStores(target);
  const dry = { dryRun: true };
  // First the new root into each store, then the old one out.
  const added = isExample
    ? await exampleOutcomes(target, stores, root)
    : await installRoot(stores, rootInFile(root, rootFile(folder)), host, dry);
  const old = await currentRoot(folder);
  const removed = old === undefined ? [] : await uninstallRoot(stores, old, host, dry);
  return {
    ...summarize(folder, ca, host.now()),
    replaced: false,
    outcomes: mergeOutcomes(added, removed),
    renewed: remade(target),
    notes,
  };
}

/** Certificates of the authority, and sets for mutual TLS as one each. */
function remade(target: Context) {
  const own = readLedger(target.stateFolder)
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
  { pem, clientsOnly, notes }: Imported,
  passphrase: boolean,
): AuthorityResult {
  return {
    ...summarize(folder, ca, host.now(), pem),
    clientsOnly,
    origin: parseOrigin(pem.origin, new X509Certificate(pem.root)),
    keeping: passphrase ? { way: 'passphrase', wasOpen: false } : { way: 'file' },
    notes,
  };
}

/** What would be run for a root that was made as an example: what only it has stands in the commands as a word. */
async function exampleOutcomes(
  { host, folder }: Context,
  stores: readonly TrustStore[],
  rootPem: string,
): Promise<Outcome[]> {
  // Nobody is to type in a root that will never be.
  const root = { ...rootInFile(rootPem, rootFile(folder)), pem: '<root.pem>' };
  const keyId = root.commonName.slice(-8);
  const outcomes = await installRoot(stores, root, host, { dryRun: true });
  return outcomes.map((outcome) => ({
    ...outcome,
    commands: outcome.commands?.map((command) =>
      command
        .replaceAll(root.sha256.slice(0, 16), '<fingerprint>')
        .replaceAll(keyId, '<key id>')
        .replace(/[0-9a-f]{64}/g, '<SHA-256>'),
    ),
  }));
}
