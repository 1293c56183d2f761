/** `devcert-local/testing` as it is published, in the test runners that people use: the guide's own lines, and one small suite in each. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, afterAll, describe, expect, test, type TestContext } from 'vitest';
import { trustingHome } from '../helpers/chromium-page.ts';
import { installPacked } from '../helpers/packed.ts';
import { npmPackages } from '../helpers/recipe-server.ts';
import { needs, needsTools } from '../helpers/require.ts';
import { findProgram, NO_TRUST, run } from '../helpers/run.ts';

let packages: string | undefined;
let project = '';

beforeAll(async () => {
  packages = await npmPackages(['vitest@4.1.12', 'jest@30.5.2', '@playwright/test@1.65.1']);
  if (packages === undefined) return;
  project = mkdtempSync(join(packages, 'run-'));
  await installPacked(project);
  const guide = readFileSync(join(import.meta.dirname, '../../src/guides/testing.md'), 'utf8');
  const blocks = [...guide.matchAll(/^```js\n([^]*?)^```$/gm)].map(([, code = '']) => code);
  expect(blocks).toHaveLength(3);
  for (const folder of ['node', 'vitest', 'jest', 'library', 'playwright'])
    mkdirSync(join(project, folder));
  for (const [index, code] of blocks.entries()) {
    writeFileSync(join(project, `node/guide-${index}.test.mjs`), code);
    writeFileSync(
      join(project, `vitest/guide-${index}.test.mjs`),
      code.replace("from 'node:test'", "from 'vitest'"),
    );
    writeFileSync(join(project, `jest/guide-${index}.test.cjs`), asCommonJs(code));
  }
  writeFileSync(join(project, 'library/library.test.cjs'), LIBRARY);
  writeFileSync(join(project, 'playwright/page.spec.mjs'), PLAYWRIGHT);
  writeFileSync(
    join(project, 'playwright/playwright.config.mjs'),
    `export default { use: { launchOptions: { executablePath: '${findProgram('chromium') ?? ''}', chromiumSandbox: false } } };`,
  );
});

afterAll(() => {
  if (project !== '') rmSync(project, { recursive: true, force: true });
});

/** Jest has its own `test()`, and loads CommonJS unless it is told otherwise. */
function asCommonJs(code: string): string {
  return code
    .replace(/^import \{ test \} from 'node:test';\n/m, '')
    .replace(/^import (\{[^}]*\}|\w+) from ('[^']*');$/gm, 'const $1 = require($2);');
}

/** In Jest what Node throws is no instance of the test's own \`Error\`. */
const LIBRARY = `
const { mkdirSync, mkdtempSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { certificateFor, csr, DevcertError, ensure, inspect, issue, list, sign, sniCallback } = require('devcert-local');

const out = mkdtempSync(join(process.cwd(), 'out-'));
test('a pair is made, found again, and nothing of others is replaced', async () => {
  await expect(ensure({ cwd: out, stores: 'nss' })).rejects.toMatchObject({ code: 'no-authority' });
  expect((await certificateFor('localhost')).cert).toContain('BEGIN CERTIFICATE');
  expect((await ensure({ cwd: out, stores: 'nss' })).issued).toBe(true);
  expect((await ensure({ cwd: out, stores: 'nss' })).issued).toBe(false);
  mkdirSync(join(out, 'own'));
  writeFileSync(join(out, 'own/cert.pem'), 'precious');
  await expect(issue('localhost', { out: join(out, 'own') })).rejects.toBeInstanceOf(DevcertError);
  expect((await list()).certificates).toHaveLength(1);
});
test('bytes are read, and clients answered', async () => {
  await csr('localhost', { out });
  const bytes = readFileSync(join(out, 'csr.pem'));
  expect((await sign(bytes)).certPem).toContain('BEGIN CERTIFICATE');
  expect((await inspect([{ name: 'x', bytes }])).files).toHaveLength(1);
  const callback = await sniCallback({ allow: 'a.test' });
  const answers = ['a.test', '*'].map((name) => new Promise((resolve) => callback(name, (error, it) => resolve(it))));
  expect((await Promise.all(answers)).map((it) => it !== undefined)).toEqual([true, false]);
});
`;

