/** `devcert inspect [FILE|-]…` */
import { readSync } from 'node:fs';
import { DevcertError, systemCode } from '../errors.ts';
import { inspect, type InspectSource } from '../index.ts';
import type { Declaration } from './declaration.ts';
import { inspectLines } from './inspect-lines.ts';
import { shown } from './inspect-words.ts';
import { askPassword, givenPassword, type PasswordFlags, passwordOptions } from './password.ts';

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
      file === '-' ? { name: '-', bytes: readStdin() } : file,
    );
    let result = await inspect(sources, given === undefined ? {} : { password: given });
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
    const password = await askPassword({ what, stdinTaken });
    return password === '' ? undefined : password;
  } catch (error) {
    if (error instanceof DevcertError && error.code === 'usage') return undefined;
    throw error;
  }
}

const STDIN = 0;
/** As for files. */
const MAX_BYTES = 16 * 1024 * 1024;

function readStdin(): Buffer {
  const chunks: Buffer[] = [];
  for (let total = 0; ;) {
    const chunk = Buffer.allocUnsafe(65_536);
    const length = readChunk(chunk);
    if (length === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, length));
    total += length;
    if (total > MAX_BYTES)
      throw new DevcertError('invalid-input', `standard input is longer than ${MAX_BYTES} bytes`, {
        hint: 'give the file alone: devcert inspect FILE',
      });
  }
}

/** 0 at the end. */
function readChunk(chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(STDIN, chunk);
    } catch (error) {
      const code = systemCode(error);
      // Windows calls the end of a pipe an error; a closed descriptor holds nothing either.
      if (code === 'EOF' || code === 'EBADF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
