/** The flags by which a password is given. Apart from what reads them, which most runs do not need. */
import type { Options } from '../declaration.ts';

/** For every command that opens or writes what a password always protects. */
export const givenPasswordOptions = {
  '--password-file <file>': 'the password is the first line of this file',
  '--password-env <variable>': 'it is the value of this variable',
  '--password-stdin': 'it is the first line of standard input',
};

/** The same where there may be none. */
export const passwordOptions = {
  ...givenPasswordOptions,
  '--no-password': 'there is none: whoever reads the file can use it',
};

/** For every command that may sign with an authority's key, which a passphrase may protect. */
export const caPasswordOptions: Options = {
  '--ca-password-file <file>': "the passphrase of the CA's key is the first line of this file",
  '--ca-password-env <variable>': 'it is the value of this variable',
  '--ca-password-stdin': 'it is the first line of standard input',
};

/** What commander makes of {@link caPasswordOptions}. */
export interface CaPasswordFlags {
  readonly caPasswordFile?: string;
  readonly caPasswordEnv?: string;
  readonly caPasswordStdin?: boolean;
}

/** For every command that opens a store in which a key may have a password of its own, as in a JKS. */
export const keyPasswordOptions: Options = {
  '--key-password-file <file>': "of a key in the store that the store's password does not open",
  '--key-password-env <variable>': 'it is the value of this variable',
};

/** What commander makes of {@link passwordOptions} and {@link keyPasswordOptions}. */
export interface PasswordFlags {
  readonly passwordFile?: string;
  readonly passwordEnv?: string;
  readonly passwordStdin?: boolean;
  readonly keyPasswordFile?: string;
  readonly keyPasswordEnv?: string;
  /** False for `--no-password`, true otherwise. */
  readonly password?: boolean;
}
