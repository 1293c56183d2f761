/** `devcert ca export`: the root for those who are to trust it; the key only if that is said twice. */
import { join, resolve } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { loadAuthority } from '../authority/folder.ts';
import { assertExists } from '../authority/named.ts';
import { DevcertError, say, exclusive } from '../errors.ts';
import { encodeEncryptedKey } from '../keystore/encrypted-key.ts';
import { assertWritten, contentOf, place } from '../ledger/place.ts';
import { type Context, contextOf, placing } from './context.ts';
import { currentRoot } from './roots.ts';
import { AUTHORITY_ORGANIZATION, MIN_CA_PASSWORD } from '../policy.ts';

export interface ExportAuthorityOptions {
  /** Folder for a file named after the authority. */
  readonly out?: string;
  readonly file?: string;
  /** DER instead of PEM. */
  readonly der?: boolean;
  /** Also issuer and private key, encrypted: their owner can issue. */
  readonly withKey?: boolean;
  /** For the key; at least eight characters. */
  readonly password?: string | undefined;
  readonly force?: boolean;
}

export interface ExportedAuthority {
  readonly name: string;
  /** Absolute; undefined if no file was asked for. */
  readonly file: string | undefined;
  /** What was not written into a file. */
  readonly pem: string | undefined;
  readonly sha256: string;
  readonly withKey: boolean;
  readonly notes: readonly string[];
}

/**
 * Writes the root of an authority, PEM or DER, or returns it where no file is named.
 *
 * @throws DevcertError `no-authority`, `usage`, `password` for a key without one, `file`.
 */
export async function exportAuthority(
  context: Context,
  name: string | undefined,
  options: ExportAuthorityOptions = {},
): Promise<ExportedAuthority> {
  const { der = false, withKey = false } = options;
  const target = contextOf(context, name);
  assertExists(target.folder, target.ca);
  const root = await currentRoot(target.folder);
  if (root === undefined) throw new DevcertError('no-authority', 'the CA is gone', {});
  const file = targetFile(context, target.ca ?? 'devcert', options);
  if (withKey && der)
    throw exclusive({ withKey: true }, { der: true }, 'the key comes as PEM, with issuer and root');
  if ((withKey || der) && file === undefined)
    throw new DevcertError('usage', `${withKey ? 'a key' : 'DER'} is not printed`, {
      hint: say`name a file: ${{ file: 'FILE' }}`,
    });
  const data = withKey ? await withItsKey(target, options.password) : der ? root.der : root.pem;
  if (file !== undefined) {
    const output = { path: file, data, secret: withKey };
    const entry = withKey ? undefined : { ca: target.ca ?? 'default' };
    const batch = { outputs: [output], entry };
    const force = options.force === true;
    await place([output], { ...placing(target), force, followFolder: true }, (entries) => {
      if (!force && !isRoot(file, root.der)) assertWritten(file, contentOf(file), entries());
      return [batch];
    });
  }
  return {
    name: target.ca ?? 'default',
    file,
    pem: file === undefined ? root.pem : undefined,
    sha256: root.sha256,
    withKey,
    notes: withKey
      ? [
          'whoever has this file and its password can issue certificates that all who trust this root believe: give it to nobody who is not to issue, and delete it when it is imported',
        ]
      : [],
  };
}

async function withItsKey(target: Context, password: string | undefined): Promise<string> {
  if (password === undefined || password.length < MIN_CA_PASSWORD)
    throw new DevcertError(
      'password',
      `the key needs a password of ${MIN_CA_PASSWORD} characters`,
      {
        hint: say`${{ passwordFile: 'FILE' }}; the key is never exported without one`,
      },
    );
  const authority = await loadAuthority(target.folder);
  const certificates = authority.chain.map((certificate) => certificate.toString());
  return (
    certificates.join('') + encodeEncryptedKey(await authority.privateKey(target.keys), password)
  );
}

function targetFile(
  { cwd }: Context,
  name: string,
  { out, file, der, withKey }: ExportAuthorityOptions,
): string | undefined {
  if (out !== undefined && file !== undefined)
    throw exclusive(
      { out: true },
      { file: true },
      say`${{ out: true }} takes a folder, ${{ file: true }} a file`,
    );
  if (file === '' || out === '')
    throw new DevcertError('usage', 'the path is empty', { hint: { file: 'FILE' } });
  if (file !== undefined) return resolve(cwd, file);
  if (out === undefined) return undefined;
  const base = withKey === true ? 'authority.pem' : der === true ? 'root.cer' : 'root.pem';
  return join(resolve(cwd, out), `${name}-${base}`);
}

/** What an earlier devcert exported may be replaced: this root, or one of its shape. Never a key. */
function isRoot(file: string, root: Buffer): boolean {
  const bytes = contentOf(file) ?? Buffer.alloc(0);
  try {
    const { ca, raw, subject } = new X509Certificate(bytes);
    if (!ca || bytes.includes('PRIVATE KEY')) return false;
    return raw.equals(root) || subject.split('\n').includes(`O=${AUTHORITY_ORGANIZATION}`);
  } catch {
    return false; // something else, or nothing
  }
}
