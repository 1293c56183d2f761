/** Who is asked for the passphrase of an authority's key: a flag, or the person at the terminal. */
import { DevcertError } from '../../errors.ts';
import type { Listener } from '../../index.ts';
import type { CaPasswordFlags, PasswordFlags } from './options.ts';
import type { Terminal } from '../terminal.ts';

export interface AskingOptions {
  /** Asks for the password of a file that is about to be written. */
  readonly file?: ((what: string) => Promise<string>) | undefined;
  /** Standard input is read for something else. */
  readonly stdinTaken?: boolean;
  /** False: flags alone, nobody is asked. */
  readonly prompt?: boolean;
}

/**
 * The terminal with what asks, when it turns out that a key has to be opened: a run that signs nothing reads no file and asks
 * nothing. What reads and asks is loaded then.
 *
 * @throws DevcertError `usage` at once, for flags that exclude each other.
 */
export async function asking(
  flags: CaPasswordFlags & Pick<PasswordFlags, 'passwordStdin'>,
  terminal: Terminal,
  { file, stdinTaken = false, prompt = true }: AskingOptions = {},
): Promise<Terminal & Pick<Listener, 'password'>> {
  const { caPasswordFile, caPasswordEnv, caPasswordStdin, passwordStdin } = flags;
  const isGiven = (caPasswordFile ?? caPasswordEnv ?? caPasswordStdin) !== undefined;
  if (caPasswordStdin === true && passwordStdin === true)
    throw new DevcertError('usage', 'standard input cannot be two passwords at once', {
      hint: 'give the one of the CA with --ca-password-file FILE',
    });
  const own = {
    ...{ passwordFile: caPasswordFile, passwordEnv: caPasswordEnv },
    passwordStdin: caPasswordStdin,
  };
  const words = { flag: '--ca-password', noun: 'passphrase', required: true, stdinTaken } as const;
  const source = isGiven
    ? (await import('./password.ts')).passwordSource(own, words, terminal)
    : undefined;
  if (!isGiven && !prompt && file === undefined) return terminal;
  let given: string | undefined;
  return {
    ...terminal,
    password: async (what, kind, check) => {
      terminal.progress('');
      if (kind === 'file') return (await file?.(what)) ?? '';
      // Standard input can be read once, and may be for two authorities.
      if (source !== undefined) return (given ??= source());
      const { askPassword } = await import('./password.ts');
      const { parsePassphrase } = await import('../../signer/passphrase.ts');
      const isNew = kind === 'new-ca';
      return askPassword({
        ...words,
        what,
        isNew,
        check: isNew ? (text) => void parsePassphrase(text, what, isNew) : check,
      });
    },
  };
}
