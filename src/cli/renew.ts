/** `devcert renew` */
import { DevcertError, EXIT, say } from '../errors.ts';
import { renew, type RenewDueOptions, type RenewDueResult } from '../index.ts';
import { renewedLines } from './ca/lines.ts';
import type { Declaration } from './declaration.ts';
import { hashLines } from './issue-lines.ts';
import { date } from './lines.ts';
import { asking } from './password/asking.ts';
import { type CaPasswordFlags, caPasswordOptions } from './password/options.ts';
import { runThrough } from '../../platform/run.ts';
import type { Style } from './terminal.ts';

export const renewCommand: Declaration = {
  summary: 'issue certificates again that have expired or are about to',
  description:
    'Issues again what is due in this folder and below, with the same names, files and kind of key, and what was exported of it. A program behind -- is run if something was renewed, for example to have a server load it.',
  positionals: { '[program...]': 'behind --: run it after a renewal' },
  options: {
    '--all': 'on the whole machine, not just here',
    '--dry-run': 'tell what is due and change nothing',
    ...caPasswordOptions,
  },
  examples: ['devcert renew --all', 'devcert renew -- nginx -s reload'],
  async run([program, ...args], options: RenewDueOptions & CaPasswordFlags, terminal) {
    if (program !== undefined && options.dryRun === true)
      throw new DevcertError('usage', say`${{ dryRun: true }} runs no program`, {
        hint: 'leave one of them out',
      });
    const result = await renew(options, await asking(options, terminal));
    terminal.show(renewLines(result, options, terminal.style), result);
    const done = result.renewed.filter(({ reason }) => reason === undefined);
    if (done.length > 0 && options.dryRun !== true) {
      if (program !== undefined) {
        const exitCode = await runThrough(program, args, process.env);
        if (exitCode !== 0) return exitCode;
      } else
        terminal.note(
          'a server serves the old one until it is told: restart it, or devcert renew -- PROGRAM',
        );
    }
    return done.length < result.renewed.length ? EXIT.failed : EXIT.done;
  },
};

function renewLines(
  { renewed, looked, nextEnd }: RenewDueResult,
  { all, dryRun }: RenewDueOptions,
  style: Style,
): string[] {
  const where = all === true ? 'on this machine' : 'here';
  if (looked === 0) return [`No certificate ${where} was issued by a CA of yours`];
  if (renewed.length === 0) {
    const end = nextEnd === undefined ? '' : `; the first ends on ${date(nextEnd)}`;
    return [`Nothing is due ${where}${end}`];
  }
  if (dryRun === true) return renewed.flatMap(({ files }) => files.map((file) => `Due: ${file}`));
  return renewed.flatMap((it) => [...renewedLines([it]), ...hashLines(it.certificateHash, style)]);
}
