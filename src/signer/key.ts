/** A signer whose key is in memory. */
import { type KeyObject, sign } from 'node:crypto';
import { publicKeyOf } from '../keys.ts';
import type { Signer } from '../x509/certificate.ts';

/**
 * @param key private.
 * @returns a signer whose `sign` throws DevcertError `weak-key` for a kind that devcert does not sign with.
 */
export function keySigner(key: KeyObject): Signer {
  return {
    // When it is asked for: most runs find a pair that is still good, and sign nothing.
    get publicKey() {
      return publicKeyOf(key);
    },
    sign: async (toBeSigned) => {
      const { signatureAlgorithm } = await import('../x509/certificate.ts');
      return sign(signatureAlgorithm(publicKeyOf(key).type).hash, toBeSigned, key);
    },
  };
}
