/**
 * The packed package on Node from the oldest on, Bun and Deno, in bundles of others, for TypeScript from 5.0 on,
 * and what linters of packages say of it.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fromNpm } from '../forgeries/programs.ts';
import { npmPackages } from '../helpers/recipe-server.ts';
import { installPacked } from '../helpers/packed.ts';
import { needs } from '../helpers/require.ts';
import { run } from '../helpers/run.ts';

/**
 * The first three have no `require()` of ES modules and no `import.meta.dirname`, the very first no
 * events.addAbortListener().
 */
const NODES = ['20.0.0', '20.9.0', '22.0.0', '24.21.0', '26.10.0'];
const LINTERS = ['@arethetypeswrong/cli@0.18.5', 'publint@0.3.25'];
const BUNDLERS = [
  'webpack@5.112.2',
  ...['rollup@4.68.8', '@rollup/plugin-commonjs@29.0.3', '@rollup/plugin-node-resolve@16.0.3'],
];

const ROOT = join(import.meta.dirname, '../..');

/** As a service has it: own state, no stores of a user, no certificates from the environment. */
const environment = (home: string) => ({
  HOME: home,
  DEVCERT_HOME: join(home, 'state'),
  NODE_EXTRA_CA_CERTS: '',
});

let project = '';
let tarball = '';

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'devcert-package-'));
  afterAll(() => {
    rmSync(project, { recursive: true, force: true });
  });
  tarball = await installPacked(project);
  writeFileSync(
    join(project, 'both.mjs'),
    `import { createRequire } from 'node:module';
    import * as imported from 'devcert-local';
    const required = createRequire(import.meta.url)('devcert-local');
    const { cert } = await required.certificateFor(['api.test']);
    console.log(required.certificateFor === imported.certificateFor && cert.slice(0, 27));`,
  );
  writeFileSync(join(project, 'one.cjs'), ONE);
});

const ONE = `require('devcert-local').certificateFor('api.test')
  .then(({ cert }) => console.log(cert.slice(0, 27)));`;
const ISSUED = { status: 0, output: '-----BEGIN CERTIFICATE-----\n' };
const newHome = () => mkdtempSync(join(project, 'home-'));

test.for(NODES)('works on Node %s: import, require(), files, stores', async (version, context) => {
  const name = `node-${process.platform}-${process.arch}`;
  const packages = await npmPackages([`${name}@${version}`]);
  if (!needs(packages !== undefined, `Node ${version} from npm`)) return context.skip();
  const node = join(packages ?? '', 'node_modules', name, 'bin/node');
  const env = environment(newHome());
  const start = (args: string[]) => run(node, args, { cwd: project, env });
  expect((await start(['--version'])).output).toBe(`v${version}\n`);
  expect(await start(['both.mjs'])).toEqual(ISSUED);
  const command = join(project, 'node_modules/devcert-local/dist/bin/devcert.cjs');
  const issued = await start([command, 'localhost', '--out', join(env.HOME, 'pair')]);
  expect(issued, issued.output).toMatchObject({ status: 0 });
  // Asks programs of the system, which is execa's.
  const status = await start([command, 'status', '--json']);
  expect(status, status.output).toMatchObject({ status: 4 });
});

test.for([
  ['bun', 'run'],
  ['deno', 'run', '--allow-all', '--no-lock'],
])('works in %s: import and require()', async ([name = '', ...args], context) => {
  const [program] = await fromNpm(name);
  if (!needs(program !== undefined, `${name} from npm`)) return context.skip();
  const home = newHome();
  const env = { ...environment(home), DENO_DIR: join(home, 'deno'), DENO_NO_UPDATE_CHECK: '1' };
  for (const file of ['both.mjs', 'one.cjs'])
    expect(await run(program ?? '', [...args, file], { cwd: project, env })).toEqual(ISSUED);
});

