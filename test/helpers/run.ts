/** Other people's programs, run to their end. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Ended {
  readonly status: number;
  readonly output: string;
}

/**
 * Runs a program with a time limit; standard output and error come together. Status 124 is the limit,
 * 127 that there is no such program.
 */
export function run(
  file: string,
  args: readonly string[],
  options: {
    env?: Record<string, string | undefined>;
    cwd?: string;
    input?: string;
    timeoutMs?: number;
  } = {},
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      file,
      args,
      {
        env: { ...process.env, ...options.env },
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        timeout: options.timeoutMs ?? 60_000,
        killSignal: 'SIGKILL',
        maxBuffer: 64 * 1024 * 1024,
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : undefined;
        const status = code ?? (error?.killed === true ? 124 : 127);
        resolve({ status, output: stdout + stderr });
      },
    );
    child.stdin?.on('error', () => undefined); // it did not want to read
    child.stdin?.end(options.input ?? '');
  });
}

/** Absolute path of a program, or undefined. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

/** For the environment of a client that is to be asked whom it trusts by itself, not by what this machine says. */
export const NO_TRUST: Readonly<Record<string, undefined>> = Object.fromEntries(
  [
    ...['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'CURL_CA_BUNDLE', 'GODEBUG'],
    ...['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'],
  ].map((it) => [it, undefined]),
);
