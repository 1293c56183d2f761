/** What `install` would do, and the stores that were asked for and are not here. */
import type { TrustStore } from '../../platform/types.ts';
import { createAuthority } from '../authority/create.ts';
import { hasAuthority, rootFile } from '../authority/folder.ts';
import { hasModes } from '../disk/filesystem.ts';
import type { Constraints } from '../names/constraints.ts';
import { installRoot, type Outcome } from '../trust.ts';
import { type Context, identity } from './context.ts';
import { worded } from '../errors.ts';
import type { InstallResult } from './install.ts';
import { rootInFile } from './roots.ts';

/** Of the kinds that were named, those of which there is no store. */
export function missingKinds(
  kinds: readonly string[],
  stores: readonly TrustStore[],
  { ca }: Context,
): Outcome[] {
  const reasons: Record<string, { reason: string; hint: string }> = {
    java: {
      reason:
        'no Java was found: JAVA_HOME is not set, not absolute or leads nowhere, and no usual folder has one',
      hint: hasModes ? 'export JAVA_HOME=/path/to/jdk' : '$env:JAVA_HOME = "C:\\path\\to\\jdk"',
    },
    nss: {
      reason: 'no browser was found that keeps a database of its own',
      hint: worded`install one and start it once, then ${{ command: 'install', ca }}`,
    },
  };
  return kinds
    .filter((kind) => !stores.some((store) => store.kind === kind))
    .map((kind) => ({
      kind: kind as Outcome['kind'],
      store: kind,
      location: '',
      status: 'failed' as const,
      ...(reasons[kind] ?? { reason: 'there is no such store on this machine' }),
    }));
}

/** The plan for an authority that does not exist yet: its fingerprint stands in it as a word. */
export async function planInstall(
  context: Context,
  stores: readonly TrustStore[],
  missing: readonly Outcome[],
  constraints: Constraints | undefined,
): Promise<InstallResult> {
  const { host, folder } = context;
  const example = await createAuthority(identity(context), constraints, host.now());
  const shown = await exampleOutcomes(context, stores, example.root);
  return {
    ...{ root: undefined, notAfter: undefined, constraints, renewed: [], notes: [] },
    authority: hasAuthority(folder) ? 'replaced' : 'created',
    outcomes: [...shown, ...missing],
  };
}

/** What would be run for a root that was made as an example: what only it has stands in the commands as a word. */
export async function exampleOutcomes(
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
