/** Windows' own programs, by their absolute path: the current folder and PATH may hold others of the same name. */
import { win32 } from 'node:path';
import type { Command, Host, Runner } from './types.ts';

/** @param name with its ending: `reg.exe`; a folder may stand before it. */
export function windowsProgram(env: Host['env'], name: string): string {
  return win32.join(env.SystemRoot ?? 'C:\\Windows', 'System32', name);
}

/**
 * Prints what the registry has; fails if it has no such thing.
 *
 * @param reg path of reg.exe.
 * @param args key and options of `reg query`.
 */
export function queryRegistry(reg: string, ...args: readonly string[]): Command {
  return { file: reg, args: ['query', ...args] };
}

/** What {@link queryRegistry} printed; undefined if it failed. */
export async function readRegistry(
  run: Runner,
  reg: string,
  ...args: readonly string[]
): Promise<string | undefined> {
  const { exitCode, stdout } = await run(queryRegistry(reg, ...args));
  return exitCode === 0 ? stdout : undefined;
}

/** The folder of a value that `reg query` printed. */
export function folderIn(output: string): string | undefined {
  return /\bREG_(?:EXPAND_)?SZ\s+([A-Z]:\\.+?)\s*$/im.exec(output)?.[1];
}
