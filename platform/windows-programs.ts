/** Windows' own programs, by their absolute path: the current folder and PATH may hold others of the same name. */
import { win32 } from 'node:path';
import type { Command, Host } from './types.ts';

/** @param name with its ending: `reg.exe`; a folder may stand before it. */
export function windowsProgram(env: Host['env'], name: string): string {
  return win32.join(env.SystemRoot ?? 'C:\\Windows', 'System32', name);
}

/** Prints what the registry has; fails if it has no such thing. @param args key and options of `reg query` */
export function queryRegistry(env: Host['env'], args: readonly string[]): Command {
  return { file: windowsProgram(env, 'reg.exe'), args: ['query', ...args] };
}
