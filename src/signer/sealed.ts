/** A signer whose key is gone. */
import type { PublicKey } from '../keys.ts';
import type { Signer } from '../x509/certificate.ts';

/** @param refuse throws what tells so. */
export function sealedSigner(publicKey: PublicKey, refuse: () => never): Signer {
  return { publicKey, sign: async () => Promise.resolve().then(refuse) };
}
