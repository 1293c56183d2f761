/** Signers whose key is in memory, or comes there when it is needed. */
import { type KeyObject, sign } from 'node:crypto';
import { type PublicKey, publicKeyOf } from '../keys.ts';
import type { Signer } from '../x509/certificate.ts';

/**
 * @param key private.
 * @returns a signer whose `sign` throws DevcertError `weak-key` for a kind that devcert does not sign with.
 */
export function keySigner(key: KeyObject): Signer {
  // Once, as it takes longer than signing; and when it is asked for, as most runs find a pair that is still
  // good and sign nothing.
  let known: PublicKey | undefined;
  const publicKey = () => (known ??= publicKeyOf(key));
  return {
    get publicKey() {
      return publicKey();
    },
    sign: async (toBeSigned) => {
      const { signatureAlgorithm } = await import('../x509/certificate.ts');
      return sign(signatureAlgorithm(publicKey().type).hash, toBeSigned, key);
    },
  };
}

/** A signer whose key is opened when something is signed, and not before: that may take long, or ask somebody. */
export function openingSigner(publicKey: PublicKey, open: () => Promise<KeyObject>): Signer {
  return { publicKey, sign: async (toBeSigned) => keySigner(await open()).sign(toBeSigned) };
}

/** Signs without waiting, by a key that is in memory for this alone. @param hash as `node:crypto` names it. */
export function signAtOnce(key: KeyObject, hash: string, toBeSigned: Buffer): Buffer {
  return sign(hash, toBeSigned, key);
}
