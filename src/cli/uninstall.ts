/** `devcert uninstall` */
import { uninstall, type UninstallOptions } from '../index.ts';
import { caOption, dryRunOption, type Declaration, storeOptions } from './declaration.ts';
import { confirm } from './confirm.ts';
import { cancelOnInterrupt } from './interrupt.ts';
import { orphanLines } from './orphan-lines.ts';
import { outcomesExitCode, uninstallLines } from './report.ts';

export const uninstallCommand: Declaration = {
  summary: 'take the root out of every store',
  description:
    'Removes the root from every store and checks that it is gone; without --ca the roots of all CAs.',
  options: {
    ...storeOptions,
    '--purge': 'also delete the CA and the list of what it issued',
    '--orphans': 'remove only the roots of yours that no folder of devcert knows any more',
    '--yes': 'with --orphans: do not ask',
    ...caOption,
    ...dryRunOption,
  },
  async run(_positionals, options: UninstallOptions, terminal) {
    cancelOnInterrupt(terminal);
    const result = await uninstall(options, {
      ...terminal,
      confirm: (orphans, unread) => {
        terminal.progress('');
        const question = orphans.length === 1 ? 'Remove it?' : `Remove these ${orphans.length}?`;
        return confirm(orphanLines(orphans, unread), question, 'devcert uninstall --orphans --yes');
      },
    });
    const lines = uninstallLines(result, terminal.style, options.orphans);
    return terminal.show(lines, result, outcomesExitCode(result.outcomes));
  },
};
