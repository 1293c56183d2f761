/** `devcert run -- COMMAND` and `devcert env` */
import { DevcertError, EXIT, printable, say } from '../errors.ts';
import { environment, type EnvironmentOptions } from '../index.ts';
import { caOption, type Declaration, type Options, dirOption } from './declaration.ts';
import { inFishQuotes, inQuotes } from '../../platform/quote.ts';
import { runThrough } from '../../platform/run.ts';

const options: Options = {
  ...dirOption,
  '--java': 'Java, too: a trust store with what it trusts now, and the root',
  ...caOption,
};

export const runCommand: Declaration = {
  summary: 'run a program that trusts the CA, too',
  description:
    'Runs a program with the variables by which Node, Deno, Bun, npm, Python, curl, git, Go, Ruby, PHP and others trust the root, too; DEVCERT_CERT, DEVCERT_KEY and DEVCERT_CA name the files. Its terminal, signals and exit code are its own.',
  positionals: { '<program...>': 'with its arguments, behind --' },
  options,
  passThrough: true,
  examples: ['devcert run -- npm run dev', 'devcert run --java -- mvn verify'],
  async run([program = '', ...args], options: EnvironmentOptions, terminal) {
    const { variables, notes } = await environment(options);
    for (const note of notes) terminal.note(note);
    return runThrough(program, args, { ...process.env, ...variables });
  },
};

const shells = ['sh', 'fish', 'powershell', 'dotenv'] as const;
type Shell = (typeof shells)[number];

export const envCommand: Declaration = {
  summary: 'print these variables for a shell, or as JSON',
  description:
    'Prints the variables of devcert run, for a shell to evaluate or for a file of variables.',
  options: {
    '--shell <name>': `${shells.join(', ')} (default: that of this terminal)`,
    ...options,
  },
  examples: ['eval "$(devcert env)"', 'devcert env --shell dotenv > .env.local'],
  async run(
    _positionals,
    { shell, ...options }: EnvironmentOptions & { shell?: string },
    terminal,
  ) {
    const wanted = shell ?? usualShell(process.platform, process.env);
    const known = shells.find((it) => it === wanted);
    if (known === undefined)
      throw new DevcertError('usage', `there is no shell "${wanted}" here`, {
        hint: `one of ${shells.join(', ')}`,
      });
    const { variables, notes } = await environment(options);
    const lines = Object.entries(variables).map(([name, value]) => line(known, name, value));
    terminal.show(lines, variables);
    for (const note of notes) terminal.note(note);
    return EXIT.done;
  },
};

export function usualShell(platform: NodeJS.Platform, { SHELL = '' }: NodeJS.ProcessEnv): Shell {
  if (SHELL.endsWith('/fish')) return 'fish';
  return platform === 'win32' && SHELL === '' ? 'powershell' : 'sh';
}

/** One variable as the shell sets it; whatever its value holds is text there. */
export function line(shell: Shell, name: string, value: string): string {
  // Printed, they would be left out, or would end the line; whatever quotes a file of variables knows, its
  // readers disagree about the rest.
  if (printable(value) !== value || (shell === 'dotenv' && /['\n]/.test(value)))
    throw new DevcertError('usage', `cannot write ${name} for ${shell}: "${printable(value)}"`, {
      hint: say`move the project to a folder without such characters, or: ${{ command: 'run', names: ['--', 'COMMAND'] }}`,
    });
  return {
    sh: `export ${name}=${inQuotes(value)}`,
    fish: `set -gx ${name} ${inFishQuotes(value)}`,
    // PowerShell takes typographic quotes for straight ones.
    powershell: `$env:${name} = '${value.replace(/['\u2018\u2019\u201a\u201b]/g, '$&$&')}'`,
    dotenv: `${name}='${value}'`,
  }[shell];
}
