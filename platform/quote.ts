/** Words for a shell that a person types into. */

/** A word for a POSIX shell: without quotes where nothing in it is special. */
export function quoteForPosix(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : inQuotes(word);
}

/** The same always in quotes. */
export function inQuotes(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The same for fish. */
export function inFishQuotes(word: string): string {
  return `'${word.replace(/[\\']/g, '\\$&')}'`;
}
