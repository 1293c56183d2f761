/** `devcert install` */
import { DevcertError, say } from '../errors.ts';
import { install, type InstallOptions } from '../index.ts';
import { asking } from './password/asking.ts';
import {
  caOption,
  dryRunOption,
  type Declaration,
  sshAgentOption,
  storeOptions,
  permitOptions,
} from './declaration.ts';
import { cancelOnInterrupt } from './interrupt.ts';
import { type CaPasswordFlags, caPasswordOptions } from './password/options.ts';
import { installLines, outcomesExitCode } from './report.ts';

type Flags = Omit<InstallOptions, 'sealed'> & CaPasswordFlags & { readonly sealed?: boolean };

export const installCommand: Declaration = {
  summary: 'make the CA, once per machine, and have every store trust it',
  description:
    'Makes the CA if there is none and puts its root into the trust stores of the system, of Chromium and Firefox on Linux, and of Java. Whoever copies the CA’s key can forge the names it issues for in every client, and other names in some. Exit code: 0 if every store that is there trusts the root, or lacks only a program, which is named; 1 if one failed; 5 if the CA has expired.',
  positionals: {
    '[names...]': 'with --sealed: all names that it will ever issue for',
  },
  options: {
    ...storeOptions,
    '--passphrase':
      'encrypt its key: issuing asks for the passphrase; a key that lay open gives way to a new one',
    ...caPasswordOptions,
    ...sshAgentOption,
    '--sealed':
      'make a CA for a certificate with these names, into .devcert, and keep no key of it: another set of names is another CA',
    '--out <folder>': 'with --sealed: write the certificate there',
    '--force':
      'with --sealed: replace other files there; with --ssh-agent: in a session over SSH, too',
    ...permitOptions,
    ...caOption,
    ...dryRunOption,
  },
  examples: [
    'devcert install --sealed localhost api.test   and nothing else, ever',
    'devcert install --ssh-agent SHA256:…   your agent signs',
  ],
  async run(names, { sealed, ...flags }: Flags, terminal) {
    const options = { ...flags, sealed: sealed === true ? names : undefined };
    if (sealed !== true && names.length > 0)
      throw new DevcertError('usage', 'install takes names with --sealed only', {
        hint: say`${{ command: 'issue', names }}, or ${{ command: 'install', sealed: true, names }}`,
      });
    cancelOnInterrupt(terminal);
    if (options.constraints === false)
      terminal.note(
        'without constraints, whoever copies the issuer key can read all of your HTTPS',
      );
    const result = await install(options, await asking(options, terminal));
    const lines = installLines(result, terminal.style, options.ca);
    return terminal.show(lines, result, outcomesExitCode(result.outcomes));
  },
};
