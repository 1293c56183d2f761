/** Another program in place of this one: it has the terminal, gets the signals, and its exit code is ours. */
import { spawnThrough } from '../../platform/run.ts';
import { DevcertError } from '../errors.ts';

/**
 * @param file a program on PATH, or a path: never a shell's line.
 * @returns its exit code; 128 and the number of the signal that ended it, as shells have it.
 * @throws DevcertError `command` if there is no such program.
 */
export async function runThrough(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const exitCode = await spawnThrough(file, args, env);
  if (exitCode !== undefined) return exitCode;
  throw new DevcertError('command', `there is no program "${file}"`, {
    hint: 'give it as it is called on PATH, or by its path',
  });
}
