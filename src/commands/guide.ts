/** Hints that name a command, for an authority that has a name, or that somebody else made. */
import { X509Certificate } from 'node:crypto';
import { loadRoot } from '../authority/folder.ts';
import { readOrigin } from '../authority/origin.ts';
import { isClientsOnly } from '../authority/summary.ts';
import { DevcertError } from '../errors.ts';
import type { Context } from './context.ts';

/**
 * The error to throw instead: an expected failure gets the hint that is right for the authority of the
 * context. Hints are written for the default one.
 */
export async function guide(error: unknown, context: Context): Promise<unknown> {
  if (!(error instanceof DevcertError) || error.hint === undefined) return error;
  const hint =
    error.code === 'outside-constraints'
      ? await permitHint(error.hint, context)
      : namedHint(error.hint, context.ca);
  if (hint === error.hint) return error;
  return new DevcertError(error.code, error.message, { hint, cause: error });
}

/** The hint with the authority's name in its commands. */
export function namedHint(hint: string, ca: string | undefined): string {
  if (ca === undefined || hint.includes('--ca ')) return hint;
  return hint
    .replace(
      'uninstall --purge && devcert install',
      `uninstall --purge --ca ${ca} && devcert ca create ${ca}`,
    )
    .replace(/devcert ca replace$/, `devcert ca replace ${ca}`)
    .replace(/devcert ca import --force$/, `devcert ca import --force --name ${ca}`)
    .replace(
      /devcert (?:install|uninstall)(?: --machine| --permit \S+| --sealed(?: [^\s;,-][^\s;,]*)+)*(?=$|[;,])/g,
      `$& --ca ${ca}`,
    );
}

/** The same for what stores say. */
export function namedHints<T extends { readonly hint?: string }>(
  results: readonly T[],
  ca: string | undefined,
): T[] {
  return results.map((it) =>
    it.hint === undefined ? it : { ...it, hint: namedHint(it.hint, ca) },
  );
}

/** Which command permits a name: not the same one for every authority. */
async function permitHint(hint: string, { ca, folder }: Context): Promise<string> {
  const [, permits] = /^devcert install((?: --permit \S+)+)$/.exec(hint) ?? [];
  if (permits === undefined) return hint;
  const root = await loadRoot(folder);
  const isImported =
    root !== undefined && readOrigin(folder, new X509Certificate(root)) !== undefined;
  if (isImported)
    return `an imported authority keeps its constraints; use another: devcert ca create NAME${permits}`;
  if (ca !== undefined && isClientsOnly(folder)) return `devcert ca replace ${ca}${permits}`;
  return namedHint(hint, ca);
}
