/** Playwright on what the recipe prints, with the Chromium of the system: a page, and a request by Node. */
import { createServer } from 'node:https';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { trustingHome } from '../helpers/chromium-page.ts';
import {
  freePort,
  makeParties,
  npmPackages,
  printRecipe,
  withCertificate,
} from '../helpers/recipe-server.ts';
import { needs } from '../helpers/require.ts';
import { findProgram, run } from '../helpers/run.ts';

test('recipe playwright runs as printed', async (context) => {
  const packages = await npmPackages(['@playwright/test@1.65.1']);
  if (!needs(packages !== undefined, 'packages from npm')) return context.skip();
  const parties = await makeParties();
  const folder = mkdtempSync(join(packages ?? '', 'run-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const port = await freePort();
  const here = withCertificate(parties, folder);
  const [config, command] = await printRecipe(here, 'playwright', port, false, here.dir);
  // Its own Chromium is not in npm's package.
  const launch = `use: { launchOptions: { executablePath: '${findProgram('chromium') ?? ''}', chromiumSandbox: false }, `;
  writeFileSync(join(folder, config?.title ?? ''), config?.text.replace('use: { ', launch) ?? '');
  mkdirSync(join(folder, 'tests'));
  writeFileSync(
    join(folder, 'tests/page.spec.mjs'),
    `import { expect, test } from '@playwright/test';
    test('page', async ({ page }) => {
      await page.goto('/');
      await expect(page.locator('body')).toHaveText('hello');
    });
    test('request', async ({ request }) => expect(await (await request.get('/')).text()).toBe('hello'));`,
  );
  const read = (file: string) => readFileSync(join(folder, here.dir, file));
  const server = createServer({ cert: read('cert.pem'), key: read('key.pem') }, (_, response) =>
    response.end('hello'),
  ).listen(port, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const tests = (text: string, home: string) =>
    run('sh', ['-c', text], { cwd: folder, env: { HOME: home }, timeoutMs: 90_000 });
  const home = trustingHome(join(folder, here.dir, 'ca.pem'));
  const text = command?.text ?? '';
  expect(await tests(text, home)).toEqual({
    status: 0,
    output: expect.stringContaining('2 passed') as string,
  });
  // Neither trusts it by itself.
  const refused = await tests('npx playwright test', trustingHome());
  expect(refused.status).toBe(1);
  expect(refused.output).toContain('2 failed');
  expect(refused.output).toContain('ERR_CERT_AUTHORITY_INVALID');
});
