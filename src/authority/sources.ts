/** Where other programs keep their authorities, and what is in the files that somebody names. */
import { existsSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import type { Host } from '../../platform/types.ts';
import { DevcertError, say } from '../errors.ts';
import { readIfThere } from '../disk/files.ts';
import { withFileError } from '../disk/filesystem.ts';
import { assertUnlocked, type Passwords } from '../keystore/passwords.ts';
import { readKeyStore } from '../keystore/read.ts';
import type { Findings } from './import.ts';

/** Names in the folders of programs that make authorities; the first one is what tells them apart. */
const layouts: readonly (readonly string[])[] = [
  ['rootCA.pem', 'rootCA-key.pem'], // mkcert
  ['minica.pem', 'minica-key.pem'],
  ['root.pem', 'issuer.pem', 'issuer-key.pem'], // devcert
  // step: the intermediate issues, and its key is encrypted
  ['certs/intermediate_ca.crt', 'certs/root_ca.crt', 'secrets/intermediate_ca_key'],
  ['ca.crt', 'private/ca.key'], // easy-rsa, its pki folder
  ['pki/ca.crt', 'pki/private/ca.key'], // and the folder it is in
  ['ca.pem', 'ca-key.pem'], // cfssl
];

/**
 * Absolute paths of the files that an argument of `ca import` stands for: itself, those of a known kind
 * in a folder, or mkcert's for the word `mkcert`.
 *
 * @throws DevcertError `file` if nothing is there, `invalid-input` for a folder without an authority.
 */
export function sourceFiles(argument: string, host: Host, cwd: string): string[] {
  if (argument === '')
    throw new DevcertError('usage', 'the path of a file to import is empty', {
      hint: say`${{ command: 'ca import', names: 'mkcert' }}, or a folder, or FILE…`,
    });
  const path = argument === 'mkcert' ? mkcertFolder(host) : resolve(cwd, argument);
  const stat = withFileError('read', path, () => statSync(path, { throwIfNoEntry: false }));
  if (stat === undefined)
    throw new DevcertError('file', `there is no "${path}"`, {
      hint:
        argument === 'mkcert'
          ? say`give mkcert's folder: ${{ command: 'ca import', names: '"$(mkcert -CAROOT)"' }}`
          : `look what is there: ls "${dirname(path)}"`,
    });
  if (!stat.isDirectory()) return [path];
  for (const names of layouts) {
    const files = names.map((name) => join(path, name));
    if (existsSync(files[0] ?? '')) return files.filter((file) => existsSync(file));
  }
  throw new DevcertError('invalid-input', `there is no CA of a known kind in "${path}"`, {
    hint: say`name the files: ${{ command: 'ca import', names: ['CERTIFICATE', 'KEY'] }}`,
  });
}

/**
 * Keys and certificates of all files.
 *
 * @param passwords for whatever is encrypted.
 * @throws DevcertError `file`, `invalid-input`; `password`, `key-password` if something is encrypted and there is none.
 */
export function readSources(files: readonly string[], passwords: Passwords): Findings {
  const keys = [];
  const certificates = [];
  for (const file of files) {
    const bytes = readIfThere(file);
    if (bytes === undefined)
      throw new DevcertError('file', `there is no "${file}"`, {
        hint: `look what is there: ls "${dirname(file)}"`,
      });
    const { entries } = readNaming(file, bytes, passwords);
    assertUnlocked(entries, `the private key in "${file}"`);
    for (const entry of entries) {
      if (entry.kind === 'key' && entry.key !== undefined) keys.push(entry.key);
      certificates.push(...entry.certificates);
    }
  }
  return { keys, certificates };
}

function readNaming(file: string, bytes: Buffer, passwords: Passwords) {
  try {
    return readKeyStore(bytes, passwords);
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    throw new DevcertError(error.code, `"${file}": ${error.message}`, {
      hint: DevcertError.hintOf(error),
      cause: error,
    });
  }
}

/** As mkcert looks for its CAROOT. @throws DevcertError `file` without a home folder. */
export function mkcertFolder({ env, platform, home }: Host): string {
  if (env.CAROOT !== undefined && env.CAROOT !== '') return resolve('/', env.CAROOT);
  if (platform === 'win32' && env.LocalAppData !== undefined)
    return join(env.LocalAppData, 'mkcert');
  const data = env.XDG_DATA_HOME;
  if (data !== undefined && isAbsolute(data)) return join(data, 'mkcert');
  if (home === undefined)
    throw new DevcertError('file', 'cannot find your home folder: HOME is not set', {
      hint: say`give mkcert's folder: ${{ command: 'ca import', names: '"$(mkcert -CAROOT)"' }}`,
    });
  return platform === 'darwin'
    ? join(home, 'Library/Application Support/mkcert')
    : join(home, '.local/share/mkcert');
}