const PLAYWRIGHT = `
import https from 'node:https';
import { expect, test } from '@playwright/test';
import { assertServer, createTestCa } from 'devcert-local/testing';

const ca = createTestCa();
const serve = async (leaf) => {
  const server = https.createServer(leaf, (request, response) => response.end('hello'));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
};

test('an expired certificate is refused by the assertion and the browser', async ({ page }) => {
  const server = await serve(ca.expired('localhost'));
  await assertServer(server, { ca, refused: 'expired' });
  await expect(page.goto('https://localhost:' + server.address().port)).rejects.toThrow('ERR_CERT');
  server.close();
});

test('mutual TLS with a certificate from memory', async ({ browser }) => {
  const options = { ...ca.leaf('localhost'), ca: ca.cert, requestCert: true };
  const server = await serve(options);
  const origin = 'https://localhost:' + server.address().port;
  const { key, cert } = ca.client('alice');
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    clientCertificates: [{ origin, cert: Buffer.from(cert), key: Buffer.from(key) }],
  });
  const page = await context.newPage();
  await page.goto(origin);
  await expect(page.locator('body')).toHaveText('hello');
  await context.close();
  server.closeAllConnections();
  server.close();
});
`;

/** What a runner says, in an environment that trusts nothing of this machine's. */
function runner(args: readonly string[], folder: string, env: Record<string, string> = {}) {
  const [file = '', ...rest] = args;
  return run(file, rest, {
    cwd: join(project, folder),
    env: { ...NO_TRUST, VITEST: undefined, NODE_ENV: undefined, NODE_OPTIONS: '', CI: '1', ...env },
    timeoutMs: 200_000,
  });
}

function ready(context: TestContext): boolean {
  if (needs(packages !== undefined, 'packages from npm')) return true;
  context.skip();
  return false;
}

describe('the guide’s lines', () => {
  test('run in node:test', async (context) => {
    if (!ready(context)) return;
    const { status, output } = await runner([process.execPath, '--test'], 'node');
    expect([status, output]).toEqual([0, expect.stringMatching(/# pass 5\n/)]);
  });

  test('run in Vitest', async (context) => {
    if (!ready(context)) return;
    const bin = join(packages ?? '', 'node_modules/vitest/vitest.mjs');
    const { status, output } = await runner(
      [process.execPath, bin, 'run', '--root', '.'],
      'vitest',
    );
    expect([status, output]).toEqual([0, expect.stringMatching(/Tests.* 5 passed/)]);
  });

  test('run in Jest, as CommonJS', async (context) => {
    if (!ready(context)) return;
    const bin = join(packages ?? '', 'node_modules/jest/bin/jest.js');
    const { status, output } = await runner([process.execPath, bin, '--rootDir', '.'], 'jest');
    expect([status, output]).toEqual([0, expect.stringMatching(/Tests: +5 passed, 5 total/)]);
  });
});

test('the library itself works in Jest', async (context) => {
  if (!ready(context)) return;
  const bin = join(packages ?? '', 'node_modules/jest/bin/jest.js');
  const args = [process.execPath, bin, '--rootDir', '.', '--testTimeout', '60000'];
  const { status, output } = await runner(args, 'library', {
    DEVCERT_HOME: join(project, 'state'),
  });
  expect([status, output]).toEqual([0, expect.stringMatching(/Tests: +2 passed, 2 total/)]);
});

test('works in Playwright, with a browser', async (context) => {
  if (!ready(context)) return;
  if (!needsTools('chromium')) {
    context.skip();
    return;
  }
  const bin = join(packages ?? '', 'node_modules/@playwright/test/cli.js');
  const HOME = trustingHome();
  const args = [process.execPath, bin, 'test', '--reporter=list'];
  const { status, output } = await runner(args, 'playwright', { HOME });
  expect([status, output]).toEqual([0, expect.stringContaining('2 passed')]);
});
