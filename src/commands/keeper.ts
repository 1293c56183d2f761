/** How the key of an authority that is about to be made or taken over will be kept: decided before it is written. */
import { keyName } from '../authority/access.ts';
import type { Authority } from '../authority/authority.ts';
import type { AuthorityPem } from '../authority/create.ts';
import { loadAuthority, readPem } from '../authority/folder.ts';
import { assertNotSealed, encodeKeeping, readKeeping } from '../authority/keeping.ts';
import { DevcertError } from '../errors.ts';
import { decodePrivateKeyPem } from '../keystore/private-key.ts';
import { type Encrypter, Keyring } from '../signer/keyring.ts';
import type { Context } from './context.ts';

/** Keeps keys in one way. */
export interface Keeper {
  /** The same authority with its open key kept so. */
  keep(pem: AuthorityPem): AuthorityPem;
  /** True if one that waits to take over is kept so, and can be used with what was given in this run. */
  isKept(pending: Authority): Promise<boolean>;
}

/**
 * What keeps the key of an authority that is new, or takes the place of the one that is there: as that keeps
 * its own, as there is no silent way back, or encrypted if that is wanted. Asks for what that takes.
 *
 * @param protect true to have it encrypted with a new passphrase, if that of the one there is not encrypted yet.
 * @throws DevcertError `refused` in the place of a sealed one, or of one whose key is in an agent; `password`.
 */
export async function keeperFor(context: Context, protect = false): Promise<Keeper> {
  const { folder } = context;
  const keeping = readKeeping(folder);
  assertNotSealed(keeping, folder);
  if (protect && keeping.way !== 'passphrase') return newPassphraseKeeper(context);
  if (keeping.way === 'passphrase') return samePassphraseKeeper(context);
  if (keeping.way !== 'ssh-agent') return openKeeper;
  throw new DevcertError('refused', 'this devcert asks no SSH agent for a signature', {
    hint: 'update it: npm install --global devcert-local',
  });
}

/** Encrypted with a new passphrase, which is asked for now. @throws DevcertError `password`. */
export async function newPassphraseKeeper(context: Context): Promise<Keeper> {
  const { ca, keys = new Keyring() } = context;
  return encrypted(keys, await keys.newEncrypter(keyName(ca)));
}

async function samePassphraseKeeper(context: Context): Promise<Keeper> {
  const { folder, ca, keys = new Keyring() } = context;
  await loadAuthority(folder); // completes what a killed run had begun
  return encrypted(keys, await keys.encrypterLike(readPem(folder).issuerKey, keyName(ca)));
}

const openKeeper: Keeper = {
  keep: (pem) => pem,
  isKept: ({ keeping }) => Promise.resolve(keeping.way === 'file'),
};

function encrypted(keys: Keyring, encrypt: Encrypter): Keeper {
  return {
    keep: (pem) => {
      const key = decodePrivateKeyPem(pem.issuerKey);
      if (key === undefined) throw new TypeError('a CA without its key');
      const keeping = encodeKeeping({ way: 'passphrase', wasOpen: false });
      return { ...pem, issuerKey: encrypt(key), keeping };
    },
    isKept: async ({ keeping, folder = '' }) =>
      keeping.way === 'passphrase' && keys.canOpen(readPem(folder).issuerKey),
  };
}
