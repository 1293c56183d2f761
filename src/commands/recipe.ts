/** `devcert recipe`: configuration for a server, with the real paths in it. Reads, and writes nothing. */
import { certificateDetails, isHost } from '../x509/details.ts';
import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { DevcertError, printable, say, type Step, orUndefined } from '../errors.ts';
import { assertNotEmpty } from '../certificate/output.ts';
import { readIfThere } from '../disk/files.ts';
import { allRecipes, findRecipe } from '../recipes/list.ts';
import { shell } from '../recipes/quote.ts';
import type { Block, Recipe, RecipeFile, RecipeInput } from '../recipes/recipe.ts';
import { type Context } from './context.ts';
import { foreignTrust, certificatesIn } from './recipe-trust.ts';

export interface RecipeOptions {
  /** The folder with the files; `.devcert` by default. */
  readonly dir?: string;
  /** The variant that lets in only clients with a certificate of `trust.pem`, or of `ca.pem` without one. */
  readonly clientCerts?: boolean;
  /** Another file with the authorities of clients, instead of `trust.pem`. PEM. */
  readonly caFile?: string;
}

export interface RecipeSummary {
  readonly name: string;
  readonly summary: string;
}

export interface RecipeResult extends RecipeSummary {
  /** The first is what the recipe is about; the others go with it. */
  readonly blocks: readonly Block[];
  /** One line each. */
  readonly notes: readonly string[];
}

/** Every recipe there is. */
export function recipes(): RecipeSummary[] {
  return allRecipes().map(({ name, summary }) => ({ name, summary }));
}

/**
 * The recipe of that name, for the files in a folder.
 *
 * @throws DevcertError `usage` for an unknown name, a variant that does not exist, or a path that the
 *   language cannot express; `file` if a file is missing; `invalid-input` if cert.pem is none.
 */
export async function recipe(
  context: Pick<Context, 'cwd' | 'host' | 'stateFolder'>,
  name: string,
  options: RecipeOptions = {},
): Promise<RecipeResult> {
  assertNotEmpty(options);
  const recipe = findRecipe(name);
  const clientCerts = options.clientCerts === true;
  if (clientCerts && recipe.needsForClients === false)
    throw new DevcertError('usage', `${recipe.name} cannot demand client certificates`, {
      hint: say`${{ command: 'recipe', names: recipe.name }}, or let a server in front of it ask: ${{ command: 'recipe', names: 'nginx', clientCerts: true }}`,
    });
  if (options.caFile !== undefined && !clientCerts)
    throw new DevcertError(
      'usage',
      say`${{ caFile: true }} says whose client certificates are let in`,
      {
        hint: { command: 'recipe', names: recipe.name, clientCerts: true, caFile: 'FILE' },
      },
    );
  const dir = resolve(context.cwd, options.dir ?? '.devcert');
  const windows = context.host.platform === 'win32';
  const place = { dir, given: options.dir, word: windows ? windowsWord : shell };
  if (clientCerts && recipe.peersForClients === true) assertPeer(recipe, place);
  const files = needed(recipe, clientCerts);
  assertThere(files, place);
  const trust =
    options.caFile === undefined ? trustFile(dir) : resolve(context.cwd, options.caFile);
  if (clientCerts && !existsSync(trust))
    throw new DevcertError('file', `there is no "${printable(trust)}"`, {
      hint: say`give a PEM file with the CAs of clients: ${{ caFile: 'FILE' }}`,
    });
  const slashed = (path: string) => {
    const shown = recipe.committed === true ? fromProject(context.cwd, path) : path;
    return windows ? shown.replaceAll('\\', '/') : shown;
  };
  const at = (file: RecipeFile) => slashed(join(dir, file));
  const input: RecipeInput = {
    dir: slashed(dir),
    cert: at('cert.pem'),
    key: at('key.pem'),
    ca: slashed(rootFileOf(dir)),
    trust: slashed(trust),
    keystore: at('keystore.p12'),
    truststore: at('truststore.p12'),
    names: namesIn(join(dir, 'cert.pem')),
    clientCerts,
    windows,
  };
  const { blocks, notes } = recipe.render(input);
  const believed = [
    rootFileOf(dir),
    // A file that was named was chosen by the user.
    ...(clientCerts && options.caFile === undefined ? [trust] : []),
    ...(files.includes('truststore.p12') ? [join(dir, 'truststore.p12')] : []),
  ];
  const foreign = foreignTrust(context.stateFolder, believed);
  const system = windows ? [(await import('../../platform/windows.ts')).SCHANNEL] : [];
  const { name: id, summary } = recipe;
  return { name: id, summary, blocks, notes: [...foreign, ...notes, ...system] };
}

/** Where the files are. */
interface Place {
  readonly dir: string;
  /** The folder as it was given, for what is to be typed next. */
  readonly given: string | undefined;
  /** A path as a word of the shell here. */
  readonly word: (path: string) => string;
}

