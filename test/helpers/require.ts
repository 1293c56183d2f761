/** What a real test needs from the machine: missing, it skips a developer's run and fails CI's. */
import { spawnSync } from 'node:child_process';

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

/** True if this process may make mount namespaces, behind which the real stores cannot be changed. */
export function canCover(): boolean {
  return (
    process.geteuid?.() === 0 &&
    spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
  );
}
