/** Recipes for dev servers, and tests, that are told on their command line; it goes into package.json. */
import { command, word } from './command.ts';
import { askedFor, hostOf } from './host.ts';
import { EXTRA_CA, lines, pair, quoted } from './javascript.ts';
import type { Recipe, RecipeInput, Rendered } from './recipe.ts';

/** A command that is run with the root in Node's variable. */
function run(input: RecipeInput, words: readonly string[], notes: readonly string[]): Rendered {
  const text = command(input, words, { name: EXTRA_CA, value: input.ca });
  return { blocks: [{ title: 'run', comment: '#', text }], notes };
}

const shape = { committed: true, needs: pair.needs, needsForClients: undefined } as const;

const next: Recipe = {
  name: 'next',
  summary: 'Next.js 14 or newer: next dev',
  ...shape,
  render(input) {
    const others = input.names.filter((name) => name !== 'localhost');
    return run(
      input,
      [
        // Without a host it listens on every address.
        'npx next dev --hostname localhost --port 8443',
        '--experimental-https',
        `--experimental-https-cert ${word(input, input.cert)}`,
        `--experimental-https-key ${word(input, input.key)}`,
        `--experimental-https-ca ${word(input, input.ca)}`,
      ],
      others.length === 0
        ? []
        : [`into next.config.js: allowedDevOrigins: [${others.map(quoted).join(', ')}]`],
    );
  },
};

const angular: Recipe = {
  name: 'angular',
  summary: 'Angular: ng serve',
  ...shape,
  render: (input) =>
    run(
      input,
      [
        'npx ng serve --host localhost --port 8443',
        `--ssl --ssl-cert ${word(input, input.cert)}`,
        `--ssl-key ${word(input, input.key)}`,
      ],
      ['or in angular.json, options of serve: ssl, sslCert, sslKey'],
    ),
};

const storybook: Recipe = {
  name: 'storybook',
  summary: 'Storybook: storybook dev',
  ...shape,
  render: (input) =>
    run(
      input,
      [
        'npx storybook dev --host localhost --port 8443',
        `--https --ssl-cert ${word(input, input.cert)}`,
        `--ssl-key ${word(input, input.key)}`,
      ],
      [],
    ),
};

const wrangler: Recipe = {
  name: 'wrangler',
  summary: 'Cloudflare Workers: wrangler dev',
  ...shape,
  render: (input) =>
    run(
      input,
      [
        'npx wrangler dev --ip localhost --port 8443',
        '--live-reload --local-protocol https',
        `--https-cert-path ${word(input, input.cert)}`,
        `--https-key-path ${word(input, input.key)}`,
      ],
      [],
    ),
};

const playwright: Recipe = {
  name: 'playwright',
  summary: 'Playwright: tests of a page over HTTPS',
  ...shape,
  render: (input) => ({
    blocks: [
      {
        title: 'playwright.config.mjs',
        comment: '//',
        text: lines(
          "import { defineConfig } from '@playwright/test';",
          '',
          '// No ignoreHTTPSErrors: a wrong certificate fails the test, as it would a user',
          'export default defineConfig({',
          `  use: { baseURL: 'https://${hostOf(askedFor(input.names))}:8443' },`,
          '});',
        ),
      },
      {
        title: 'run',
        comment: '//',
        text: command(input, ['npx playwright test'], { name: EXTRA_CA, value: input.ca }),
      },
    ],
    notes: [
      'its Chromium trusts the root after devcert install, on Linux too',
      `request.get() and webServer trust it by ${EXTRA_CA}`,
    ],
  }),
};

export const devCommands: readonly Recipe[] = [next, angular, storybook, wrangler, playwright];
