/** `devcert init` */
import { printable } from '../errors.ts';
import { init, type InitOptions, type InitResult } from '../index.ts';
import type { Declaration } from './declaration.ts';

export const initCommand: Declaration = {
  summary: "write the project file, from which a bare devcert takes the team's names",
  description:
    'Writes the project file: "devcert" in package.json where there is one, else devcert.json. Without names it has those of the certificate that is there, else localhost and NAME.test after the folder. What is there already is not changed.',
  positionals: {
    '[names...]': 'DNS names and IP addresses; {branch} and {worktree} in them',
  },
  options: {
    '--script': 'add a script "predev" that checks the certificate',
    '--force': 'write anew what the project file says already',
    '--dry-run': 'print what would be written and change nothing',
  },
  examples: [
    'devcert init localhost api.test',
    "devcert init '{branch}.shop.test'   each branch has a name of its own",
  ],
  async run(names, options: InitOptions, terminal) {
    const result = await init(names, options);
    return terminal.show(initLines(result, options.dryRun === true), result);
  },
};

/** What was written, and what it says now. */
function initLines({ file, names, text, script }: InitResult, isDry: boolean): string[] {
  const where = printable(file);
  const lines = (text ?? '')
    .trimEnd()
    .split('\n')
    .map((line) => `  ${printable(line)}`);
  const does = isDry ? 'Would write' : 'Wrote';
  return [
    ...(text === undefined
      ? [`In ${where} already: ${printable(names.join(', '))}`]
      : [`${does} ${script === undefined ? where : `"devcert" in ${where}`}`, ...lines]),
    ...(script?.state === 'written'
      ? [`${does} the script "${script.name}": "${script.command}"`]
      : []),
  ];
}
