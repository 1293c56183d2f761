/** The Vite plugin in real Vites: hot reload over HTTPS, the preview, builds, and its type. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { startChromium, trustingHome } from '../helpers/chromium-page.ts';
import {
  devcert,
  developEach,
  expectDeveloped,
  lines,
  own,
  projectIn,
  root,
} from '../helpers/developed.ts';
import { bundlerFiles, frameworks } from '../helpers/framework-apps.ts';
import { expectLinks } from '../helpers/recipe-browser.ts';
import { freePort, npmPackages, startProgram, visit } from '../helpers/recipe-server.ts';
import { needs } from '../helpers/require.ts';
import { run } from '../helpers/run.ts';

const ROOT = join(import.meta.dirname, '../..');

/** All that the plugin is for: each line's last, and the one that recipes are tested with. */
const VITES = ['5.4.21', '6.4.6', '7.3.8', '8.3.8'].map((version) => ({
  name: `vite${version.charAt(0)}`,
  from: `vite${version.charAt(0)}@npm:vite@${version}`,
}));
const vites = npmPackages(VITES.map(({ from }) => from));

const vite = lines.get('vite')?.files ?? {};
const viteApp = { source: 'src/index.js', keeps: 'state', says: '<script' } as const;

const viteOf = (name: string) => `../node_modules/${name}/bin/vite.js`;

for (const { name } of VITES)
  test(`the plugin in ${name}`, async (context) => {
    const packages = await vites;
    if (!needs(packages !== undefined, 'packages from npm')) return context.skip();
    const folder = projectIn(packages ?? '', { ...bundlerFiles('hot'), ...vite });
    const port = await freePort();
    await expectDeveloped(folder, `node ${viteOf(name)}`, viteApp, port);
    if (name !== 'vite8') return;
    const stranger = await startChromium(trustingHome());
    const url = `https://localhost:${String(port)}/`;
    expect(await stranger.open(url)).toBe('ERR_CERT_AUTHORITY_INVALID');
    // One more name, while Vite runs.
    expect((await devcert(['--add', 'hot.test'], { cwd: folder })).status).toBe(0);
    await expect.poll(() => namesAt(port)).toContain('DNS:hot.test');
  });

/** The names in what the server sends. */
function namesAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: 'localhost', ca: readFileSync(root) }, () => {
      resolve(socket.getPeerX509Certificate()?.subjectAltName ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('the plugin makes nothing in a build, nor where there is no CA; the preview has the pair', async (context) => {
  const packages = await vites;
  if (!needs(packages !== undefined, 'packages from npm')) return context.skip();
  const files = { ...bundlerFiles('hot'), ...vite, 'package.json': '{}' };
  const folder = projectIn(packages ?? '', files);
  const stateless = { ...own, DEVCERT_HOME: join(folder, 'state') };
  const start = async (args: readonly string[], env: Record<string, string>) => {
    const port = await freePort();
    const all = [viteOf('vite8'), ...args, '--port', String(port)];
    const { output } = await startProgram(port, process.execPath, all, { cwd: folder, env });
    return { port, output };
  };
  for (const env of [stateless, own]) {
    const built = await run(process.execPath, [viteOf('vite8'), 'build'], { cwd: folder, env });
    expect(built, built.output).toMatchObject({ status: 0 });
  }
  const plain = await start([], stateless);
  expect((await fetch(`http://localhost:${String(plain.port)}/`)).status).toBe(200);
  await expect.poll(plain.output).toMatch(/devcert: plain HTTP: .*npx devcert install/);
  expect(['state', '.devcert'].filter((it) => existsSync(join(folder, it)))).toEqual([]);

  const { port, output } = await start(['preview'], own);
  const ca = readFileSync(root);
  expect(await visit(port, { ca })).toEqual({ page: expect.stringContaining('hello') as string });
  await expectLinks({ ca, port, output });
});

test('the plugin has the type that each Vite wants', async (context) => {
  const packages = await vites;
  if (!needs(packages !== undefined, 'packages from npm')) return context.skip();
  const code = VITES.map(
    ({ name }) => `import { defineConfig as ${name}, type Plugin as P${name} } from '${name}';
      export const of${name}: P${name} = devcert({ names: ['app.test'], install: 'auto' });
      ${name}({ plugins: [devcert()] });
      // @ts-expect-error it takes no such option
      ${name}({ plugins: [devcert({ name: 'app.test' })] });`,
  );
  const folder = projectIn(packages ?? '', {
    'types.mts': ["import devcert from 'devcert-local/vite';", ...code].join('\n'),
    'types.cts': `import vite = require('devcert-local/vite');
      import type { Plugin } from 'vite8';
      export const plugin: Plugin = vite.devcert({ install: 'require' });`,
  });
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')];
  const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck'];
  const modules = ['--module', 'nodenext', '--target', 'es2022'];
  const args = [tsc, ...types, ...strict, ...modules, 'types.mts', 'types.cts'];
  const { status, output } = await run(process.execPath, args, { cwd: folder });
  expect(output).toBe('');
  expect(status).toBe(0);
});

const { sveltekit, astro } = frameworks;
developEach({ sveltekit, astro });
