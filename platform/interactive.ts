/** Whether a person can be asked. */

/**
 * True if `CI` is not set and the streams are terminals.
 *
 * @param areTerminals asked last: looking at standard input loads Node's network stack.
 */
export function isInteractive(
  env: Readonly<Record<string, string | undefined>>,
  areTerminals: () => boolean,
): boolean {
  const { CI } = env;
  return (CI === undefined || ['', '0', 'false'].includes(CI)) && areTerminals();
}
