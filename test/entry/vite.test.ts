/** The Vite plugin by its hooks; real Vites are in real/frameworks.test.ts. */
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import devcert, { type DevcertPluginOptions, type ViteConfig } from '../../src/entry/vite.ts';
import { certificateFor, protectAuthority } from '../../src/index.ts';
import { temporaryFolder } from '../helpers/host.ts';

let folder = '';
let state = '';

beforeEach(() => {
  folder = temporaryFolder();
  state = join(temporaryFolder(), 'state');
  vi.stubEnv('DEVCERT_HOME', state);
  writeFileSync(join(folder, 'package.json'), '{}');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** What the plugin makes of a configuration, and what it prints. */
async function start(
  options: DevcertPluginOptions = {},
  config: ViteConfig = {},
  env: { isPreview?: boolean } = {},
) {
  const plugin = devcert(options);
  const result = await plugin.config({ root: folder, ...config }, env);
  const lines: string[] = [];
  const logger = { warn: (line: string) => lines.push(line) };
  plugin.configResolved({ logger });
  return { plugin, logger, lines, result, server: result?.server };
}

const pairIn = (at: string) => ({
  cert: readFileSync(join(at, '.devcert/cert.pem'), 'utf8'),
  key: readFileSync(join(at, '.devcert/key.pem'), 'utf8'),
});

describe('without a CA', () => {
  test('it is plain HTTP, with a line that says why, and nothing is made', async () => {
    const { result, lines } = await start({ names: ['app.test', '*.app.test'] });
    expect(result).toEqual({ server: { allowedHosts: ['app.test', '.app.test'] } });
    expect(lines).toEqual(['devcert: plain HTTP: there is no CA yet; npx devcert install']);
    expect([existsSync(state), existsSync(join(folder, '.devcert'))]).toEqual([false, false]);
  });

  test('and with `require` an error', async () => {
    vi.stubEnv('NODE_ENV', 'production'); // else stores would be changed
    await expect(start({ install: 'require' })).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringMatching(/^devcert: no CA is made .* npx devcert install$/) as string,
    });
    expect(existsSync(state)).toBe(false);
  });
});

test.for([
  ['https is given', { server: { https: {} } }, {}],
  ['https is refused', { server: { https: false } }, {}],
  ['the preview has its own', { preview: { https: {} } }, { isPreview: true }],
  ['the server has its own, and so the preview', { server: { https: {} } }, { isPreview: true }],
  ['Vite is inside another server', { server: { middlewareMode: true } }, {}],
  ['React Router compiles in a build', { server: { watch: null, hmr: false } }, {}],
  [
    'React Router compiles for its own server',
    { server: { preTransformRequests: false, hmr: false } },
    {},
  ],
] as const)('it stands aside where %s', async ([, config, env]) => {
  await certificateFor();
  const { result, lines } = await start({}, config, env);
  expect([result, lines, existsSync(join(folder, '.devcert'))]).toEqual([undefined, [], false]);
});

describe('with a CA', () => {
  beforeEach(async () => {
    await certificateFor();
  });

  test('the server has the pair of the package, the same at every start', async () => {
    const root = join(folder, 'src/web');
    mkdirSync(root, { recursive: true });
    const first = await start({ names: ['localhost', '*.app.test'] }, { root });
    expect(first.server).toEqual({
      https: pairIn(folder),
      allowedHosts: ['localhost', '.app.test'],
    });
    expect((await start({ names: 'localhost' }, { root })).server).toEqual(first.server);
    const preview = await start({ names: 'localhost' }, { root }, { isPreview: true });
    expect(preview.server).toEqual(first.server);
  });

  test('each package of a monorepo has its own, by its devcert.json', async () => {
    const web = join(folder, 'apps/web');
    mkdirSync(web, { recursive: true });
    writeFileSync(join(web, 'package.json'), '{}');
    writeFileSync(join(web, 'devcert.json'), '{ "names": ["web.test"] }');
    const { server } = await start({}, { root: web });
    expect(server).toEqual({ https: pairIn(web), allowedHosts: ['web.test'] });
    expect(new X509Certificate(pairIn(web).cert).subjectAltName).toBe('DNS:web.test');
    expect(existsSync(join(folder, '.devcert'))).toBe(false);
  });

  test('a pair that was deleted, or lacks a name, is made again', async () => {
    const { server: first } = await start();
    const { server: more } = await start({ names: 'app.test' });
    expect(more?.allowedHosts).toEqual(['localhost', 'app.test']);
    expect(more?.https).not.toEqual(first?.https);
    expect((await start()).server).toEqual(more);
    rmSync(join(folder, '.devcert'), { recursive: true });
    expect((await start({ names: 'app.test' })).server).toEqual({
      https: pairIn(folder),
      allowedHosts: ['app.test'],
    });
  });

  test('it lets every host in only where that was said', async () => {
    const { server } = await start({}, { server: { allowedHosts: true } });
    expect(server).toEqual({ https: pairIn(folder) });
  });

  test('a name outside the constraints is plain HTTP, and one that is no name an error', async () => {
    const { result, lines } = await start({ names: 'app.example.com' });
    expect(result).toEqual({ server: { allowedHosts: ['app.example.com'] } });
    expect(lines).toEqual([
      expect.stringMatching(
        /plain HTTP: .*"app\.example\.com".*npx devcert install --permit app\.example\.com$/,
      ),
    ]);
    await expect(start({ names: 'https://app.test' })).rejects.toMatchObject({
      code: 'invalid-name',
      message: expect.stringMatching(/^devcert: .*; .*app\.test/) as string,
    });
    writeFileSync(join(folder, 'devcert.json'), '{ "ca": "mine" }');
    await expect(start()).rejects.toMatchObject({ code: 'invalid-input' });
  });

  test('a protected key is not asked for: its pair serves, and where a new one is needed, a line says how', async () => {
    const { server } = await start();
    const password = () => Promise.resolve('a long passphrase');
    await protectAuthority('default', { keepKey: true }, { password }); // touches no store
    expect((await start()).server).toEqual(server);
    expect((await start({ names: ['app.test', 'b.test'] })).lines).toEqual([
      expect.stringMatching(
        /plain HTTP: .*passphrase; in a terminal: npx devcert app\.test b\.test$/,
      ),
    ]);
    rmSync(join(folder, '.devcert'), { recursive: true });
    expect((await start()).lines).toEqual([
      expect.stringMatching(/plain HTTP: .*passphrase; in a terminal: npx devcert$/),
    ]);
  });

  test('says which of the printed hosts the certificate is not for', async () => {
    const { plugin, logger, lines } = await start({ names: ['localhost', '*.app.test', '::1'] });
    lines.length = 0;
    const server = {
      resolvedUrls: {
        local: ['https://localhost:5173/', 'https://vite.app.test:5173/', 'https://[::1]:5173/'],
        network: ['https://192.168.1.7:5173/', 'https://other.test:5173/'],
      },
      config: { logger },
      httpServer: null,
      printUrls: () => lines.push('printed'),
    };
    await plugin.configureServer(server);
    server.printUrls();
    expect(lines).toEqual([
      'printed',
      'devcert: the certificate is not for 192.168.1.7, other.test: add it to its names',
    ]);
  });
});
