/** What an export was asked to be, checked: pure. */
import { resolve } from 'node:path';
import { DevcertError } from '../errors.ts';
import {
  type FormatOptions,
  keyFiles,
  type KeyFormat,
  keyFormats,
  needsPassword,
  trustFile,
  type TrustFormat,
  trustFormats,
} from './formats.ts';
import { outputPaths } from '../certificate/output.ts';

/** Of an entry in a key store or trust store. */
export function defaultAlias(trust: boolean): string {
  return trust ? 'devcert-root' : 'devcert';
}

export interface ExportOptions extends FormatOptions {
  /** Name of the authority; the default one if undefined. */
  readonly ca?: string;
  /** `p12`, `jks`, `pem`, `der`, `combined`, `fullchain`; with `trust` `pem`, `p12`, `jks`, `der`. */
  readonly format?: string;
  /** Certificates to trust, without any key, instead of the key and its certificate. */
  readonly trust?: boolean;
  /** `trust`: also the public roots (Mozilla's list, as this Node.js has it). */
  readonly withPublicRoots?: boolean;
  /** Folder of `cert.pem` and `key.pem`; `.devcert` by default. */
  readonly dir?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Folder to write to; where the certificate is by default. */
  readonly out?: string;
  /** One file to write to; `-`: nothing is written, the contents are in the result. */
  readonly file?: string;
  /** Name of the entry in a key store: `devcert` by default, `devcert-root` for a root. */
  readonly alias?: string;
  /** Of the key store or encrypted key; empty for none at all, which has to be said. */
  readonly password?: string;
  /** Over files that devcert did not write, or that fit already. */
  readonly force?: boolean;
}

/** The same, with all that follows from it. */
export type ExportRequest = Common &
  (
    | { readonly trust: false; readonly format: KeyFormat }
    | { readonly trust: true; readonly format: TrustFormat; readonly withPublicRoots: boolean }
  );

interface Common {
  readonly options: FormatOptions;
  /** Absolute; not there for `-`. */
  readonly paths: readonly string[] | undefined;
  /** Absolute. */
  readonly certFile: string;
  readonly keyFile: string;
  readonly alias: string;
  readonly needsPassword: boolean;
  readonly followFolder: boolean;
}

/**
 * @param cwd absolute folder that relative paths start from.
 * @throws DevcertError `usage`.
 */
export function parseExport(options: ExportOptions, cwd: string): ExportRequest {
  const { dir, certFile, keyFile, out, file, legacy, encrypt } = options;
  const kind =
    options.trust === true
      ? { trust: true as const, format: parseFormat(options.format, trustFormats, true) }
      : { trust: false as const, format: parseFormat(options.format, keyFormats, false) };
  const { trust, format } = kind;
  for (const [option, value] of Object.entries({ dir, certFile, keyFile, out, file }))
    if (value === '')
      throw usage(`the path for ${option} is empty`, 'give a path, or leave it out');
  if ((certFile === undefined) !== (keyFile === undefined))
    throw usage('--cert-file and --key-file go together', 'give both, or --dir DIR');
  if (dir !== undefined && certFile !== undefined)
    throw usage('--dir and --cert-file exclude each other', 'leave --dir out');
  if (out !== undefined && file !== undefined)
    throw usage('--out and --file exclude each other', 'give one of them');
  if (legacy === true && format !== 'p12')
    throw usage(`--legacy is for PKCS#12, not for ${format}`, '--format p12 --legacy');
  if (encrypt === true && (format !== 'pem' || trust))
    throw usage(
      '--encrypt is for a private key in PEM',
      '--format pem --encrypt; a p12 or jks is always encrypted',
    );
  const withPublicRoots = options.withPublicRoots === true;
  if (withPublicRoots && !trust)
    throw usage('--with-public-roots is for trust stores', 'add --trust');
  if (withPublicRoots && format === 'der')
    throw usage('a DER file holds one certificate', '--trust --with-public-roots --format pem');
  const source = outputPaths(
    certFile === undefined
      ? dir === undefined
        ? {}
        : { out: dir }
      : { certFile, ...(keyFile === undefined ? {} : { keyFile }) },
    cwd,
  );
  const formatOptions = { ...(legacy ? { legacy } : {}), ...(encrypt ? { encrypt } : {}) };
  const files = kind.trust ? [trustFile(kind.format, 1)] : keyFiles(kind.format, formatOptions);
  const names = files.map(({ name }) => name);
  const folder = resolve(source.certFile, '..');
  const paths = pathsOf(names, file, resolve(cwd, out ?? folder), cwd, format);
  if (!trust && paths?.some((path) => path === source.certFile || path === source.keyFile) === true)
    throw usage(
      `${format} would be written over what it is made of`,
      format === 'pem'
        ? 'it is PEM already; elsewhere: --out DIR, with a password: --encrypt'
        : 'write elsewhere: --out DIR',
    );
  const common = {
    options: formatOptions,
    paths,
    certFile: source.certFile,
    keyFile: source.keyFile,
    alias: parseAlias(options.alias ?? defaultAlias(trust)),
    needsPassword: needsPassword(format, formatOptions),
    followFolder: [dir, certFile, out, file].some((path) => path !== undefined),
  };
  if (!common.needsPassword && options.password !== undefined)
    throw usage(
      `${format} takes no password`,
      'leave it out; with one: --format p12, or --format pem --encrypt',
    );
  return kind.trust ? { ...common, ...kind, withPublicRoots } : { ...common, ...kind };
}

function parseFormat<T extends string>(
  text: string | undefined,
  known: readonly T[],
  trust: boolean,
): T {
  const option = trust ? '--trust --format' : '--format';
  if (text === undefined) throw usage('which format?', `${option} ${known.join(' | ')}`);
  const word = text.trim().toLowerCase();
  const wanted = word === 'pfx' || word === 'pkcs12' ? 'p12' : word;
  const format = known.find((format) => format === wanted);
  if (format !== undefined) return format;
  throw usage(
    `there is no format "${text}"${trust ? ' of a trust store' : ''}`,
    `${option} ${known.join(' | ')}`,
  );
}

function pathsOf(
  names: readonly string[],
  file: string | undefined,
  folder: string,
  cwd: string,
  format: string,
): readonly string[] | undefined {
  if (file === undefined) return names.map((name) => resolve(folder, name));
  if (names.length > 1)
    throw usage(`--format ${format} makes ${names.join(' and ')}, not one file`, '--out DIR');
  return file === '-' ? undefined : [resolve(cwd, file)];
}

// Java's tools, and people, type it.
function parseAlias(alias: string): string {
  if (/^[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?$/.test(alias)) return alias;
  throw usage('not an alias: printable ASCII, 64 characters at most', '--alias devcert');
}

function usage(message: string, hint: string): DevcertError {
  return new DevcertError('usage', message, { hint });
}
