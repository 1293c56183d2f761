/** The dev servers of frameworks by the lines of the guide; Vite's own is in frameworks-vite.test.ts. */
import { test } from 'vitest';
import { expectDeveloped, lines, projectIn } from '../helpers/developed.ts';
import {
  bundlerFiles,
  type Framework,
  frameworks,
  JAVASCRIPT_PACKAGES,
} from '../helpers/framework-apps.ts';
import { freePort, npmPackages } from '../helpers/recipe-server.ts';
import { needs } from '../helpers/require.ts';

const webpack = {
  packages: JAVASCRIPT_PACKAGES,
  files: () => bundlerFiles('webpackHot'),
  source: 'src/index.js',
  keeps: 'state',
  says: '<script',
  beside: '127.0.0.1',
} as const;
const apps: Record<string, Framework> = { ...frameworks, webpack };
// npm gets them all at once: what takes time is the network.
const installed = new Map(
  Object.entries(apps).map(([name, { packages }]) => [name, npmPackages(packages)]),
);

for (const [name, app] of Object.entries(apps))
  test(`the guide's lines for ${name}`, { timeout: 200_000 }, async (context) => {
    const packages = await installed.get(name);
    if (!needs(packages !== undefined, 'packages from npm')) return context.skip();
    const { script, files = {} } = lines.get(name) ?? {};
    const port = await freePort();
    const folder = projectIn(packages ?? '', { ...app.files(port), ...files });
    await expectDeveloped(folder, script ?? app.start ?? '', app, port);
  });
