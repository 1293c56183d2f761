/**
 * `devcert run` and `devcert env`: variables with which every runtime trusts the root besides what it trusted
 * before. Which variable adds and which replaces was measured; where one replaces it gets all that counted before
 * and the root, in a bundle in the state folder.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { systemRoots } from '../../platform/system-roots.ts';
import { assertExists } from '../authority/named.ts';
import { loadAuthority } from '../authority/folder.ts';
import { worded, orUndefined } from '../errors.ts';
import { makeFolder, readIfThere } from '../disk/files.ts';
import { environmentFolder } from '../disk/paths.ts';
import { replaceFiles } from '../ledger/transaction.ts';
import { MAX_STORE_BYTES } from '../policy.ts';
import { type Context, type AuthorityOption } from './context.ts';
import type { Write } from './environment-java.ts';

export interface EnvironmentOptions extends AuthorityOption {
  /** Of the pair that DEVCERT_CERT and DEVCERT_KEY name; `.devcert` by default. */
  readonly dir?: string;
  /** Java, too: a trust store with what the JDK trusts and the root. */
  readonly java?: boolean;
}

export interface EnvironmentResult {
  /** What to set; all that is set besides stays. */
  readonly variables: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

/** They add to what is trusted: the root alone, behind what they hold already. */
export const ADDING = ['NODE_EXTRA_CA_CERTS', 'DENO_CERT'];
/** They take the place of what is trusted otherwise. OpenSSL's (Python, Ruby, PHP, curl, Go) stands first. */
export const REPLACING = [
  ...['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'AWS_CA_BUNDLE'],
  ...['GIT_SSL_CAINFO', 'PIP_CERT', 'CARGO_HTTP_CAINFO'],
];
/** npm reads NODE_EXTRA_CA_CERTS, unless one of these is set, or `cafile` in a file of its settings. */
export const NPM = ['npm_config_cafile', 'NPM_CONFIG_CAFILE'] as const;

/**
 * The variables, and the files that they name written into the state folder.
 *
 * @throws DevcertError `no-authority`, `invalid-authority`, `file`, `command` if `java` is asked for without one.
 */
export async function environment(
  context: Context,
  options: EnvironmentOptions = {},
): Promise<EnvironmentResult> {
  const { host, cwd } = context;
  if (context.ca !== undefined) assertExists(context.folder, context.ca);
  const { rootPem } = await loadAuthority(context.folder);
  const write = writer(environmentFolder(context.stateFolder));
  const notes: string[] = [];
  /** What a variable made its program trust; undefined if it is not set. */
  const before = (name: string): string | undefined => {
    const value = host.env[name];
    if (value === undefined || value === '') return undefined;
    const text = readText(resolve(cwd, value));
    if (text === undefined)
      notes.push(
        `${name} names a file that cannot be read, "${value}": what the system trusts is taken instead`,
      );
    return text;
  };
  const variables: Record<string, string> = {};
  for (const name of ADDING) variables[name] = write('.pem', merged(before(name), rootPem));
  let usual: string | undefined;
  for (const name of REPLACING) {
    const trusted = before(name) ?? (usual ??= systemRoots(host));
    variables[name] = write('.pem', merged(trusted, rootPem));
  }
  const cafile =
    NPM.map((name) => before(name)).find((it) => it !== undefined) ?? readNpmCafile(context);
  if (cafile !== undefined) variables[NPM[0]] = write('.pem', merged(cafile, rootPem));
  variables.PLAYWRIGHT_FIREFOX_POLICIES_JSON = write(
    '.json',
    policies(host.env.PLAYWRIGHT_FIREFOX_POLICIES_JSON, write('.pem', rootPem), cwd),
  );
  const dir = resolve(cwd, options.dir ?? '.devcert');
  for (const [name, file] of [
    ['DEVCERT_CERT', join(dir, 'cert.pem')],
    ['DEVCERT_KEY', join(dir, 'key.pem')],
  ] as const)
    if (existsSync(file)) variables[name] = file;
  variables.DEVCERT_CA = write('.pem', rootPem);
  if (options.java === true) {
    const { javaOptions } = await import('./environment-java.ts');
    variables.JAVA_TOOL_OPTIONS = javaOptions(host, rootPem, write);
  }
  if (!existsSync(join(dir, 'cert.pem')))
    notes.push(
      worded`there is no certificate in "${dir}" yet: ${{ command: 'issue', names: 'localhost' }}`,
    );
  return { variables, notes };
}

/** Writes contents into files named by their hash: one that a running program reads is never changed. */
function writer(folder: string): Write {
  return (ending, contents) => {
    const name = createHash('sha256').update(contents).digest('hex').slice(0, 16);
    const path = join(folder, `${name}${ending}`);
    if (existsSync(path)) return path;
    makeFolder(folder, 0o700);
    replaceFiles([{ path, data: contents, mode: 0o600 }]);
    return path;
  };
}

/** Firefox as Playwright starts it reads policies from a file: those that are set already, and the root. */
function policies(set: string | undefined, root: string, cwd: string): string {
  const said = set === undefined || set === '' ? undefined : readText(resolve(cwd, set));
  const own = { Certificates: { Install: [root] } };
  if (said === undefined) return JSON.stringify({ policies: own });
  try {
    const { policies = {} } = JSON.parse(said) as {
      policies?: { Certificates?: { Install?: string[] } };
    };
    const { Certificates = {} } = policies;
    const Install = [...(Certificates.Install ?? []), root];
    return JSON.stringify({
      policies: { ...policies, Certificates: { ...Certificates, Install } },
    });
  } catch {
    return JSON.stringify({ policies: own }); // no policies: Firefox would pass over it, too
  }
}

/** What the `cafile` of npm's settings holds: of the project, the user, this Node; undefined without one. */
function readNpmCafile({ host, cwd }: Context): string | undefined {
  const places = [cwd, host.home, join(dirname(dirname(process.execPath)), 'etc')];
  const files = places.flatMap((place) => (place === undefined ? [] : [join(place, '.npmrc')]));
  const last = host.env.npm_config_globalconfig ?? files.pop()?.replace('.npmrc', 'npmrc') ?? '';
  for (const file of [...files, last]) {
    const value = /^\s*cafile\s*=\s*"?([^"\r\n]+?)"?\s*$/m.exec(readText(file) ?? '')?.[1];
    if (value !== undefined) return readText(resolve(cwd, value));
  }
  return undefined;
}

/** The text of a file of roots; undefined if there is none, or it cannot be read. */
export function readText(file: string): string | undefined {
  return orUndefined(() => readIfThere(file, { maxBytes: MAX_STORE_BYTES }))?.toString();
}

function merged(trusted: string | undefined, rootPem: string): string {
  return trusted === undefined ? rootPem : `${trusted.trimEnd()}\n${rootPem}`.trimStart();
}
