/** Certificates as temporary files, for programs that take nothing else. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PUBLIC_MODE, SECRET_MODE } from '../ledger/place.ts';

/** Files in a folder of their own, which only this user can enter. All paths are absolute. */
export interface TestFiles {
  readonly folder: string;
  /** The root: what a client is to trust. */
  readonly caFile: string;
  /** Deletes the folder; more often than once is no error. What is forgotten goes when the process ends by itself. */
  close(): void;
  /** The same, for `using files = leaf.files()`. */
  [Symbol.dispose](): void;
}

/** The same with a certificate and its key. */
export interface TestLeafFiles extends TestFiles {
  /** The leaf and what is between it and the root. */
  readonly certFile: string;
  /** PKCS#8, mode 0600. */
  readonly keyFile: string;
}

/** Node has it from 20.4 on; older ones and their polyfills agree on this one. */
const dispose: typeof Symbol.dispose =
  (Symbol as { readonly dispose?: typeof Symbol.dispose }).dispose ??
  (Symbol.for('nodejs.dispose') as typeof Symbol.dispose);

const folders = new Set<string>();

export function writeFiles(ca: string): TestFiles;
export function writeFiles(ca: string, pair: { cert: string; key: string }): TestLeafFiles;
export function writeFiles(
  ca: string,
  pair?: { cert: string; key: string },
): TestFiles | TestLeafFiles {
  if (folders.size === 0) process.once('exit', removeAll);
  const folder = mkdtempSync(join(tmpdir(), 'devcert-test-'));
  folders.add(folder);
  const write = (name: string, data: string, mode: number) => {
    const path = join(folder, name);
    writeFileSync(path, data, { mode });
    return path;
  };
  const close = () => {
    remove(folder);
    folders.delete(folder);
    if (folders.size === 0) process.off('exit', removeAll);
  };
  const files = {
    folder,
    caFile: write('ca.pem', ca, PUBLIC_MODE),
    close,
    [dispose]: close,
  };
  if (pair === undefined) return files;
  return {
    ...files,
    certFile: write('cert.pem', pair.cert, PUBLIC_MODE),
    keyFile: write('key.pem', pair.key, SECRET_MODE),
  };
}

function removeAll(): void {
  for (const folder of folders) remove(folder);
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
