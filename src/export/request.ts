/** What an export was asked to be, checked: pure. */
import { basename, dirname, resolve } from 'node:path';
import { DevcertError, say, type Text, exclusive } from '../errors.ts';
import type { KeyEntry, TrustedCertificate } from '../keystore/entries.ts';
import type { ExportedCertificate } from '../ledger/ledger.ts';
import {
  encryptedPem,
  type Format,
  type FormatFile,
  type FormatOptions,
  keyFormats,
  trustFormats,
} from './formats.ts';
import { outputPaths } from '../certificate/output.ts';

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
    | { readonly trust: false; readonly format: Format<KeyEntry> }
    | { readonly trust: true; readonly format: Format<readonly TrustedCertificate[]> }
  );

interface Common {
  readonly options: FormatOptions;
  readonly withPublicRoots: boolean;
  /** The format's, at absolute paths; `-` for the only one if its contents are all that is wanted. */
  readonly files: readonly (Omit<FormatFile, 'name'> & { readonly path: string })[];
  /** Absolute. */
  readonly certFile: string;
  readonly keyFile: string;
  readonly alias: string;
  readonly force: boolean;
  readonly followFolder: boolean;
  /** Options that make the same files from whatever certificate is there by then; without a password. */
  readonly again: NonNullable<ExportedCertificate['options']>;
}

/**
 * @param cwd absolute folder that relative paths start from.
 * @throws DevcertError `usage`.
 */
export function parseExport(options: ExportOptions, cwd: string): ExportRequest {
  const { dir, certFile, keyFile, out, file, legacy, encrypt, withPublicRoots = false } = options;
  const kind =
    options.trust === true
      ? { trust: true as const, format: parseFormat(options.format, trustFormats, true) }
      : { trust: false as const, format: parseFormat(options.format, keyFormats, false) };
  const { trust } = kind;
  const { name: format } = kind.format;
  assertConsistent(options, format, trust);
  const source = outputPaths(
    certFile === undefined ? (dir === undefined ? {} : { out: dir }) : { certFile, keyFile },
    cwd,
  );
  const made = !trust && encrypt === true ? { trust, format: encryptedPem } : kind;
  const { checkPassword, files } = made.format;
  const folder = resolve(cwd, out ?? dirname(source.certFile));
  if (file !== undefined && files.length > 1)
    throw usage(
      say`${{ format }} makes ${files.map(({ name }) => name).join(' and ')}, not one file`,
      { out: 'DIR' },
    );
  const pathOf = (name: string) =>
    file === undefined ? resolve(folder, name) : file === '-' ? file : resolve(cwd, file);
  const placed = files.map(({ name, what, secret }) => ({ path: pathOf(name), what, secret }));
  if (!trust && placed.some(({ path }) => path === source.certFile || path === source.keyFile))
    throw usage(
      `${format} would be written over what it is made of`,
      format === 'pem'
        ? say`it is PEM already; elsewhere: ${{ out: 'DIR' }}, with a password: ${{ encrypt: true }}`
        : say`write elsewhere: ${{ out: 'DIR' }}`,
    );
  // Of an entry in a key store or trust store.
  const usualAlias = trust ? 'devcert-root' : 'devcert';
  const alias = parseAlias(options.alias ?? usualAlias);
  if (checkPassword === undefined && options.password !== undefined)
    throw usage(
      `${format} takes no password`,
      say`leave it out; with one: ${{ format: 'p12' }}, or ${{ format: 'pem', encrypt: true }}`,
    );
  const formatOptions = { ...(legacy ? { legacy } : {}), ...(encrypt ? { encrypt } : {}) };
  const [{ path } = { path: '' }] = placed;
  const pair = { certFile: source.certFile, keyFile: source.keyFile };
  return {
    ...made,
    ...pair,
    options: formatOptions,
    withPublicRoots,
    files: placed,
    alias,
    force: options.force === true,
    followFolder: [dir, certFile, out, file].some((path) => path !== undefined),
    again: {
      ...(trust ? { trust } : {}),
      format,
      ...formatOptions,
      ...(withPublicRoots ? { withPublicRoots } : {}),
      ...(alias === usualAlias ? {} : { alias }),
      ...(trust ? {} : pair),
      ...(basename(path) === files[0]?.name ? { out: dirname(path) } : { file: path }),
    },
  };
}

/** @throws DevcertError `usage` for options that exclude each other, or that the format has no use for. */
function assertConsistent(options: ExportOptions, format: string, trust: boolean): void {
  const { dir, certFile, keyFile, out, file, legacy, encrypt, withPublicRoots } = options;
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
  if (withPublicRoots === true && !trust)
    throw usage(say`${{ withPublicRoots: true }} is for trust stores`, say`add ${{ trust: true }}`);
  if (withPublicRoots === true && format === 'der')
    throw usage('a DER file holds one certificate', {
      trust: true,
      withPublicRoots: true,
      format: 'pem',
    });
}

/** True if its format takes a password. */
export function needsPassword({ format }: ExportRequest): boolean {
  return format.checkPassword !== undefined;
}

/** The name of a format as it is typed. */
export function formatName(text: string): string {
  const word = text.trim().toLowerCase();
  return word === 'pfx' || word === 'pkcs12' ? 'p12' : word;
}

function parseFormat<T extends { readonly name: string }>(
  text: string | undefined,
  known: readonly T[],
  trust: boolean,
): T {
  const hint = { trust: trust || undefined, format: known.map(({ name }) => name).join(' | ') };
  if (text === undefined) throw usage('which format?', hint);
  const format = known.find(({ name }) => name === formatName(text));
  if (format !== undefined) return format;
  throw usage(`there is no format "${text}"${trust ? ' of a trust store' : ''}`, hint);
}

// Java's tools, and people, type it.
function parseAlias(alias: string): string {
  if (/^[\x21-\x7e](?:[\x20-\x7e]{0,62}[\x21-\x7e])?$/.test(alias)) return alias;
  throw usage('not an alias: printable ASCII, 64 characters at most', { alias: 'devcert' });
}

function usage(message: Text, hint: Text): DevcertError {
  return new DevcertError('usage', message, { hint });
}
