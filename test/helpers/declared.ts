/** Every command as it is declared, those of groups as well. */
import { commands } from '../../src/cli/commands.ts';
import type { Declaration } from '../../src/cli/declaration.ts';

/** Those that can be run, by the words that are typed: `ca replace`. */
export async function everyDeclared(): Promise<Map<string, Declaration>> {
  const found = new Map<string, Declaration>();
  const add = (name: string, declaration: Declaration) => {
    if (declaration.run !== undefined) found.set(name, declaration);
    for (const [below, it] of Object.entries(declaration.commands ?? {}))
      add(`${name} ${below}`, it);
  };
  for (const [name, load] of Object.entries(commands)) add(name, await load());
  return found;
}
