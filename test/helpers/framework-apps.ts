/** The smallest application of each framework, and what an edit does to its page. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Watched } from './recipe-browser.ts';

/** Writes these files, and folders for them. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
}

/** For their environment: they send nothing home and ask nothing. */
export const QUIET = {
  NEXT_TELEMETRY_DISABLED: '1',
  NUXT_TELEMETRY_DISABLED: '1',
  ASTRO_TELEMETRY_DISABLED: '1',
  STORYBOOK_DISABLE_TELEMETRY: '1',
  WRANGLER_SEND_METRICS: 'false',
  CI: '1',
  // Of vitest; with them Nuxt prints nothing.
  NODE_ENV: 'development',
  TEST: '',
};

/** What servers and bundlers in Node.js are tested with, in one folder: installed once for all. */
export const JAVASCRIPT_PACKAGES = [
  ...['express@5.3.0', 'fastify@5.12.8', 'vite@8.3.8', '@grpc/grpc-js@1.14.7'],
  ...['webpack@5.112.2', 'webpack-cli@7.3.1', 'webpack-dev-server@5.2.7'],
  ...['hono@4.13.19', '@hono/node-server@2.1.9'],
];

const page = (script: string) =>
  `<!doctype html><title>hello</title><body><script ${script}></script>`;

/** A page of Vite's and of webpack's. @param hot what has hot reload in `import.meta`. */
export const bundlerFiles = (hot: 'hot' | 'webpackHot') => ({
  'index.html': page('type="module" src="/src/index.js"'),
  'public/index.html': page('defer src="/main.js"'), // webpack's
  'src/index.js': `document.body.textContent = 'hello';\nimport.meta.${hot}?.accept();\n`,
});

const ANGULAR = ['core', 'compiler', 'compiler-cli', 'common', 'platform-browser'];

export interface Framework {
  readonly packages: readonly string[];
  /** The smallest application. */
  readonly files: (port: number) => Readonly<Record<string, string>>;
  /** What its page says beside hello. */
  readonly says?: string;
  /** A host of the links that it prints which is not among the names of the guide's certificate. */
  readonly beside?: string;
  /** Started by this where the recipe is a file. */
  readonly start?: string;
  /** The file whose edit the page follows, and what of the page survives that. */
  readonly source: string;
  readonly keeps: Watched['keeps'];
}

type FrameworkName = 'next' | 'nuxt' | 'angular' | 'sveltekit' | 'astro' | 'storybook' | 'wrangler';

export const frameworks: Readonly<Record<FrameworkName, Framework>> = {
  next: {
    packages: ['next@16.4.6', 'react@19.2.0', 'react-dom@19.2.0'],
    // It fetches from itself, by the root in NODE_EXTRA_CA_CERTS.
    files: (port) => ({
      'app/page.js': `export const dynamic = 'force-dynamic';
        export default async function Page() {
          const answer = await fetch('https://localhost:${String(port)}/api', { cache: 'no-store' });
          return <p>{\`hello \${await answer.text()}\`}</p>;
        }`,
      'app/api/route.js': `export const GET = () => new Response('of its own');`,
      'app/layout.js': `export default function Layout({ children }) {
          return <html><body>{children}</body></html>;
        }`,
    }),
    says: 'hello of its own',
    source: 'app/page.js',
    keeps: 'state',
  },
  nuxt: {
    packages: ['nuxt@4.4.5'],
    files: () => ({ 'app/app.vue': '<template><p>hello</p></template>' }),
    start: 'npx nuxt dev',
    source: 'app/app.vue',
    keeps: 'state',
  },
  angular: {
    packages: [
      ...ANGULAR.map((name) => `@angular/${name}@20.3.32`),
      ...['@angular/cli@20.3.41', '@angular/build@20.3.41'],
      ...['rxjs@7.8.2', 'tslib@2.8.1', 'typescript@5.9.3'],
    ],
    files: () => ({
      'angular.json': JSON.stringify({
        version: 1,
        cli: { analytics: false, cache: { enabled: false } },
        projects: {
          app: {
            projectType: 'application',
            root: '',
            architect: {
              build: {
                builder: '@angular/build:application',
                options: {
                  browser: 'src/main.ts',
                  index: 'src/index.html',
                  tsConfig: 'tsconfig.json',
                },
              },
              serve: {
                builder: '@angular/build:dev-server',
                options: { buildTarget: 'app:build' },
              },
            },
          },
        },
      }),
      'tsconfig.json': JSON.stringify({
        compilerOptions: { target: 'ES2022', module: 'preserve', moduleResolution: 'bundler' },
        files: ['src/main.ts'],
      }),
      'src/main.ts': `import { Component, provideZonelessChangeDetection } from '@angular/core';
        import { bootstrapApplication } from '@angular/platform-browser';
        @Component({ selector: 'app-root', template: 'hello' })
        class App {}
        bootstrapApplication(App, { providers: [provideZonelessChangeDetection()] });`,
      'src/index.html': '<!doctype html><title>hello</title><app-root></app-root>',
    }),
    source: 'src/main.ts',
    keeps: 'nothing',
  },
  sveltekit: {
    packages: [
      '@sveltejs/kit@2.43.0',
      '@sveltejs/vite-plugin-svelte@6.2.1',
      'svelte@5.57.3',
      'vite@7.3.1',
    ],
    files: () => ({
      'package.json': '{ "type": "module" }',
      // Its server hands out no package from above the root of the workspace.
      '../pnpm-workspace.yaml': 'packages: [run-*]',
      'src/app.html': '<!doctype html><head>%sveltekit.head%</head><body>%sveltekit.body%</body>',
      'src/routes/+page.svelte': '<p>hello</p>',
    }),
    start: 'npx vite dev',
    source: 'src/routes/+page.svelte',
    keeps: 'state',
  },
  astro: {
    packages: ['astro@5.14.0'],
    files: () => ({ 'src/pages/index.astro': '<html><body><p>hello</p></body></html>' }),
    start: 'npx astro dev',
    source: 'src/pages/index.astro',
    keeps: 'nothing',
  },
  storybook: {
    packages: ['storybook@10.6.0', '@storybook/html-vite@10.6.0', 'vite@8.3.8'],
    files: () => ({
      'package.json': '{ "type": "module" }',
      '.storybook/main.js':
        "export default { framework: '@storybook/html-vite', stories: ['../src/*.stories.js'], managerHead: () => '<meta name=hello>' };",
      'src/hello.stories.js':
        "export default { title: 'hello' };\nexport const hello = { render: () => 'hello' };",
    }),
    source: 'src/hello.stories.js',
    keeps: 'state',
  },
  wrangler: {
    packages: ['wrangler@4.40.0'],
    files: () => ({
      'wrangler.toml': 'name = "hello"\nmain = "worker.js"\ncompatibility_date = "2025-09-01"\n',
      'worker.js': `export default {
        fetch: () => new Response('<p>hello</p>', { headers: { 'content-type': 'text/html' } }),
      };`,
    }),
    source: 'worker.js',
    keeps: 'nothing',
  },
};
