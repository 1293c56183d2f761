/** The library guide's programs, word for word, on the packed package in a project of its own. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshHome } from '../helpers/cli.ts';
import { JAVASCRIPT_PACKAGES } from '../helpers/framework-apps.ts';
import { installPacked } from '../helpers/packed.ts';
import { freePort, npmPackages, startProgram, visit } from '../helpers/recipe-server.ts';
import { needs } from '../helpers/require.ts';
import { run } from '../helpers/run.ts';

const ROOT = join(import.meta.dirname, '../..');

const snippets = [
  ...readFileSync(join(ROOT, 'src/guides/library.md'), 'utf8').matchAll(/```js\n(.*?)```/gs),
]
  .map(([, text = '']) => text)
  // That of the old package changes stores: see compat.test.ts.
  .filter((text) => text.includes('8443') && !text.includes('compat'));

let project: string | undefined;

beforeAll(async () => {
  const packages = await npmPackages(JAVASCRIPT_PACKAGES);
  if (!needs(packages !== undefined, 'packages from npm')) return;
  const folder = mkdtempSync(join(packages ?? '', 'run-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  await installPacked(folder);
  project = folder;
});

test('the guide shows Node.js, Express and Fastify', () => {
  expect(snippets.map((text) => /\n(?:import|.*)\b(express|fastify)'/.exec(text)?.[1])).toEqual([
    undefined,
    'express',
    'fastify',
    undefined,
    undefined,
    undefined,
  ]);
});

test.for(snippets.map((text) => [/^\/\/ (.*)/.exec(text)?.[1] ?? '', text] as const))(
  '%s',
  async ([title, text], context) => {
    if (project === undefined) return context.skip();
    const own = freshHome();
    const { env, state, home } = own;
    // As `devcert install` makes it, and without a change of this machine's stores.
    expect((await own.run(['localhost'])).status).toBe(0);
    const port = await freePort();
    const cwd = mkdtempSync(join(project, 'cwd-'));
    writeFileSync(join(cwd, 'index.html'), '<!doctype html><title>hello</title>');
    const file = join(cwd, title.replace(/[,:].*/, ''));
    writeFileSync(file, text.replaceAll('8443', String(port)));
    await startProgram(port, process.execPath, [file], {
      cwd,
      env: { ...env, HOME: home, DEVCERT_HOME: state },
    });
    const ca = readFileSync(join(state, 'root.pem'));
    expect(await visit(port, { ca })).toEqual({
      page: expect.stringContaining('hello') as string,
    });
    const other = freshHome();
    expect((await other.run(['localhost'])).status).toBe(0);
    for (const wrong of [undefined, readFileSync(join(other.state, 'root.pem'))])
      expect(await visit(port, { ca: wrong })).toEqual({
        error: expect.stringMatching(/^(UNABLE_TO_|SELF_SIGNED)/) as string,
      });
  },
);

test('the Vite of the guide builds on a machine that has no CA, and makes none', async (context) => {
  if (project === undefined) return context.skip();
  const { env, state } = freshHome();
  const cwd = mkdtempSync(join(project, 'build-'));
  writeFileSync(join(cwd, 'index.html'), '<!doctype html><title>hello</title>');
  const config = snippets.find((text) => text.startsWith('// vite')) ?? '';
  writeFileSync(join(cwd, 'vite.config.mjs'), config);
  const vite = (...args: string[]) =>
    run(process.execPath, [join(project ?? '', '../node_modules/vite/bin/vite.js'), ...args], {
      ...{ cwd, env: { ...env, DEVCERT_HOME: state } },
    });
  const built = await vite('build');
  expect(built.status, built.output).toBe(0);
  expect(readdirSync(cwd)).toContain('dist');
  // Its preview is a server, and says what is missing.
  expect((await vite('preview')).output).toContain('there is no CA yet');
  expect(readdirSync(cwd)).not.toContain('.devcert');
  expect(existsSync(state)).toBe(false);
});
