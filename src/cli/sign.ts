/** `devcert sign FILE|-` */
import { printable } from '../errors.ts';
import { sign, type SignOptions, type SignResult } from '../index.ts';
import { asking } from './password/asking.ts';
import { caOption, daysOption, type Declaration } from './declaration.ts';
import { date, madeLines, table } from './lines.ts';
import { usageRows } from './issue-lines.ts';
import { type CaPasswordFlags, caPasswordOptions } from './password/options.ts';
import { readStdin } from './stdin.ts';
import type { Style } from './terminal.ts';
import { MAX_CSR_BYTES } from '../policy.ts';

export const signCommand: Declaration = {
  summary: 'sign a CSR that somebody sent',
  description:
    'Signs a CSR (PKCS#10, PEM or DER) whose own signature is right. Its key and its alternative names are granted, and a client’s common name; everything else it asks for is left out, and listed. The certificate is written beside the CSR (printer.csr gives printer.crt; csr.pem gives cert.pem and ca.pem); for "-" it goes to standard output.',
  positionals: { '<file>': 'the CSR, or "-" for standard input' },
  options: {
    '--client': 'for a client instead of a server',
    '--peer': 'for both a server and a client',
    ...daysOption,
    '--out <folder>': 'write cert.pem and ca.pem there',
    '--cert-file <file>': 'write the certificate there',
    ...caOption,
    ...caPasswordOptions,
    '--force': 'sign even if a valid certificate is there, and replace other files',
  },
  examples: [
    'devcert sign printer.csr            printer.crt, for a server',
    'devcert sign alice.csr --client     alice.crt, for a client',
    'devcert sign - <web.csr >web.crt    from and to a pipe',
  ],
  async run([file = '-'], options: SignOptions & CaPasswordFlags, terminal) {
    if (file === '-' && process.stdin.isTTY) terminal.note('paste the CSR, then press Ctrl-D');
    const listener = await asking(options, terminal, { stdinTaken: file === '-' });
    const csr = file === '-' ? readStdin(MAX_CSR_BYTES) : file;
    const result = await sign(csr, options, listener);
    if (result.certFile !== undefined)
      return terminal.show(signLines(result, terminal.style), result);
    // Standard output is the certificate.
    for (const line of madeLines(result.made).filter((it) => it !== '')) terminal.note(line);
    for (const line of result.dropped) terminal.note(`not granted: ${line}`);
    return terminal.show([result.certPem.trimEnd()], result);
  },
};

/** What was signed for whom, and what was not granted. */
function signLines(result: SignResult, style: Style): string[] {
  const { issued, names, certFile = '', caFile, keyType, notAfter, dropped } = result;
  const verb = issued ? 'Signed a certificate for' : 'A valid certificate is there already for';
  return [
    ...madeLines(result.made),
    `${verb} ${names.join(', ')}`,
    ...table(
      [
        ...usageRows(result),
        ['key', keyType],
        ['certificate and chain', printable(certFile)],
        ...(caFile === undefined ? [] : [['root, for the other side', printable(caFile)]]),
      ],
      style,
    ),
    `It is valid until ${date(notAfter)}`,
    ...(dropped.length === 0 ? [] : ['Not granted:', ...dropped.map((line) => `  ${line}`)]),
  ];
}
