/** The command's first step: what most people type is answered at once, the rest by the parser. */
import { DevcertError, EXIT } from '../errors.ts';
import { commands, defaultCommand, isCommand } from './commands.ts';
import { createTerminal, type Terminal, write } from './terminal.ts';
import { VERSION, version } from './version.ts';

/**
 * Runs the command line.
 *
 * @param argv the arguments alone, without the program's name.
 * @returns the exit code. A throw is a bug.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const terminal = await createTerminal(wantsJson(argv), process.env);
  try {
    return await run(argv, terminal);
  } catch (error) {
    terminal.progress('');
    if (!(error instanceof DevcertError)) throw error;
    terminal.error(error.code === 'outside-constraints' ? await advised(error) : error);
    return error.exitCode;
  }
}

// What is to be permitted is known by a list that takes longer to load than everything else.
async function advised(error: DevcertError): Promise<DevcertError> {
  return (await import('../names/permit.ts')).advised(error);
}

// Loading commander and telling it of the options takes as long as finding a good certificate: names
// alone and the version need nothing of it.
async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [first = ''] = argv;
  if (argv.length === 1 && VERSION.test(first)) {
    write(1, `${version}\n`);
    return EXIT.done;
  }
  if (!isCommand(first) && /^[a-z][a-z0-9-]*$/i.test(first) && !PLAIN.has(first))
    (await import('./mistyped.ts')).assertNoCommand(first);
  if (isNames(argv)) {
    const issue = await commands[defaultCommand]?.();
    return (await issue?.run?.(argv, {}, terminal)) ?? EXIT.done;
  }
  const { runProgram } = await import('./program.ts');
  return runProgram(argv, terminal);
}

/** Of one label, and no slips: what most people type, and commander's own. */
const PLAIN: ReadonlySet<string> = new Set(['localhost', 'help']);

/** What follows `--`, and whatever `run` runs, has options of its own. */
function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv[0] !== 'run' && (end === -1 ? argv : argv.slice(0, end)).includes('--json');
}

function isNames(argv: readonly string[]): boolean {
  const [first = ''] = argv;
  return !isCommand(first) && first !== 'help' && !argv.some((word) => word.startsWith('-'));
}
