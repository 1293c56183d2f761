/** What frameworks build on: a certificate that browsers here accept, as one call. */
import type { Ensured, EnsureOptions, InstallWish } from '../commands/ensure.ts';
import { checked, listenerOf, type Spec, wrongType } from './arguments.ts';
import { contextWithStores, type Listener, withoutSurprise } from './composition.ts';

const ensureSpec: Spec<EnsureOptions> = {
  ...{ names: 'list', install: 'text', dir: 'text', stores: 'text' },
  ...{ ca: 'text', key: 'text', days: 'days' },
};

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
  const wanted = checked(options, ensureSpec);
  const known: readonly InstallWish[] = installWishes;
  if (wanted.install !== undefined && !known.includes(wanted.install))
    throw wrongType('"install"', '"never", "auto" or "require"');
  const asked = listenerOf(listener);
  const here = withoutSurprise(await contextWithStores(asked, wanted.ca), asked);
  return ensure(here, wanted, asked.confirmInstall?.bind(asked));
}
