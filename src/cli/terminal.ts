/**
 * The terminal, the only thing that writes to it. The rules: results go to stdout and everything else
 * to stderr; with `--json` stdout holds one JSON document and nothing else; colours only where
 * somebody looks and `NO_COLOR` is not set; errors are two lines, what went wrong and what to type next.
 */
import { fstatSync, writeSync } from 'node:fs';
import { DevcertError, EXIT, isPlain, printable, steering, systemCode } from '../errors.ts';
import { WIDTH, wrap, wrapCommand } from './wrap.ts';

export interface Terminal {
  /** Lines of the result. Nothing with `--json`. */
  print(lines: readonly string[]): void;
  /** The result as JSON. Nothing without `--json`. */
  json(value: unknown): void;
  /** `devcert: note: …`, on stderr. Nothing with `--json`, where notes are part of the document. */
  note(text: string): void;
  /** An exact command that is about to run as root, on stderr: below one sentence, said before the first. */
  announce(commandLine: string): void;
  /** What the system is about to ask the user, on stderr. */
  ask(prompt: string): void;
  /** What is being worked on, for a person who waits; an empty text clears it. */
  progress(doing: string): void;
  /** The two lines of an error, and the JSON document of one. */
  error(error: DevcertError): void;
  /** What a command came to, as lines, with its `notes` if it has some; or as JSON. @returns the exit code. */
  show(lines: readonly string[], result: Result, exitCode?: number): number;
  readonly style: Style;
}

/** What a command gives; some have notes. */
type Result = object | { readonly notes: readonly string[] };

/** Emphasis, or none where colours are off. */
export interface Style {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly dim: (text: string) => string;
  /** Columns of the terminal; no limit by default, as in a pipe, where a row is one line. */
  readonly width?: number;
  /** Columns in which a command to copy must fit, lines that go on ending in a backslash; any number by default. */
  readonly commandWidth?: number;
  /** True where a command to copy may be `name=value`, as every shell but fish takes it. */
  readonly assigns?: boolean;
}

/**
 * Written straight to the descriptors: `process.stdout` loads Node's whole network stack, a fifth of the
 * time that issuing takes.
 *
 * @param json the command line has `--json`.
 */
export async function createTerminal(json: boolean, env: NodeJS.ProcessEnv): Promise<Terminal> {
  const [stdoutIsTerminal, stderrIsTerminal] = [await isTerminal(STDOUT), await isTerminal(STDERR)];
  const wantsColour = (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  const progressive = env.TERM !== 'dumb' && !json && stderrIsTerminal;
  let shown = 0;
  let announced = false;
  const clear = () => {
    // By spaces: with NO_COLOR no escape is written at all.
    if (shown > 0) write(STDERR, `\r${' '.repeat(shown)}\r`);
    shown = 0;
  };
  const say = (kind: string, colour: string, text: string) => {
    clear();
    const line = `devcert: ${kind}: ${oneLine(text)}`;
    const lines = stderrIsTerminal ? wrap(line, widthFor(line)) : [line];
    const told = lines.join('\n  ');
    const label = wantsColour && stderrIsTerminal ? paint(colour)(`${kind}:`) : `${kind}:`;
    write(STDERR, `${told.replace(`${kind}:`, label)}\n`);
  };
  const terminal: Terminal = {
    style: {
      ...(wantsColour && stdoutIsTerminal ? marks : plain),
      get width() {
        return stdoutIsTerminal ? process.stdout.columns || 80 : Infinity;
      },
      // A shell of Windows knows no backslash at the end of a line.
      get commandWidth() {
        return process.platform === 'win32' ? Infinity : this.width;
      },
      assigns: !/\bfish$/.test(env.SHELL ?? ''),
    },
    show(lines, result, exitCode = EXIT.done) {
      terminal.print(lines);
      if ('notes' in result) for (const note of result.notes) terminal.note(note);
      terminal.json(result);
      return exitCode;
    },
    print: (lines) => {
      clear();
      if (!json && lines.length > 0) write(STDOUT, `${safe(lines.join('\n'))}\n`);
    },
    json: (value) => {
      if (json) write(STDOUT, toJson(value));
    },
    note: (text) => {
      if (!json) say('note', '33', text);
    },
    announce: (commandLine) => {
      if (!announced) say('note', '33', 'this changes the whole machine and needs root:');
      clear();
      announced = true;
      const lines = stderrIsTerminal
        ? wrapCommand(commandLine, widthFor(INDENT + commandLine) - INDENT.length)
        : [commandLine];
      for (const line of lines) write(STDERR, `${INDENT}${printable(line)}\n`);
    },
    ask: (prompt) => {
      say('note', '33', prompt);
    },
    progress: (doing) => {
      clear();
      if (!progressive || doing === '') return;
      const line = `${printable(doing)} ...`;
      write(STDERR, line);
      shown = line.length;
    },
    error: (error) => {
      const { code, exitCode } = error;
      const { message, hint } = DevcertError.typed(error);
      say('error', '31', message);
      if (hint !== undefined) say('hint', '36', hint);
      if (json) write(STDOUT, toJson({ error: { code, message, hint, exitCode } }));
    },
  };
  return terminal;
}

/** Of a command in a note. */
const INDENT = '    ';
const STDOUT = 1;
const STDERR = 2;

/** Writes all of it; output that nobody reads any more (`| head`) is no error. */
export function write(descriptor: number, text: string | Buffer): void {
  let bytes: Buffer = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(descriptor, bytes));
    } catch (error) {
      const code = systemCode(error);
      if (code === 'EPIPE' || code === 'EBADF') return;
      // A pipe that somebody made non-blocking is full: the reader needs a moment.
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

async function isTerminal(descriptor: number): Promise<boolean> {
  try {
    if (!fstatSync(descriptor).isCharacterDevice()) return false;
  } catch {
    return false; // closed
  }
  return (await import('./is-terminal.ts')).isatty(descriptor);
}

/** What is short needs no width; to ask for it loads Node's network stack. */
function widthFor(text: string): number {
  return text.length <= WIDTH ? WIDTH : Math.max(40, (process.stderr.columns || 80) - 3);
}

const paint = (code: string) => (text: string) => `\u001b[${code}m${text}\u001b[0m`;
// Our own colours are marks until the lines leave: what a file says cannot know them.
const nonce = `${process.hrtime.bigint().toString(36)}${Math.random().toString(36)}`;
const mark = (code: string) => (text: string) => `<${nonce}:${code}>${text}<${nonce}:0>`;
const marks: Style = { good: mark('32'), bad: mark('31'), dim: mark('2') };

/** The one way out for lines: nothing in them but our own colours steers the terminal. */
function safe(text: string): string {
  const clean = printable(text);
  return clean.includes(nonce)
    ? clean.replaceAll(new RegExp(`<${nonce}:(\\d+)>`, 'g'), '\u001b[$1m')
    : clean;
}
const plain: Style = { good: (text) => text, bad: (text) => text, dim: (text) => text };

/** A document that is safe on a screen, too: what could steer the terminal is escaped, as JSON allows. */
function toJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  const escape = (character: string) =>
    Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join('');
  return `${isPlain(text) ? text : text.replace(steering(), escape)}\n`;
}

function oneLine(text: string): string {
  return printable(text).replace(/\s*\n\s*/g, ' ');
}
