/** Recipes for Node.js servers and the development servers of frameworks. */
import { command, variable, word } from './command.ts';
import { doubleQuoted } from './quote.ts';
import type { Block, Recipe, RecipeInput, Rendered } from './recipe.ts';

const REASONS_NOTE = 'a refused client sees nothing: tlsClientError says why, here';

function lines(...parts: readonly (string | false | readonly string[])[]): string {
  return parts.flatMap((part) => (part === false ? [] : part)).join('\n');
}

function quoted(path: string): string {
  const literal = doubleQuoted(path);
  return /['\\]/.test(literal) ? literal : `'${literal.slice(1, -1)}'`;
}

/** What `https.createServer` takes, as an object literal: nearly every server in Node takes the same. */
function tlsOptions(input: RecipeInput, indent = ''): string {
  const { cert, key, trust, clientCerts } = input;
  return [
    '{',
    `  cert: readFileSync(${quoted(cert)}),`,
    `  key: readFileSync(${quoted(key)}),`,
    ...(clientCerts
      ? [
          `  ca: readFileSync(${quoted(trust)}), // whose certificates are let in`,
          '  requestCert: true,',
          '  rejectUnauthorized: true,',
        ]
      : []),
    '}',
  ].join(`\n${indent}`);
}

/** For code in Node that fetches from this server: a dev server's own rendering, too. */
function clientNote(input: RecipeInput): string {
  return `Node trusts it with ${variable(input, EXTRA_CA, input.ca)} in its environment, or { ca } in https.get()`;
}

/** What Node trusts beside its own list. */
const EXTRA_CA = 'NODE_EXTRA_CA_CERTS';

function served(input: RecipeInput, title: string, text: string): Rendered {
  const block: Block = { title, comment: '//', text };
  return {
    blocks: [block],
    notes: [...(input.clientCerts ? [REASONS_NOTE] : []), clientNote(input)],
  };
}

function configured(input: RecipeInput, title: string, text: string): Rendered {
  return { blocks: [{ title, comment: '//', text }], notes: [clientNote(input)] };
}

function whyRefused(clientCerts: boolean): string[] {
  return clientCerts
    ? ["server.on('tlsClientError', (error) => console.error(`refused: ${error.message}`));"]
    : [];
}

const pair = { needs: ['cert.pem', 'key.pem', 'ca.pem'], needsForClients: [] } as const;

const node: Recipe = {
  name: 'node',
  summary: 'Node.js: a server of node:https',
  ...pair,
  render: (input) =>
    served(
      input,
      'server.mjs',
      lines(
        "import { readFileSync } from 'node:fs';",
        "import { createServer } from 'node:https';",
        '',
        `const tls = ${tlsOptions(input)};`,
        "const server = createServer(tls, (request, response) => response.end('hello\\n'));",
        whyRefused(input.clientCerts),
        "server.listen(8443, '127.0.0.1');",
      ),
    ),
};

const express: Recipe = {
  name: 'express',
  summary: 'Express 4 or 5',
  ...pair,
  render: (input) =>
    served(
      input,
      'server.mjs',
      lines(
        "import { readFileSync } from 'node:fs';",
        "import { createServer } from 'node:https';",
        "import express from 'express';",
        '',
        `const tls = ${tlsOptions(input)};`,
        'const app = express();',
        "app.get('/', (request, response) => response.send('hello\\n'));",
        'const server = createServer(tls, app);',
        whyRefused(input.clientCerts),
        "server.listen(8443, '127.0.0.1');",
      ),
    ),
};

const fastify: Recipe = {
  name: 'fastify',
  summary: 'Fastify 4 or 5',
  ...pair,
  render: (input) =>
    served(
      input,
      'server.mjs',
      lines(
        "import { readFileSync } from 'node:fs';",
        "import Fastify from 'fastify';",
        '',
        `const tls = ${tlsOptions(input)};`,
        'const app = Fastify({ https: tls });',
        "app.get('/', () => 'hello\\n');",
        whyRefused(input.clientCerts).map((line) => line.replace('server.', 'app.server.')),
        "await app.listen({ port: 8443, host: '127.0.0.1' });",
      ),
    ),
};

const vite: Recipe = {
  name: 'vite',
  summary: 'Vite 5 or newer, and what is built on it',
  ...pair,
  render: (input) =>
    configured(
      input,
      'vite.config.mjs',
      lines(
        "import { readFileSync } from 'node:fs';",
        "import { defineConfig } from 'vite';",
        '',
        `const https = ${tlsOptions(input)};`,
        `const server = { https, host: '127.0.0.1', port: 8443, allowedHosts: ${hosts(input)} };`,
        'export default defineConfig({ server, preview: server });',
      ),
    ),
};

const next: Recipe = {
  name: 'next',
  summary: 'Next.js 14 or newer: next dev',
  needs: ['cert.pem', 'key.pem', 'ca.pem'],
  needsForClients: undefined,
  render(input) {
    const { cert, key, ca } = input;
    const others = input.names.filter((name) => name !== 'localhost');
    return {
      blocks: [
        {
          title: 'run',
          comment: '#',
          text: command(
            input,
            [
              // Without a host it listens on every address.
              'npx next dev --hostname localhost --port 8443',
              '--experimental-https',
              `--experimental-https-cert ${word(input, cert)}`,
              `--experimental-https-key ${word(input, key)}`,
              `--experimental-https-ca ${word(input, ca)}`,
            ],
            { name: EXTRA_CA, value: ca },
          ),
        },
      ],
      notes:
        others.length === 0
          ? []
          : [`into next.config.js: allowedDevOrigins: [${others.map(quoted).join(', ')}]`],
    };
  },
};

const nuxt: Recipe = {
  name: 'nuxt',
  summary: 'Nuxt 3 or newer: nuxt dev',
  needs: ['cert.pem', 'key.pem', 'ca.pem'],
  needsForClients: undefined,
  render: (input) => ({
    blocks: [
      {
        title: 'nuxt.config.ts',
        comment: '//',
        text: lines(
          'export default defineNuxtConfig({',
          '  devServer: {',
          "    host: '127.0.0.1',",
          '    port: 8443,',
          '    https: {',
          `      cert: ${quoted(input.cert)},`,
          `      key: ${quoted(input.key)},`,
          '    },',
          '  },',
          '});',
        ),
      },
    ],
    notes: [
      `for its own fetches: ${variable(input, EXTRA_CA, input.ca)}${input.windows ? ';' : ''} npx nuxt dev; never NODE_TLS_REJECT_UNAUTHORIZED=0`,
    ],
  }),
};

const angular: Recipe = {
  name: 'angular',
  summary: 'Angular: ng serve',
  needs: ['cert.pem', 'key.pem', 'ca.pem'],
  needsForClients: undefined,
  render: (input) => ({
    blocks: [
      {
        title: 'run',
        comment: '#',
        text: command(
          input,
          [
            'npx ng serve --host localhost --port 8443',
            `--ssl --ssl-cert ${word(input, input.cert)}`,
            `--ssl-key ${word(input, input.key)}`,
          ],
          { name: EXTRA_CA, value: input.ca },
        ),
      },
    ],
    notes: ['or in angular.json, options of serve: ssl, sslCert, sslKey'],
  }),
};

const webpack: Recipe = {
  name: 'webpack',
  summary: 'webpack-dev-server 4.4 or newer',
  ...pair,
  render: (input) =>
    configured(
      input,
      'webpack.config.mjs',
      lines(
        "import { readFileSync } from 'node:fs';",
        '',
        `const options = ${tlsOptions(input)};`,
        'export default {',
        "  mode: 'development',",
        '  devServer: {',
        "    host: '127.0.0.1',",
        '    port: 8443,',
        `    allowedHosts: ${hosts(input)},`,
        "    server: { type: 'https', options },",
        '  },',
        '};',
      ),
    ),
};

/** The names the browser may ask for: these servers refuse others than localhost and addresses. */
function hosts({ names }: RecipeInput): string {
  const plain = names.map((name) => (name.startsWith('*.') ? name.slice(1) : name));
  return `[${plain.map(quoted).join(', ')}]`;
}

export const javascript: readonly Recipe[] = [
  node,
  express,
  fastify,
  vite,
  next,
  nuxt,
  angular,
  webpack,
];
