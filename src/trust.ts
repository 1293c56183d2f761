/**
 * Detect, check, act, check again: over any list of stores. One outcome per store; a store that fails
 * never stops the others, and nothing is said to be trusted that was not asked after the act.
 */
import { X509Certificate } from 'node:crypto';
import { formatCommand } from '../platform/run.ts';
import type {
  Command,
  CommandResult,
  Host,
  Root,
  StoreKind,
  StoreState,
  TrustStore,
} from '../platform/types.ts';
import { DevcertError, type Step, type Text, formatText, mapSteps } from './errors.ts';
import { failureOf } from './store-failure.ts';

/** What happened in one store, or in the hosts file when `uninstall` clears it, too. */
export interface Outcome {
  readonly kind: StoreKind | 'hosts';
  readonly store: string;
  readonly location: string;
  /**
   * `trusted`, `removed`: done and checked. `already-trusted`, `already-absent`: nothing was to do.
   * `skipped`: nothing there to act on, or a program is missing, which `lacks` names. `planned`: a dry run, `commands` says what would be run.
   * `failed`, `cancelled`: `reason` says why.
   */
  readonly status:
    | 'trusted'
    | 'already-trusted'
    | 'removed'
    | 'already-absent'
    | 'skipped'
    | 'planned'
    | 'failed'
    | 'cancelled';
  readonly reason?: string;
  readonly hint?: string;
  /** The program without which the store cannot be changed, if that is all; `hint` says what brings it. */
  readonly lacks?: string;
  /** What removes the root there, typed by hand: the store is out of reach, and it may be trusted in it. */
  readonly byHand?: string;
  /** What to restart before the change is seen. */
  readonly restart?: string;
  /** Command lines as typed into a shell: of a dry run, or those of the hint of a failure. */
  readonly commands?: readonly string[];
}

/** What one store says of a root. */
export interface StoreReport {
  readonly kind: StoreKind;
  readonly store: string;
  readonly location: string;
  readonly state: StoreState['state'];
  readonly reason?: string;
  readonly hint?: string;
  /** What some clients of a store that trusts it need besides. */
  readonly note?: string;
  /** False if the store is not available and nothing on this machine needs it. */
  readonly needed: boolean;
  /** The program without which the store cannot be asked, if that is all. */
  readonly lacks?: string;
}

export interface TrustOptions {
  /** Plan, and run nothing. */
  readonly dryRun?: boolean;
  /** With it a root is not trusted by what holds it before its first day and after its last. */
  readonly now?: Date;
  /** Gets what is worked on, for a person who waits. */
  readonly progress?: (doing: string) => void;
  /** What was typed, and is to be again, where a store says `devcert install` or `uninstall`. */
  readonly again?: (step: Step) => Step;
}

/** Makes every store trust the root. Never throws for what a store does. */
export async function installRoot(
  stores: readonly TrustStore[],
  root: Root,
  host: Host,
  options: TrustOptions = {},
): Promise<Outcome[]> {
  // What one store does may reach another, as Debian's reaches Java's: that was not trusted already.
  const first = new Map<TrustStore, StoreState>();
  for (const store of stores) {
    options.progress?.(store.name);
    first.set(store, await store.inspect(root));
  }
  let isChanged = false;
  return each(stores, options, async (store) => {
    const known = first.get(store);
    const isTrusted = known?.state === 'trusted';
    const asksAgain = known === undefined || (isChanged && !isTrusted);
    const before = asksAgain ? await store.inspect(root) : known;
    if (before.state === 'trusted')
      return isTrusted
        ? { status: 'already-trusted' }
        : { status: 'trusted', restart: store.restart };
    if (before.state === 'unavailable') {
      const { lacks } = before;
      const turn = unavailable(before);
      return lacks === undefined ? turn : { ...turn, status: 'skipped', lacks };
    }
    if (store.lacks !== undefined) {
      const { program: lacks, hint } = store.lacks;
      return { status: 'skipped', lacks, reason: `"${lacks}" is not installed`, hint };
    }
    const plan = await store.planInstall(root);
    if (options.dryRun === true) return planned(plan, host);
    isChanged = true;
    const failure = await runPlan(plan, store, host);
    const after = await store.inspect(root);
    if (after.state === 'trusted') return { status: 'trusted', restart: store.restart };
    // What cannot be asked is not acted on once more: that may open a second dialog.
    if (after.state === 'unavailable') return failure ?? unknown(after);
    // Nothing half-done stays behind, but an entry that somebody else made must stay.
    if (before.state === 'absent') await runPlan(await store.planUninstall(root), store, host);
    return failure ?? { status: 'failed', reason: unchanged(after) };
  });
}

/** Removes the root from every store that holds it. Never throws for what a store does. */
export async function uninstallRoot(
  stores: readonly TrustStore[],
  root: Root,
  host: Host,
  options: TrustOptions = {},
): Promise<Outcome[]> {
  return each(stores, options, async (store) => {
    const before = await store.inspect(root);
    if (before.state === 'unavailable')
      return before.empty === true ? { status: 'already-absent' } : unavailable(before);
    const plan = await store.planUninstall(root);
    if (before.state === 'absent' && plan.length === 0) return { status: 'already-absent' };
    if (options.dryRun === true) return planned(plan, host);
    const failure = await runPlan(plan, store, host);
    const after = await store.inspect(root);
    if (after.state === 'absent' || (after.state === 'unavailable' && !after.needed))
      return { status: 'removed', restart: store.restart };
    if (after.state === 'unavailable') return failure ?? unknown(after);
    return failure ?? { status: 'failed', reason: unchanged(after) };
  });
}

