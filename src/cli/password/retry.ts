/** A password that is asked for only if something turns out to need it. */
import { DevcertError } from '../../errors.ts';
import { askPassword, givenPassword, type PasswordFlags } from './password.ts';
import type { Terminal } from '../terminal.ts';

/**
 * Runs `work` with the password that a flag gives; without one, and if it fails for want of one, asks
 * at the terminal and runs it again. Nothing may be left of the first time.
 */
export async function withPassword<T>(
  flags: PasswordFlags,
  terminal: Terminal,
  work: (password: string | undefined) => Promise<T>,
): Promise<T> {
  const given = givenPassword(flags, {}, terminal);
  try {
    return await work(given);
  } catch (error) {
    const missing = error instanceof DevcertError && error.code === 'password';
    if (!missing || given !== undefined) throw error;
    let asked: string;
    try {
      asked = await askPassword({ what: 'the encrypted file', required: true });
    } catch (refused) {
      // Nobody can be asked: then what needs the password is the better thing to tell.
      if (refused instanceof DevcertError && refused.code === 'usage') throw error;
      throw refused;
    }
    return work(asked);
  }
}
