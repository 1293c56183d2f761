/** The flags by which a password is given. Apart from what reads them, which most runs do not need. */
import type { OptionDeclaration } from '../declaration.ts';

/** For every command that opens or writes what a password protects. */
export const passwordOptions: readonly OptionDeclaration[] = [
  { flags: '--password-file <file>', description: 'the password is the first line of this file' },
  { flags: '--password-env <variable>', description: 'it is the value of this variable' },
  { flags: '--password-stdin', description: 'it is the first line of standard input' },
  { flags: '--no-password', description: 'there is none: whoever reads the file can use it' },
];

/** The same where there always is one. */
export const givenPasswordOptions = passwordOptions.slice(0, 3);

/** For every command that may sign with an authority's key, which a passphrase may protect. */
export const caPasswordOptions: readonly OptionDeclaration[] = [
  {
    flags: '--ca-password-file <file>',
    description: "the passphrase of the CA's key is the first line of this file",
  },
  { flags: '--ca-password-env <variable>', description: 'it is the value of this variable' },
  { flags: '--ca-password-stdin', description: 'it is the first line of standard input' },
];

/** What commander makes of {@link caPasswordOptions}. */
export interface CaPasswordFlags {
  readonly caPasswordFile?: string;
  readonly caPasswordEnv?: string;
  readonly caPasswordStdin?: boolean;
}

/** For every command that opens a store in which a key may have a password of its own, as in a JKS. */
export const keyPasswordOptions: readonly OptionDeclaration[] = [
  {
    flags: '--key-password-file <file>',
    description: "of a key in the store that the store's password does not open",
  },
  { flags: '--key-password-env <variable>', description: 'it is the value of this variable' },
];

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

const flags: readonly (keyof PasswordFlags)[] = [
  ...(['passwordFile', 'passwordEnv', 'passwordStdin', 'password'] as const),
  ...(['keyPasswordFile', 'keyPasswordEnv'] as const),
];

/** The options without these flags: all that an action takes. */
export function withoutPasswordFlags<T extends PasswordFlags>(
  options: T,
): Omit<T, keyof PasswordFlags> {
  const others = { ...options };
  for (const flag of flags) Reflect.deleteProperty(others, flag);
  return others;
}
