/** Names in this machine's hosts file. */
import { checked, listenerOf, type Spec, textsOf } from './arguments.ts';
import type { HostsOptions, HostsResult } from '../commands/hosts.ts';
import { type Listener, projectContext } from './composition.ts';

const hostsSpec: Spec<HostsOptions> = { dryRun: 'boolean' };

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
  const wanted = checked(options, hostsSpec);
  return addHosts(await projectContext(listenerOf(listener)), textsOf(names, 'names'), wanted);
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
  const wanted = checked(options, hostsSpec);
  const which = names === 'all' ? names : textsOf(names, 'names');
  return removeHosts(await projectContext(listenerOf(listener)), which, wanted);
}

/** The names in devcert's block of the hosts file. @throws DevcertError `file`. */
export async function listHosts(): Promise<HostsResult> {
  const { listHosts } = await import('../commands/hosts.ts');
  return listHosts(await projectContext({}));
}
