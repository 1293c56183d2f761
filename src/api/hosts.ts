/** Names in this machine's hosts file. */
import { checked, textsOf } from './arguments.ts';
import type { HostsOptions, HostsResult } from '../commands/hosts.ts';
import { type Listener, projectContext } from './composition.ts';

/**
 * Has this machine answer for DNS names with 127.0.0.1 and ::1, by a marked block in its hosts file; that acts
 * as root, or on Windows needs an elevated process. Names that other lines answer for stay theirs.
 *
 * @throws DevcertError `usage`, `invalid-name`, `refused`, `file`, `cancelled`.
 */
export async function addHosts(
  names: string | readonly string[],
  options: HostsOptions = {},
  listener: Pick<Listener, 'announce'> = {},
): Promise<HostsResult> {
  const { addHosts } = await import('../commands/hosts.ts');
  const wanted = checked(options, { dryRun: 'boolean' });
  return addHosts(await projectContext(listener), textsOf(names, 'names'), wanted);
}

/**
 * Takes names out of devcert's block of the hosts file.
 *
 * @param names `'all'` for every one that devcert added for this user.
 * @throws DevcertError `usage`, `invalid-name`, `refused`, `file`, `cancelled`.
 */
export async function removeHosts(
  names: string | readonly string[],
  options: HostsOptions = {},
  listener: Pick<Listener, 'announce'> = {},
): Promise<HostsResult> {
  const { removeHosts } = await import('../commands/hosts.ts');
  const wanted = checked(options, { dryRun: 'boolean' });
  const which = names === 'all' ? names : textsOf(names, 'names');
  return removeHosts(await projectContext(listener), which, wanted);
}

/** The names in devcert's block of the hosts file. @throws DevcertError `file`. */
export async function listHosts(): Promise<HostsResult> {
  const { listHosts } = await import('../commands/hosts.ts');
  return listHosts(await projectContext({}));
}
