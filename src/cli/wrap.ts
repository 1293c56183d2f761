/** Text broken into lines between words, so that no terminal breaks it inside one. Pure. */

/** Columns: what a terminal is wide at the least, and what still reads well. */
export const WIDTH = 79;

/**
 * Lines of at most `width` characters, broken between words; a longer word stays whole, and so does a command of
 * devcert in the text: half of one, pasted into a shell, would run.
 */
export function wrap(text: string, width = WIDTH): string[] {
  const lines: string[] = [];
  const whole = text.replace(COMMAND, (command) => command.replaceAll(' ', KEPT_SPACE));
  for (const word of whole.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map((line) => line.replaceAll(KEPT_SPACE, ' '));
}

const KEPT_SPACE = '\u00a0';
// Its first word or two, then options with a value each, and words that are no prose.
const COMMAND =
  /\bdevcert (?:(?:ca|hosts|mtls|recipe|help|-[^\s,;?]+) )?[^\s,;?]+(?: (?:-[^\s,;?]+(?: [^\s,;?]+)?|[^\s,;?]*[.*/:"'A-Z][^\s,;?]*))*/g;

/** How wide text is wrapped: at a terminal as it reads well; what a file or a pipe gets stays whole. */
export function textWidth({ width = Infinity }: { readonly width?: number }): number {
  return width < Infinity ? WIDTH : Infinity;
}

/** A command over several lines, as a POSIX shell takes it: each but the last ends in a backslash. */
export function wrapCommand(command: string, width = WIDTH): string[] {
  if (command.length <= width) return [command];
  const lines: string[] = [];
  for (const word of command.match(SHELL_WORDS) ?? []) {
    const last = lines.at(-1);
    if (last === undefined) lines.push(word);
    else if (last.length + word.length + 3 > width) lines.push(`  ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map((line, index) => (index < lines.length - 1 ? `${line} \\` : line));
}

const SHELL_WORDS = /(?:'[^']*'|"(?:[^"\\]|\\.)*"|\\.|[^\s'"\\])+/g;
