/** Commands as one types them: into PowerShell on Windows, into a POSIX shell elsewhere. Pure. */
import { powershell, shell } from './quote.ts';
import type { RecipeInput } from './recipe.ts';

type Machine = Pick<RecipeInput, 'windows'>;

/** One word of a command, quoted where it has to be. */
export function word({ windows }: Machine, text: string): string {
  return windows ? powershell(text) : shell(text);
}

/** A variable of the environment, for the command that follows. */
export function variable(machine: Machine, name: string, value: string): string {
  const text = word(machine, value);
  return machine.windows ? `$env:${name} = ${text}` : `${name}=${text}`;
}

/** A command of several lines, with a variable set for it. */
export function command(
  machine: Machine,
  lines: readonly string[],
  set?: { readonly name: string; readonly value: string },
): string {
  const { windows } = machine;
  const setting = set === undefined ? '' : variable(machine, set.name, set.value);
  const before = setting === '' ? '' : `${setting}${windows ? '\n' : ' '}`;
  return before + lines.join(windows ? ' `\n  ' : ' \\\n  ');
}
