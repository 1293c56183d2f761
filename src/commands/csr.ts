/** `devcert csr`: names → a key and a CSR, for somebody to sign. No authority is needed or made. */
import { csrPaths, readKeyFile, readOwnCsr, writeCsr } from '../certificate/csr-output.ts';
import { commonNameOf, parseCommonName } from '../names/common-name.ts';
import { DevcertError, say } from '../errors.ts';
import { looserThan } from '../disk/files.ts';
import { generateKey, keyTypeOf } from '../keys.ts';
import { encodePem } from '../keystore/pem.ts';
import { nameNotes } from '../names/names.ts';
import {
  DEFAULT_KEY_TYPE,
  type LeafOptions,
  type LeafRequest,
  parseLeafRequest,
} from '../names/request.ts';
import { assertStrongKey } from '../x509/judge.ts';
import { decodeCsr, encodeCsr } from '../x509/csr.ts';
import { encodeSubject, MAX_ATTRIBUTE_CHARACTERS } from '../x509/subject.ts';
import { type Context, keyFolderNotes, placing, refuseSudo } from './context.ts';

export interface CsrOptions extends Omit<LeafOptions, 'days' | 'webtransport'> {
  /** Folder for `csr.pem` and `key.pem`; `.devcert/csr` by default. */
  readonly out?: string;
  /** An existing private key instead of a new one: PEM, DER or a key store with one key. */
  readonly keyFile?: string;
  /** What opens that key, or the key store it is in. */
  readonly password?: string;
  /** What opens the key where the password of its store does not. */
  readonly keyPassword?: string;
  /** Write DER (`csr.der`) instead of PEM. */
  readonly der?: boolean;
  /** Make a new key where one is, and replace a CSR for another key. */
  readonly force?: boolean;
}

export interface CsrResult {
  /** False if the same CSR was there already. */
  readonly written: boolean;
  readonly names: readonly string[];
  readonly commonName?: string;
  readonly csrFile: string;
  readonly keyFile: string;
  readonly keyType: string;
  /** False if the key was there before. */
  readonly keyCreated: boolean;
  /** One line each, for the user. */
  readonly notes: readonly string[];
}

/**
 * Writes a CSR for the names, with the key that is in the folder, one that is named, or a new one. A key
 * is never replaced without `force`.
 *
 * @param names `localhost` if there are none.
 * @throws DevcertError `invalid-name`, `usage`, `file`, `password`, `invalid-input`, `weak-key`, `refused`.
 */
export async function csr(
  context: Context,
  names: readonly string[],
  options: CsrOptions = {},
): Promise<CsrResult> {
  const { cn, force = false, ...leaf } = options;
  const request = parseLeafRequest(names, leaf);
  const commonName = cn === undefined ? defaultCommonName(request) : parseCommonName(cn);
  const paths = csrPaths(options, context.cwd);
  refuseSudo(context);
  const existing =
    force && options.keyFile === undefined
      ? undefined
      : readKeyFile(paths.keyFile, options, request.keyType);
  if (existing === undefined && options.keyFile !== undefined)
    throw new DevcertError('file', `there is no key file "${paths.keyFile}"`, {
      hint: say`leave ${{ keyFile: true }} out to make a new key`,
    });
  if (existing !== undefined) assertStrongKey(existing);
  const before = force ? undefined : readOwnCsr(paths.csrFile, existing);
  const key = existing ?? generateKey(request.keyType ?? DEFAULT_KEY_TYPE);
  const subject = encodeSubject({ commonName });
  const der = encodeCsr(key, subject, request.names);
  const written = before === undefined || !decodeCsr(der).signed.equals(before);
  // It has nothing to do with the state folder, which another user may own.
  if (written)
    await writeCsr(
      paths,
      options.der === true ? der : encodePem('CERTIFICATE REQUEST', der),
      existing === undefined ? key : undefined,
      { ...placing(context), stateFolder: undefined, force },
    );
  const loose = looserThan(paths.keyFile, 0o600) !== undefined;
  return {
    written,
    names: request.names.map(({ value }) => value),
    commonName,
    csrFile: paths.csrFile,
    keyFile: paths.keyFile,
    keyType: keyTypeOf(key),
    keyCreated: existing === undefined,
    notes: [
      ...request.names.flatMap((name) => nameNotes(name)),
      ...(written && existing === undefined
        ? await keyFolderNotes(context.host, paths.keyFile)
        : []),
      ...(loose ? [`"${paths.keyFile}" is open to others: chmod 600 "${paths.keyFile}"`] : []),
    ],
  };
}

// Many authorities want one, and it does no harm where it repeats a name.
function defaultCommonName(request: LeafRequest): string | undefined {
  if (request.usages.includes('clientAuth')) return commonNameOf(request);
  return request.names.find(({ value }) => value.length <= MAX_ATTRIBUTE_CHARACTERS)?.value;
}
