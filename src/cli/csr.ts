/** `devcert csr NAMES…` */
import { printable } from '../errors.ts';
import { csr, type CsrOptions, type CsrResult } from '../index.ts';
import { type Declaration, keyOption } from './declaration.ts';
import { table } from './lines.ts';
import { withPassword } from './password/retry.ts';
import {
  keyPasswordOptions,
  type PasswordFlags,
  givenPasswordOptions,
} from './password/options.ts';
import type { Style } from './terminal.ts';

export const csrCommand: Declaration = {
  summary: 'make a key and a CSR, for a CA to sign',
  description:
    'Makes a key and a CSR (PKCS#10) for the names: .devcert/csr/key.pem and csr.pem. A key that is there is used again. No CA is needed. Sign it with devcert sign, or send csr.pem to whoever signs.',
  positionals: {
    '[names...]': 'DNS names and IP addresses; localhost if there are none',
  },
  options: {
    '--out <folder>': 'write csr.pem and key.pem there',
    ...keyOption,
    '--key-file <file>': 'use this private key: PEM, DER, P12 or JKS',
    ...givenPasswordOptions,
    ...keyPasswordOptions,
    '--client': 'users, mail addresses and URIs are names, too',
    '--peer': 'for both a server and a client',
    '--cn <name>': 'common name; the first name if it is left out',
    '--der': 'write csr.der instead of csr.pem',
    '--force': 'make a new key, and replace what is there',
  },
  examples: [
    'devcert csr api.test           then: devcert sign .devcert/csr/csr.pem',
    'devcert csr api.test --key-file server.key --out to-sign',
    'devcert csr --client alice   then: devcert sign --client .devcert/csr/csr.pem',
  ],
  async run(names, flags: Flags, terminal) {
    const result = await withPassword(flags, terminal, (options) => csr(names, options));
    return terminal.show(csrLines(result, terminal.style), result);
  },
};

type Flags = Omit<CsrOptions, 'password' | 'keyPassword'> & Omit<PasswordFlags, 'password'>;

/** The files that were written, and what comes next. */
function csrLines(result: CsrResult, style: Style): string[] {
  const { written, names, commonName, csrFile, keyFile, keyType, keyCreated } = result;
  return [
    `${written ? 'Made a CSR' : 'The same CSR is there already'} for ${names.join(', ')}`,
    ...table(
      [
        ...(commonName === undefined ? [] : [['common name', printable(commonName)]]),
        ['CSR, to be signed', printable(csrFile)],
        [`private key, ${keyCreated ? 'new' : 'as it was'}`, printable(keyFile)],
        ['key type', keyType],
      ],
      style,
    ),
  ];
}
