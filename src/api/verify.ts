/** `devcert verify` as a function. */
import type { VerifyOptions } from '../commands/verify.ts';
import type { VerifyResult } from '../verify/types.ts';
import { checked, textOf } from './arguments.ts';
import { context } from './composition.ts';

/**
 * Verifies what a server sends, or what a file holds, as a strict client does: fail-closed, against the root of the
 * authority unless `options.roots` says otherwise. Revocation is looked at only by the lists in `options.crl`.
 *
 * @param target `HOST:PORT`, a URL, or a file of certificates.
 * @returns data, also of what could not be connected to; its texts come from the server and may hold any character.
 * @throws DevcertError `usage`, `invalid-name`, `no-authority`, `file`, `invalid-input`, `password`.
 */
export async function verify(target: string, options: VerifyOptions = {}): Promise<VerifyResult> {
  const { verify } = await import('../commands/verify.ts');
  const wanted = checked(options, {
    ...{ ca: 'text', roots: 'text', name: 'text', purpose: 'text', at: 'text' },
    ...{ starttls: 'text', timeout: 'number', crl: 'text' },
  });
  return verify(await context({}, wanted.ca), textOf(target, 'the target'), wanted);
}
