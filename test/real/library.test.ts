/** The library guide's programs, word for word, on the packed package in a project of its own. */
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

test('the guide has them: Node.js, Express, Fastify, and servers of all kinds', () => {
  expect(snippets.length).toBeGreaterThanOrEqual(7);
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
