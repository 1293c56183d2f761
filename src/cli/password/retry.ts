/** A password that is asked for only if something turns out to need it. */
import { DevcertError } from '../../errors.ts';
import type { Listener } from '../../index.ts';
import { asking } from './asking.ts';
import { askPassword, givenPassword } from './password.ts';
import type { CaPasswordFlags, PasswordFlags } from './options.ts';
import type { Terminal } from '../terminal.ts';

/**
 * Runs `work` with the password that a flag gives; without one, and if it fails for want of one, asks
 * at the terminal and runs it again. Nothing may be left of the first time.
 *
 * @param work gets it, and who is told what goes on and asked for the passphrase of the authority's key.
 */
export async function withPassword<T>(
  flags: PasswordFlags & CaPasswordFlags,
  terminal: Terminal,
  work: (password: string | undefined, listener: Listener) => Promise<T>,
): Promise<T> {
  const given = givenPassword(flags, {}, terminal);
  const { password: ask } = await asking(flags, terminal);
  const own = { isAsked: false };
  const listener: Listener = {
    ...terminal,
    password: async (what, kind) => {
      own.isAsked = true;
      return (await ask?.(what, kind)) ?? '';
    },
  };
  try {
    return await work(given, listener);
  } catch (error) {
    const missing = error instanceof DevcertError && error.code === 'password';
    // Once the authority's passphrase is asked for, the file is read: it is that which failed.
    if (!missing || given !== undefined || own.isAsked) throw error;
    let asked: string;
    try {
      asked = await askPassword({ what: 'the encrypted file', required: true });
    } catch (refused) {
      // Nobody can be asked: then what needs the password is the better thing to tell.
      if (refused instanceof DevcertError && refused.code === 'usage') throw error;
      throw refused;
    }
    return work(asked, listener);
  }
}
