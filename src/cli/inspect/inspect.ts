/** `devcert inspect [FILE|-]…` */
import {
  inspect,
  type InspectedFile,
  type InspectResult,
  type InspectSource,
  type Problem,
} from '../../index.ts';
import type { Declaration } from '../declaration.ts';
import { inspectLines } from './lines.ts';
import { worded } from './problems.ts';
import { hasOwnPassword, shown } from './format.ts';
import { type GivenPasswords, givenPasswords } from '../password/retry.ts';
import { askIfPossible } from '../password/password.ts';
import { readStdin } from '../stdin.ts';
import { MAX_STORE_BYTES } from '../../policy.ts';
import {
  keyPasswordOptions,
  type PasswordFlags,
  givenPasswordOptions,
} from '../password/options.ts';

export const inspectCommand: Declaration = {
  summary: 'show what is in a certificate, key, CSR or store, and what is wrong with it',
  description:
    'Shows what is in files of certificates, keys, CSRs or whole stores (PEM, DER, PKCS#7, PKCS#12, JKS), or what a server sends, whether they belong together, and what is wrong with them. Exit code: 0 if they could be read, whatever is wrong; 5 if the certificate has expired; 1 if one cannot be read; 6 if a key in it is refused.',
  positionals: {
    '[files...]':
      'files, HOST:PORT, or "-" for standard input; the pair in .devcert if there are none',
  },
  examples: [
    'devcert inspect                     the pair in .devcert',
    'devcert inspect cert.pem key.pem    do they belong together?',
    'devcert inspect store.p12 --password-env STORE_PASSWORD',
    'devcert inspect localhost:8443      what the server sends',
  ],
  // Nothing is written, so that "none" is no choice to be named.
  options: { ...givenPasswordOptions, ...keyPasswordOptions },
  async run(files, options: PasswordFlags, terminal) {
    const stdinTaken = files.includes('-');
    let passwords = givenPasswords(options, { stdinTaken }, terminal);
    const sources = files.map((file): InspectSource =>
      file === '-' ? { name: '-', bytes: readStdin(MAX_STORE_BYTES) } : file,
    );
    let result = await inspect(sources, passwords);
    // First that of the files, then that of keys which have one of their own.
    for (const which of ['password', 'keyPassword'] as const) {
      const locked = lockedFor(which, result, passwords);
      const asked = locked.length === 0 ? undefined : await ask(locked, which, stdinTaken);
      if (asked === undefined) continue;
      passwords = { ...passwords, [which]: asked };
      result = await inspect(sources, passwords);
    }
    const json = { ...result, files: result.files.map(withWords) };
    return terminal.show(inspectLines(result, terminal.style), json, result.exitCode);
  },
};

/** As a script reads it: every problem with its words. */
function withWords(file: InspectedFile) {
  const { problems, notes } = file;
  const add = (problem: Problem) => worded(problem, file);
  return { ...file, problems: problems.map(add), notes: notes.map(add) };
}

/** The files that a password which was not given would open further. */
function lockedFor(
  which: keyof GivenPasswords,
  { files }: InspectResult,
  given: GivenPasswords,
): string[] {
  if (given[which] !== undefined) return [];
  const isOwn = which === 'keyPassword';
  return files.filter((it) => it.isLocked && hasOwnPassword(it) === isOwn).map(({ file }) => file);
}

/** The password for what is locked; undefined if nobody is there to be asked, or has none. */
async function ask(
  files: readonly string[],
  which: keyof GivenPasswords,
  stdinTaken: boolean,
): Promise<string | undefined> {
  const names = shown(files.join(', '));
  const locked = which === 'password' ? names : `the key in ${names}, which has one of its own`;
  const what = `${locked} (Enter to go without)`;
  const password = await askIfPossible({ what, stdinTaken, required: true });
  return password === '' ? undefined : password;
}
