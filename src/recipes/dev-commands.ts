/** Recipes for dev servers, and tests, that are told on their command line; it goes into package.json. */
import { command, word } from './command.ts';
import { askedFor, hostOf } from './host.ts';
import { EXTRA_CA, quoted } from './javascript.ts';
import { blocks, lines, type Recipe, type RecipeInput, type Rendered } from './recipe.ts';

/** A command that is run with the root in Node's variable. */
function run(input: RecipeInput, words: readonly string[], notes: readonly string[]): Rendered {
  const text = command(input, words, { name: EXTRA_CA, value: input.ca });
  return {
    blocks: blocks('#', {
      run: text,
    }),
    notes,
  };
}

const shape = { committed: true, needs: ['ca.pem'], needsForClients: false } as const;

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

/** One that takes the pair as two options. */
function tool(
  name: string,
  summary: string,
  start: readonly string[],
  [certOption, keyOption]: readonly [string, string],
  notes: readonly string[] = [],
): Recipe {
  const render = (input: RecipeInput) => {
    const pair = [
      `${certOption} ${word(input, input.cert)}`,
      `${keyOption} ${word(input, input.key)}`,
    ];
    return run(input, [...start, ...pair], notes);
  };
  return { name, summary, ...shape, render };
}

const angular = tool(
  'angular',
  'Angular: ng serve',
  ['npx ng serve --host localhost --port 8443'],
  ['--ssl --ssl-cert', '--ssl-key'],
  ['or in angular.json, options of serve: ssl, sslCert, sslKey'],
);

const storybook = tool(
  'storybook',
  'Storybook: storybook dev',
  ['npx storybook dev --host localhost --port 8443'],
  ['--https --ssl-cert', '--ssl-key'],
);

const wrangler = tool(
  'wrangler',
  'Cloudflare Workers: wrangler dev',
  ['npx wrangler dev --ip localhost --port 8443', '--live-reload --local-protocol https'],
  ['--https-cert-path', '--https-key-path'],
);

const playwright: Recipe = {
  name: 'playwright',
  summary: 'Playwright: tests of a page over HTTPS',
  ...shape,
  render: (input) => ({
    blocks: blocks('//', {
      'playwright.config.mjs': lines(
        "import { defineConfig } from '@playwright/test';",
        '',
        '// No ignoreHTTPSErrors: a wrong certificate fails the test, as it would a user',
        'export default defineConfig({',
        `  use: { baseURL: 'https://${hostOf(askedFor(input.names))}:8443' },`,
        '});',
      ),
      run: command(input, ['npx playwright test'], { name: EXTRA_CA, value: input.ca }),
    }),
    notes: [
      'its Chromium trusts the root after devcert install, on Linux too',
      `request.get() and webServer trust it by ${EXTRA_CA}`,
    ],
  }),
};

export const devCommands: readonly Recipe[] = [next, angular, storybook, wrangler, playwright];
