/** What an export was asked to be, checked: pure. */
import { resolve } from 'node:path';
import { DevcertError, say, type Text, exclusive } from '../errors.ts';
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
  /** Over files that devcert did not write, or that fit already; a trust store that most Java does not open. */
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
  readonly force: boolean;
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
    throw usage(
      say`${{ certFile: true }} and ${{ keyFile: true }} go together`,
      say`give both, or ${{ dir: 'DIR' }}`,
    );
  if (dir !== undefined && certFile !== undefined)
    throw exclusive({ dir: true }, { certFile: true }, say`leave ${{ dir: true }} out`);
  if (out !== undefined && file !== undefined)
    throw exclusive({ out: true }, { file: true }, 'give one of them');
  if (legacy === true && format !== 'p12')
    throw usage(say`${{ legacy: true }} is for PKCS#12, not for ${format}`, {
      format: 'p12',
      legacy: true,
    });
  if (encrypt === true && (format !== 'pem' || trust))
    throw usage(
      say`${{ encrypt: true }} is for a private key in PEM`,
      say`${{ format: 'pem', encrypt: true }}; a p12 or jks is always encrypted`,
    );
  const withPublicRoots = options.withPublicRoots === true;
  if (withPublicRoots && !trust)
    throw usage(say`${{ withPublicRoots: true }} is for trust stores`, say`add ${{ trust: true }}`);
  if (withPublicRoots && format === 'der')
    throw usage('a DER file holds one certificate', {
      trust: true,
      withPublicRoots: true,
      format: 'pem',
    });
  const source = outputPaths(
    certFile === undefined ? (dir === undefined ? {} : { out: dir }) : { certFile, keyFile },
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
        ? say`it is PEM already; elsewhere: ${{ out: 'DIR' }}, with a password: ${{ encrypt: true }}`
        : say`write elsewhere: ${{ out: 'DIR' }}`,
    );
  const common = {
    options: formatOptions,
    paths,
    certFile: source.certFile,
    keyFile: source.keyFile,
    alias: parseAlias(options.alias ?? defaultAlias(trust)),
    needsPassword: needsPassword(format, formatOptions),
    force: options.force === true,
    followFolder: [dir, certFile, out, file].some((path) => path !== undefined),
  };
  if (!common.needsPassword && options.password !== undefined)
    throw usage(
      `${format} takes no password`,
      say`leave it out; with one: ${{ format: 'p12' }}, or ${{ format: 'pem', encrypt: true }}`,
    );
  return kind.trust ? { ...common, ...kind, withPublicRoots } : { ...common, ...kind };
}

function parseFormat<T extends string>(
  text: string | undefined,
  known: readonly T[],
  trust: boolean,
): T {
  const hint = { trust: trust || undefined, format: known.join(' | ') };
  if (text === undefined) throw usage('which format?', hint);
  const word = text.trim().toLowerCase();
  const wanted = word === 'pfx' || word === 'pkcs12' ? 'p12' : word;
  const format = known.find((format) => format === wanted);
  if (format !== undefined) return format;
  throw usage(`there is no format "${text}"${trust ? ' of a trust store' : ''}`, hint);
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
    throw usage(say`${{ format }} makes ${names.join(' and ')}, not one file`, { out: 'DIR' });
  return file === '-' ? undefined : [resolve(cwd, file)];
}

// Java's tools, and people, type it.
function parseAlias(alias: string): string {
  if (/^[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?$/.test(alias)) return alias;
  throw usage('not an alias: printable ASCII, 64 characters at most', { alias: 'devcert' });
}

function usage(message: Text, hint: Text): DevcertError {
  return new DevcertError('usage', message, { hint });
}
