/** The development servers of Next.js, Nuxt and Angular, each on what the recipe prints and nothing else. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  expectServed,
  freePort,
  makeParties,
  npmPackages,
  printRecipe,
  startProgram,
  visit,
} from '../helpers/recipe-server.ts';
import { needs } from '../helpers/require.ts';

const ANGULAR = ['core', 'compiler', 'compiler-cli', 'common', 'platform-browser'];

interface Framework {
  readonly packages: readonly string[];
  /** The smallest application. */
  readonly files: (port: number) => Readonly<Record<string, string>>;
  /** What its page says beside hello. */
  readonly says?: string;
  /** Started by this where the recipe is a file. */
  readonly start?: string;
}

const frameworks: Record<string, Framework> = {
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
  },
  nuxt: {
    packages: ['nuxt@4.4.5'],
    files: () => ({ 'app/app.vue': '<template><p>hello</p></template>' }),
    start: 'npx nuxt dev',
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
  },
};

// npm gets them all at once: what takes time is the network.
const installed = new Map(
  Object.entries(frameworks).map(([name, { packages }]) => [name, npmPackages(packages)]),
);

for (const [name, framework] of Object.entries(frameworks))
  test(`recipe ${name} runs as printed`, { timeout: 200_000 }, async (context) => {
    const packages = await installed.get(name);
    if (!needs(packages !== undefined, 'packages from npm')) return context.skip();
    const parties = await makeParties();
    const folder = mkdtempSync(join(packages ?? '', 'run-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    });
    const port = await freePort();
    const [block] = await printRecipe(parties, name, port, false);
    const { title = '', text = '' } = block ?? {};
    const files = { ...framework.files(port), ...(title === 'run' ? {} : { [title]: text }) };
    for (const [file, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), content);
    }
    const quiet = { NEXT_TELEMETRY_DISABLED: '1', NUXT_TELEMETRY_DISABLED: '1' };
    const options = { cwd: folder, env: quiet };
    await startProgram(port, 'sh', ['-c', framework.start ?? text], options);
    const answers = async () => JSON.stringify(await visit(port, { ca: parties.ca }));
    await expect.poll(answers, { timeout: 60_000 }).toContain(framework.says ?? 'hello');
    await expectServed(port, parties, false);
  });