/** One outcome for each store, of those of two roots: the one that says most. */
export function mergeOutcomes(outcomes: readonly Outcome[], more: readonly Outcome[]): Outcome[] {
  if (outcomes.length === 0) return [...more];
  const rank = ['failed', 'cancelled', 'removed', 'planned', 'skipped', 'already-absent'];
  return outcomes.map((outcome, index) => {
    const other = more[index];
    if (other === undefined) return outcome;
    const [first, second] =
      rank.indexOf(other.status) < rank.indexOf(outcome.status)
        ? [other, outcome]
        : [outcome, other];
    const commands = [...(first.commands ?? []), ...(second.commands ?? [])];
    return commands.length === 0 ? first : { ...first, commands };
  });
}

/** Asks every store. Never throws for what a store does. */
export async function inspectStores(
  stores: readonly TrustStore[],
  root: Root,
  options: TrustOptions = {},
): Promise<StoreReport[]> {
  const reports: StoreReport[] = [];
  for (const store of stores) {
    options.progress?.(store.name);
    const state = await store.inspect(root);
    const isTrusted = state.state === 'trusted';
    const why = isTrusted && options.now !== undefined ? whyNotValid(root, options.now) : undefined;
    reports.push({
      kind: store.kind,
      store: store.name,
      location: store.location,
      needed: true,
      ...(isTrusted || store.lacks === undefined ? {} : { lacks: store.lacks.program }),
      ...(why === undefined ? state : { state: 'partial', reason: `it is in it, and ${why}` }),
      hint: worded('hint' in state ? state.hint : undefined, options),
    });
  }
  return reports;
}

// Stores hold what is past its day as readily as what is not: no client trusts it.
function whyNotValid(root: Root, now: Date): string | undefined {
  const { validFrom, validTo } = new X509Certificate(root.der);
  if (now > new Date(validTo)) return `it expired on ${validTo}`;
  return now < new Date(validFrom) ? `it is valid from ${validFrom} on` : undefined;
}

/** True for what a store did not do, or was not let do. */
export function isFailure({ status }: Outcome): boolean {
  return status === 'failed' || status === 'cancelled';
}

/** What one store's turn comes to, before the store's own name and place are added. */
export type Turn = Omit<Outcome, 'kind' | 'store' | 'location' | 'hint'> & { hint?: Text };

async function each(
  stores: readonly TrustStore[],
  options: TrustOptions,
  act: (store: TrustStore) => Promise<Turn>,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const store of stores) {
    options.progress?.(store.name);
    let turn: Turn;
    try {
      turn = await act(store);
    } catch (error) {
      // An expected failure inside one store is that store's outcome; a bug stays a bug.
      if (!(error instanceof DevcertError)) throw error;
      turn = {
        status: error.code === 'cancelled' ? 'cancelled' : 'failed',
        reason: error.message,
        hint: DevcertError.hintOf(error),
      };
    }
    const { kind, name, location } = store;
    outcomes.push({ kind, store: name, location, ...turn, hint: worded(turn.hint, options) });
  }
  return outcomes;
}

function worded(hint: Text | undefined, { again }: TrustOptions): string | undefined {
  if (hint === undefined) return undefined;
  return formatText(again === undefined ? hint : mapSteps(hint, again));
}

/** Runs a plan up to its first failing command, whose failure is returned, and what cleans up after it. */
export async function runPlan(
  plan: readonly Command[],
  store: Pick<TrustStore, 'explain'>,
  host: Host,
): Promise<Turn | undefined> {
  let failure: Turn | undefined;
  for (const [index, command] of plan.entries()) {
    if (failure !== undefined && command.cleansUp !== true) continue;
    const result = await host.run(command);
    if (result.exitCode !== 0 && !isTolerated(command, result))
      failure ??= failureOf(plan.slice(index), result, store, host);
  }
  return failure;
}

function isTolerated({ tolerates }: Command, result: CommandResult): boolean {
  return result.failure === undefined && tolerates?.test(result.stderr + result.stdout) === true;
}

function unavailable(state: StoreState & { state: 'unavailable' }): Turn {
  const { needed, reason, hint, byHand } = state;
  return { status: needed ? 'failed' : 'skipped', reason, hint, byHand };
}

function planned(plan: readonly Command[], host: Host): Turn {
  return { status: 'planned', commands: plan.map((command) => formatCommand(command, host)) };
}

function unknown(state: StoreState & { state: 'unavailable' }): Turn {
  return {
    status: 'failed',
    reason: `it was done, but the store cannot be asked whether it worked: ${state.reason}`,
    hint: state.hint ?? { command: 'status' },
  };
}

function unchanged(state: Exclude<StoreState, { state: 'unavailable' }>): string {
  const now = 'reason' in state ? state.reason : `the root is still ${state.state}`;
  return `every command succeeded and yet nothing changed: ${now}`;
}
