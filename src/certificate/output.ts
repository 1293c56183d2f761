/** Where a certificate's files lie, and whose they are. */
import { X509Certificate, type KeyObject } from 'node:crypto';
import { basename, dirname, join, parse, resolve } from 'node:path';
import { DevcertError, exclusive, rewording, say } from '../errors.ts';
import { readIfThere } from '../disk/files.ts';
import { DEFAULT_FOLDER } from '../disk/paths.ts';
import { tryPrivateKeyPem } from '../keystore/private-key.ts';

export interface OutputOptions {
  /** Folder for `cert.pem`, `key.pem`, `ca.pem`; `.devcert` by default. */
  readonly out?: string;
  /** Another place for the certificate; equal to `keyFile` for one combined file. */
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** Absolute paths of what one issue writes. */
export interface OutputPaths {
  readonly certFile: string;
  readonly keyFile: string;
  /** The user named the folder, so one that is a link is followed. */
  readonly followFolders?: boolean;
  /** The root's copy. Only where devcert chose the names itself: absent with `certFile` or `keyFile`. */
  readonly caFile?: string;
}

/** The same where the key is somebody else's: then there is no key file. */
export type CertificatePaths = Omit<OutputPaths, 'keyFile'> & { readonly keyFile?: string };

/**
 * @param cwd absolute folder that relative paths start from.
 * @throws DevcertError `usage` for an empty path.
 */
export function outputPaths(options: OutputOptions, cwd: string): OutputPaths {
  assertNotEmpty(options);
  const folder = resolve(cwd, options.out ?? DEFAULT_FOLDER);
  const certFile = resolve(cwd, options.certFile ?? join(folder, 'cert.pem'));
  const keyFile = resolve(cwd, options.keyFile ?? join(folder, 'key.pem'));
  const own = options.certFile === undefined && options.keyFile === undefined;
  return {
    certFile,
    keyFile,
    caFile: own ? join(folder, 'ca.pem') : undefined,
    followFolders: !own || options.out !== undefined,
  };
}

/**
 * Where the certificate for a CSR goes: never where the CSR says. With `certFile` or `out` there; else
 * beside the CSR's file, under its name: `printer.csr` gives `printer.crt`, and `csr.pem`, as
 * `devcert csr` writes it, `cert.pem` and `ca.pem`.
 *
 * @param csrFile absolute; undefined if the CSR came without a file.
 * @returns undefined if nothing says where.
 * @throws DevcertError `usage`.
 */
export function signedPaths(
  csrFile: string | undefined,
  options: Omit<OutputOptions, 'keyFile'>,
  cwd: string,
): CertificatePaths | undefined {
  assertNotEmpty(options);
  const { certFile, out } = options;
  if (certFile !== undefined && out !== undefined)
    throw exclusive({ out: true }, { certFile: true }, 'give the folder or the file');
  if (certFile !== undefined) return { certFile: resolve(cwd, certFile), followFolders: true };
  if (out !== undefined) return inFolder(resolve(cwd, out));
  if (csrFile === undefined) return undefined;
  const { name, dir } = parse(csrFile);
  if (name === 'csr') return inFolder(dir);
  const path = join(dir, `${name}.crt`);
  if (path !== csrFile) return { certFile: path, followFolders: true };
  throw new DevcertError('usage', 'the certificate would overwrite the CSR', {
    hint: say`say where it goes: ${{ certFile: 'FILE' }}, or ${{ out: 'DIR' }}`,
  });
}

function inFolder(folder: string): CertificatePaths {
  return {
    certFile: join(folder, 'cert.pem'),
    caFile: join(folder, 'ca.pem'),
    followFolders: true,
  };
}

/** @throws DevcertError `usage` for an option that is an empty text. */
export function assertNotEmpty(options: object): void {
  for (const [option, value] of Object.entries(options))
    if (value === '')
      throw new DevcertError('usage', `the path for ${option} is empty`, {
        hint: 'give a path, or leave the option out',
      });
}

/** The files at the output paths now. */
export interface ExistingPair {
  readonly certificate: X509Certificate | undefined;
  /** Whole text of the certificate file. */
  readonly certText: string | undefined;
  readonly key: KeyObject | undefined;
  /** Whole text of the key file, also of one that is not a key. Secret. */
  readonly keyText: string | undefined;
  readonly caText: string | undefined;
}

/**
 * Reads the files at the output paths, written by devcert or not.
 *
 * @throws DevcertError `file` for anything but regular files.
 */
export function readExisting(paths: CertificatePaths): ExistingPair {
  const certText = readText(paths.certFile);
  const keyText =
    paths.keyFile === undefined
      ? undefined
      : paths.keyFile === paths.certFile
        ? certText
        : readText(paths.keyFile);
  const caText = paths.caFile === undefined ? undefined : readText(paths.caFile);
  return {
    certificate: certText === undefined ? undefined : tryCertificate(certText),
    certText,
    key: keyText === undefined ? undefined : tryPrivateKeyPem(keyText),
    keyText,
    caText,
  };
}

function readText(path: string): string | undefined {
  return rewording(
    () => readIfThere(path)?.toString(),
    () => ({
      hint: say`move "${basename(path)}" out of "${dirname(path)}", or write elsewhere: ${{ out: 'DIR' }}`,
    }),
  );
}

/** The first certificate of a text; undefined if it is something else. */
export function tryCertificate(text: string): X509Certificate | undefined {
  try {
    return new X509Certificate(text);
  } catch {
    return undefined; // not a certificate: the caller says what that means
  }
}
