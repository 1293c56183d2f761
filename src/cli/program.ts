/** The command line: commander over the commands' declarations. The one home of commander. */
import { Command, CommanderError, Option, type OutputConfiguration } from 'commander';
import { DevcertError, EXIT } from '../errors.ts';
import { commands, defaultCommand, isCommand } from './commands.ts';
import type { Declaration } from './declaration.ts';
import { type Terminal, write } from './terminal.ts';
import { VERSION, version } from './version.ts';

/**
 * Runs the command line.
 *
 * @param argv the arguments alone, without the program's name.
 * @returns the exit code.
 * @throws DevcertError `usage` for what cannot be understood, and all that the command throws.
 */
export async function runProgram(argv: readonly string[], terminal: Terminal): Promise<number> {
  let exitCode: number = EXIT.done;
  const words = await commandFirst(argv);
  const [word, topic] = words;
  const guide = word === 'help' && topic !== undefined ? await guideFor(topic) : '';
  if (guide !== '' && !isCommand(topic ?? '')) {
    write(1, guide);
    return EXIT.done;
  }
  try {
    const program = await createProgram(words, terminal, (code) => (exitCode = code));
    await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) {
      // --help, and help COMMAND: what there is a guide to as well follows
      if (guide !== '') write(1, `\n${guide}`);
      return EXIT.done;
    }
    throw usageError(error, await helpFor(words));
  }
}

/** The program with the command that `argv` names; with all of them only where help will list them. */
async function createProgram(
  argv: readonly string[],
  terminal: Terminal,
  exit: Exit,
): Promise<Command> {
  const program = new Command('devcert')
    .description(
      'Real HTTPS on local names: a CA of your own, constrained to them, that your machine trusts until you uninstall it. Keep its key to yourself: whoever copies it can forge these names in every client, and other names in some.',
    )
    .version(version, '-V, --version')
    .exitOverride()
    .configureOutput(output);
  const [word = ''] = argv;
  if (VERSION.test(word)) return program;
  const listed = HELP.test(word);
  if (listed) {
    const { topicLines } = await import('./guides.ts');
    program.addHelpText('after', `\nTopics:\n${topicLines().join('\n')}\n${examples}`);
  }
  program.helpCommand(listed);
  const chosen = isCommand(word) ? word : defaultCommand;
  for (const [name, load] of Object.entries(commands))
    if (listed || name === chosen)
      declare(
        program.command(name, { isDefault: name === defaultCommand }),
        await load(),
        terminal,
        exit,
      );
  return program;
}

/**
 * What `devcert help TOPIC` prints; nothing for a command that has no guide.
 *
 * @throws DevcertError `usage` if the topic is neither.
 */
async function guideFor(topic: string): Promise<string> {
  const { guideText, topics } = await import('./guides.ts');
  return isCommand(topic) && !topics().includes(topic) ? '' : guideText(topic, helpWidth());
}

type Exit = (code: number) => void;
const HELP = /^(-h|--help|help)$/;

/** Makes of a commander command what the declaration says, with all below it. */
function declare(command: Command, declaration: Declaration, terminal: Terminal, exit: Exit): void {
  const { summary, description, positionals, options, examples, commands } = declaration;
  command.exitOverride().configureOutput(output).summary(summary).description(description);
  if (examples !== undefined) command.addHelpText('after', `\nExamples:\n${indented(examples)}`);
  for (const [name, declaration] of Object.entries(commands ?? {}))
    declare(command.command(name), declaration, terminal, exit);
  if (declaration.run === undefined) return;
  if (declaration.passThrough === true) {
    command.parent?.enablePositionalOptions();
    command.passThroughOptions();
  }
  // The options of a command of its group are not its own, though they may be called the same. The
  // program has to leave all behind the command's name to it then.
  if (commands !== undefined)
    for (const it of [command, command.parent]) it?.enablePositionalOptions();
  command.allowExcessArguments(false).addOption(new Option('--json', 'print one JSON document'));
  for (const [name, description] of Object.entries(positionals ?? {}))
    command.argument(name, description);
  for (const [flags, it] of Object.entries(options ?? {}))
    if (typeof it === 'string') command.option(flags, it);
    else command.option(flags, it.repeatable, collect);
  command.action(async (...values: unknown[]) => {
    const words = values
      .slice(0, -2)
      .flat()
      .filter((word) => word !== undefined) as string[];
    exit((await declaration.run?.(words, command.opts(), terminal)) ?? EXIT.done);
  });
}

/**
 * `devcert --json status` as `devcert status --json`: commander looks for the command in front only. An
 * option's value is not taken for a command.
 */
async function commandFirst(argv: readonly string[]): Promise<string[]> {
  const [first = ''] = argv;
  if (VERSION.test(first) || HELP.test(first) || isCommand(first)) return [...argv];
  // Of the command that names alone are short for.
  if (argv.some((word) => HELP.test(word) && word !== 'help')) return [defaultCommand, '--help'];
  if (!first.startsWith('-')) return [...argv];
  const valued = new Set<string>();
  for (const load of Object.values(commands))
    for (const flags of flagsOf(await load()))
      if (/[<[]/.test(flags)) valued.add(flags.split(/[ =]/, 1)[0] ?? '');
  const at = argv.findIndex((word, index) => {
    const before = argv[index - 1];
    return !word.startsWith('-') && (before === undefined || !valued.has(before));
  });
  const word = argv[at];
  if (word === undefined || !isCommand(word)) return [...argv];
  return [word, ...argv.slice(0, at), ...argv.slice(at + 1)];
}

function flagsOf({ options = {}, commands = {} }: Declaration): string[] {
  return [...Object.keys(options), ...Object.values(commands).flatMap(flagsOf)];
}

// Errors are printed by main.ts; help goes the way of all output.
const output: OutputConfiguration = {
  writeOut: (text) => {
    write(1, text);
  },
  outputError: () => undefined,
  getOutHasColors: () => false,
  getErrHasColors: () => false,
  getOutHelpWidth: helpWidth,
};

function helpWidth(): number {
  return Math.min(process.stdout.columns || 80, 100); // what is no terminal has no width
}

const examples = `
Examples:
  devcert install                     once per machine
  devcert localhost api.test          once per project: cert.pem and key.pem
  devcert status                      who trusts it
  devcert help safety                 one of the topics
  devcert uninstall --purge           and it is all gone

Exit codes: 0 done, 1 failed, 2 usage, 3 no CA, 4 not trusted, 5 expired,
6 refused, 7 cancelled`;

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}`).join('\n');
}

function collect(value: string, earlier: string[] | undefined): string[] {
  return [...(earlier ?? []), value];
}

/** The help of the command, or of the group of commands, that was typed. */
async function helpFor([word = '', second = '']: readonly string[]): Promise<string> {
  if (!isCommand(word)) return 'devcert --help';
  const below = (await commands[word]?.())?.commands ?? {};
  return `devcert ${word}${Object.hasOwn(below, second) ? ` ${second}` : ''} --help`;
}

function usageError(error: CommanderError, help: string): DevcertError {
  // A group without its command: commander has its help to show, and nothing to say.
  if (error.code === 'commander.help')
    return new DevcertError('usage', 'which of its commands?', { hint: help });
  const [message = '', suggestion = ''] = error.message.replace(/^error: /, '').split('\n');
  const meant = /\(Did you mean (.*)\?\)/.exec(suggestion)?.[1];
  return new DevcertError('usage', message.replaceAll("'", '"'), {
    hint: meant === undefined ? help : `did you mean ${meant}?`,
  });
}
