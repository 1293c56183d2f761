/** Node.js, Express, Fastify and Vite, each on the recipe's file and nothing else. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  expectServed,
  freePort,
  makeParties,
  npmPackages,
  printRecipe,
  startProgram,
} from '../helpers/recipe-server.ts';
import { needs } from '../helpers/require.ts';
import { run } from '../helpers/run.ts';

const PACKAGES = ['express@5.3.0', 'fastify@5.12.8', 'vite@8.3.8'];

/** A folder in which the packages are found. */
function projectIn(packages: string): string {
  const folder = mkdtempSync(join(packages, 'run-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>hello</title>');
  return folder;
}

for (const name of ['node', 'express', 'fastify', 'vite'])
  for (const clientCerts of [false, true])
    test(`recipe ${name}${clientCerts ? ' --client-certs' : ''} runs as printed`, async (context) => {
      const packages = await npmPackages(PACKAGES);
      if (!needs(packages !== undefined, 'packages from npm')) return context.skip();
      const parties = await makeParties();
      const folder = projectIn(packages ?? '');
      const port = await freePort();
      const [block] = await printRecipe(parties, name, port, clientCerts);
      const file = join(folder, block?.title ?? '');
      writeFileSync(file, block?.text ?? '');
      const vite = [join(packages ?? '', 'node_modules/vite/bin/vite.js'), '--config', file];
      const server = await startProgram(port, process.execPath, name === 'vite' ? vite : [file], {
        cwd: folder,
      });
      await expectServed(port, parties, clientCerts);
      if (clientCerts && name !== 'vite')
        // What Node tells a refused client is close to nothing: the recipe has the server say it.
        expect(server.output()).toMatch(/refused: .*peer did not return a certificate/);
      if (clientCerts) return;
      const client = join(folder, 'client.mjs');
      writeFileSync(
        client,
        `console.log(await (await fetch('https://localhost:${String(port)}/')).text())`,
      );
      const trusting = { NODE_EXTRA_CA_CERTS: join(parties.folder, '.devcert/ca.pem') };
      expect(await run(process.execPath, [client], { env: trusting })).toEqual({
        status: 0,
        output: expect.stringContaining('hello') as string,
      });
      expect((await run(process.execPath, [client])).status).toBe(1);
    });
