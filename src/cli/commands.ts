/** Every command, each in a file of its own that is loaded when it is asked for. Adding one is one file and one line here. */
import type { Declaration } from './declaration.ts';

/** In the order help lists them. */
export const commands: Readonly<Record<string, () => Promise<Declaration>>> = {
  issue: async () => (await import('./issue.ts')).issueCommand,
  install: async () => (await import('./install.ts')).installCommand,
  uninstall: async () => (await import('./uninstall.ts')).uninstallCommand,
  status: async () => (await import('./status.ts')).statusCommand,
  check: async () => (await import('./check.ts')).checkCommand,
  doctor: async () => (await import('./check.ts')).doctorCommand,
  ca: async () => (await import('./ca/ca.ts')).caCommand,
  export: async () => (await import('./export.ts')).exportCommand,
  csr: async () => (await import('./csr.ts')).csrCommand,
  sign: async () => (await import('./sign.ts')).signCommand,
  mtls: async () => (await import('./mtls.ts')).mtlsCommand,
  list: async () => (await import('./list.ts')).listCommand,
  renew: async () => (await import('./renew.ts')).renewCommand,
  run: async () => (await import('./run.ts')).runCommand,
  env: async () => (await import('./run.ts')).envCommand,
  recipe: async () => (await import('./recipe.ts')).recipeCommand,
  init: async () => (await import('./init.ts')).initCommand,
  hosts: async () => (await import('./hosts.ts')).hostsCommand,
  completion: async () => (await import('./completion.ts')).completionCommand,
  inspect: async () => (await import('./inspect/inspect.ts')).inspectCommand,
  verify: async () => (await import('./verify.ts')).verifyCommand,
};

/** What `devcert NAMES…` is short for. */
export const defaultCommand = 'issue';

/** True if the word is a command's name. */
export function isCommand(word: string): boolean {
  return Object.hasOwn(commands, word);
}
