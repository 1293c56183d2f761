/** Modules of the product for child processes: not every Node can import TypeScript. */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll } from 'vitest';

/**
 * Makes, before the tests of the file, a module of the product one file that any Node and any user can
 * import, and removes it after them.
 *
 * @param module its path in the checkout.
 * @returns gives its URL.
 */
export function bundledModule(module: string): () => string {
  const entry = resolve(import.meta.dirname, '../..', module);
  let url = pathToFileURL(entry).href;
  let folder: string | undefined;
  afterAll(() => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
  beforeAll(async () => {
    const esbuild = await import('esbuild').catch(() => undefined);
    // Under wine, which has no esbuild: the Node there imports the source itself.
    if (esbuild === undefined) return;
    // Not under temporaryFolder(): another user has to be able to read it.
    folder = mkdtempSync(join(tmpdir(), 'devcert-bundle-'));
    chmodSync(folder, 0o755);
    const outfile = join(folder, 'bundle.mjs');
    await esbuild.build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
    });
    url = pathToFileURL(outfile).href;
  });
  return () => url;
}
