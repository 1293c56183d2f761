/** devcert as a plugin of Vite 5 and newer: `vite` and `vite preview` over HTTPS. */
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import type { EnsureOptions } from '../commands/ensure.ts';
import type { WatchedServer } from '../commands/watch.ts';
import { DevcertError, type ErrorCode, worded } from '../errors.ts';

/** What the plugin takes of {@link EnsureOptions}. */
export interface DevcertPluginOptions extends Pick<EnsureOptions, 'names' | 'ca'> {
  /**
   * For a machine that has no CA, or does not trust it.
   * - `never` (the default): without a CA plain HTTP, and a line that says why.
   * - `auto`: a CA is made and trusted as far as that asks nobody; HTTPS even where it is not trusted.
   * - `require`: the same, and Vite does not start unless a store here trusts it.
   */
  readonly install?: EnsureOptions['install'];
}

/** The options of Vite's servers that the plugin reads or sets. */
export interface ServerOptions {
  https?: unknown;
  allowedHosts?: unknown;
  middlewareMode?: unknown;
  preTransformRequests?: unknown;
  watch?: unknown;
  hmr?: unknown;
}

/** What of Vite's configuration the plugin reads. */
export interface ViteConfig {
  root?: string;
  server?: ServerOptions;
  preview?: ServerOptions;
}

/** What of Vite's servers the plugin uses. */
export interface ViteServer {
  printUrls(): void;
  readonly resolvedUrls: { readonly local: string[]; readonly network: string[] } | null;
  readonly config: { readonly logger: Logger };
  /** Of `node:http` or `node:http2`; null where Vite is inside another server. */
  readonly httpServer: object | null;
}

interface Logger {
  warn(message: string): void;
}

/** What the plugin adds to Vite's configuration; `vite preview` takes the same unless it has its own. */
export interface Served {
  server: { https?: { cert: string; key: string }; allowedHosts?: string[] };
}

/** A plugin, as Vite's own type describes it. */
export interface DevcertPlugin {
  readonly name: string;
  readonly apply: 'serve';
  config(config: ViteConfig, env: { isPreview?: boolean }): Promise<Served | undefined>;
  configResolved(config: { readonly logger: Logger }): void;
  configureServer(server: ViteServer): Promise<void>;
  configurePreviewServer(server: ViteServer): Promise<void>;
}

/** Faults of what the project says, the same on every machine: no reason to serve plain HTTP on some. */
const FAULTS: ReadonlySet<ErrorCode> = new Set(['usage', 'invalid-name', 'invalid-input']);

/**
 * `plugins: [devcert()]`: Vite's dev server, its hot reload and `vite preview` over HTTPS with the pair in `.devcert`
 * of the project, which is made or made again where it has to be. Does nothing in a build, where Vite serves
 * inside another server (`middlewareMode`), and where `https` is set already.
 *
 * @throws from its hooks, DevcertError: for a fault of the options or the project file, and with `install: 'require'`.
 */
export function devcert(options: DevcertPluginOptions = {}): DevcertPlugin {
  let cert: string | undefined;
  let said: readonly string[] = [];
  let dir: string | undefined;
  const serve = async (server: ViteServer) => {
    const { logger } = server.config;
    const print = server.printUrls.bind(server);
    server.printUrls = () => {
      print();
      const foreign = cert === undefined ? [] : foreignHosts(cert, server.resolvedUrls);
      if (foreign.length > 0)
        logger.warn(
          `devcert: the certificate is not for ${foreign.join(', ')}: add it to its names`,
        );
    };
    // A pair that is renewed or gets a name while Vite runs.
    if (dir === undefined || !isSecure(server.httpServer)) return;
    const failed = ({ message }: Error) => {
      logger.warn(`devcert: ${typed(message)}`);
    };
    const { watch } = await import('../api/servers.ts');
    await watch(server.httpServer, { dir }, { failed }).catch(failed);
  };
  return {
    name: 'devcert',
    apply: 'serve',
    async config({ root = '.', server = {}, preview = {} }, { isPreview = false }) {
      [cert, dir, said] = [undefined, undefined, []];
      const isServed = isPreview ? preview.https === undefined : !isInner(server);
      if (server.https !== undefined || !isServed) return undefined;
      const { allowedHost } = await import('../recipes/host.ts');
      const addHosts = (names: readonly string[]) =>
        server.allowedHosts === true ? {} : { allowedHosts: names.map(allowedHost) };
      try {
        const { ensure } = await import('../api/ensure.ts');
        const pair = await ensure({ ...options, cwd: projectFolder(resolve(root)) });
        ({ cert } = pair);
        dir = dirname(pair.paths.cert);
        const { key, names, notes, trust } = pair;
        said = [...notes, ...(trust.trusted ? [] : [trust.line])];
        return { server: { https: { cert, key }, ...addHosts(names) } };
      } catch (error) {
        if (!(error instanceof DevcertError)) throw error;
        const { code, message } = error;
        // Nobody can be asked here.
        const hint =
          code === 'password'
            ? worded`in a terminal: ${{ command: 'issue', names: options.names }}`
            : error.hint;
        const why = typed(hint === undefined ? message : `${message}; ${hint}`);
        if (options.install === 'require' || FAULTS.has(code))
          // Vite shows the message alone, and a cause with its whole stack.
          throw new DevcertError(code, `devcert: ${why}`, { hint });
        said = [`plain HTTP: ${why}`];
        return { server: addHosts([options.names ?? []].flat()) };
      }
    },
    configResolved({ logger }) {
      for (const it of said) logger.warn(`devcert: ${typed(it)}`);
    },
    configureServer: serve,
    configurePreviewServer: serve,
  };
}

export default devcert;

/**
 * True for a server that nobody opens: one inside another server, or one in which a framework compiles, as React
 * Router and Vitest do; in builds, too.
 */
function isInner({ middlewareMode, preTransformRequests, watch, hmr }: ServerOptions): boolean {
  if (Boolean(middlewareMode)) return true;
  return hmr === false && (watch === null || preTransformRequests === false);
}

function isSecure(server: object | null): server is WatchedServer {
  return server !== null && 'setSecureContext' in server;
}

/** Where `devcert` is run for this root: the next folder upwards that is a package, else the root. */
function projectFolder(root: string): string {
  for (let folder = root; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) return root;
  }
}

/** Hosts in what Vite prints that browsers would be warned of. */
function foreignHosts(cert: string, urls: ViteServer['resolvedUrls']): string[] {
  const leaf = new X509Certificate(cert);
  const hosts = [...(urls?.local ?? []), ...(urls?.network ?? [])].map((url) =>
    new URL(url).hostname.replace(/^\[|\]$/g, ''),
  );
  return [...new Set(hosts)].filter(
    (host) => (isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host)) === undefined,
  );
}

/** The command of a package that one project alone has is not on the PATH. */
function typed(text: string): string {
  return text.replaceAll(/(?<=[:,] )devcert(?= |$)/g, 'npx devcert');
}
