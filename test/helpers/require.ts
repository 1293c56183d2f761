/** What a real test needs from the machine: missing, it skips a developer's run and fails CI's. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findProgram } from './run.ts';

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

/** The same for programs on the PATH, which test/debian-packages.sh installs. */
export function needsTools(...tools: readonly string[]): boolean {
  const areThere = tools.every((tool) => findProgram(tool) !== undefined);
  return needs(areThere, `${tools.join(', ')} (test/debian-packages.sh)`);
}

/** The same for a Debian whose stores this process may cover. */
export function needsCoveredDebian(): boolean {
  return needs(existsSync('/etc/debian_version'), 'Debian') && needsCover();
}

/** The same for mount namespaces, behind which the real stores cannot be changed. */
export function needsCover(): boolean {
  return needs(canCover(), 'root and mount namespaces');
}

/** True if this process may make mount namespaces, behind which the real stores cannot be changed. */
export function canCover(): boolean {
  return (
    process.geteuid?.() === 0 &&
    spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
  );
}
