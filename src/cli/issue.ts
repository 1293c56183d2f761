/** `devcert [issue] NAMES…` */
import { DevcertError } from '../errors.ts';
import { issue, type IssueOptions } from '../index.ts';
import { caOption, daysOption, type Declaration, keyOption } from './declaration.ts';
import { asking } from './password/asking.ts';
import {
  type CaPasswordFlags,
  caPasswordOptions,
  type PasswordFlags,
  passwordOptions,
} from './password/options.ts';
import { issueLines } from './issue-lines.ts';

export const issueCommand: Declaration = {
  summary: 'issue a certificate (the default command)',
  description: 'Issues a certificate for the names into .devcert/: cert.pem, key.pem and ca.pem.',
  positionals: {
    '[names...]':
      'DNS names and IP addresses; without any: those of the project file, of the certificate that is there, or localhost',
  },
  options: {
    '--add <name>': {
      repeatable: 'a name besides those of the certificate that is there (repeatable)',
    },
    '--remove <name>': { repeatable: 'a name of it to leave out (repeatable)' },
    '--out <folder>': 'write cert.pem, key.pem and ca.pem there instead of .devcert',
    '--cert-file <file>': 'write the certificate there',
    '--key-file <file>': 'write the key there; the same file for both: one combined PEM',
    ...keyOption,
    ...daysOption,
    '--webtransport':
      'for WebTransport: P-256, two weeks in all, and the hash for serverCertificateHashes',
    '--client':
      'for a client: users, mail addresses and URIs are names, too (one for a DNS name is taken as a server’s by wget and others)',
    '--peer': 'for both a server and a client, as in a service mesh',
    '--cn <name>': 'common name of a client or peer: what PostgreSQL compares',
    '--format <format>': {
      repeatable: 'write this, too: p12, jks, der, combined, fullchain (repeatable)',
    },
    '--legacy': 'with --format p12: see devcert export --help',
    '--alias <name>': 'of the entry in a key store (default: devcert)',
    ...passwordOptions,
    ...caOption,
    ...caPasswordOptions,
    '--broken <kind>':
      'for tests of clients: one that is wrong on purpose, into .devcert/broken/KIND, by a throw-away CA that nothing trusts: expired, not-yet-valid, wrong-name, self-signed, unknown-authority, missing-issuer, wrong-purpose, weak-key, weak-signature or revoked',
    '--expired': 'the same as --broken expired',
    '--force': 'issue even if a valid certificate is there, and replace other files',
  },
  examples: [
    'devcert localhost api.test          a server with two names',
    'devcert --add www.test              the same with a name more',
    'devcert --client alice              a client: a user or a service',
    'devcert --client alice --cn alice   the same for PostgreSQL',
    'devcert --peer orders.test          a service that is a client of others, too',
    'devcert localhost --expired         one that clients have to refuse',
  ],
  async run(names, options: Flags, terminal) {
    if (options.expired === true || options.broken !== undefined)
      return (await import('./broken.ts')).runBroken(names, options, terminal);
    // What asks for passwords is loaded only where one may be needed.
    const exporting = options.format === undefined ? undefined : await import('./export.ts');
    if (exporting === undefined) refusePassword(options);
    const listener = await asking(options, terminal, { file: exporting?.askedFor() });
    const { givenPassword } = exporting === undefined ? {} : await import('./password/password.ts');
    const password = givenPassword?.(options, {}, terminal);
    const wanted = { ...options, password, again: names.length === 0 };
    const result = await issue(names, wanted, listener);
    const { style } = terminal;
    const exported = (result.exports ?? []).flatMap(
      (it) => exporting?.exportLines(it, style) ?? [],
    );
    return terminal.show([...issueLines(result, style), ...exported], result);
  },
};

type Flags = Omit<IssueOptions, 'password'> &
  PasswordFlags &
  CaPasswordFlags & { readonly broken?: string; readonly expired?: boolean };

function refusePassword(options: PasswordFlags): void {
  const { passwordFile, passwordEnv, passwordStdin, password } = options;
  if (password !== false && (passwordFile ?? passwordEnv ?? passwordStdin) === undefined) return;
  throw new DevcertError('usage', 'PEM files have no password', {
    hint: 'for a key store beside them: --format p12',
  });
}
