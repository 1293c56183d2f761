/** The library guide's servers on certificateFor(), word for word, on the packed package in a project of its own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshHome } from '../helpers/cli.ts';
import { JAVASCRIPT_PACKAGES } from '../helpers/framework-apps.ts';
import { installPacked } from '../helpers/packed.ts';
import { freePort, npmPackages, startProgram, visit } from '../helpers/recipe-server.ts';
import { needs } from '../helpers/require.ts';

const ROOT = join(import.meta.dirname, '../..');

const snippets = [
  ...readFileSync(join(ROOT, 'src/guides/library.md'), 'utf8').matchAll(/```js\n(.*?)```/gs),
]
  .map(([, text = '']) => text)
  .filter((text) => text.includes('certificateFor'));

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
  ]);
});

test.for(snippets.map((text) => [/^\/\/ (.*)/.exec(text)?.[1] ?? '', text] as const))(
  '%s',
  async ([title, text], context) => {
    if (project === undefined) return context.skip();
    const { env, state, home } = freshHome();
    const port = await freePort();
    const file = join(project, title.replace(/,.*/, ''));
    writeFileSync(file, text.replaceAll('8443', String(port)));
    await startProgram(port, process.execPath, [file], {
      cwd: project,
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
