/** `devcert ca …` */
import { EXIT } from '../../errors.ts';
import {
  createAuthority,
  type DryRunOption,
  exportAuthority,
  type ExportAuthorityOptions,
  importAuthority,
  type ImportAuthorityOptions,
  listAuthorities,
  type NamedOptions,
  protectAuthority,
  type ProtectOptions,
  type ReplaceOptions,
  removeAuthority,
  replaceAuthority,
  type ReplaceResult,
  showAuthority,
  unprotectAuthority,
} from '../../index.ts';
import { authorityLines, keptLines, protectLines, replaceLines, summaryLines } from './lines.ts';
import {
  agentOptions,
  authorityArgument,
  type Declaration,
  dryRunOption,
  type Options,
  permitOptions,
} from '../declaration.ts';
import { cancelOnInterrupt } from '../interrupt.ts';
import { asking } from '../password/asking.ts';
import { withPassword } from '../password/retry.ts';
import { outcomeLines, outcomesExitCode, plannedLines } from '../report.ts';
import type { Terminal } from '../terminal.ts';
import { askPassword, givenPassword } from '../password/password.ts';
import {
  type CaPasswordFlags,
  caPasswordOptions,
  keyPasswordOptions,
  type PasswordFlags,
  givenPasswordOptions,
} from '../password/options.ts';

type Flags = PasswordFlags & CaPasswordFlags;

const sourceOptions: Options = {
  '--key <file>': 'its private key, if that lies in another file',
  '--root <file>': 'the root above it, with what lies between, if that lies in another file',
  // Not --no-password: an encrypted file has one.
  ...givenPasswordOptions,
  ...keyPasswordOptions,
};

const clientsOnly: Options = {
  '--clients-only': 'it issues for clients, never for servers, and no store may trust it',
};

const passphrase: Options = { '--passphrase': 'encrypt its key: issuing asks for the passphrase' };

const create: Declaration = {
  summary: 'make a CA with a name',
  description:
    'Makes a CA beside the default one. No store trusts it until it is installed. Whoever copies its key can forge the names it issues for in every client that trusts it, and other names in some.',
  positionals: { '<name>': 'lower-case letters, digits, hyphens' },
  options: {
    ...permitOptions,
    ...clientsOnly,
    ...passphrase,
    ...caPasswordOptions,
    ...agentOptions,
  },
  async run([name = ''], options: NamedOptions & CaPasswordFlags, terminal) {
    const result = await createAuthority(name, options, await asking(options, terminal));
    return terminal.show(keptLines(result, 'Made', terminal.style), result);
  },
};

const list: Declaration = {
  summary: 'list the CAs',
  description: 'Lists the default CA and those with names.',
  async run(_positionals, _options, terminal) {
    const authorities = await listAuthorities();
    const lines =
      authorities.length === 0
        ? ['There is no CA yet: devcert install']
        : summaryLines(authorities, terminal.style);
    return terminal.show(lines, { authorities });
  },
};

const show: Declaration = {
  summary: 'show one: what it issues for, until when, where it is',
  description: 'Shows what a CA issues for, until when, its key, and where it is.',
  positionals: { ...authorityArgument },
  async run([name], _options, terminal) {
    const authority = await showAuthority(name);
    return terminal.show(authorityLines(authority, terminal.style), authority);
  },
};

const importing: Declaration = {
  summary: "take mkcert's, minica's or your company's CA",
  description:
    'Takes a CA that exists: certificate and private key, in any format. It is checked first, and put into no store.',
  positionals: {
    '[sources...]': 'mkcert, a folder, or files (PEM, DER, P12, JKS)',
  },
  options: {
    '--name <name>': 'keep it under this name; the default one if left out',
    ...sourceOptions,
    ...clientsOnly,
    '--trust-only': 'take a root without its key: it can only be trusted',
    ...passphrase,
    ...caPasswordOptions,
    '--force': 'let it replace the CA that is there',
    ...dryRunOption,
  },
  examples: [
    'devcert ca import mkcert',
    'devcert ca import ca.pem ca-key.pem --name company',
    'devcert ca import company.p12 --root root.pem --name company',
  ],
  async run(sources, options: Flags & ImportAuthorityOptions, terminal) {
    cancelOnInterrupt(terminal);
    const result = await withPassword(options, terminal, (wanted, listener) =>
      importAuthority(sources, wanted, listener),
    );
    if ('replaced' in result) return showReplaced(result, options, terminal);
    const lines =
      options.dryRun === true
        ? [`Would import the CA ${authorityLines(result, terminal.style).join('\n')}`]
        : keptLines(result, 'Imported', terminal.style);
    return terminal.show(lines, result);
  },
};

