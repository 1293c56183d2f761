/** Which trust stores a command works with. */
import type {
  FindOptions,
  Host,
  StoreFinder,
  StoreKind,
  StoreOptions,
  TrustStore,
} from '../../platform/types.ts';
import { DevcertError } from '../errors.ts';
import type { Context } from './context.ts';

/**
 * The kinds in `--stores`, all of this machine's if it was not given.
 *
 * @param text comma-separated kinds or browsers; white space around them does not count.
 * @throws DevcertError `usage` for an unknown word.
 */
export function parseStoreKinds(
  text: string | undefined,
  { finders, host }: Pick<Context, 'finders' | 'host'>,
): StoreKind[] {
  const { platform } = host;
  const known = [...new Set(finders.filter((it) => isHere(it, host)).map(({ kind }) => kind))];
  if (text === undefined) return known;
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
