/** A root that several commands read, written once among them. Pure. */
import type { Style } from './terminal.ts';

/** What `formatCommand()` of platform/run.ts puts in front of one that reads a certificate. */
const READS_ROOT = /^printf '%s\\n' ('-----BEGIN [^|]*-----') \| /;

/**
 * The commands of each group. A certificate that more than one of all of them reads goes into a variable of
 * the shell first: a screen of base64 is not read twice.
 */
export function rootOnce(
  groups: readonly (readonly string[])[],
  { assigns = true }: Pick<Style, 'assigns'>,
): readonly (readonly string[])[] {
  if (!assigns) return groups;
  const all = groups.flat().flatMap((command) => READS_ROOT.exec(command)?.[1] ?? []);
  const variables = new Map<string, string>();
  return groups.map((commands) =>
    commands.flatMap((command) => {
      const [printed = '', text = ''] = READS_ROOT.exec(command) ?? [];
      if (all.filter((it) => it === text).length < 2) return [command];
      const known = variables.get(text);
      const variable = known ?? `root${variables.size === 0 ? '' : variables.size + 1}`;
      variables.set(text, variable);
      const reading = `printf '%s\\n' "$${variable}" | ${command.slice(printed.length)}`;
      return known === undefined ? [`${variable}=$(printf '%s\\n' ${text})`, reading] : [reading];
    }),
  );
}
