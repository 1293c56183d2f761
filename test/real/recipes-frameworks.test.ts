/** The development servers of frameworks, each on what the recipe prints and nothing else; hot reload is in frameworks.test.ts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  expectServed,
  freePort,
  makeParties,
  npmPackages,
  printRecipe,
  startProgram,
  visit,
  withCertificate,
} from '../helpers/recipe-server.ts';
import { frameworks, QUIET, writeFiles } from '../helpers/framework-apps.ts';
import { expectLinks } from '../helpers/recipe-browser.ts';
import { needs } from '../helpers/require.ts';

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
    const here = withCertificate(parties, folder);
    const [block] = await printRecipe(here, name, port, false, here.dir);
    const { title = '', text = '' } = block ?? {};
    writeFiles(folder, { ...framework.files(port), ...(title === 'run' ? {} : { [title]: text }) });
    const options = { cwd: folder, env: QUIET };
    const { output } = await startProgram(port, 'sh', ['-c', framework.start ?? text], options);
    const answers = async () => JSON.stringify(await visit(port, { ca: parties.ca }));
    await expect.poll(answers).toContain(framework.says ?? 'hello');
    await expectServed(port, parties, false);
    expect(text).not.toContain(folder);
    await expectLinks({ ca: parties.ca, port, output });
  });