test('works in one CommonJS file that webpack or rollup made of require() or import', async (context) => {
  const packages = await npmPackages(BUNDLERS);
  if (!needs(packages !== undefined, 'packages from npm')) return context.skip();
  writeFileSync(
    join(packages ?? '', 'bundle.cjs'),
    `const [entry, folder] = process.argv.slice(2);
    require('webpack')({
      entry, target: 'node20', mode: 'production', optimization: { minimize: false },
      module: { parser: { javascript: { dynamicImportMode: 'eager' } } },
      output: { path: folder, filename: 'webpack.cjs' },
    }, (error, stats) => { if (error ?? stats.hasErrors()) throw error ?? new Error(stats.toString()); });
    require('rollup').rollup({
      input: entry, external: /^node:/, plugins: [
        require('@rollup/plugin-node-resolve')({ preferBuiltins: true }),
        require('@rollup/plugin-commonjs')({ ignoreDynamicRequires: true }),
      ],
    }).then((it) => it.write({ file: folder + '/rollup.cjs', format: 'cjs', inlineDynamicImports: true }));`,
  );
  writeFileSync(
    join(project, 'one.mjs'),
    ONE.replace("require('devcert-local').", "import { certificateFor } from 'devcert-local';\n"),
  );
  for (const entry of ['one.cjs', 'one.mjs']) {
    const folder = join(project, `bundles-of-${entry}`);
    const args = [join(packages ?? '', 'bundle.cjs'), join(project, entry), folder];
    const bundled = await run(process.execPath, args, { cwd: project });
    expect(bundled, bundled.output).toMatchObject({ status: 0 });
    const elsewhere = newHome();
    for (const name of ['webpack', 'rollup']) {
      const file = join(elsewhere, `${name}.cjs`);
      const text = readFileSync(join(folder, `${name}.cjs`));
      writeFileSync(file, text);
      expect(await run(process.execPath, [file], { env: environment(newHome()) })).toEqual(ISSUED);
      // No program is started by execa for a certificate. webpack keeps what functions that nobody calls would load.
      const hasExeca = text.includes('forceKillAfterDelay');
      expect([entry, name, hasExeca]).toEqual([
        entry,
        name,
        entry === 'one.cjs' || name === 'webpack',
      ]);
    }
  }
});

/** How its users have TypeScript look for types; 7 has lost the first. */
const resolutions = {
  node10: ['commonjs', 'consumer.ts'],
  node16: ['node16', 'consumer.mts', 'consumer.cts'],
  bundler: ['esnext', 'consumer.ts'],
} as const;

test.for([
  ['5.0.4', 'node10', 'node16', 'bundler'],
  ['5.9.3', 'node16'],
  ['6.0.3', 'bundler'],
  ['7.0.2', 'node16', 'bundler'],
] as const)('TypeScript %s takes its types', async ([version, ...ways], context) => {
  const packages = await npmPackages([`typescript@${version}`, '@types/node@20.19.43']);
  if (!needs(packages !== undefined, 'packages from npm')) return context.skip();
  const consumer = readFileSync(join(ROOT, 'test/api/consumer.ts'), 'utf8');
  const folder = mkdtempSync(join(project, 'types-'));
  for (const extension of ['.ts', '.mts', '.cts'])
    writeFileSync(
      join(folder, `consumer${extension}`),
      consumer.replace('../../src/index.ts', 'devcert-local'),
    );
  const tsc = join(packages ?? '', 'node_modules/typescript/bin/tsc');
  const types = ['--types', 'node', '--typeRoots', join(packages ?? '', 'node_modules/@types')];
  const fixed = ['--noEmit', '--strict', '--target', 'es2022', '--lib', 'es2022', ...types];
  for (const way of ways) {
    const [module, ...files] = resolutions[way];
    const args = [tsc, ...fixed, '--module', module, '--moduleResolution', way, ...files];
    const compiled = await run(process.execPath, args, { cwd: folder });
    expect([way, compiled]).toEqual([way, { status: 0, output: '' }]);
  }
});

test('its types are right for every way to resolve them, and publint finds nothing', async (context) => {
  const packages = await npmPackages(LINTERS);
  if (!needs(packages !== undefined, 'packages from npm')) return context.skip();
  const bin = join(packages ?? '', 'node_modules/.bin');
  const types = await run(join(bin, 'attw'), [tarball, '--no-color', '--no-emoji']);
  expect(types, types.output).toMatchObject({ status: 0 });
  const lint = await run(join(bin, 'publint'), [tarball, '--strict']);
  expect(lint, lint.output).toMatchObject({ status: 0 });
});
