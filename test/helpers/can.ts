/** What this machine's system has, for tests that are about just that: `test.runIf(hasModes)`. */
import { lstatSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const isWindows = process.platform === 'win32';

/** Modes, owners and the umask of POSIX. */
export const hasModes = !isWindows;
/** Scripts with `#!/bin/sh`, mkfifo, /dev, signals. */
export const hasShell = !isWindows;
/** Symbolic links: a user of Windows may not make one unless told so, and wine says it did. */
export const hasLinks = canLink();

function canLink(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'devcert-links-'));
  try {
    symlinkSync('nowhere', join(folder, 'link'));
    return lstatSync(join(folder, 'link')).isSymbolicLink();
  } catch {
    return false; // refused, or silently not made
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What stat() says of a file or folder made with this mode: Windows only knows who may write. */
export function seenMode(mode: number): number {
  return hasModes ? mode : 0o666;
}

/** True if such a thing can be made here: `symbolic link`, `dangling symbolic link`, `pipe`, `folder`. */
export function canMake(kind: string): boolean {
  return kind.includes('symbolic link') ? hasLinks : kind === 'pipe' ? hasShell : true;
}
