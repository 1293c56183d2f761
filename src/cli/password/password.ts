/**
 * Where passwords come from: a prompt, a file, a variable, standard input; never the command line itself,
 * which every process of the machine can read.
 */
import { isUtf8 } from 'node:buffer';
import { resolve } from 'node:path';
import { canBeAsked } from '../../../platform/interactive.ts';
import { DevcertError, printable } from '../../errors.ts';
import { looserThan, readIfThere } from '../../disk/files.ts';
import { readChunk } from '../stdin.ts';
import { Line } from './line.ts';
import type { PasswordFlags } from './options.ts';
import { type Terminal, write } from '../terminal.ts';
import { MAX_PASSWORD_BYTES } from '../../policy.ts';

/** Circumstances of {@link givenPassword} and {@link askPassword}. */
export interface PasswordRequest {
  /** What it opens, for people: `keystore.p12`. */
  readonly what: string;
  /** For a file that is about to be written: the prompt asks twice and takes no empty one. */
  readonly isNew?: boolean;
  /** There is always one: the command has no `--no-password`. */
  readonly required?: boolean;
  /** Standard input is read for something else (`-` as a file). */
  readonly stdinTaken?: boolean;
  /** What its flags begin with: `--password` if left out. */
  readonly flag?: string;
  /** What it is called: `password` if left out. */
  readonly noun?: string;
  /** Throws DevcertError `password` for one that is no good, or wrong: then it is asked for again. */
  readonly check?: ((text: string) => void) | undefined;
}

/**
 * The password that a flag gives, empty for `--no-password`, undefined without a flag.
 *
 * @throws DevcertError `usage` for two sources; `password`, `file`.
 */
export function givenPassword(
  flags: PasswordFlags,
  request: Omit<PasswordRequest, 'what'>,
  terminal: Pick<Terminal, 'note'>,
): string | undefined {
  return passwordSource(flags, request, terminal)?.();
}

/**
 * What reads the password that a flag gives; undefined without a flag.
 *
 * @throws DevcertError `usage` for flags that exclude each other; what it returns throws `password` and `file`.
 */
export function passwordSource(
  flags: PasswordFlags,
  { stdinTaken, flag = '--password', noun = 'password' }: Omit<PasswordRequest, 'what'>,
  terminal: Pick<Terminal, 'note'>,
): (() => string) | undefined {
  const { passwordFile, passwordEnv, passwordStdin, password } = flags;
  const given = [
    ...(passwordFile === undefined ? [] : [`${flag}-file`]),
    ...(passwordEnv === undefined ? [] : [`${flag}-env`]),
    ...(passwordStdin === true ? [`${flag}-stdin`] : []),
    ...(password === false ? ['--no-password'] : []),
  ];
  if (given.length > 1)
    throw new DevcertError('usage', `${given.join(' and ')} exclude each other`, {
      hint: `give ${given[0] ?? ''} alone`,
    });
  if (password === false) return () => '';
  // Commander gives it to commands that have `--no-password`, and to no others.
  const none = password === undefined ? '' : '; for none at all: --no-password';
  const words = { flag, noun, none };
  if (passwordFile !== undefined) return () => fromFile(passwordFile, words, terminal);
  if (passwordEnv !== undefined) {
    const value = takeVariable(passwordEnv);
    return () => fromVariable(passwordEnv, value, words);
  }
  if (passwordStdin !== true) return undefined;
  if (stdinTaken === true)
    throw new DevcertError('usage', `standard input cannot be the file and the ${noun} at once`, {
      hint: `give the ${noun} with ${flag}-file FILE or ${flag}-env VARIABLE`,
    });
  return () => fromStandardInput(words);
}

/** The same of a key that its store's password does not open. */
export function givenKeyPassword(
  { keyPasswordFile, keyPasswordEnv }: PasswordFlags,
  terminal: Pick<Terminal, 'note'>,
): string | undefined {
  const flags = { passwordFile: keyPasswordFile, passwordEnv: keyPasswordEnv };
  return givenPassword(flags, { flag: '--key-password' }, terminal);
}

/** What {@link askPassword} gives; undefined where nobody is there to be asked. */
export function askIfPossible(request: PasswordRequest): Promise<string> | undefined {
  return canAsk(request) ? askPassword(request) : undefined;
}

function canAsk({ stdinTaken = false }: PasswordRequest): boolean {
  return !stdinTaken && canBeAsked(process, process.env);
}

const TRIES = 3;

/**
 * The password that the person at the terminal types, unseen; twice for a new file.
 *
 * @throws DevcertError `usage` if nobody is there to be asked, `cancelled` for Ctrl-C.
 */
export async function askPassword(request: PasswordRequest): Promise<string> {
  const { noun = 'password', flag = '--password', isNew = false, check } = request;
  if (!canAsk(request))
    throw new DevcertError('usage', `${request.what} needs a ${noun}`, { hint: ways(request) });
  const question = `${isNew ? `New ${noun}` : noun} for ${request.what}: `;
  for (let left = TRIES - 1; left >= 0; left--) {
    const password = await prompt(capitalized(question));
    // The last one counts: who uses it tells what is wrong with it.
    if (!isNew && (check === undefined || left === 0)) return password;
    const objection = objectionTo(password, request);
    if (objection !== undefined) write(STDERR, `${capitalized(objection)}\n`);
    else if (!isNew || (await prompt('The same again: ')) === password) return password;
    else write(STDERR, 'The two are not the same\n');
  }
  throw new DevcertError(
    'password',
    `the two entries of the ${noun} for ${request.what} differed each time`,
    { hint: `run the same again, or put it into a file: ${flag}-file FILE` },
  );
}

