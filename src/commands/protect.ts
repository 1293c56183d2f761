/** `devcert ca protect` and `ca unprotect`: a passphrase for the key of an authority, and back. */
import { join } from 'node:path';
import { keyName } from '../authority/access.ts';
import type { Authority } from '../authority/authority.ts';
import type { AuthorityPem } from '../authority/create.ts';
import { changeFolder, changeTo, loadAuthority, readPem } from '../authority/folder.ts';
import { assertNotSealed, encodeKeeping } from '../authority/keeping.ts';
import { assertExists } from '../authority/named.ts';
import { readOrigin } from '../authority/origin.ts';
import { withLock } from '../disk/lock.ts';
import { DevcertError, say } from '../errors.ts';
import { encodePrivateKey } from '../keys.ts';
import { recover } from '../ledger/journal.ts';
import { encodeEncryptedKey } from '../keystore/encrypted-key.ts';
import { Keyring } from '../signer/keyring.ts';
import { replaceBy, summaryOf } from './ca.ts';
import { type Context, contextOf, refuseSudo, type DryRunOption } from './context.ts';
import { findEverywhere } from './stores.ts';
import { newPassphraseKeeper, openKeeper } from './keeper.ts';
import {
  clearPending,
  madeMeanwhile,
  assertNotRotating,
  type ReplaceResult,
  successorOf,
} from './replace.ts';

export interface ProtectOptions extends DryRunOption {
  /** Encrypt the key that is there, though copies of it may lie open elsewhere. */
  readonly keepKey?: boolean;
}

/**
 * Has the key of an authority encrypted. As one that lay open may have been copied, a new authority takes the
 * place of the old one, whose root leaves every store; unless `keepKey`.
 *
 * @throws DevcertError `no-authority`, `refused`, `password`, and those of replacing an authority.
 */
export async function protect(
  context: Context,
  name: string | undefined,
  { keepKey = false, dryRun = false }: ProtectOptions = {},
): Promise<ReplaceResult> {
  refuseSudo(context);
  const target = contextOf(context, name);
  assertExists(target.folder, target.ca);
  const old = await loadAuthority(target.folder);
  assertNotSealed(old.keeping, target.folder);
  if (keepKey && dryRun) return unchanged(target, ['the key that is there would be encrypted']);
  if (keepKey) return encryptInPlace(target, old);
  if (readOrigin(target.folder, old.root) !== undefined)
    throw new DevcertError('refused', 'an imported CA keeps the key it came with', {
      hint:
        old.keeping.way === 'file'
          ? say`encrypt that: ${{ command: 'ca protect', names: target.ca, keepKey: true }}`
          : 'it is protected already',
    });
  const keeper = dryRun ? openKeeper : await newPassphraseKeeper(target);
  return replaceBy(target, successorOf(target, old, keeper), [], { dryRun });
}

/**
 * Writes the key of an authority into an open file again.
 *
 * @throws DevcertError `no-authority`, `refused` if it is not encrypted, `password`.
 */
export async function unprotect(
  context: Context,
  name: string | undefined,
): Promise<ReplaceResult> {
  refuseSudo(context);
  const target = contextOf(context, name);
  assertExists(target.folder, target.ca);
  const authority = await loadAuthority(target.folder);
  const { keeping } = authority;
  assertNotSealed(keeping, target.folder);
  if (keeping.way !== 'passphrase')
    throw keeping.way === 'file'
      ? new DevcertError('refused', `${keyName(target.ca)} is not encrypted`, {
          hint: { command: 'ca show', names: target.ca },
        })
      : new DevcertError('refused', `${keyName(target.ca)} is not in a file`, {
          hint: say`another one, whose key is: ${{ command: 'ca create', names: 'NAME' }}`,
        });
  await clearUp(target);
  const pem = readPem(target.folder);
  const key = await authority.privateKey(target.keys);
  await rewrite(target, pem, { issuerKey: encodePrivateKey(key), keeping: undefined });
  return unchanged(target, []);
}

async function encryptInPlace(target: Context, old: Authority): Promise<ReplaceResult> {
  const { folder, ca, keys = new Keyring() } = target;
  if (old.keeping.way === 'passphrase')
    throw new DevcertError('refused', `${keyName(ca)} is encrypted already`, {
      hint: say`another passphrase takes another key, as copies of this one keep theirs: ${{ command: 'ca protect', names: ca }}`,
    });
  const key = await old.privateKey(keys);
  await clearUp(target);
  const pem = readPem(folder);
  const encrypt = await keys.newEncrypter(keyName(ca), encodeEncryptedKey);
  const keeping = encodeKeeping({ way: 'passphrase', wasOpen: true });
  await rewrite(target, pem, { issuerKey: encrypt(key), keeping });
  return unchanged(target, [
    'the key lay open until now: whoever has an old copy, from a backup or the blocks of a disk, needs no passphrase',
  ]);
}

/** What waits to take over has a key of its own, which would stay as it is. */
async function clearUp(target: Context): Promise<void> {
  assertNotRotating(target.folder);
  await clearPending(target, await findEverywhere(target));
}

type KeptKey = Pick<AuthorityPem, 'issuerKey' | 'keeping'>;

async function rewrite({ folder }: Context, before: AuthorityPem, changed: KeptKey) {
  await withLock(folder, () => {
    recover(folder);
    const { root, issuer, issuerKey, keeping } = readPem(folder);
    const isSame = root === before.root && issuer === before.issuer;
    if (!isSame || issuerKey !== before.issuerKey || keeping !== before.keeping)
      throw madeMeanwhile();
    const names = ['issuer-key.pem', 'keeping.json'].map((name) => join(folder, name));
    const { files, removals } = changeTo(folder, { ...before, ...changed });
    changeFolder(folder, {
      files: files.filter(({ path }) => names.includes(path)),
      removals: removals.filter((path) => names.includes(path)),
    });
  });
}

function unchanged(target: Context, notes: readonly string[]): ReplaceResult {
  return { ...summaryOf(target), replaced: false, outcomes: [], renewed: [], notes };
}
