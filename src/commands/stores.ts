/** Which trust stores a command works with. */
import type {
  FindOptions,
  Host,
  StoreFinder,
  StoreKind,
  StoreOptions,
  TrustStore,
} from '../../platform/types.ts';
import { hasModes } from '../disk/filesystem.ts';
import { DevcertError, worded } from '../errors.ts';
import type { Outcome } from '../trust.ts';
import type { AuthorityOption, Context } from './context.ts';

/** Which stores, and which authority's root in them. */
export interface StoreChoice extends StoreOptions, AuthorityOption {
  /** Comma-separated kinds of stores; all by default. */
  readonly stores?: string;
}

/**
 * The kinds in `--stores`, all of this machine's if it was not given.
 *
 * @param text comma-separated kinds or browsers; white space around them does not count.
 * @param isLeftOut of which kinds nothing is wanted unless they are named.
 * @throws DevcertError `usage` for an unknown word.
 */
export function parseStoreKinds(
  text: string | undefined,
  { finders, host }: Pick<Context, 'finders' | 'host'>,
  isLeftOut: (finder: StoreFinder) => boolean = () => false,
): StoreKind[] {
  const { platform } = host;
  const kindsOf = (some: readonly StoreFinder[]) => [...new Set(some.map(({ kind }) => kind))];
  const here = finders.filter((it) => isHere(it, host));
  if (text === undefined) return kindsOf(here.filter((finder) => !isLeftOut(finder)));
  const known = kindsOf(here);
  const words = text.split(',').map((word) => word.trim().toLowerCase());
  return [
    ...new Set(
      words.map((word) => {
        const meant = storeCalled(word, platform);
        const kind = known.find((kind) => kind === meant);
        if (kind !== undefined) return kind;
        throw new DevcertError('usage', `there is no kind of store "${word}" here`, {
          hint: { stores: known.join(',') },
        });
      }),
    ),
  ];
}

/** True for stores that are changed only where they are named. */
export function isOnRequest({ onRequest }: StoreFinder): boolean {
  return onRequest === true;
}

/** True for those, and Java's, which has to be run and no browser asks: a second for each. */
export function isSlow(finder: StoreFinder): boolean {
  return finder.kind === 'java' || isOnRequest(finder);
}

/** Browsers of one family: on Linux their store is NSS', elsewhere the system's. */
const BROWSERS: ReadonlySet<string> = new Set(['chromium', 'chrome', 'edge', 'brave', 'safari']);
const IN_SYSTEM: ReadonlySet<NodeJS.Platform> = new Set(['darwin', 'win32']);

function storeCalled(word: string, platform: NodeJS.Platform): string {
  if (word === 'firefox') return 'nss';
  if (!BROWSERS.has(word)) return word;
  return IN_SYSTEM.has(platform) ? 'system' : 'nss';
}

function isHere(finder: StoreFinder, host: Host): boolean {
  return finder.platforms?.includes(host.platform) !== false && finder.isHere?.(host) !== false;
}

/** The stores of these kinds on this machine, in the order of the finders. */
export async function findStores(
  { host, finders }: Pick<Context, 'finders' | 'host'>,
  kinds: readonly StoreKind[],
  options: FindOptions,
): Promise<TrustStore[]> {
  const stores: TrustStore[] = [];
  for (const finder of finders)
    if (kinds.includes(finder.kind) && isHere(finder, host))
      stores.push(...(await finder.find(host, options)));
  return stores;
}

/** The same for the user and for the machine, where the system has both: wherever a root may have been put. */
export function findEverywhere(
  context: Context,
  kinds: readonly StoreKind[] = parseStoreKinds(undefined, context),
  options: StoreOptions = {},
): Promise<TrustStore[]> {
  return findStores(context, kinds, { ...options, everywhere: true });
}

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
