/** What is wrong on this machine, as functions. */
import type { CheckOptions, CheckResult } from '../doctor/check.ts';
import { checked, storeSpec } from './arguments.ts';
import { contextWithStores } from './composition.ts';

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
