/** Recipes for Node.js servers, and what those of dev servers are made of, too. */
import { variable } from './command.ts';
import { doubleQuoted } from './quote.ts';
import { blocks, lines, type Recipe, type RecipeInput } from './recipe.ts';

const REASONS_NOTE = 'a refused client sees nothing: tlsClientError says why, here';

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

/** Code of a server, whose options are in `tls`. */
interface Server {
  /** After that of `node:fs`. */
  readonly imports: readonly string[];
  readonly setup: readonly string[];
  /** The server of `node:https`, for its events. */
  readonly events?: string;
  readonly listen?: string;
}

function nodeServer(name: string, summary: string, server: Server): Recipe {
  const { imports, setup, events = 'server' } = server;
  const { listen = "server.listen(8443, '127.0.0.1');" } = server;
  return {
    name,
    summary,
    needs: ['ca.pem'],
    render: (input) => ({
      blocks: blocks('//', {
        'server.mjs': lines(
          "import { readFileSync } from 'node:fs';",
          imports,
          '',
          `const tls = ${tlsOptions(input)};`,
          setup,
          input.clientCerts &&
            `${events}.on('tlsClientError', (error) => console.error(\`refused: \${error.message}\`));`,
          listen,
        ),
      }),
      notes: [...(input.clientCerts ? [REASONS_NOTE] : []), clientNote(input)],
    }),
  };
}

const node = nodeServer('node', 'Node.js: a server of node:https', {
  imports: ["import { createServer } from 'node:https';"],
  setup: ["const server = createServer(tls, (request, response) => response.end('hello\\n'));"],
});

const express = nodeServer('express', 'Express 4 or 5', {
  imports: ["import { createServer } from 'node:https';", "import express from 'express';"],
  setup: [
    'const app = express();',
    "app.get('/', (request, response) => response.send('hello\\n'));",
    'const server = createServer(tls, app);',
  ],
});

const fastify = nodeServer('fastify', 'Fastify 4 or 5', {
  imports: ["import Fastify from 'fastify';"],
  setup: ['const app = Fastify({ https: tls });', "app.get('/', () => 'hello\\n');"],
  events: 'app.server',
  listen: "await app.listen({ port: 8443, host: '127.0.0.1' });",
});

export const javascript: readonly Recipe[] = [node, express, fastify];
