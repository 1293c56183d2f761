/** The packed package on the oldest Node of each line, and what linters of packages say of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { npmPackages } from '../helpers/recipe-server.ts';
import { installPacked } from '../helpers/packed.ts';
import { needs } from '../helpers/require.ts';
import { run } from '../helpers/run.ts';

/** No `require()` of ES modules, no `import.meta.dirname`, and on the first no events.addAbortListener(). */
const NODES = ['20.0.0', '22.0.0'];
const LINTERS = ['@arethetypeswrong/cli@0.18.5', 'publint@0.3.25'];

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
});

test.for(NODES)('works on Node %s: import, require(), files, stores', async (version, context) => {
  const name = `node-${process.platform}-${process.arch}`;
  const packages = await npmPackages([`${name}@${version}`]);
  if (!needs(packages !== undefined, `Node ${version} from npm`)) return context.skip();
  const node = join(packages ?? '', 'node_modules', name, 'bin/node');
  const env = environment(mkdtempSync(join(project, 'home-')));
  const start = (args: string[]) => run(node, args, { cwd: project, env });
  expect((await start(['--version'])).output).toBe(`v${version}\n`);
  expect(await start(['both.mjs'])).toMatchObject({
    status: 0,
    output: '-----BEGIN CERTIFICATE-----\n',
  });
  const command = join(project, 'node_modules/devcert-local/dist/bin/devcert.cjs');
  const issued = await start([command, 'localhost', '--out', join(env.HOME, 'pair')]);
  expect(issued, issued.output).toMatchObject({ status: 0 });
  // Asks programs of the system, which is execa's.
  const status = await start([command, 'status', '--json']);
  expect(status, status.output).toMatchObject({ status: 4 });
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
