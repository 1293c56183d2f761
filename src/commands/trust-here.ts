/** What the trust stores of this machine come to for somebody who opens a page here. */
import type { Host, Root, StoreKind } from '../../platform/types.ts';
import { printable, type Step, worded } from '../errors.ts';
import { inspectStores, type StoreReport } from '../trust.ts';
import { type Context, trusting } from './context.ts';
import { findStores } from './stores.ts';

/** What clients on this machine will say of a certificate. */
export interface Trust {
  /**
   * What the browsers here will do: `trusted`: all show the page; `partly`: some warn; `untrusted`: all warn;
   * `none`: no browser was found.
   */
  readonly browsers: 'trusted' | 'partly' | 'untrusted' | 'none';
  /** True if every browser here trusts it; without one here, if some store does. */
  readonly trusted: boolean;
  /** Each store that was asked, and what it said. */
  readonly stores: readonly StoreReport[];
  /** All that in one line for a terminal, with what to type next if something is left to do. */
  readonly line: string;
}

/**
 * Asks the stores of these kinds. Changes nothing, and asks nobody.
 *
 * @param cure what is to be typed where they do not trust it; installing if left out.
 */
export async function trustHere(
  context: Context,
  root: Root,
  kinds: readonly StoreKind[],
  cure: Step = { command: 'install', ca: context.ca },
): Promise<Trust> {
  const found = await findStores(context, kinds, {});
  return judge(await inspectStores(found, root, trusting(context)), context.host, cure);
}

/** True if there is a store that could trust the root, and that a browser asks if one is here. */
export function canBeBetter({ stores, trusted }: Trust): boolean {
  return (
    !trusted &&
    stores.some(
      ({ state, lacks }) => lacks === undefined && (state === 'absent' || state === 'partial'),
    )
  );
}

function judge(stores: readonly StoreReport[], host: Host, cure: Step): Trust {
  const asked = stores.filter((it) => isForBrowsers(it.kind, host) && counts(it));
  const bad = asked.filter(({ state }) => state !== 'trusted');
  const browsers =
    asked.length === 0
      ? 'none'
      : bad.length === 0
        ? 'trusted'
        : bad.length < asked.length
          ? 'partly'
          : 'untrusted';
  const anywhere = stores.filter(({ state }) => state === 'trusted');
  const trusted = browsers === 'none' ? anywhere.length > 0 : browsers === 'trusted';
  return { browsers, trusted, stores, line: lineOf(browsers, bad, anywhere, cure) };
}

/** What is not here, and that nothing here needs, says nothing. */
function counts({ state, needed }: StoreReport): boolean {
  return state !== 'unavailable' || needed;
}

/** On Linux browsers have databases of their own; elsewhere most ask the system. */
function isForBrowsers(kind: StoreKind, { platform }: Pick<Host, 'platform'>): boolean {
  return kind === 'nss' || kind === 'windows' || (kind === 'system' && platform !== 'linux');
}

function lineOf(
  browsers: Trust['browsers'],
  bad: readonly StoreReport[],
  anywhere: readonly StoreReport[],
  cure: Step,
): string {
  const stores = (all: readonly StoreReport[]) =>
    all.map(({ store }) => printable(store)).join(', ');
  switch (browsers) {
    case 'trusted':
      return 'the browsers here trust this certificate';
    case 'partly':
      return worded`not every browser here trusts this certificate (${stores(bad)}): ${cure}`;
    case 'untrusted':
      return worded`the browsers here do not trust this certificate yet: ${cure}`;
    case 'none':
      return anywhere.length > 0
        ? `no browser was found here; trusted by: ${stores(anywhere)}`
        : worded`no browser was found here, and nothing trusts this certificate yet: ${cure}`;
  }
}
