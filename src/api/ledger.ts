/** What was issued and how it is now, and the variables with which programs trust the root, as functions. */
import type { EnvironmentOptions, EnvironmentResult } from '../commands/environment.ts';
import type { ListResult } from '../commands/list.ts';
import type { RenewDueOptions, RenewDueResult } from '../commands/renew-due.ts';
import { checked } from './arguments.ts';
import { context, type Listener } from './composition.ts';

/** Every certificate that was issued and is remembered, oldest first. @throws DevcertError `invalid-authority`, `file`, `refused`. */
export async function list(): Promise<ListResult> {
  const { list } = await import('../commands/list.ts');
  return list(await context({}));
}

/**
 * Makes anew the certificates in and below the current folder, or with `all` on the whole machine, that have
 * expired or are about to, and what was exported of them.
 *
 * @returns what was made; what was not has its reason.
 * @throws DevcertError `usage`, `invalid-authority`, `file`, `refused`, `busy`, `cancelled`.
 */
export async function renew(
  options: RenewDueOptions = {},
  listener: Pick<Listener, 'password' | 'progress'> = {},
): Promise<RenewDueResult> {
  const { renewDue } = await import('../commands/renew-due.ts');
  const wanted = checked(options, { all: 'boolean', dryRun: 'boolean', password: 'text' });
  return renewDue(await context(listener), wanted);
}

/**
 * Variables for the environment of a program that is to trust the root besides what it trusts anyway. Writes the
 * files that they name into the state folder; `uninstall` takes them away.
 *
 * @throws DevcertError `usage`, `no-authority`, `invalid-authority`, `file`, `refused`, `command`.
 */
export async function environment(options: EnvironmentOptions = {}): Promise<EnvironmentResult> {
  const { environment } = await import('../commands/environment.ts');
  const wanted = checked(options, { ca: 'text', dir: 'text', java: 'boolean' });
  return environment(await context({}, wanted.ca), wanted);
}
