/** Words for a shell that a person types into. */

/** A word for a POSIX shell: without quotes where nothing in it is special. */
export function quoteForPosix(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