const capitalized = (text: string) => text.replace(/^./, (letter) => letter.toUpperCase());

/** Why a new password is not taken, for people. */
function objectionTo(password: string, { required, check }: PasswordRequest): string | undefined {
  if (password === '')
    return `It is empty${required === true ? '' : '; for none at all: Ctrl-C and --no-password'}`;
  try {
    check?.(password);
    return undefined;
  } catch (error) {
    if (error instanceof DevcertError && error.code === 'password') return printable(error.message);
    throw error;
  }
}

function ways({ stdinTaken = false, required = false, flag = '--password' }: PasswordRequest) {
  const flags = [
    `${flag}-file FILE`,
    `${flag}-env VARIABLE`,
    ...(stdinTaken ? [] : [`${flag}-stdin`]),
    ...(required ? [] : ['--no-password']),
  ];
  return `${flags.slice(0, -1).join(', ')} or ${flags.at(-1) ?? ''}`;
}

const STDERR = 2;

/** How people are told of it. `none`: how to say that there is none, if that can be said. */
interface Words {
  readonly flag: string;
  readonly noun: string;
  readonly none: string;
}

function fromFile(file: string, words: Words, terminal: Pick<Terminal, 'note'>): string {
  const { flag, noun } = words;
  const path = resolve(file);
  const bytes = readIfThere(path);
  if (bytes === undefined)
    throw new DevcertError('file', `there is no ${noun} file "${file}"`, {
      hint: `give the path of one, or use ${flag}-stdin`,
    });
  const loose = looserThan(path, 0o600);
  if (loose !== undefined)
    terminal.note(`"${file}" is open to others (mode 0${loose.toString(8)}): chmod 600 "${file}"`);
  return firstLine(bytes, `the ${noun} file "${file}"`, words);
}

/** Variables that were taken: one may be named for two passwords. */
const taken = new Map<string, string>();

/** Takes it out of the environment, as the programs that are started from here on have no use for a password. */
function takeVariable(name: string): string | undefined {
  const value = process.env[name];
  if (value === undefined) return taken.get(name);
  taken.set(name, value);
  Reflect.deleteProperty(process.env, name);
  return value;
}

function fromVariable(name: string, value: string | undefined, words: Words): string {
  if (value === undefined)
    throw new DevcertError('password', `the variable "${name}" is not set`, {
      hint: 'give the name of a variable that is exported; its name, not the password itself',
    });
  return firstLine(Buffer.from(value), `the variable "${name}"`, words);
}

function fromStandardInput(words: Words): string {
  if (process.stdin.isTTY)
    throw new DevcertError('usage', `${words.flag}-stdin reads a pipe, and this is a terminal`, {
      hint: 'leave the option out to be asked, or pipe it: pass show dev | devcert …',
    });
  let bytes = Buffer.alloc(0);
  while (bytes.length <= MAX_PASSWORD_BYTES && !bytes.includes(0x0a)) {
    const chunk = Buffer.alloc(MAX_PASSWORD_BYTES);
    const length = readChunk(chunk);
    if (length === 0) break;
    bytes = Buffer.concat([bytes, chunk.subarray(0, length)]);
  }
  return firstLine(bytes, 'standard input', words);
}

function firstLine(bytes: Buffer, source: string, { noun, none }: Words): string {
  const end = bytes.indexOf(0x0a);
  const line = bytes.subarray(0, end === -1 ? bytes.length : end);
  const text = isUtf8(line) ? line.toString().replace(/^\uFEFF|\r$/g, '') : undefined;
  const problem =
    line.length > MAX_PASSWORD_BYTES
      ? `has a first line of more than ${MAX_PASSWORD_BYTES} bytes`
      : text === undefined || text.includes('\0')
        ? 'holds no text in UTF-8'
        : text === ''
          ? `holds no ${noun} in its first line`
          : undefined;
  if (problem === undefined && text !== undefined) return text;
  throw new DevcertError('password', `${source} ${problem ?? ''}`, {
    hint: `write the ${noun} into its first line${none}`,
  });
}

/** One line from the terminal, not shown while it is typed. */
function prompt(question: string): Promise<string> {
  const { stdin } = process;
  const line = new Line();
  return new Promise<string>((resolve, reject) => {
    const cancelled = () => {
      reject(new DevcertError('cancelled', 'cancelled, and nothing was written', {}));
    };
    const take = (bytes: Buffer) => {
      const state = line.take(bytes);
      if (state === 'done') resolve(line.text);
      else if (state === 'cancelled') cancelled();
    };
    stdin.setRawMode(true);
    stdin.on('data', take).once('end', cancelled).once('error', cancelled).resume();
    write(STDERR, question);
  }).finally(() => {
    stdin.setRawMode(false);
    stdin.removeAllListeners('data').removeAllListeners('end').removeAllListeners('error').pause();
    write(STDERR, '\n');
  });
}
