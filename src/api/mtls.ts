/** Mutual TLS: `devcert mtls` as functions. */
import type { MtlsOptions, MtlsResult } from '../commands/mtls.ts';
import type { MtlsCheckOptions, MtlsCheckResult } from '../commands/mtls-check.ts';
import type { MtlsRotateOptions, MtlsRotateResult } from '../commands/mtls-rotate.ts';
import { checked, type Spec, textOf } from './arguments.ts';
import { context, contextWithStores, type Listener } from './composition.ts';

const mtlsSpec: Spec<MtlsOptions> = {
  ...{ serverNames: 'list', client: 'list', plainCn: 'boolean', out: 'text' },
  ...{ ca: 'text', serverCa: 'text', clientCa: 'text', password: 'text', force: 'boolean' },
};
const checkSpec: Spec<MtlsCheckOptions> = {
  ...{ dir: 'text', as: 'text', http: 'boolean', starttls: 'text', timeoutMs: 'number' },
};

/**
 * A folder for the server and one for each client, with what that machine needs for mutual TLS. What is there
 * already and still good stays.
 *
 * @throws DevcertError `usage`, `invalid-name`, `no-authority`, `refused`, `outside-constraints`, `file`,
 *   `expired`, `busy`, `password`, `agent`: nothing was written then.
 */
export async function mtls(
  name: string,
  options: MtlsOptions = {},
  listener: Pick<Listener, 'password' | 'progress'> = {},
): Promise<MtlsResult> {
  const { mtls } = await import('../commands/mtls.ts');
  const here = await context(listener);
  return mtls(here, textOf(name, 'the name'), checked(options, mtlsSpec));
}

/**
 * Connects to a server with the right client certificate, without one, and with wrong ones.
 *
 * @param address `HOST:PORT`.
 * @throws DevcertError `usage`, `file`, `command` if nothing listens there.
 */
export async function mtlsCheck(
  address: string,
  options: MtlsCheckOptions = {},
  listener: Pick<Listener, 'password' | 'progress'> = {},
): Promise<MtlsCheckResult> {
  const { mtlsCheck } = await import('../commands/mtls-check.ts');
  const here = await context(listener);
  return mtlsCheck(here, textOf(address, 'the address'), checked(options, checkSpec));
}

/**
 * One step of putting another authority in the place of one side's, without an outage.
 *
 * @throws DevcertError `usage`, `refused` for a step whose turn it is not, `store`, `password`, and those of
 *   {@link mtls}.
 */
export async function mtlsRotate(
  options: MtlsRotateOptions,
  listener: Listener = {},
): Promise<MtlsRotateResult> {
  const { mtlsRotate } = await import('../commands/mtls-rotate.ts');
  const wanted = checked(options, {
    ...{ dir: 'text', password: 'text', clientCa: 'boolean', serverCa: 'boolean' },
    ...{ issue: 'boolean', finish: 'boolean', sshAgent: 'text or boolean', force: 'boolean' },
  });
  return mtlsRotate(await contextWithStores(listener), wanted);
}
