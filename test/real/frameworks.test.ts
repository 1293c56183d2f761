/** The dev servers of frameworks by the lines of the guide; those of Vite's plugin are in frameworks-vite.test.ts. */
import { developEach } from '../helpers/developed.ts';
import { bundlerFiles, frameworks, JAVASCRIPT_PACKAGES } from '../helpers/framework-apps.ts';

const webpack = {
  packages: JAVASCRIPT_PACKAGES,
  files: () => bundlerFiles('webpackHot'),
  source: 'src/index.js',
  keeps: 'state',
  says: '<script',
  beside: '127.0.0.1',
} as const;
const server = {
  packages: JAVASCRIPT_PACKAGES,
  files: () => ({ 'package.json': '{ "type": "module" }' }),
  source: 'server.mjs',
  keeps: 'server',
} as const;
const nitro = {
  packages: ['nitropack@2.13.6'],
  files: () => ({
    'routes/index.js': `import { eventHandler } from 'h3';\nexport default eventHandler(() => 'hello');\n`,
  }),
  source: 'routes/index.js',
  keeps: 'server',
} as const;
const { next, nuxt, angular, storybook, wrangler } = frameworks;
developEach({ next, nuxt, angular, storybook, wrangler, webpack });
developEach({ express: server, fastify: server, hono: server, nitro });
