/** Finding other people's clients, and asking them. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { npmPackages } from '../helpers/recipe-server.ts';
import { findProgram, run } from '../helpers/run.ts';

/** Nothing of the caller's says whom to trust, or leads elsewhere. */
const CLEAN_ENV = Object.fromEntries(
  [
    ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'CURL_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS'],
    ...[
      'REQUESTS_CA_BUNDLE',
      'GIT_SSL_CAINFO',
      'DENO_CERT',
      'DENO_TLS_CA_STORE',
      'JAVA_TOOL_OPTIONS',
    ],
    ...[
      'HTTPS_PROXY',
      'https_proxy',
      'HTTP_PROXY',
      'http_proxy',
      'ALL_PROXY',
      'all_proxy',
      'NO_PROXY',
      'no_proxy',
    ],
  ].map((name) => [name, undefined]),
);

/** A client that prints the hosts it takes, one a line. */
export async function listed(
  program: string,
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): Promise<string[]> {
  const { status, output } = await run(program, args, {
    ...options,
    env: { ...CLEAN_ENV, ...options.env },
    timeoutMs: 120_000,
  });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${output.slice(-2000)}`);
  return output.split('\n').filter((line) => line !== '');
}

/** A client that is started once for each host, four at a time, and says by its exit code what it thinks. */
export async function oneByOne(
  program: string,
  hosts: readonly string[],
  argsFor: (host: string) => readonly string[],
  options: { env?: Record<string, string> } = {},
): Promise<string[]> {
  const taken: string[] = [];
  const waiting = [...hosts];
  const worker = async () => {
    for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) {
      const env = { ...CLEAN_ENV, ...options.env };
      const { status, output } = await run(program, argsFor(host), { env });
      if (status === 124 || status === 127) throw new Error(`${program}: ${status} ${output}`);
      if (status === 0) taken.push(host);
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return taken;
}

/** The system's own copy first: CI's is Debian's, whatever else is on PATH. */
export const onPath =
  (...names: string[]) =>
  () =>
    names.flatMap((name) => {
      const found = existsSync(`/usr/bin/${name}`) ? `/usr/bin/${name}` : findProgram(name);
      return found === undefined ? [] : [found];
    });
// Files at this path in each folder below.
export const below = (folder: string, path: string) =>
  existsSync(folder)
    ? readdirSync(folder)
        .map((it) => join(folder, it, path))
        .filter((it) => existsSync(it))
    : [];
const NPM_ENGINES = ['bun@1.4.5', 'deno@2.9.6'];

export async function fromNpm(name: string): Promise<string[]> {
  const folder = await npmPackages(NPM_ENGINES);
  const file = folder === undefined ? undefined : join(folder, 'node_modules/.bin', name);
  return file !== undefined && existsSync(file) ? [file] : [];
}

/** Its version: `3.0.22`. */
export async function versionOf(
  engine: { name: string; version: readonly string[] },
  program: string,
): Promise<string> {
  // NSS' tools print none: it is the library's, which Debian names in the file of its symbols.
  const { output } = engine.name.startsWith('NSS')
    ? await run('dpkg-query', ['-W', '-f', '${Version}', 'libnss3-tools'])
    : await run(program, engine.version);
  const found = /\d+(?:\.\d+)+/.exec(output.replace(/^\d+:/, ''))?.[0];
  if (found === undefined) throw new Error(`${program} tells no version: ${output.slice(0, 200)}`);
  return found;
}
