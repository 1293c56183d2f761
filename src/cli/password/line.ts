/** A line typed at a terminal in raw mode, key by key. Pure. */
import { StringDecoder } from 'node:string_decoder';

/** What was typed so far, with the keys by which a terminal lets one correct it. */
export class Line {
  #text: string[] = [];
  readonly #decoder = new StringDecoder('utf8');

  get text(): string {
    return this.#text.join('');
  }

  /** Adds what the terminal sent. After `done` (Enter) and `cancelled` (Ctrl-C, Ctrl-D) nothing more is taken. */
  take(bytes: Buffer): 'open' | 'done' | 'cancelled' {
    // Arrows and the like come as escape sequences, and mean nothing here.
    const typed = this.#decoder.write(bytes).replace(/\u001b(?:\[[0-9;?]*[ -/]*[@-~]|O.|)/g, '');
    for (const character of typed) {
      if (character === '\r' || character === '\n') return 'done';
      if (character === CTRL_C || character === CTRL_D) return 'cancelled';
      if (character === BACKSPACE || character === DELETE) this.#text.pop();
      else if (character === CTRL_U) this.#text = [];
      else if (character >= ' ') this.#text.push(character);
    }
    return 'open';
  }
}

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const BACKSPACE = '\u0008';
const CTRL_U = '\u0015';
const DELETE = '\u007f';
