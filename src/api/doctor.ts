/** What is wrong on this machine, as functions. */
import type { CheckOptions, CheckResult } from '../doctor/check.ts';
import type { DoctorResult } from '../doctor/doctor.ts';
import { DevcertError } from '../errors.ts';
import { checked, storeSpec } from './arguments.ts';
import {
  context,
  contextWithStores,
  type Listener,
  projectContext,
  withStores,
} from './composition.ts';

/**
 * Whether the certificate of the project in the current folder is good, and this machine trusts its authority.
 * Changes nothing; asks no store that is slow to answer, Java's, unless it is named.
 *
 * @throws DevcertError `usage`, `invalid-input` for a bad project file, `invalid-name`, `invalid-authority`, `file`, `refused`.
 */
export async function check(options: CheckOptions = {}): Promise<CheckResult> {
  const { check } = await import('../doctor/check.ts');
  return check(await contextWithStores({}), checked(options, storeSpec));
}

/**
 * What is wrong on this machine, found by trying: every store is asked, and each program that is found here opens a
 * page on a scratch port. Changes nothing; takes some seconds.
 *
 * @throws DevcertError `usage`, `file` if there is no state folder to look into.
 */
export async function doctor(listener: Pick<Listener, 'progress'> = {}): Promise<DoctorResult> {
  const { doctor } = await import('../doctor/doctor.ts');
  let refusal: DevcertError | undefined;
  let machine = await projectContext(listener);
  try {
    machine = await context(listener);
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    refusal = error;
  }
  return doctor(await withStores(machine), refusal);
}
