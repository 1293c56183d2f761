/** `devcert status` */
import { status, type StatusOptions } from '../index.ts';
import { caOption, type Declaration, storeOptions } from './declaration.ts';
import { statusLines } from './report.ts';
import { SOON_DAYS } from '../policy.ts';

export const statusCommand: Declaration = {
  summary: 'show the CA and ask each store whether it trusts it',
  description: `Shows the CA and asks each store. Exit code: 0 trusted (a store that lacks only a program does not count; it is named), 3 no CA, 4 not trusted everywhere, 5 expires within ${SOON_DAYS} days.`,
  options: { ...storeOptions, ...caOption },
  async run(_positionals, options: StatusOptions, terminal) {
    const result = await status(options, terminal);
    return terminal.show(statusLines(result, terminal.style, options.ca), result, result.exitCode);
  },
};