/** The path as it is in every checkout; one beside the project stays absolute. */
function fromProject(cwd: string, path: string): string {
  const short = relative(cwd, path);
  if (isAbsolute(short) || /^\.\.(?:[\\/]|$)/.test(short)) return path;
  return short.startsWith('-') ? `./${short}` : short; // no option of a command
}

function trustFile(dir: string): string {
  const trust = join(dir, 'trust.pem');
  return existsSync(trust) ? trust : join(dir, 'ca.pem');
}

/**
 * The root that clients of this server need: `ca.pem` as issuing writes it. The folders of `devcert mtls` hold
 * `trust.pem` alone: the server's own if one authority certifies both sides, else that of a client beside it.
 */
function rootFileOf(dir: string): string {
  const own = join(dir, 'ca.pem');
  const clients = join(dirname(dir), 'clients');
  const names = existsSync(clients) ? readdirSync(clients).sort() : [];
  const candidates = [dir, ...names.map((name) => join(clients, name))]
    .map((folder) => join(folder, 'trust.pem'))
    .filter((file) => existsSync(file) && issued(file, join(dir, 'cert.pem')));
  return existsSync(own) ? own : (candidates[0] ?? own);
}

/** True if a certificate in the first file issued one in the second. */
function issued(trustFile: string, certFile: string): boolean {
  // Not there or no certificates: who needs them says so.
  const read = (file: string) =>
    certificatesIn(orUndefined(() => readIfThere(file)) ?? Buffer.alloc(0));
  const authorities = read(trustFile);
  return read(certFile).some((certificate) =>
    authorities.some((authority) => certificate.checkIssued(authority)),
  );
}

function assertThere(files: readonly RecipeFile[], { dir, given, word }: Place): void {
  const missing = files.find(
    (file) => !existsSync(file === 'ca.pem' ? rootFileOf(dir) : join(dir, file)),
  );
  if (missing === undefined) return;
  const folder = given === undefined ? undefined : word(given);
  const issue: Step = { command: 'issue', names: 'localhost', out: folder };
  const hints: Record<RecipeFile, Step> = {
    'cert.pem': issue,
    'key.pem': issue,
    'ca.pem': existsSync(join(dir, 'trust.pem'))
      ? { command: 'ca export', file: word(join(given ?? dir, 'ca.pem')) }
      : issue,
    'keystore.p12': { command: 'export', format: 'p12', dir: folder },
    'truststore.p12': { command: 'export', trust: true, format: 'p12', dir: folder },
  };
  throw new DevcertError('file', `there is no "${missing}" in "${printable(dir)}"`, {
    hint: hints[missing],
  });
}

function needed({ needs = [], needsForClients }: Recipe, clientCerts: boolean): RecipeFile[] {
  // Every recipe is about this pair, also one that reads it from a key store.
  const more = clientCerts && needsForClients ? needsForClients : [];
  return ['cert.pem', 'key.pem', ...needs, ...more];
}

/** For cmd and PowerShell, which both take slashes in paths. No path there has a double quote in it. */
function windowsWord(path: string): string {
  const slashed = path.replaceAll('\\', '/');
  return /^[\w@+=:,./*-]+$/.test(slashed) ? slashed : `"${slashed}"`;
}

/** The server's certificate is one for clients, too: it meets its own kind. */
function assertPeer({ name }: Recipe, { dir, given, word }: Place): void {
  const certFile = join(dir, 'cert.pem');
  if (!existsSync(certFile)) return; // a missing file is reported first
  const usages = leafIn(certFile).keyUsage as string[] | undefined; // undefined: for everything
  if (usages === undefined || usages.includes(CLIENT_AUTH)) return;
  const names = namesIn(certFile).map(word);
  const out = given === undefined ? undefined : word(given);
  throw new DevcertError(
    'usage',
    `"${printable(certFile)}" is for servers alone, and ${name} servers are clients of each other`,
    {
      hint: { command: 'issue', names, peer: true, format: 'p12', out },
    },
  );
}

/** RFC 5280 4.2.1.12. */
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

function leafIn(certFile: string): X509Certificate {
  try {
    return new X509Certificate(readIfThere(certFile) ?? '');
  } catch (error) {
    if (error instanceof DevcertError) throw error;
    throw new DevcertError('invalid-input', `"${printable(certFile)}" is not a certificate`, {
      hint: say`${{ command: 'issue', force: true }} issues a new one`,
      cause: error,
    });
  }
}

/** The names in a certificate, those that servers are addressed by. */
function namesIn(certFile: string): readonly string[] {
  const { names: all } = certificateDetails(leafIn(certFile));
  // Whatever a certificate of somebody else's holds: only what can stand in a configuration as it is.
  const names = all
    .filter((name) => isHost(name) && /^[\w.:*-]+$/.test(name.value))
    .map(({ value }) => value);
  return names.length === 0 ? ['localhost'] : names;
}
