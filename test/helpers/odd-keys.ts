/** Keys of kinds that devcert makes none of. */
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

type Kind = 'rsa' | 'rsa-pss' | 'ec' | 'ed25519' | 'ed448';

/** A new private key. Decoded, for the reason that `generateKey()` in src/keys.ts has. */
export function oddKey(kind: Kind, options: object = {}): KeyObject {
  const generate = generateKeyPairSync as unknown as (
    kind: Kind,
    options: object,
  ) => { privateKey: string };
  const { privateKey } = generate(kind, {
    ...options,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return createPrivateKey(privateKey);
}
