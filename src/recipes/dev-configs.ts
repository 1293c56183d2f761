/** Recipes for dev servers that read a file in JavaScript, which goes into the repository. */
import { variable } from './command.ts';
import { allowedHost } from './host.ts';
import { clientNote, EXTRA_CA, quoted, tlsOptions } from './javascript.ts';
import { blocks, lines, type Recipe, type RecipeInput, type Rendered } from './recipe.ts';

/**
 * A build, CI and a colleague's first checkout have no certificate and need none. What is to let in certain clients
 * only never serves everybody instead: there it fails.
 */
const WITHOUT = '// Without a certificate, as in CI or a fresh clone, it serves plain HTTP';

/** True if there is a certificate to read. @param serving what is true if this is no build. */
function readable({ key, clientCerts }: RecipeInput, serving: string): string {
  return clientCerts ? serving : `${serving} && existsSync(${quoted(key)})`;
}

function imports({ clientCerts }: RecipeInput): string {
  return `import { ${clientCerts ? '' : 'existsSync, '}readFileSync } from 'node:fs';`;
}

/** Vite's file, of a project that is built by it. @param plugin its import and call. */
function viteConfig(input: RecipeInput, plugin?: { from: string; name: string }): string {
  return lines(
    imports(input),
    plugin !== undefined && `import { ${plugin.name} } from '${plugin.from}';`,
    "import { defineConfig } from 'vite';",
    '',
    !input.clientCerts && WITHOUT,
    'export default defineConfig(({ command }) => {',
    `  const read = ${readable(input, "command === 'serve'")};`,
    `  const https = read ? ${tlsOptions(input, '  ')} : undefined;`,
    `  const server = { https, host: 'localhost', port: 8443, allowedHosts: ${hosts(input)} };`,
    `  return { ${plugin === undefined ? '' : `plugins: [${plugin.name}()], `}server, preview: server };`,
    '});',
  );
}

/** The recipe for a file. @param more what it has besides, or otherwise than most. */
function config(
  name: string,
  summary: string,
  title: string,
  text: (input: RecipeInput) => string,
  { note = clientNote, ...more }: Partial<Recipe> & { note?: typeof clientNote } = {},
): Recipe {
  const render = (input: RecipeInput): Rendered => ({
    blocks: blocks('//', {
      [title]: text(input),
    }),
    notes: [note(input)],
  });
  return { name, summary, committed: true, needs: ['ca.pem'], render, ...more };
}

const vite = config(
  'vite',
  'Vite 5 or newer, and what is built on it',
  'vite.config.mjs',
  (input) => viteConfig(input),
);

const sveltekit = config('sveltekit', 'SvelteKit 2 or newer: vite dev', 'vite.config.js', (input) =>
  viteConfig(input, { from: '@sveltejs/kit/vite', name: 'sveltekit' }),
);

const astro = config(
  'astro',
  'Astro 5 or newer: astro dev',
  'astro.config.mjs',
  (input) =>
    lines(
      imports(input),
      "import { defineConfig } from 'astro/config';",
      '',
      WITHOUT,
      `const https = existsSync(${quoted(input.key)}) ? ${tlsOptions(input)} : undefined;`,
      'export default defineConfig({',
      `  server: { host: 'localhost', port: 8443, allowedHosts: ${hosts(input)} },`,
      '  vite: { server: { https } },',
      '});',
    ),
  { needsForClients: false },
);

const nuxt = config(
  'nuxt',
  'Nuxt 3 or newer: nuxt dev',
  'nuxt.config.ts',
  ({ cert, key }) =>
    lines(
      "import { existsSync } from 'node:fs';",
      '',
      WITHOUT,
      `const https = existsSync(${quoted(key)}) && {`,
      `  cert: ${quoted(cert)},`,
      `  key: ${quoted(key)},`,
      '};',
      'export default defineNuxtConfig({',
      "  devServer: { host: 'localhost', port: 8443, https },",
      '});',
    ),
  {
    needsForClients: false,
    note: (input) =>
      `for its own fetches: ${variable(input, EXTRA_CA, input.ca)}${input.windows ? ';' : ''} npx nuxt dev; never NODE_TLS_REJECT_UNAUTHORIZED=0`,
  },
);

const webpack = config(
  'webpack',
  'webpack-dev-server 4.4 or newer',
  'webpack.config.mjs',
  (input) =>
    lines(
      imports(input),
      '',
      !input.clientCerts && WITHOUT,
      'export default ({ WEBPACK_SERVE }) => {',
      `  const read = ${readable(input, 'WEBPACK_SERVE')};`,
      `  const options = read && ${tlsOptions(input, '  ')};`,
      '  return {',
      "    mode: 'development',",
      '    devServer: {',
      "      host: 'localhost',",
      '      port: 8443,',
      `      allowedHosts: ${hosts(input)},`,
      "      server: options ? { type: 'https', options } : 'http',",
      '      // Hot reload by the name that the page has',
      "      client: { webSocketURL: 'auto://0.0.0.0:0/ws' },",
      '    },',
      '  };',
      '};',
    ),
);

/** The names the browser may ask for: these servers refuse others than localhost and addresses. */
function hosts({ names }: RecipeInput): string {
  return `[${names.map(allowedHost).map(quoted).join(', ')}]`;
}

export const devConfigs: readonly Recipe[] = [vite, sveltekit, astro, nuxt, webpack];
