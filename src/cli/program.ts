/** The command line: commands, options and their help. The one home of commander. */
import { Command, CommanderError, Option, type OutputConfiguration } from 'commander';
import { DevcertError, EXIT } from '../errors.ts';
import type { InstallOptions, IssueOptions, StatusOptions, UninstallOptions } from '../index.ts';
import { createTerminal, type Terminal, write } from './terminal.ts';

declare const DEVCERT_VERSION: string;

/**
 * Runs the command line.
 *
 * @param argv the arguments alone, without the program's name.
 * @returns the exit code. A throw is a bug.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const terminal = await createTerminal(argv.includes('--json'), process.env);
  try {
    let exitCode: number = EXIT.done;
    const words = commandFirst(argv);
    const program = createProgram(words, terminal, (code) => (exitCode = code));
    await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done; // --help, --version
    const expected = error instanceof CommanderError ? usageError(error) : error;
    terminal.progress('');
    if (!(expected instanceof DevcertError)) throw expected;
    terminal.error(expected);
    return expected.exitCode;
  }
}

/** The program with the command that `argv` names; with all of them only where help will list them. */
function createProgram(argv: readonly string[], terminal: Terminal, exit: Exit): Command {
  const program = new Command('devcert')
    .description(
      'Real HTTPS on local names: an authority that only your machine trusts and that can certify nothing but local names.',
    )
    .version(DEVCERT_VERSION, '-V, --version')
    .exitOverride()
    .configureOutput(output)
    .addHelpText('after', examples);
  const [word = ''] = argv;
  const chosen = word in commands ? word : 'issue';
  const listed = argv.some((word) => ['-h', '--help', 'help'].includes(word));
  program.helpCommand(listed);
  for (const [name, declare] of Object.entries(commands))
    if (listed || name === chosen) {
      const command = program
        .command(name, { isDefault: name === 'issue' })
        .exitOverride()
        .configureOutput(output)
        .allowExcessArguments(false)
        .addOption(new Option('--json', 'print one JSON document on stdout'));
      declare(command, terminal, exit);
    }
  return program;
}

type Exit = (code: number) => void;

const commands: Record<string, (command: Command, terminal: Terminal, exit: Exit) => void> = {
  issue: (command, terminal, exit) => {
    command
      .argument('[names...]', 'DNS names and IP addresses; localhost if there are none')
      .summary('issue a certificate (the default command)')
      .description(
        'Issues a certificate for the names into .devcert/: cert.pem, key.pem and ca.pem.',
      )
      .option('--out <folder>', 'write cert.pem, key.pem and ca.pem there instead of .devcert')
      .option('--cert-file <file>', 'write the certificate there')
      .option('--key-file <file>', 'write the key there; the same file for both: one combined PEM')
      .option('--key <type>', 'p256 (default), p384, rsa2048, rsa3072 or rsa4096')
      .option('--days <number>', 'valid for so many days, 1 to 825 (default: 397)')
      .option(
        '--client',
        'for a client instead of a server; mail addresses and URIs are names, too',
      )
      .option('--force', 'issue even if a valid certificate is there, and replace other files')
      .action(async (names: string[], options: IssueOptions) => {
        const { runIssue } = await import('./issue.ts');
        exit(await runIssue(names, options, terminal));
      });
  },
  install: (command, terminal, exit) => {
    addStoreOptions(command)
      .summary('make the authority, once per machine, and have every store trust it')
      .description(
        'Makes the authority if there is none and puts its root into the trust stores of the system, the browsers and Java.',
      )
      .option(
        '--permit <domain>',
        'let the authority certify this domain, too (repeatable)',
        collect,
      )
      .option(
        '--no-constraints',
        'let it certify every name: dangerous, for mbedTLS and Botan 2 only',
      )
      .option('--dry-run', 'print the exact commands and change nothing')
      .action(async (options: InstallOptions) => {
        const { runInstall } = await import('./install.ts');
        exit(await runInstall(options, terminal));
      });
  },
  uninstall: (command, terminal, exit) => {
    addStoreOptions(command)
      .summary('take the root out of every store')
      .description('Removes the root from every store and checks that it is gone.')
      .option('--purge', 'delete the authority and the list of what it issued, too')
      .option('--dry-run', 'print the exact commands and change nothing')
      .action(async (options: UninstallOptions) => {
        const { runUninstall } = await import('./uninstall.ts');
        exit(await runUninstall(options, terminal));
      });
  },
  status: (command, terminal, exit) => {
    addStoreOptions(command)
      .summary('show the authority and ask each store whether it trusts it')
      .description(
        'Shows the authority and asks each store. Exit code: 0 trusted, 3 no authority, 4 not trusted everywhere, 5 expires within 30 days.',
      )
      .action(async (options: StatusOptions) => {
        const { runStatus } = await import('./status.ts');
        exit(await runStatus(options, terminal));
      });
  },
};

/** `devcert --json status` as `devcert status --json`: commander looks for the command in front only. */
function commandFirst(argv: readonly string[]): string[] {
  const at = argv.findIndex(
    (word) => !/^--(json|dry-run|purge|force|client|no-constraints)$/.test(word),
  );
  const word = argv[at];
  if (word === undefined || !(word in commands)) return [...argv];
  return [word, ...argv.slice(0, at), ...argv.slice(at + 1)];
}

// Errors are ours to print; help goes the way of all output.
const output: OutputConfiguration = {
  writeOut: (text) => {
    write(1, text);
  },
  outputError: () => undefined,
  getOutHasColors: () => false,
  getErrHasColors: () => false,
  getOutHelpWidth: () => 100,
};

const examples = `
Examples:
  devcert install                     once per machine
  devcert localhost api.test          once per project: .devcert/cert.pem and key.pem
  devcert status                      who trusts it
  devcert install --permit corp.example
  devcert uninstall --purge           and it is all gone

Exit codes: 0 done, 1 failed, 2 usage, 3 no authority, 4 not trusted, 5 expired, 6 refused, 7 cancelled`;

function addStoreOptions(command: Command): Command {
  return command
    .option('--stores <kinds>', 'only these, comma-separated: system, nss (browsers), java')
    .option(
      '--nss-password-file <file>',
      'holds the primary password of browser profiles that have one',
    );
}

function collect(value: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), value];
}

function usageError(error: CommanderError): DevcertError {
  const [message = '', suggestion = ''] = error.message.replace(/^error: /, '').split('\n');
  const meant = /\(Did you mean (.*)\?\)/.exec(suggestion)?.[1];
  return new DevcertError('usage', message.replaceAll("'", '"'), {
    hint: meant === undefined ? 'devcert --help' : `did you mean ${meant}?`,
  });
}
