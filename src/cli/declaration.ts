/** What a command's file says of it: name apart, all that help, parsing and running need. */
import { LEAF_DAYS, MAX_LEAF_DAYS } from '../policy.ts';
import type { Terminal } from './terminal.ts';

/** One command, or a group of them. */
export interface Declaration {
  /** One line for the list of commands: lower case, no full stop. */
  readonly summary: string;
  /** A sentence or two for the command's own help. */
  readonly description: string;
  readonly positionals?: Positionals;
  readonly options?: Options;
  /** What follows the first positional is not for devcert to read: `run` hands it to a program. */
  readonly passThrough?: boolean;
  /** Lines for the end of its help, each a command as typed and what it does. */
  readonly examples?: readonly string[];
  /** The commands of a group, such as `ca`; with `run` too, as in `mtls`, it takes what is none of them. */
  readonly commands?: Readonly<Record<string, Declaration>>;
  /**
   * Does it and tells the terminal.
   *
   * @param positionals as typed, in order.
   * @param options by their long names in camel case; a method, so that each command may name its own.
   * @returns the exit code; an expected failure is a DevcertError.
   */
  run?(positionals: readonly string[], options: object, terminal: Terminal): Promise<number>;
}

/** Each with what it is: `<file>` must be there, `[file]` may, `[names...]` takes all that are left. */
export type Positionals = Readonly<Record<string, string>>;

/**
 * Each with what it is for: `--json`, `--out <folder>`, `--no-constraints`. One that is `repeatable` may be given
 * again and again: its value is a list.
 */
export type Options = Readonly<Record<string, string | { readonly repeatable: string }>>;

/** What an option is for. */
export function descriptionOf(option: Options[string]): string {
  return typeof option === 'string' ? option : option.repeatable;
}

/** Of what is issued or signed. */
export const daysOption: Options = {
  '--days <number>': `valid for so many days, 1 to ${MAX_LEAF_DAYS} (default: ${LEAF_DAYS})`,
};

/** For every command that changes the machine. */
export const dryRunOption: Options = { '--dry-run': 'print the exact commands and change nothing' };

/** Which authority: for every command that works with one. */
export const caOption: Options = {
  '--ca <name>': 'the CA of this name instead of the default one',
};

/** For every command that works with one and takes its name alone. */
export const authorityArgument: Positionals = { '[name]': 'the default CA if left out' };

/** What an authority may certify: for every command that makes one. */
export const permitOptions: Options = {
  '--permit <domain>': { repeatable: 'let the CA issue for this domain, too (repeatable)' },
  '--no-constraints': 'let it issue for every name: dangerous, only for mbedTLS and Botan 2',
};

/** Of a key that is made. */
export const keyOption: Options = {
  '--key <type>': 'p256 (default), p384, rsa2048, rsa3072 or rsa4096',
};

/** Where a pair is that is read. */
export const dirOption: Options = {
  '--dir <folder>': 'where cert.pem and key.pem are (default: .devcert)',
};

/** For every command that talks to a server. */
export const starttlsOption: Options = {
  '--starttls <protocol>':
    'how TLS begins: postgres, mysql, smtp, imap, ldap, or none; told by the port if left out',
};

/** For every command that makes an authority. */
export const sshAgentOption: Options = {
  '--ssh-agent [fingerprint]':
    'its key stays in your SSH agent: the P-256 key with this fingerprint (SHA256:…), or its only one',
};

/** The same with what else that may take. */
export const agentOptions: Options = {
  ...sshAgentOption,
  '--force': 'with --ssh-agent: in a session over SSH, too',
};

/** For every command that asks or changes trust stores. */
export const storeOptions: Options = {
  '--stores <kinds>':
    'only these, comma-separated: system, firefox, chromium, java, nss (both browsers on Linux), windows (from WSL); simulator (booted iOS ones) only if named',
  '--machine':
    'macOS, Windows: the store of the whole machine instead of yours (status and uninstall look at both)',
  '--nss-password-file <file>':
    'holds the primary password of Firefox or Chromium profiles that have one',
};
