/** What changes and asks trust stores, as functions. */
import type { InstallOptions, InstallResult } from '../commands/install.ts';
import type { StatusOptions, StatusResult } from '../commands/status.ts';
import type { UninstallOptions, UninstallResult } from '../commands/uninstall.ts';
import { checked, storeSpec } from './arguments.ts';
import { contextWithStores, type Listener } from './composition.ts';

/**
 * Makes the authority if there is none and has every store on this machine trust its root.
 *
 * @returns one outcome for each store: a store that failed does not throw.
 * @throws DevcertError `usage`, `refused`, `invalid-authority`, `expired`, `file`, `busy`,
 *   `password`, `agent`.
 */
export async function install(
  options: InstallOptions = {},
  listener: Listener = {},
): Promise<InstallResult> {
  const { install } = await import('../commands/install.ts');
  const wanted = checked(options, {
    ...storeSpec,
    permit: 'list',
    constraints: 'boolean',
    dryRun: 'boolean',
    passphrase: 'boolean',
    sshAgent: 'text or boolean',
    sealed: 'list',
    out: 'text',
    force: 'boolean',
  });
  return install(await contextWithStores(listener, wanted.ca), wanted);
}

/**
 * The authority and what each store says of it. Changes nothing.
 *
 * @throws DevcertError `usage`, `invalid-authority`, `file`.
 */
export async function status(
  options: StatusOptions = {},
  listener: Listener = {},
): Promise<StatusResult> {
  const { status } = await import('../commands/status.ts');
  const wanted = checked(options, storeSpec);
  return status(await contextWithStores(listener, wanted.ca), wanted);
}

/**
 * Takes the root out of every store on this machine; with `orphans` instead those roots of this user that no
 * state folder knows any more, after `confirm` of the listener (or with `yes`).
 *
 * @returns one outcome for each store: a store that failed does not throw.
 * @throws DevcertError `usage`, `refused`, `invalid-authority`, `file`, `busy`, `cancelled`.
 */
export async function uninstall(
  options: UninstallOptions = {},
  listener: Listener = {},
): Promise<UninstallResult> {
  const { uninstall } = await import('../commands/uninstall.ts');
  const wanted = checked(options, {
    ...storeSpec,
    purge: 'boolean',
    dryRun: 'boolean',
    orphans: 'boolean',
    yes: 'boolean',
  });
  return uninstall(await contextWithStores(listener, wanted.ca), wanted);
}
