/** `devcert ca remove`: an authority that has a name leaves the stores, then the disk. */
import { agentNotes } from '../authority/keeping.ts';
import { assertExists, removeAuthoritiesFolder } from '../authority/named.ts';
import { purge } from '../authority/purge.ts';
import { DevcertError, say, type Step } from '../errors.ts';
import { type Outcome, type TrustOptions, uninstallRoot, isFailure } from '../trust.ts';
import {
  type Context,
  contextOf,
  issuedBy,
  refuseSudo,
  trusting,
  type DryRunOption,
} from './context.ts';
import { findEverywhere } from './stores.ts';
import { allRoots } from './roots.ts';

export interface RemovedAuthority {
  readonly name: string;
  /** Of the stores that held the root. */
  readonly outcomes: readonly Outcome[];
  /** Certificates that it issued and that are still listed. */
  readonly left: readonly string[];
  /** One line each, for the user. */
  readonly notes: readonly string[];
}

/**
 * Takes the root of an authority that has a name out of every store and deletes it.
 *
 * @throws DevcertError `no-authority`, `usage` for the default one, `store` if a store keeps the root:
 *   then it is not deleted.
 */
export async function removeNamed(
  context: Context,
  name: string,
  { dryRun = false }: DryRunOption = {},
): Promise<RemovedAuthority> {
  refuseSudo(context);
  const target = contextOf(context, name);
  if (target.ca === undefined)
    throw new DevcertError('usage', 'the default CA is removed with all the others', {
      hint: { command: 'uninstall', purge: true },
    });
  assertExists(target.folder, target.ca);
  const stores = await findEverywhere(target);
  // What a store says of `devcert uninstall` holds for this command as well.
  const typed: Step = { command: 'ca remove', names: name };
  const trust: TrustOptions = {
    ...trusting(target),
    dryRun,
    again: (step) => (step.command === 'uninstall' ? typed : step),
  };
  const outcomes: Outcome[] = [];
  for (const root of await allRoots(target.folder))
    outcomes.push(
      ...(await uninstallRoot(stores, root, target.host, trust)).filter(
        ({ status, byHand }) =>
          status !== 'already-absent' && (status !== 'skipped' || byHand !== undefined),
      ),
    );
  const bad = outcomes.find(isFailure);
  if (bad !== undefined)
    throw new DevcertError('store', `${bad.store} still trusts it: ${bad.reason ?? bad.status}`, {
      hint: bad.hint ?? say`try that alone: ${{ command: 'uninstall', ca: name }}`,
    });
  const left = issuedBy(target).map(({ certFile }) => certFile);
  const notes = agentNotes([target.folder]);
  if (dryRun) return { name, outcomes, left, notes };
  purge(target.folder);
  removeAuthoritiesFolder(target.stateFolder);
  return { name, outcomes, left, notes };
}
