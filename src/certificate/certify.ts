/** A certificate for somebody else's key, which no step before has to have looked at. */
import type { KeyObject } from 'node:crypto';
import type { Authority } from '../authority/authority.ts';
import { DevcertError, say } from '../errors.ts';
import { publicKeyDer, publicKeyOf } from '../keys.ts';
import type { LeafRequest } from '../names/request.ts';
import type { Keyring } from '../signer/keyring.ts';
import { assertStrongKey } from '../x509/judge.ts';
import { type Certified, signLeaf } from './issue.ts';

/** A request with somebody's key. */
export type ForeignRequest = LeafRequest & { readonly publicKey: KeyObject };

/**
 * A certificate for a key that is somebody's already.
 *
 * @throws DevcertError `weak-key`, `refused` for the authority's own key, `expired`,
 *   `outside-constraints`: nothing was signed then.
 */
export async function certify(
  authority: Authority,
  request: ForeignRequest,
  identity: string,
  now: Date,
  keys?: Keyring,
): Promise<Certified> {
  assertStrongKey(request.publicKey);
  // The owner of the authority's key needs no certificate for it, and a leaf with that key is a trap.
  const publicKey = publicKeyOf(request.publicKey);
  for (const certificate of authority.chain)
    if (publicKeyDer(certificate.publicKey).equals(publicKey.der))
      throw new DevcertError('refused', "the key is a CA's own", {
        hint: say`make a new key: ${{ command: 'csr', names: 'NAMES…' }}`,
      });
  return signLeaf(authority, { ...request, publicKey }, identity, now, keys);
}
