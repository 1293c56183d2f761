/** How an authority's key is reached: the one place that makes a signer of how it is kept. */
import type { KeyObject, X509Certificate } from 'node:crypto';
import { DevcertError, say } from '../errors.ts';
import { publicKeyOf } from '../keys.ts';
import { tryPrivateKeyPem } from '../keystore/private-key.ts';
import { keySigner, openingSigner } from '../signer/key.ts';
import { Keyring } from '../signer/keyring.ts';
import type { Signer } from '../x509/certificate.ts';
import { invalid } from './damage.ts';
import { type Keeping, sealed } from './keeping.ts';
import { authorityNameOf } from './marker.ts';

/** What an authority's key is used by. */
export interface Access {
  /**
   * Signs with the issuer's private key, wherever that is kept: asked for when something is signed, never
   * under a lock.
   *
   * @param keys of the run; a key in an open file needs none.
   */
  signer(keys?: Keyring): Signer;
  /** The issuer's private key, to be taken elsewhere. Secret. Throws DevcertError `refused` if there is none. */
  privateKey(keys?: Keyring): Promise<KeyObject>;
}

/**
 * Asks nobody and opens nothing yet.
 *
 * @param keyPem what is in the key's file; empty if there is none.
 * @throws DevcertError `invalid-authority` if that is not as it should be.
 */
export function accessTo(
  keeping: Keeping,
  keyPem: string,
  issuer: X509Certificate,
  folder: string,
): Access {
  switch (keeping.way) {
    case 'file':
      return inFile(keyPem, issuer, folder);
    case 'passphrase':
      return encrypted(keyPem, issuer, folder);
    case 'sealed': {
      const refuse = () => Promise.reject(sealed(keeping, folder));
      const publicKey = () => publicKeyOf(issuer.publicKey);
      return { signer: () => ({ publicKey: publicKey(), sign: refuse }), privateKey: refuse };
    }
    case 'ssh-agent':
      return inAgent(keeping.fingerprint, issuer, folder);
  }
}

/** True if a private key that is not encrypted is in a PEM text. */
export function hasOpenKey(pem: string): boolean {
  return OPEN.test(pem);
}

/** What an authority's key is called where somebody is asked for its passphrase. */
export function keyName(ca: string | undefined): string {
  return `the key of the CA "${ca ?? 'default'}"`;
}

// Not decodePem() for these: nearly every key is open, and a good pair needs none.
const ENCRYPTED = /^-----BEGIN ENCRYPTED PRIVATE KEY-----/m;
const OLD_ENCRYPTED = /^Proc-Type: 4,ENCRYPTED/m;
const OPEN = /^-----BEGIN (?!ENCRYPTED )[A-Z ]*PRIVATE KEY-----/m;

function inFile(pem: string, issuer: X509Certificate, folder: string): Access {
  if (ENCRYPTED.test(pem) || OLD_ENCRYPTED.test(pem))
    throw invalid(`issuer-key.pem in "${folder}" is encrypted`, folder);
  const key = tryPrivateKeyPem(pem);
  // Without a cause: nothing of the key's text may get into a message.
  if (key === undefined)
    throw invalid(`issuer-key.pem in "${folder}" is not a private key`, folder);
  assertOwnKey(key, issuer, folder);
  const signer = keySigner(key);
  return { signer: () => signer, privateKey: () => Promise.resolve(key) };
}

function encrypted(pem: string, issuer: X509Certificate, folder: string): Access {
  if (!ENCRYPTED.test(pem) || hasOpenKey(pem))
    throw invalid(`issuer-key.pem in "${folder}" is open: it should be encrypted`, folder);
  const open = async (keys = new Keyring()): Promise<KeyObject> => {
    const key = await keys.open(pem, keyName(authorityNameOf(folder)));
    assertOwnKey(key, issuer, folder);
    return key;
  };
  return {
    signer: (keys) => openingSigner(publicKeyOf(issuer.publicKey), () => open(keys)),
    privateKey: open,
  };
}

function inAgent(fingerprint: string, issuer: X509Certificate, folder: string): Access {
  const publicKey = publicKeyOf(issuer.publicKey);
  const sign = async (toBeSigned: Buffer, keys = new Keyring()): Promise<Buffer> => {
    const { fingerprintOf } = await import('../signer/ssh-agent.ts');
    if (publicKey.type !== 'p256' || fingerprintOf(publicKey) !== fingerprint)
      throw invalid(`${fingerprint} is not the key of issuer.pem in "${folder}"`, folder);
    return keys.signByAgent(publicKey, toBeSigned);
  };
  return {
    signer: (keys) => ({ publicKey, sign: (toBeSigned) => sign(toBeSigned, keys) }),
    privateKey: () =>
      Promise.reject(
        new DevcertError('refused', 'the key is in an SSH agent, which gives none away', {
          hint: say`give others the root alone: ${{ command: 'ca export', names: authorityNameOf(folder) }}`,
        }),
      ),
  };
}

function assertOwnKey(key: KeyObject, issuer: X509Certificate, folder: string): void {
  if (!issuer.checkPrivateKey(key))
    throw invalid(`issuer-key.pem in "${folder}" is not the key of issuer.pem`, folder);
}
