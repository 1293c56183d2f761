/** How the key of an authority that is about to be made or taken over will be kept: decided before it is written. */
import { keyName } from '../authority/access.ts';
import type { Authority } from '../authority/authority.ts';
import type { AuthorityPem } from '../authority/create.ts';
import { loadAuthority, readPem } from '../authority/folder.ts';
import { assertNotSealed, encodeKeeping, type Keeping, readKeeping } from '../authority/keeping.ts';
import { DevcertError, exclusive, say } from '../errors.ts';
import type { PublicKey } from '../keys.ts';
import { decodePrivateKeyPem } from '../keystore/private-key.ts';
import { encodeEncryptedKey } from '../keystore/encrypted-key.ts';
import { type Encrypter, Keyring } from '../signer/keyring.ts';
import type { Context } from './context.ts';

/** A key of the user's SSH agent. */
export interface AgentChoice {
  /** The one with this fingerprint (`SHA256:…`), or with `true` its only one on P-256. */
  readonly sshAgent?: string | boolean | undefined;
  /** Also in a session over SSH, whose agent may be one that was forwarded. */
  readonly force?: boolean | undefined;
}

/** How the key of an authority that is made is to be kept; open in a file, if nothing else is wished. */
export interface Protection extends AgentChoice {
  /** Encrypted with a passphrase. */
  readonly passphrase?: boolean | undefined;
}

/** What the keeping of a key is decided by. */
export interface KeeperWishes extends Protection {
  /** Not the key of the agent's that the authority has now. */
  readonly another?: boolean;
  /** The authority brings its key, which no agent takes. */
  readonly isImported?: boolean;
  /** Nothing is to be kept: what is wrong with the wishes is told, and nobody is asked. */
  readonly dryRun?: boolean | undefined;
}

/** Keeps keys in one way. */
export interface Keeper {
  /** Of an authority that is made, if its private half is elsewhere already. */
  readonly issuerKey?: PublicKey;
  /** The same authority with its open key kept so. */
  keep(pem: AuthorityPem): AuthorityPem;
  /** True if one that waits to take over is kept so, and can be used with what was given in this run. */
  isKept(pending: Authority): Promise<boolean>;
}

/**
 * What keeps the key of an authority that is new, or takes the place of the one that is there: as was wished,
 * or as that keeps its own, as there is no silent way back. Asks for what that takes.
 *
 * @throws DevcertError `usage`, `refused` in the place of a sealed one; `password`, `agent`.
 */
export async function keeperFor(context: Context, wishes: KeeperWishes = {}): Promise<Keeper> {
  assertOneWay(wishes);
  const { folder } = context;
  const keeping = readKeeping(folder);
  assertNotSealed(keeping, folder);
  if (wishes.dryRun === true) return openKeeper;
  if (wishes.passphrase === true && keeping.way !== 'passphrase')
    return newPassphraseKeeper(context);
  if (wishes.isImported === true && keeping.way === 'ssh-agent')
    throw new DevcertError(
      'refused',
      'its key is in your SSH agent, and the other lies in a file',
      { hint: say`give that one a name of its own: ${{ name: 'NAME' }}` },
    );
  if (wantsAgent(wishes) || keeping.way === 'ssh-agent') return inAgent(context, keeping, wishes);
  return keeping.way === 'passphrase' ? samePassphraseKeeper(context) : openKeeper;
}

/** @throws DevcertError `usage` for two wishes. */
export function assertOneWay({ passphrase, sshAgent }: Protection): void {
  if (passphrase !== true || !wantsAgent({ sshAgent })) return;
  throw exclusive({ passphrase: true }, { sshAgent: true }, 'an agent has a passphrase of its own');
}

/** True if a key that is kept so is kept as was wished. */
export function isAsWished(keeping: Keeping, { passphrase, sshAgent }: Protection): boolean {
  if (passphrase === true) return keeping.way === 'passphrase';
  if (!wantsAgent({ sshAgent })) return true;
  return keeping.way === 'ssh-agent' && (sshAgent === true || sshAgent === keeping.fingerprint);
}

function wantsAgent({ sshAgent = false }: Protection): boolean {
  return sshAgent !== false;
}

/** Looks for the key in the agent, and has it sign something. @throws DevcertError `agent`, `refused`, `usage`. */
async function inAgent(
  context: Context,
  keeping: Keeping,
  { sshAgent, force = false, another = false }: KeeperWishes,
): Promise<Keeper> {
  const own = keeping.way === 'ssh-agent' ? keeping.fingerprint : undefined;
  const named = typeof sshAgent === 'string' ? sshAgent : undefined;
  // The one that it has was looked at when it was taken.
  const isSame = own !== undefined && (named ?? own) === own;
  const wish = another
    ? { fingerprint: named, not: own, force }
    : { fingerprint: named ?? own, force: force || isSame };
  const { chooseAgentKey } = await import('../signer/agent-choice.ts');
  const { keys = new Keyring() } = context;
  const { fingerprint, publicKey } = await keys.use(() => chooseAgentKey(keys.agent, wish));
  return {
    issuerKey: publicKey,
    keep: (pem) => ({ ...pem, keeping: encodeKeeping({ way: 'ssh-agent', fingerprint }) }),
    isKept: ({ keeping }) =>
      Promise.resolve(keeping.way === 'ssh-agent' && keeping.fingerprint === fingerprint),
  };
}

/** Encrypted with a new passphrase, which is asked for now. @throws DevcertError `password`. */
export async function newPassphraseKeeper(context: Context): Promise<Keeper> {
  const { ca, keys = new Keyring() } = context;
  return encrypted(keys, await keys.newEncrypter(keyName(ca), encodeEncryptedKey));
}

async function samePassphraseKeeper(context: Context): Promise<Keeper> {
  const { folder, ca, keys = new Keyring() } = context;
  await loadAuthority(folder); // completes what a killed run had begun
  const { issuerKey } = readPem(folder);
  return encrypted(keys, await keys.encrypterLike(issuerKey, keyName(ca), encodeEncryptedKey));
}

/** In an open file. */
export const openKeeper: Keeper = {
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
