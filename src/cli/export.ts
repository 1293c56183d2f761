/** `devcert export` */
import { DevcertError, EXIT, printable } from '../errors.ts';
import { exportCertificate, type ExportOptions, type ExportResult } from '../index.ts';
import { caOption, type Declaration } from './declaration.ts';
import { table } from './lines.ts';
import { askPassword, givenPassword } from './password/password.ts';
import { type PasswordFlags, passwordOptions } from './password/options.ts';
import { type Style, write } from './terminal.ts';

export const exportCommand: Declaration = {
  summary: 'write the certificate in other formats: PKCS#12, JKS, DER, PEM',
  description:
    'Writes the certificate and key in .devcert in another format beside them, or with --trust the root alone, for clients.',
  options: {
    '--format <format>':
      'p12 (Java, .NET, Windows, browsers), jks (old Java), der, combined (HAProxy: all in one PEM), fullchain (as cert.pem, under the name some programs want), pem; with --trust: pem, p12, jks, der',
    '--trust': 'a trust store: the root, and no key',
    '--with-public-roots': "with --trust: also the public roots, Mozilla's as Node.js has them",
    '--dir <folder>': 'of cert.pem and key.pem (default: .devcert)',
    '--cert-file <file>': 'the certificate to export',
    '--key-file <file>': 'its key',
    '--out <folder>': 'write there (default: beside the certificate)',
    '--file <file>': 'write this one file; - is standard output',
    '--alias <name>': 'of the entry (default: devcert, devcert-root)',
    '--legacy': 'p12 for the macOS keychain, iOS before 16, Windows Server 2016',
    '--encrypt': 'with --format pem: key-encrypted.pem',
    ...passwordOptions,
    ...caOption,
    '--force': 'replace files that devcert did not write',
  },
  examples: [
    'devcert export --format p12         keystore.p12, asks for a password',
    'devcert export --trust --format p12 --no-password',
    'pass show dev | devcert export --format jks --password-stdin',
  ],
  async run(_positionals, options: Omit<ExportOptions, 'password'> & Flags, terminal) {
    if (options.file === '-' && options.json === true)
      throw new DevcertError('usage', '--file - and --json both want standard output', {
        hint: 'give --json with a file of its own: --file FILE',
      });
    const password = givenPassword(options, {}, terminal);
    const result = await exportCertificate({ ...options, password }, { password: askedFor() });
    const [only] = result.files;
    if (only?.data === undefined) {
      terminal.print(exportLines(result, terminal.style));
      terminal.json(result);
    } else {
      refuseTerminal(only);
      write(1, only.data);
    }
    for (const note of [...result.notes, ...readerNotes(result, options)]) terminal.note(note);
    return EXIT.done;
  },
};

type Flags = PasswordFlags & { readonly json?: boolean };

/** Asks at the terminal, once for all files of a run. */
export function askedFor(): (what: string) => Promise<string> {
  let asked: Promise<string> | undefined;
  return (what) => (asked ??= askPassword({ what, isNew: true }));
}

export function exportLines(result: ExportResult, style: Style): string[] {
  const { written, format, files, alias, trust } = result;
  const subject = trust ? 'the root' : 'the certificate';
  const head = written
    ? `Exported ${subject} as ${format}`
    : `Exported already, and it still fits: nothing was written`;
  return [
    head,
    ...table(
      [
        ...files.map(({ what, path }) => [what, printable(path)]),
        ...(alias === undefined ? [] : [['alias', alias]]),
      ],
      style,
    ),
  ];
}

/** Which file is for whom: facts measured over some fifteen programs. */
function readerNotes(
  { format, trust, written }: ExportResult,
  { legacy, encrypt, password }: Pick<ExportOptions, 'legacy' | 'encrypt'> & Flags,
): string[] {
  if (!written) return [];
  // Measured: it asks Java for a key factory by a name that 17 does not have, and 21 does.
  if (format === 'pem' && encrypt === true)
    return ['Kafka on Java 17 opens no such key: give it --format p12'];
  if (format === 'jks') return ['JKS is obsolete: Java has read PKCS#12 since version 6'];
  if (format !== 'p12') return [];
  if (trust && password === false)
    return ['Java opens it with any password and with none; NSS and GnuTLS do not'];
  return [
    legacy === true
      ? 'old, weak algorithms: for the macOS keychain, iOS before 16, Windows Server 2016'
      : 'for Java, .NET, OpenSSL, Node, browsers, Windows from 10 1709; for the macOS keychain, iOS before 16 and Windows Server 2016 add --legacy',
  ];
}

function refuseTerminal({ secret }: ExportResult['files'][number]): void {
  if (!process.stdout.isTTY) return;
  throw new DevcertError(
    'usage',
    secret ? 'a private key is not shown on a terminal' : 'this is a terminal, not a file',
    { hint: 'redirect it (> FILE), or write it: --file FILE' },
  );
}
