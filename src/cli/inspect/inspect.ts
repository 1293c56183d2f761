/** `devcert inspect [FILE|-]…` */
import { DevcertError } from '../../errors.ts';
import { inspect, type InspectSource } from '../../index.ts';
import type { Declaration } from '../declaration.ts';
import { inspectLines } from './lines.ts';
import { shown } from './format.ts';
import {
  askPassword,
  givenPassword,
  type PasswordFlags,
  passwordOptions,
} from '../password/password.ts';
import { readStdin } from '../stdin.ts';
import { MAX_STORE_BYTES } from '../../policy.ts';

export const inspectCommand: Declaration = {
  summary: 'show what is in a certificate, key, CSR or store, and what is wrong with it',
  description:
    'Shows what is in files of certificates, keys, CSRs or whole stores (PEM, DER, PKCS#7, PKCS#12, JKS), whether they belong together, and what is wrong with them. Exit code: 0 if they could be read, whatever is wrong; 5 if the certificate has expired; 1 if one cannot be read.',
  positionals: [
    {
      name: '[files...]',
      description: 'files, "-" for standard input; the pair in .devcert if there are none',
    },
  ],
  examples: [
    'devcert inspect                     the pair in .devcert',
    'devcert inspect cert.pem key.pem    do they belong together?',
    'devcert inspect store.p12 --password-env STORE_PASSWORD',
    'openssl s_client -connect localhost:8443 </dev/null | devcert inspect -',
  ],
  // Nothing is written, so that "none" is no choice to be named.
  options: passwordOptions.filter(({ flags }) => flags !== '--no-password'),
  async run(files, options: PasswordFlags, terminal) {
    const stdinTaken = files.includes('-');
    const given = givenPassword(options, { stdinTaken }, terminal);
    const sources = files.map((file): InspectSource =>
      file === '-' ? { name: '-', bytes: readStdin(MAX_STORE_BYTES) } : file,
    );
    let result = await inspect(sources, { password: given });
    const locked = result.files.filter(({ isLocked }) => isLocked).map(({ file }) => file);
    const asked =
      given === undefined && locked.length > 0 ? await ask(locked, stdinTaken) : undefined;
    if (asked !== undefined) result = await inspect(sources, { password: asked });
    terminal.print(inspectLines(result, terminal.style));
    terminal.json(result);
    return result.exitCode;
  },
};

/** The password for what is locked; undefined if nobody is there to be asked, or has none. */
async function ask(files: readonly string[], stdinTaken: boolean): Promise<string | undefined> {
  try {
    const what = `${shown(files.join(', '))} (Enter to go without)`;
    const password = await askPassword({ what, stdinTaken, required: true });
    return password === '' ? undefined : password;
  } catch (error) {
    if (error instanceof DevcertError && error.code === 'usage') return undefined;
    throw error;
  }
}
