/** Recipes for Node.js servers, and what those of dev servers are made of, too. */
import { variable } from './command.ts';
import { doubleQuoted } from './quote.ts';
import type { Block, Recipe, RecipeInput, Rendered } from './recipe.ts';

const REASONS_NOTE = 'a refused client sees nothing: tlsClientError says why, here';

/** Text of its lines. */
export function lines(...parts: readonly (string | false | readonly string[])[]): string {
  return parts.flatMap((part) => (part === false ? [] : part)).join('\n');
}

/** A string literal of JavaScript. */
export function quoted(path: string): string {
  const literal = doubleQuoted(path);
  return /['\\]/.test(literal) ? literal : `'${literal.slice(1, -1)}'`;
}

/** What `https.createServer` takes, as an object literal: nearly every server in Node takes the same. */
export function tlsOptions(input: RecipeInput, indent = ''): string {
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
export function clientNote(input: RecipeInput): string {
  return `Node trusts it with ${variable(input, EXTRA_CA, input.ca)} in its environment, or { ca } in https.get()`;
}

/** What Node trusts beside its own list. */
export const EXTRA_CA = 'NODE_EXTRA_CA_CERTS';

function served(input: RecipeInput, title: string, text: string): Rendered {
  const block: Block = { title, comment: '//', text };
  return {
    blocks: [block],
    notes: [...(input.clientCerts ? [REASONS_NOTE] : []), clientNote(input)],
  };
}

function whyRefused(clientCerts: boolean): string[] {
  return clientCerts
    ? ["server.on('tlsClientError', (error) => console.error(`refused: ${error.message}`));"]
    : [];
}

/** The files of nearly all recipes for Node.js. */
export const pair = { needs: ['cert.pem', 'key.pem', 'ca.pem'], needsForClients: [] } as const;

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

export const javascript: readonly Recipe[] = [node, express, fastify];
