/** The files of a CSR and its key: read, compared, written; a key is never replaced unless that is asked for. */
import type { KeyObject } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { DevcertError, say } from '../errors.ts';
import { assertNoLink, readIfThere } from '../disk/files.ts';
import { DEFAULT_FOLDER } from '../disk/paths.ts';
import { encodePrivateKey, type KeyType, keyTypeOf, publicKeyHash } from '../keys.ts';
import { assertUnlocked, type Passwords } from '../keystore/passwords.ts';
import { readKeyStore } from '../keystore/read.ts';
import { type Output, place, type PlaceContext } from '../ledger/place.ts';
import { decodeCsr } from '../x509/csr.ts';
import { OtherKindError } from '../x509/key-kinds.ts';
import { findCsr } from './csr-file.ts';
import { MAX_CSR_BYTES } from '../policy.ts';

/** Absolute paths of a CSR and its key. */
export interface CsrPaths {
  readonly csrFile: string;
  readonly keyFile: string;
  /** The user named the folder, so one that is a link is followed. */
  readonly followFolders: boolean;
}

/**
 * `csr.pem` (or `csr.der`) and `key.pem` in `out`, or in `.devcert/csr`: not beside the `key.pem` of the
 * project's certificate.
 *
 * @throws DevcertError `usage` for an empty path, `file` if `.devcert` is a link.
 */
export function csrPaths(
  options: { out?: string; keyFile?: string; der?: boolean },
  cwd: string,
): CsrPaths {
  if (options.out === '' || options.keyFile === '')
    throw new DevcertError('usage', 'a path is empty', {
      hint: 'give one, or leave the option out',
    });
  const folder = resolve(cwd, options.out ?? join(DEFAULT_FOLDER, 'csr'));
  const followFolders = options.out !== undefined;
  if (!followFolders)
    for (const path of [dirname(folder), folder])
      assertNoLink(path, say`say where to write: ${{ out: `"${path}"` }}`);
  return {
    csrFile: join(folder, options.der === true ? 'csr.der' : 'csr.pem'),
    keyFile: resolve(cwd, options.keyFile ?? join(folder, 'key.pem')),
    followFolders,
  };
}

/**
 * The private key in a file of any format that holds one; undefined if there is no file.
 *
 * @param keyType the type that it has to have, if any.
 * @throws DevcertError `file`, `password`, `key-password`, `invalid-input`, `usage`.
 */
export function readKeyFile(
  path: string,
  passwords: Passwords,
  keyType: KeyType | undefined,
): KeyObject | undefined {
  const bytes = readIfThere(path);
  if (bytes === undefined) return undefined;
  const { entries } = readKeyStore(bytes, passwords);
  assertUnlocked(entries, 'the private key');
  const other = entries.find(({ kind }) => kind === 'other-key');
  if (other?.keyType !== undefined) throw new OtherKindError(other.keyType);
  const [key, ...more] = entries.flatMap((entry) =>
    entry.kind === 'key' && entry.key !== undefined ? [entry.key] : [],
  );
  if (key === undefined || more.length > 0)
    throw new DevcertError(
      'invalid-input',
      `"${path}" holds ${key === undefined ? 'no' : 'more than one'} private key`,
      { hint: say`give the file of the one key that the CSR is for: ${{ keyFile: 'FILE' }}` },
    );
  if (keyType !== undefined && keyTypeOf(key) !== keyType)
    throw new DevcertError('usage', `"${path}" holds a key of type ${keyTypeOf(key)} already`, {
      hint: say`leave ${{ key: true }} out to use it, or write elsewhere: ${{ out: 'DIR' }}`,
    });
  return key;
}

/**
 * What is signed in the CSR that is in a file, to be compared; undefined if there is none.
 *
 * @throws DevcertError `file` for anything that is not a CSR for this key.
 */
export function readOwnCsr(path: string, key: KeyObject | undefined): Buffer | undefined {
  const bytes = readIfThere(path, { maxBytes: MAX_CSR_BYTES });
  if (bytes === undefined) return undefined;
  try {
    const { publicKey, signed } = decodeCsr(findCsr(bytes));
    if (
      key !== undefined &&
      publicKey !== undefined &&
      publicKeyHash(publicKey) === publicKeyHash(key)
    )
      return signed;
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    // Whatever it is, it is not what is about to be written there.
  }
  throw new DevcertError('file', `"${path}" is there already and is not a CSR for this key`, {
    hint: say`move it away, write elsewhere (${{ out: 'DIR' }}), or replace it: ${{ force: true }}`,
  });
}

/**
 * Writes a CSR, and its key if that is new.
 *
 * @param csr PEM or DER.
 * @param context its `force` replaces a key that is there.
 * @throws DevcertError `file`.
 */
export async function writeCsr(
  { csrFile, keyFile, followFolders }: CsrPaths,
  csr: string | Buffer,
  newKey: KeyObject | undefined,
  context: PlaceContext,
): Promise<void> {
  const outputs: Output[] = [{ path: csrFile, data: csr, secret: false }];
  if (newKey !== undefined) {
    const data = encodePrivateKey(newKey);
    outputs.unshift({ path: keyFile, data, secret: true, isNew: context.force !== true });
  }
  const options = { ...context, followFolder: followFolders, gitignore: true };
  await place(outputs, options, () => [{ outputs, entry: undefined }]);
}
