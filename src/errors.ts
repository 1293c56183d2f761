/**
 * Every expected failure, with the exit code it ends in. Imports nothing but the words of what could be done,
 * and serves everyone.
 */
import { calledText, formatText, say, type Step, type Text } from './cli/hints.ts';

export { formatText, mapSteps, say, type Step, type Text, worded } from './cli/hints.ts';

/**
 * Process exit codes, a stable part of the command line: scripts rely on them.
 * Any throw that is not a {@link DevcertError} is a bug and keeps its stack.
 */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  noAuthority: 3,
  notTrusted: 4,
  expired: 5,
  refused: 6,
  cancelled: 7,
} as const;

/** The exit code of every kind of failure. */
export const exitCodes = {
  /** A file or folder could not be read or written, or was not written by devcert and is not replaced. */
  file: EXIT.failed,
  /** A file in the state folder is damaged, foreign, or does not fit the others. */
  'invalid-authority': EXIT.failed,
  /** A child process failed, is missing, or ran out of time. */
  command: EXIT.failed,
  /** A trust store could not be brought into the state that was asked for. */
  store: EXIT.failed,
  /** Another devcert process has held the lock for too long. */
  busy: EXIT.failed,
  /** Input (certificate, key, CSR, key store) cannot be read as what it should be. */
  'invalid-input': EXIT.failed,
  /** A password is missing or does not open the file. */
  password: EXIT.failed,
  /** The SSH agent that keeps a key cannot be reached, does not have it, or did not sign. */
  agent: EXIT.failed,
  /** A key in a store has a password of its own, which is missing. */
  'key-password': EXIT.failed,
  /** Unknown option, missing value, options that exclude each other. */
  usage: EXIT.usage,
  /** Not a name that a certificate may carry. */
  'invalid-name': EXIT.usage,
  'no-authority': EXIT.noAuthority,
  'not-trusted': EXIT.notTrusted,
  expired: EXIT.expired,
  /** The name is outside the authority's constraints. */
  'outside-constraints': EXIT.refused,
  /** Key or signature algorithm too weak to be signed. */
  'weak-key': EXIT.refused,
  /** Anything else that policy forbids. */
  refused: EXIT.refused,
  cancelled: EXIT.cancelled,
} as const;

export type ErrorCode = keyof typeof exitCodes;

/**
 * An expected failure.
 *
 * The message says what could not be done and to what: lower case, values quoted, no full stop.
 * The hint is the next thing to do: an option to pass, a command to type. Neither ever holds a key or a password.
 */
export class DevcertError extends Error {
  override readonly name = 'DevcertError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly #texts: { readonly message: Text; readonly hint: Text | undefined };

  constructor(code: ErrorCode, message: Text, options: { hint?: Text; cause?: unknown } = {}) {
    super(calledText(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint =
      options.hint === undefined ? undefined : calledText(options.hint, code === 'invalid-name');
    this.#texts = { message, hint: options.hint };
  }

  /** The hint as data: who knows more of what was typed words it again. */
  static hintOf(error: DevcertError): Text | undefined {
    return error.#texts.hint;
  }

  /** Message and hint as the command says them, to whom options are what is typed: `--force`. */
  static typed(error: DevcertError): { readonly message: string; readonly hint?: string } {
    const { message, hint } = error.#texts;
    return {
      message: formatText(message),
      ...(hint === undefined ? {} : { hint: formatText(hint) }),
    };
  }

  /** The process exit code this failure ends in, 1 to 7. */
  get exitCode(): number {
    return exitCodes[this.code];
  }
}

/**
 * What the work gives; undefined where it fails as can be expected. @throws what is no DevcertError: a bug.
 *
 * @param failed gets such a failure, and may throw it.
 */
export function orUndefined<T>(
  work: () => T,
  failed?: (error: DevcertError) => void,
): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    failed?.(error);
    return undefined;
  }
}

/** The same for `catch()` of a promise. */
export function ifExpected(error: unknown): undefined {
  if (error instanceof DevcertError) return undefined;
  throw error;
}

/** What the work gives; where it fails as can be expected, with what is said instead, and why. */
export function rewording<T>(
  work: () => T,
  reword: (error: DevcertError) => { code?: ErrorCode; message?: string; hint?: Text | undefined },
): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    const { code = error.code, message = error.message, hint } = reword(error);
    throw new DevcertError(code, message, { hint, cause: error });
  }
}

/** What the work gives; of several files a failure has to say which one it is. */
export function naming<T>(file: string, work: () => T): T {
  return rewording(work, (error) => ({
    message: `"${file}": ${error.message}`,
    hint: DevcertError.hintOf(error),
  }));
}

/** Two options that exclude each other. */
export function exclusive(one: Step, other: Step, hint: Text): DevcertError {
  return new DevcertError('usage', say`${one} and ${other} exclude each other`, { hint });
}

/** What a program of the user's threw, which may be anything, as an error. */
export function asError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error('not an error', { cause: thrown });
}

/**
 * True for an error, whoever's: in Jest a test has an `Error` of its own, and what Node throws is no instance of it.
 *
 * @param name of its class, `RangeError`; any if left out.
 */
export function isError(thrown: unknown, name?: string): thrown is Error {
  // Symbol.toStringTag is on no error, and an error has a slot that this looks for.
  if (Object.prototype.toString.call(thrown) !== '[object Error]') return false;
  return name === undefined || (thrown as Error).name === name;
}

/** True for what JSON calls an object. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The system error code (`ENOENT`, `EACCES`, …) of a thrown value, if it has one. */
export function systemCode(error: unknown): string | undefined {
  if (isError(error) && 'code' in error && typeof error.code === 'string') return error.code;
  return undefined;
}

/**
 * What could steer a terminal or hide in its text: control characters but tab and newline, format characters
 * (bidirectional, zero-width, tags), separators of lines, and letters that show nothing.
 */
export function steering(): RegExp {
  return /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]/gu;
}

/** `text` without all of that, so that foreign text can neither steer the terminal nor look like another. */
export function printable(text: string): string {
  return isPlain(text) ? text : text.replace(steering(), '');
}

/** True for ASCII that steers nothing: a pattern of Unicode classes takes 0.4 ms to compile. */
export function isPlain(text: string): boolean {
  return !/[^\t\n -~]/.test(text);
}

/** Foreign text on one line without all of that, cut after so many characters. */
export function oneLine(text: string, limit = 60): string {
  const line = printable(text.toWellFormed()).replace(/\s+/g, ' ').trim();
  const shown = isPlain(line) ? line : line.replace(/\p{C}/gu, '');
  const characters = Array.from(shown);
  return characters.length > limit ? `${characters.slice(0, limit - 1).join('')}…` : shown;
}
