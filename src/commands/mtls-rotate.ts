/**
 * `devcert mtls rotate`: another authority for one side, without a moment in which a right certificate is
 * refused. Three steps, as every machine has to be reloaded between them: all trust old and new; then
 * certificates come from the new one; then the old one goes.
 */
import { resolve } from 'node:path';
import { existsSync } from 'node:fs';
import { loadAuthority } from '../authority/folder.ts';
import {
  discardPending,
  isRotating,
  markRotating,
  promotePending,
  readPending,
  stagePending,
} from '../authority/replace.ts';
import { isClientsOnly } from '../authority/summary.ts';
import { DevcertError, say } from '../errors.ts';
import { type MtlsSet, partyFiles } from '../mtls/set.ts';
import { installRoot, uninstallRoot, isFailure } from '../trust.ts';
import { type Context, contextOf, type MadeAuthority, refuseSudo, trusting } from './context.ts';
import { findEverywhere } from './stores.ts';
import { type AgentChoice, keeperFor, openKeeper } from './keeper.ts';
import { requireSet } from './mtls-check.ts';
import { type Renewed, renewAll } from './renew.ts';
import { clearOthers, trustingStores, successorOf } from './replace.ts';
import { pendingRoot } from './roots.ts';

export interface MtlsRotateOptions extends AgentChoice {
  /** The set's folder; the current one by default. */
  readonly dir?: string;
  /** The side whose authority is rotated; for sets with one authority either will do. */
  readonly clientCa?: boolean;
  readonly serverCa?: boolean;
  /** The second step: issue from the new authority. */
  readonly issue?: boolean;
  /** The last step: drop the old one. */
  readonly finish?: boolean;
  /** Of the set's key stores, if it has any. */
  readonly password?: string | undefined;
}

export interface MtlsRotateResult {
  /** The authority. */
  readonly ca: string;
  readonly step: 1 | 2 | 3;
  /** Sets and certificates that were written, and why not where they were not. */
  readonly written: readonly Renewed[];
  /** What has to be reloaded before the next step. */
  readonly reload: Sides;
  /** The new authority, after the first step. */
  readonly made?: MadeAuthority;
}

type Sides = readonly ('server' | 'clients')[];

/**
 * One step. The first one needs to know the side; the others find it.
 *
 * @throws DevcertError `usage`, `refused` for a step whose turn it is not, `store`, `password`, and those of
 *   `mtls()`.
 */
export async function mtlsRotate(
  context: Context,
  options: MtlsRotateOptions,
): Promise<MtlsRotateResult> {
  refuseSudo(context);
  const folder = resolve(context.cwd, options.dir ?? '.');
  const set = requireSet(folder);
  const { issue = false, finish = false, password } = options;
  if (issue && finish)
    throw new DevcertError('usage', say`${{ issue: true }} and ${{ finish: true }} are two steps`, {
      hint: 'reload the parties in between',
    });
  assertPassword(folder, set, password);
  const ca = issue || finish ? rotatingSide(context, set, options) : chosenSide(set, options);
  const target = contextOf(context, ca);
  const step = issue ? 2 : finish ? 3 : 1;
  const made = step === 1 ? await begin(target, options) : undefined;
  if (step === 2) await takeOver(target);
  if (step === 3) await end(target);
  const written = await renewAll(target, { only: REMADE[step], password });
  return { ca, step, written, reload: reloadOf(set, ca, step), made };
}

/** What each step makes again. */
const REMADE = { 1: ['sets'], 2: ['certificates', 'sets'], 3: ['roots', 'sets'] } as const;

async function begin(target: Context, agent: AgentChoice): Promise<MadeAuthority> {
  const { folder, host } = target;
  const waiting = readPending(folder);
  if (isRotating(folder) && waiting === undefined)
    throw new DevcertError('refused', 'the second step of this rotation is done already', {
      hint: say`reload the parties, then: ${{ command: 'mtls rotate', finish: true }}`,
    });
  const old = await loadAuthority(folder);
  // Of one that waits the key is kept already.
  const keeper = waiting ? openKeeper : await keeperFor(target, { ...agent, another: true });
  const stores = await trustingStores(target);
  markRotating(folder, true);
  const successor = successorOf(target, old, keeper);
  const pending = waiting ?? (await stagePending(folder, await successor.make()));
  const root = pendingRoot(folder, pending);
  const outcomes = await installRoot(stores, root, host, trusting(target));
  const bad = outcomes.find(isFailure);
  if (bad === undefined) return { constraints: pending.constraints };
  await uninstallRoot(stores, root, host);
  await discardPending(folder);
  markRotating(folder, false);
  throw new DevcertError(
    'store',
    `${bad.store} did not take the new root: ${bad.reason ?? bad.status}`,
    { hint: bad.hint ?? say`see what it says of the old one: ${{ command: 'status' }}` },
  );
}

async function takeOver({ folder }: Context): Promise<void> {
  const pending = readPending(folder);
  if (pending !== undefined) await promotePending(folder, pending);
}

async function end(target: Context): Promise<void> {
  const { folder } = target;
  if (readPending(folder) !== undefined)
    throw new DevcertError('refused', 'nothing was issued from the new CA yet', {
      hint: say`reload the parties, then: ${{ command: 'mtls rotate', issue: true }}`,
    });
  markRotating(folder, false);
  await clearOthers(target, isClientsOnly(folder) ? [] : await findEverywhere(target));
}

function chosenSide(set: MtlsSet, { clientCa, serverCa }: MtlsRotateOptions): string {
  if (set.serverCa === set.clientCa) return set.serverCa;
  if ((clientCa === true) !== (serverCa === true))
    return clientCa === true ? set.clientCa : set.serverCa;
  throw new DevcertError('usage', 'which CA?', {
    hint: say`${{ clientCa: true }} (${set.clientCa}) or ${{ serverCa: true }} (${set.serverCa}), one after the other`,
  });
}

function rotatingSide(context: Context, set: MtlsSet, options: MtlsRotateOptions): string {
  const rotating = [...new Set([set.serverCa, set.clientCa])].filter((ca) =>
    isRotating(contextOf(context, ca).folder),
  );
  const [ca] = rotating;
  if (ca === undefined)
    throw new DevcertError('refused', 'no CA of this set is being rotated', {
      hint: say`begin: ${{ command: 'mtls rotate', clientCa: true }}`,
    });
  return rotating.length === 1 ? ca : chosenSide(set, options);
}

/** Who trusts the certificates of an authority; in the second step, who has them. */
function reloadOf(set: MtlsSet, ca: string, step: MtlsRotateResult['step']): Sides {
  if (set.serverCa === set.clientCa) return ['server', 'clients'];
  return (ca === set.clientCa) === (step === 2) ? ['clients'] : ['server'];
}

/** Key stores that nobody can write again would be left with the old authority. */
function assertPassword(folder: string, set: MtlsSet, password: string | undefined): void {
  if (password !== undefined) return;
  const parties = [partyFiles(folder), ...set.clients.map(({ name }) => partyFiles(folder, name))];
  const store = parties.flatMap((it) => [it.keyStore, it.trustStore]).find((it) => existsSync(it));
  if (store === undefined) return;
  throw new DevcertError('password', `"${store}" has to be written again and needs its password`, {
    hint: say`${{ passwordFile: 'FILE' }}, or ${{ password: false }} if it has none`,
  });
}