const exporting: Declaration = {
  summary: 'write the root for those who are to trust it',
  description:
    'Prints the root certificate, or writes it into a file. With --with-key also the encrypted key: then whoever has it can issue.',
  positionals: { ...authorityArgument },
  options: {
    '--file <file>': 'write it there',
    '--out <folder>': 'write it there, as NAME-root.pem',
    '--der': 'DER instead of PEM: for Windows and phones',
    '--with-key': 'issuer and private key, too, encrypted: dangerous',
    ...givenPasswordOptions,
    ...caPasswordOptions,
    '--force': 'replace another file',
  },
  async run([name], options: Flags & ExportAuthorityOptions, terminal) {
    const listener = await asking(options, terminal);
    const password =
      options.withKey === true
        ? (givenPassword(options, {}, terminal) ??
          (await askPassword({ what: "the CA's key", isNew: true, required: true })))
        : undefined;
    const result = await exportAuthority(name, { ...options, password }, listener);
    const { file, pem } = result;
    const what = result.withKey ? 'Root, issuer and encrypted key are in' : 'The root is in';
    return terminal.show([file === undefined ? (pem ?? '').trimEnd() : `${what} ${file}`], result);
  },
};

const replace: Declaration = {
  summary: 'replace a CA with a new one, and issue everything again',
  description:
    'Makes a new root and issuer with the same constraints (or imports one), has the stores that trust the old one trust it, issues everything again, and drops the old one.',
  positionals: { ...authorityArgument },
  options: {
    '--import <source>': {
      repeatable: 'take this one instead of a new one: mkcert, a folder, a file (repeatable)',
    },
    ...permitOptions,
    ...sourceOptions,
    ...caPasswordOptions,
    ...agentOptions,
    ...dryRunOption,
  },
  async run([name], options: Flags & ReplaceOptions & { import?: string[] }, terminal) {
    cancelOnInterrupt(terminal);
    const result = await withPassword(options, terminal, (wanted, listener) =>
      replaceAuthority(name, options.import ?? [], wanted, listener),
    );
    return showReplaced(result, options, terminal);
  },
};

const protect: Declaration = {
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

const unprotect: Declaration = {
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

const remove: Declaration = {
  summary: 'take its root out of every store and delete it',
  description: 'Removes the root from every store, checks that it is gone, and deletes the CA.',
  positionals: { '<name>': 'the name of the CA' },
  options: { ...dryRunOption },
  async run([name = ''], options: DryRunOption, terminal) {
    cancelOnInterrupt(terminal);
    const result = await removeAuthority(name, options, terminal);
    terminal.print(
      options.dryRun === true
        ? [...outcomeLines(result.outcomes, terminal.style), `Would delete the CA "${name}"`]
        : [
            ...result.outcomes.map(({ store, status }) => `  ${store}  ${status}`),
            `Deleted the CA "${name}"`,
          ],
    );
    if (result.left.length > 0)
      terminal.note(`what it issued stays, trusted by nothing: ${result.left.join(', ')}`);
    for (const note of result.notes) terminal.note(note);
    terminal.json(result);
    return EXIT.done;
  },
};

function showReplaced(result: ReplaceResult, { dryRun }: DryRunOption, terminal: Terminal): number {
  const { style } = terminal;
  const lines = dryRun === true ? plannedLines(result, style) : replaceLines(result, style);
  return terminal.show(lines, result, outcomesExitCode(result.outcomes));
}

export const caCommand: Declaration = {
  summary: 'CAs with names, imported ones, replacing one',
  description: 'Works with CAs: the default one and those with names (--ca NAME elsewhere).',
  commands: {
    create,
    list,
    show,
    import: importing,
    export: exporting,
    replace,
    protect,
    unprotect,
    remove,
  },
};
