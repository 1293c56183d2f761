/** The dev servers of frameworks by the lines of the guide, word for word, on the packed package: hot reload in Chromium. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startChromium, trustingHome } from '../helpers/chromium-page.ts';
import { freshHome } from '../helpers/cli.ts';
import {
  bundlerFiles,
  type Framework,
  frameworks,
  JAVASCRIPT_PACKAGES,
  QUIET,
  writeFiles,
} from '../helpers/framework-apps.ts';
import { installPacked } from '../helpers/packed.ts';
import { expectHotReload, expectLinks } from '../helpers/recipe-browser.ts';
import { freePort, npmPackages, startProgram, visit } from '../helpers/recipe-server.ts';
import { needs } from '../helpers/require.ts';

/** All that the plugin is for: each line's last, and the one that recipes are tested with. */
const VITES = ['5.4.21', '6.4.6', '7.3.8', '8.3.8'].map((version) => ({
  name: `vite${version.charAt(0)}`,
  from: `vite${version.charAt(0)}@npm:vite@${version}`,
}));
const TYPES = ['typescript@5.9.3', '@types/node@20.19.43'];
const vites = npmPackages([...VITES.map(({ from }) => from), ...TYPES]);

/** A heading of the guide with what is to be written and typed below it. */
interface Lines {
  readonly script: string | undefined;
  readonly files: Readonly<Record<string, string>>;
}

const guide = readFileSync(join(import.meta.dirname, '../../src/guides/frameworks.md'), 'utf8');
const lines = new Map<string, Lines>(
  guide.split('\n## ').map((section) => {
    const [title = ''] = section.split('\n');
    const [, script] = /```json\n"dev": (".*")\n```/.exec(section) ?? [];
    const files = [...section.matchAll(/```js\n\/\/ (\S+)\n(.*?)```/gs)];
    return [
      title.toLowerCase().replace(/\.js$|-dev-server$/, ''),
      {
        script: script === undefined ? undefined : (JSON.parse(script) as string),
        files: Object.fromEntries(files.map(([, name = '', text = '']) => [name, text])),
      },
    ];
  }),
);

// One machine: a CA, and the package as it is published.
const machine = mkdtempSync(join(tmpdir(), 'devcert-frameworks-'));
const { env, state, project, run: devcert } = freshHome(machine);
const own = { ...QUIET, ...env, HOME: machine, DEVCERT_HOME: state };
const root = join(project, 'ca.pem');

beforeAll(async () => {
  await installPacked(project);
  expect((await devcert(['localhost', '--out', '.'])).status).toBe(0);
});
afterAll(() => {
  rmSync(machine, { recursive: true, force: true, maxRetries: 5 });
});

/** A project with devcert, in which these packages are found. */
function projectIn(packages: string, files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(packages, 'run-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const modules = join(project, 'node_modules');
  cpSync(modules, join(folder, 'node_modules'), { recursive: true, verbatimSymlinks: true });
  writeFiles(folder, files);
  return folder;
}

/** Starts a script of a project, and sees it as a developer does. */
async function expectDeveloped(
  folder: string,
  script: string,
  {
    says = 'hello',
    source,
    keeps,
    beside,
  }: Pick<Framework, 'says' | 'source' | 'keeps' | 'beside'>,
  port: number,
): Promise<void> {
  const said = existsSync(join(folder, 'package.json'))
    ? (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as object)
    : { private: true };
  writeFiles(folder, { 'package.json': JSON.stringify({ ...said, scripts: { dev: script } }) });
  const args = ['run', 'dev', '--', '--port', String(port)];
  const { output } = await startProgram(port, 'npm', args, { cwd: folder, env: own });
  const ca = readFileSync(root);
  const answer = async () => JSON.stringify(await visit(port, { ca }));
  await expect.poll(answer, { timeout: 60_000 }).toContain(says);
  expect(await visit(port, {})).toEqual({ error: expect.stringMatching(/^UNABLE_TO_/) as string });
  const link = await expectLinks({ ca, port, output, beside });
  const page = await startChromium(trustingHome(root));
  await expectHotReload(page, link, { source: join(folder, source), keeps });
}

const vite = lines.get('vite')?.files ?? {};
const viteApp = { source: 'src/index.js', keeps: 'state', says: '<script' } as const;

for (const { name } of VITES)
  test(`the plugin in ${name}`, async (context) => {
    const packages = await vites;
    if (!needs(packages !== undefined, 'packages from npm')) return context.skip();
    const folder = projectIn(packages ?? '', { ...bundlerFiles('hot'), ...vite });
    const port = await freePort();
    await expectDeveloped(folder, `node ../node_modules/${name}/bin/vite.js`, viteApp, port);
  });

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
