/** Passwords that are asked for only if something turns out to need them. */
import { DevcertError } from '../../errors.ts';
import type { Listener } from '../../index.ts';
import { asking } from './asking.ts';
import type { CaPasswordFlags, PasswordFlags } from './options.ts';
import { askIfPossible, givenKeyPassword, givenPassword } from './password.ts';
import type { Terminal } from '../terminal.ts';

/** What opens a file, and what a key in it that has a password of its own. */
export interface GivenPasswords {
  readonly password?: string;
  readonly keyPassword?: string;
}

/** The passwords that flags give. @throws DevcertError as `givenPassword()`. */
export function givenPasswords(
  flags: PasswordFlags,
  request: { readonly stdinTaken?: boolean },
  terminal: Pick<Terminal, 'note'>,
): GivenPasswords {
  const password = givenPassword(flags, request, terminal);
  return { password, keyPassword: givenKeyPassword(flags, terminal) };
}

/**
 * Runs `work` with the passwords that flags give; where it fails for want of one, asks at the terminal and
 * runs it again. Nothing may be left of the time before.
 *
 * @param work gets the options with them, and who is told what goes on and asked for the passphrase of the
 *   authority's key.
 */
export async function withPassword<Flags extends PasswordFlags & CaPasswordFlags, T>(
  flags: Flags,
  terminal: Terminal,
  work: (options: Omit<Flags, 'password'> & GivenPasswords, listener: Listener) => Promise<T>,
): Promise<T> {
  let passwords = givenPasswords(flags, {}, terminal);
  const { password: askForCa, ...others } = await asking(flags, terminal);
  const own = { isAsked: false };
  const listener: Listener = {
    ...others,
    password: async (what, kind, check) => {
      own.isAsked = true;
      return (await askForCa?.(what, kind, check)) ?? '';
    },
  };
  for (;;) {
    try {
      return await work({ ...flags, ...passwords }, listener);
    } catch (error) {
      const missing = missingIn(error, passwords);
      // Once the authority's passphrase is asked for, the file is read: it is that which failed.
      if (missing === undefined || own.isAsked) throw error;
      const asked = await askIfPossible({ what: what[missing], required: true });
      // Nobody can be asked: then what needs the password is the better thing to tell.
      if (asked === undefined) throw error;
      passwords = { ...passwords, [missing]: asked };
    }
  }
}

/** Which password a failure is for want of, if it is. */
function missingIn(error: unknown, given: GivenPasswords): keyof GivenPasswords | undefined {
  const code = error instanceof DevcertError ? error.code : undefined;
  if (code === 'password' && given.password === undefined) return 'password';
  return code === 'key-password' && given.keyPassword === undefined ? 'keyPassword' : undefined;
}

const what: Readonly<Record<keyof GivenPasswords, string>> = {
  password: 'the encrypted file',
  keyPassword: 'the key in it, which has one of its own',
};
