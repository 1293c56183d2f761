/** `devcert ca protect` and `devcert ca unprotect` */
import { EXIT } from '../../errors.ts';
import { protectAuthority, type ProtectOptions, unprotectAuthority } from '../../index.ts';
import { protectLines } from './lines.ts';
import { asking } from '../password/asking.ts';
import { authorityArgument, type Declaration, dryRunOption } from '../declaration.ts';
import { cancelOnInterrupt } from '../interrupt.ts';
import { outcomesExitCode } from '../outcomes.ts';
import { type CaPasswordFlags, caPasswordOptions } from '../password/options.ts';
import { plannedLines } from '../report.ts';

export const protect: Declaration = {
  summary: 'encrypt the key of one with a passphrase',
  description:
    'Makes a new CA whose key is encrypted, has the stores that trust the old one trust it, issues everything again, and drops the old one, whose key may have been copied while it lay open. Issuing then asks for the passphrase. Exit code 1 if a store still trusts the old one.',
  positionals: { ...authorityArgument },
  options: {
    '--keep-key': 'encrypt the key that is there: copies of it, as in a backup, stay open',
    ...caPasswordOptions,
    ...dryRunOption,
  },
  examples: [
    'devcert ca protect                                  asks twice for it',
    'devcert ca protect people --ca-password-file FILE   the one with this name',
  ],
  async run([name], options: ProtectOptions & CaPasswordFlags, terminal) {
    cancelOnInterrupt(terminal);
    const result = await protectAuthority(name, options, await asking(options, terminal));
    if (options.dryRun === true) return terminal.show(plannedLines(result, terminal.style), result);
    const isDone = result.keeping.way === 'passphrase' && result.earlierRoots.length === 0;
    const exitCode = isDone ? outcomesExitCode(result.outcomes) : EXIT.failed;
    return terminal.show(protectLines(result, terminal.style), result, exitCode);
  },
};

export const unprotect: Declaration = {
  summary: 'write the key of one into an open file again',
  description:
    'Decrypts the key of a CA. Whoever copies it then can forge the names that it issues for in every client, and other names in some.',
  positionals: { ...authorityArgument },
  options: caPasswordOptions,
  async run([name], options: CaPasswordFlags, terminal) {
    const result = await unprotectAuthority(name, await asking(options, terminal));
    return terminal.show(protectLines(result, terminal.style), result);
  },
};
