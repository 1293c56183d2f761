/** The hosts file: which names this machine answers for itself. Read only. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from './types.ts';

/** Absolute path of the hosts file. */
export function hostsFile(host: Pick<Host, 'platform' | 'env' | 'sysroot'>): string {
  return host.platform === 'win32'
    ? join(host.env.SystemRoot ?? 'C:\\Windows', 'System32\\drivers\\etc\\hosts')
    : join(host.sysroot, 'etc/hosts');
}

/** Every name in the hosts file, lower-cased; none if it cannot be read. */
export function readHostNames(host: Pick<Host, 'platform' | 'env' | 'sysroot'>): Set<string> {
  let text: string;
  try {
    text = readFileSync(hostsFile(host), 'utf8');
  } catch {
    return new Set(); // no such file: then it answers for no name
  }
  const names = text
    .split(/\r?\n/)
    .flatMap((line) => line.replace(/#.*/, '').trim().split(/\s+/).slice(1));
  return new Set(names.map((name) => name.toLowerCase()));
}
