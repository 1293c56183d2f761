/** Ctrl-C while stores are worked on. */
import { DevcertError } from '../errors.ts';
import type { Terminal } from './terminal.ts';

/**
 * Ends the process with the exit code of a cancellation when the user presses Ctrl-C. Every step on disk
 * is whole or not there, so there is nothing to put back; the tool that is running is interrupted, too.
 */
export function cancelOnInterrupt(terminal: Terminal): void {
  process.once('SIGINT', () => {
    const error = new DevcertError('cancelled', 'cancelled before every store was done', {
      hint: 'devcert status shows what each store trusts now',
    });
    terminal.error(error);
    process.exit(error.exitCode);
  });
}
