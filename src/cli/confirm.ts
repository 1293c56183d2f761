/** A question that is answered with yes or no, at the terminal. */
import { canBeAsked } from '../../platform/interactive.ts';
import { DevcertError } from '../errors.ts';
import { write } from './terminal.ts';

const STDERR = 2;

/**
 * True for yes; everything else is no.
 *
 * @param hint the command that needs no answer.
 * @throws DevcertError `usage` if nobody is there to be asked.
 */
export function confirm(
  lines: readonly string[],
  question: string,
  hint: string,
): Promise<boolean> {
  const { stdin } = process;
  if (!canBeAsked(process, process.env))
    return Promise.reject(
      new DevcertError('usage', 'this needs an answer, and nobody can be asked here', { hint }),
    );
  write(STDERR, `${lines.join('\n')}\n${question} [y/N] `);
  return new Promise<boolean>((resolve) => {
    stdin
      .once('data', (typed: Buffer) => {
        resolve(/^\s*y(es)?\s*$/i.test(typed.toString()));
      })
      .once('end', () => {
        resolve(false);
      })
      .resume();
  }).finally(() => {
    stdin.removeAllListeners('data').removeAllListeners('end').pause();
  });
}
