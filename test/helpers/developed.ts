/** The dev servers of frameworks by the lines of the guide, word for word, on the packed package: hot reload in Chromium. */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startChromium, trustingHome } from './chromium-page.ts';
import { freshHome } from './cli.ts';
import { type Framework, QUIET, writeFiles } from './framework-apps.ts';
import { installPacked } from './packed.ts';
import { expectHotReload, expectLinks } from './recipe-browser.ts';
import { freePort, npmPackages, startProgram, visit } from './recipe-server.ts';
import { needs } from './require.ts';

/** A heading of the guide with what is to be written and typed below it. */
export interface Lines {
  readonly script: string | undefined;
  readonly files: Readonly<Record<string, string>>;
}

const guide = readFileSync(join(import.meta.dirname, '../../src/guides/frameworks.md'), 'utf8');
/** What the guide says below each heading, by its first word. */
export const lines = new Map<string, Lines>(
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
const { env, state, project, run } = freshHome(machine);
/** The command, on that machine. */
export const devcert = run;
/** The environment of a developer who has that CA. */
export const own = { ...QUIET, ...env, HOME: machine, DEVCERT_HOME: state };
export const root = join(project, 'ca.pem');

beforeAll(async () => {
  await installPacked(project);
  expect((await devcert(['localhost', '--out', '.'])).status).toBe(0);
});
afterAll(() => {
  rmSync(machine, { recursive: true, force: true, maxRetries: 5 });
});

/** A project with devcert, in which these packages are found. */
export function projectIn(packages: string, files: Readonly<Record<string, string>>): string {
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
export async function expectDeveloped(
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
  await expect.poll(answer).toContain(says);
  expect(await visit(port, {})).toEqual({ error: expect.stringMatching(/^UNABLE_TO_/) as string });
  const served = { ca, port, output, beside };
  // Servers print no links.
  const link =
    keeps === 'server' ? `https://localhost:${String(port)}/` : await expectLinks(served);
  const page = await startChromium(trustingHome(root));
  await expectHotReload(page, link, { source: join(folder, source), keeps });
}

/** A test for each of these by its lines of the guide. */
export function developEach(apps: Readonly<Record<string, Framework>>): void {
  // npm gets them all at once: what takes time is the network.
  const installed = Object.entries(apps).map(
    ([name, app]) => [name, app, npmPackages(app.packages)] as const,
  );
  for (const [name, app, installing] of installed)
    test(`the guide's lines for ${name}`, { timeout: 200_000 }, async (context) => {
      const packages = await installing;
      if (!needs(packages !== undefined, 'packages from npm')) return context.skip();
      const { script, files = {} } = lines.get(name) ?? {};
      const port = await freePort();
      const atPort = Object.entries(files).map(([file, text]) => [
        file,
        text.replaceAll('8443', String(port)),
      ]);
      const folder = projectIn(packages ?? '', {
        ...app.files(port),
        ...(Object.fromEntries(atPort) as typeof files),
      });
      await expectDeveloped(folder, script ?? app.start ?? '', app, port);
    });
}
