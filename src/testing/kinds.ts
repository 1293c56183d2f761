/** What can be wrong with a certificate that is broken on purpose: one thing each. */
import { DevcertError } from '../errors.ts';
import type { VerifyCode } from '../verify/types.ts';

/**
 * In the words of `verify`, which gives exactly this code for it:
 *
 * - `expired`: since a month.
 * - `not-yet-valid`: for years to come.
 * - `wrong-name`: it is for another host (or client).
 * - `self-signed`: no CA vouches for it.
 * - `unknown-authority`: it is of another CA, of which nobody has heard.
 * - `missing-issuer`: it comes without the intermediate certificate between it and the root.
 * - `wrong-purpose`: a server's that is for clients only; a client's that is for servers only.
 * - `weak-key`: RSA of 1024 bits.
 * - `weak-signature`: signed with SHA-1.
 * - `revoked`: on the CA's list of revoked certificates.
 */
export const brokenKinds = [
  'expired',
  'not-yet-valid',
  'wrong-name',
  'self-signed',
  'unknown-authority',
  'missing-issuer',
  'wrong-purpose',
  'weak-key',
  'weak-signature',
  'revoked',
] as const satisfies readonly VerifyCode[];

export type BrokenKind = (typeof brokenKinds)[number];

/** Of which every client has to refuse all. Weak ones some let pass, and few look at lists of revoked ones. */
export const alwaysRefused: readonly BrokenKind[] = brokenKinds.filter(
  (kind) => kind !== 'weak-key' && kind !== 'weak-signature' && kind !== 'revoked',
);

/** The kind that a text names. @throws DevcertError `usage`. */
export function kindOf(text: string): BrokenKind {
  const kind = brokenKinds.find((it) => it === text);
  if (kind !== undefined) return kind;
  throw new DevcertError('usage', `"${text.slice(0, 60)}" is nothing that can be wrong`, {
    hint: brokenKinds.join(' | '),
  });
}
