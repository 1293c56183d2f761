/** What frameworks build on: a certificate that browsers here accept, as one call. */
import { resolve } from 'node:path';
import { loadRoot } from '../authority/folder.ts';
import type { AuthorityOption } from '../commands/context.ts';
import type { Ensured, EnsureOptions, InstallWish } from '../commands/ensure.ts';
import { checked, listenerOf, wrongType } from './arguments.ts';
import { contextWithStores, type Listener, quietContext, withoutSurprise } from './composition.ts';

/**
 * The certificate and key of the project for a server, the same as long as they are good, and whether the browsers
 * here will accept them: `https.createServer(await ensure(), app)`. They lie in `.devcert` of the current folder,
 * where `devcert NAMES` puts them, and are made anew with fewer than 30 days left (a third of their life, if that
 * is shorter), when they lack a name, or when the CA was replaced. A pair of files there that came with its
 * `ca.pem` is taken where there is no CA at all, as in a container.
 *
 * Asks nobody: what needs root is done only if the listener has `announce`, what opens a dialog of the system only
 * if it has `ask`, and a protected key is used only if it has `password`; `confirmInstall` may say no to it all.
 * With `install` left out, or `never`, no CA is made and no store is touched. None is ever made where `NODE_ENV`
 * is `production`, as in a build.
 *
 * @returns PEM texts, absolute paths, and in `trust` what each store said when it was asked just now; `trust.line`
 *   is for a terminal.
 * @throws DevcertError `no-authority` if there is no CA and `install` is `never`; `refused` in a production build,
 *   for a sealed CA, under sudo; `not-trusted` if `install` is `require` and no store trusts it; `cancelled` if
 *   `confirmInstall` said no and there is no CA; `usage`, `invalid-name`, `outside-constraints`, `file`,
 *   `invalid-authority`, `invalid-input`, `expired`, `busy`, `password`, `agent`.
 */
export async function ensure(
  options: EnsureOptions = {},
  listener: Listener = {},
): Promise<Ensured> {
  const { ensure, installWishes } = await import('../commands/ensure.ts');
  const wanted = checked(options, {
    ...{ names: 'list', install: 'text', dir: 'text', stores: 'text' },
    ...{ ca: 'text', key: 'text', days: 'days', cwd: 'text' },
  });
  const known: readonly InstallWish[] = installWishes;
  if (wanted.install !== undefined && !known.includes(wanted.install))
    throw wrongType('"install"', '"never", "auto" or "require"');
  const asked = listenerOf(listener);
  const here = withoutSurprise(await contextWithStores(asked, wanted.ca), asked);
  const cwd = resolve(here.cwd, wanted.cwd ?? '');
  return ensure({ ...here, cwd }, wanted, asked.confirmInstall?.bind(asked));
}

/**
 * Has the TLS clients of this thread (`fetch`, `https`, `http2`, `tls`) trust the root of the CA besides all that
 * they trusted before, from their next connection on: for a server that asks itself or another on this machine.
 * Connections that name a `ca` of their own trust that alone, as before. Worker threads and child processes have
 * to be told for themselves; for programs as a whole there is `devcert run`.
 *
 * With Node.js 22.19, 24.5 and newer by `tls.setDefaultCACertificates()`, before by adding it to each context.
 *
 * @throws DevcertError `no-authority`, `invalid-authority`, `usage`, `file`; `refused` in Bun and Deno, whose
 *   `fetch` takes its roots when they start.
 */
export async function trustThisProcess(options: TrustProcessOptions = {}): Promise<void> {
  const wanted = checked(options, { ca: 'text', root: 'text' });
  const root = wanted.root ?? (await rootOf(wanted.ca));
  const { tryCertificate } = await import('../certificate/output.ts');
  if (tryCertificate(root)?.ca !== true) throw wrongType('"root"', 'a certificate in PEM');
  const { trustInThisProcess } = await import('../../platform/this-process.ts');
  trustInThisProcess(root);
}

/** Which root. */
export interface TrustProcessOptions extends AuthorityOption {
  /** PEM of another one than the CA's here: `ca` of {@link Ensured}, whose pair may have come from elsewhere. */
  readonly root?: string;
}

async function rootOf(name: string | undefined): Promise<string> {
  const { folder, ca } = await quietContext({}, name);
  const { assertExists } = await import('../authority/named.ts');
  assertExists(folder, ca);
  return (await loadRoot(folder)) ?? '';
}
