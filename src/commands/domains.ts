/** What programs that were written for the `devcert` package ask for: a pair for their domains, trusted, found again. */
import { existsSync } from 'node:fs';
import { hostsFile, readHostNames } from '../../platform/hosts-file.ts';
import { domainFolder } from '../authority/domains.ts';
import { hasAuthority, loadAuthority, rootFile } from '../authority/folder.ts';
import { outputPaths } from '../certificate/output.ts';
import { DevcertError, worded, orUndefined } from '../errors.ts';
import {
  assertPermitted,
  type Constraints,
  defaultConstraints,
  isPermitted,
} from '../names/constraints.ts';
import { parsePermit } from '../names/permit.ts';
import { isLoopbackName, type Name, parseNames } from '../names/names.ts';
import type { Outcome } from '../trust.ts';
import { assertNoBuild, type Context } from './context.ts';
import { haveTrusted } from './ensure.ts';
import { type Pair, pairInFiles } from './ensure-pair.ts';
import { addHosts } from './hosts.ts';
import { isSlow, parseStoreKinds } from './stores.ts';

export interface DomainsOptions {
  /** Leave the hosts file alone. */
  readonly skipHostsFile?: boolean;
  /**
   * Asked before a CA is made that may issue for these domains, and for all names below them, too: they are no
   * local ones. Without it that is an error.
   */
  readonly confirmDomains?: ((domains: readonly string[]) => Promise<boolean>) | undefined;
}

export interface DomainsResult extends Pair {
  /** Absolute path of the root. It stays, also if another takes its place. */
  readonly caPath: string;
  /** What happened in the stores, if this call changed them. */
  readonly outcomes: readonly Outcome[];
  /** One line each, for the user. */
  readonly notes: readonly string[];
}

/**
 * The pair for domains, the same again until it is about to expire; the first time with a CA that is trusted.
 * A domain is certified with all names right below it, as `devcert` did it.
 *
 * @throws DevcertError `outside-constraints` for a domain that was not confirmed, `refused` for a public suffix;
 *   and every code of issuing and installing.
 */
export async function certificateForDomains(
  context: Context,
  domains: readonly string[],
  options: DomainsOptions = {},
): Promise<DomainsResult> {
  const { folder } = context;
  const names = parseNames(domains);
  const dir = domainFolder(context.stateFolder, names);
  const paths = outputPaths({ out: dir }, context.cwd);
  assertNoBuild(context);
  const permits = await permitsFor(context, names, options);
  const isFirst = permits.length > 0 || !hasAuthority(folder) || !existsSync(paths.certFile);
  const { outcomes, notes } = isFirst
    ? await haveTrusted(context, names, {
        kinds: parseStoreKinds(undefined, context, isSlow),
        permit: permits,
      })
    : { outcomes: [], notes: [] };
  const all = [...names, ...(await below(context, names))];
  const pair = await pairInFiles(context, { names: all, options: {}, dir, paths, exact: true });
  const hosts = options.skipHostsFile === true ? [] : await addToHosts(context, names);
  return { ...pair, caPath: rootFile(folder), outcomes, notes: [...notes, ...hosts] };
}

/** The domains that are to be permitted first, after the user was asked. */
async function permitsFor(
  context: Context,
  names: readonly Name[],
  { confirmDomains }: DomainsOptions,
): Promise<string[]> {
  const constraints = await constraintsNow(context);
  const outside = names.filter((name) => !isPermitted(constraints, name));
  if (constraints === undefined || outside.length === 0) return [];
  const domains = outside.flatMap(({ type, value }) =>
    type === 'dns' ? [value.replace(/^\*\./, '')] : [],
  );
  // An address, and a word without a dot, is nobody's.
  if (
    confirmDomains === undefined ||
    domains.length < outside.length ||
    !domains.every((it) => it.includes('.'))
  )
    assertPermitted(constraints, outside);
  // Refuses public suffixes. What is below another of them needs no permit.
  const permits = await Promise.all(domains.map((it) => parsePermit(it)));
  const least = permits.filter((it) => !permits.some((other) => it.endsWith(`.${other}`)));
  if (!(await confirmDomains?.(least))) assertPermitted(constraints, outside);
  return least;
}

async function constraintsNow({ folder, host }: Context): Promise<Constraints | undefined> {
  if (hasAuthority(folder)) return (await loadAuthority(folder)).constraints;
  return defaultConstraints(host.hostname);
}

/** `*.shop.test` for `shop.test`, where such a name can be certified. */
async function below(context: Context, names: readonly Name[]): Promise<Name[]> {
  const stars = names.flatMap((name) => {
    if (name.type !== 'dns' || name.value.startsWith('*.') || !name.value.includes('.')) return [];
    return orUndefined(() => parseNames([`*.${name.value}`])) ?? []; // too long
  });
  const constraints = await constraintsNow(context);
  return stars.filter((name) => isPermitted(constraints, name));
}

/** Never a failure: the certificate is good, and there may be a DNS that answers. */
async function addToHosts(context: Context, names: readonly Name[]): Promise<readonly string[]> {
  const { host } = context;
  const known = readHostNames(host);
  const missing = names.filter(
    (name) =>
      name.type === 'dns' &&
      !name.value.startsWith('*.') &&
      !isLoopbackName(name) &&
      !known.has(name.value),
  );
  if (missing.length === 0) return [];
  const texts = missing.map(({ value }) => value);
  try {
    return (await addHosts(context, texts)).notes;
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    return [
      worded`${error.message}; unless your DNS answers for ${texts.join(', ')}, add it to ${hostsFile(host)}: ${{ command: 'hosts add', names: texts }}`,
    ];
  }
}
