/**
 * Detect, check, act, check again: over any list of stores. One outcome per store; a store that fails
 * never stops the others, and nothing is said to be trusted that was not asked after the act.
 */
import { findElevation, formatCommand } from '../platform/run.ts';
import type {
  Command,
  CommandResult,
  Host,
  Root,
  StoreKind,
  StoreOptions,
  StoreState,
  TrustStore,
} from '../platform/types.ts';
import { DevcertError, printable } from './errors.ts';

/** What happened in one store. */
export interface Outcome {
  readonly kind: StoreKind;
  readonly store: string;
  readonly location: string;
  /**
   * `trusted`, `removed`: done and checked. `already-trusted`, `already-absent`: nothing was to do.
   * `skipped`: nothing there to act on. `planned`: a dry run, `commands` says what would be run.
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
  /** What to restart before the change is seen. */
  readonly restart?: string;
  /** The command lines of a dry run, as typed into a shell. */
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
  /** False if the store is not available and nothing on this machine needs it. */
  readonly needed: boolean;
}

export interface TrustOptions {
  /** Plan, and run nothing. */
  readonly dryRun?: boolean;
  /** Told what is worked on, for a person who waits. */
  readonly progress?: (doing: string) => void;
}

/** Makes every store trust the root. Never throws for what a store does. */
export async function installRoot(
  stores: readonly TrustStore[],
  root: Root,
  host: Host,
  options: TrustOptions = {},
): Promise<Outcome[]> {
  return each(stores, options, async (store) => {
    const before = await store.inspect(root);
    if (before.state === 'trusted') return { status: 'already-trusted' };
    if (before.state === 'unavailable') return unavailable(before);
    const plan = await store.planInstall(root);
    if (options.dryRun === true) return planned(plan, host);
    const failure = await runPlan(plan, store, host);
    const after = await store.inspect(root);
    if (after.state === 'trusted') return { status: 'trusted', ...restart(store) };
    // Nothing half-done stays behind, but an entry that somebody else made is not ours to remove.
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
    if (before.state === 'unavailable') return unavailable(before);
    const plan = await store.planUninstall(root);
    if (before.state === 'absent' && plan.length === 0) return { status: 'already-absent' };
    if (options.dryRun === true) return planned(plan, host);
    const failure = await runPlan(plan, store, host);
    const after = await store.inspect(root);
    if (after.state === 'absent' || (after.state === 'unavailable' && !after.needed))
      return { status: 'removed', ...restart(store) };
    return failure ?? { status: 'failed', reason: unchanged(after) };
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
    reports.push({
      kind: store.kind,
      store: store.name,
      location: store.location,
      needed: true,
      ...state,
    });
  }
  return reports;
}

/**
 * Of stores that were found everywhere those that matter to whoever asked for the user's or the machine's:
 * the one that was asked for, and whichever holds the root. The user's does not where the machine's does
 * for it.
 *
 * @param holds for each of the stores, in their order, whether the root is in it.
 */
export function relevant(
  stores: readonly TrustStore[],
  holds: readonly boolean[],
  { machine = false }: StoreOptions,
): boolean[] {
  return stores.map(({ kind, scope }, i) => {
    if (scope === undefined || holds[i] === true) return true;
    if (scope === 'machine') return machine;
    const isHeld = stores.some((it, j) => it.kind === kind && it.scope === 'machine' && holds[j]);
    return !machine && !isHeld;
  });
}

/** What one store's turn comes to, before the store's own name and place are added. */
type Turn = Omit<Outcome, 'kind' | 'store' | 'location'>;

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
        ...(error.hint === undefined ? {} : { hint: error.hint }),
      };
    }
    outcomes.push({ kind: store.kind, store: store.name, location: store.location, ...turn });
  }
  return outcomes;
}

/** Runs a plan up to its first failing command, whose failure is returned, and what cleans up after it. */
async function runPlan(
  plan: readonly Command[],
  store: TrustStore,
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

/** @param left the commands that are not done: the first one is the one that failed. */
function failureOf(
  left: readonly Command[],
  result: CommandResult,
  store: TrustStore,
  host: Host,
): Turn {
  const [command = { file: '', args: [] }] = left;
  const explained = store.explain?.(command, result);
  if (explained !== undefined) {
    const { cancelled, ...words } = explained;
    return { status: cancelled === true ? 'cancelled' : 'failed', ...words };
  }
  const byHand = handOver(left, host);
  switch (result.failure) {
    case 'not-found':
      return { status: 'failed', reason: `there is no program "${command.file}"` };
    case 'timeout':
      return { status: 'failed', reason: `"${command.file}" did not end in time and was stopped` };
    case 'not-elevated': {
      const lacks = !host.isRoot && findElevation(host) === undefined;
      return {
        status: 'failed',
        reason: lacks
          ? 'needs root, and there is no sudo, doas or run0 here that root alone can change'
          : 'needs root, and nobody can be asked for a password here',
        hint: byHand,
      };
    }
    case 'unsafe':
      return {
        status: 'failed',
        reason: `"${command.file}" is not run as root: others than root can change it`,
        hint: `if you trust it, ${byHand}`,
      };
    case 'nobody':
      return { status: 'failed', reason: 'nobody is here to answer what it asks', hint: byHand };
    case 'elevation-refused':
      return { status: 'failed', reason: `root was refused: ${lastLine(result)}`, hint: byHand };
    case 'killed':
      return { status: 'cancelled', reason: `"${command.file}" was stopped` };
    case undefined:
      return {
        status: 'failed',
        reason: `"${command.file}" failed with exit code ${String(result.exitCode)}: ${lastLine(result)}`,
      };
  }
}

/** Whoever may act as root types these into a shell, from any account. */
function handOver(commands: readonly Command[], host: Host): string {
  const asAdministrator = host.isRoot ? undefined : findElevation(host);
  const lines = commands.map((it) =>
    formatCommand(it, asAdministrator === undefined ? { ...host, isRoot: true } : host),
  );
  return asAdministrator === undefined
    ? `run it yourself as root: ${lines.join(' && ')}`
    : `as an administrator: ${lines.join(' && ')}`;
}

function lastLine(result: CommandResult): string {
  const lines = (result.stderr.trim() || result.stdout.trim()).split('\n');
  return printable(lines.at(-1) ?? '').trim() || 'it said nothing';
}

function unavailable(state: StoreState & { state: 'unavailable' }): Turn {
  return {
    status: state.needed ? 'failed' : 'skipped',
    reason: state.reason,
    ...(state.hint === undefined ? {} : { hint: state.hint }),
  };
}

function planned(plan: readonly Command[], host: Host): Turn {
  return { status: 'planned', commands: plan.map((command) => formatCommand(command, host)) };
}

function unchanged(state: StoreState): string {
  const now = 'reason' in state ? state.reason : `the root is still ${state.state}`;
  return `every command succeeded and yet nothing changed: ${now}`;
}

function restart(store: TrustStore): { restart?: string } {
  return store.restart === undefined ? {} : { restart: store.restart };
}
