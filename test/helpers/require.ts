/** What a real test needs from the machine: missing, it skips a developer's run and fails CI's. */

/**
 * True if the condition holds. If not: throws where `CI` is set, prints a notice and gives false
 * elsewhere; the test then calls `context.skip()`.
 */
export function needs(condition: boolean, what: string): boolean {
  if (condition) return true;
  if (process.env.CI !== undefined && process.env.CI !== '') throw new Error(`CI lacks ${what}`);
  console.warn(`skipped: this machine lacks ${what}`);
  return false;
}
