/** The library guide's servers on sniCallback() and watch(), on the packed package and the Nodes that there are. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DAY_MS } from '../../src/policy.ts';
import { freshHome } from '../helpers/cli.ts';
import { installPacked } from '../helpers/packed.ts';
import { freePort, npmPackages, startProgram, visit } from '../helpers/recipe-server.ts';
import { needs } from '../helpers/require.ts';
import { run } from '../helpers/run.ts';

const guide = readFileSync(join(import.meta.dirname, '../../src/guides/library.md'), 'utf8');
const snippets = [...guide.matchAll(/```js\n(.*?)```/gs)].map(([, text = '']) => text);
const snippet = (word: string) => snippets.find((text) => text.includes(word)) ?? '';

const platform = `${process.platform}-${process.arch}`;
/** What runs the servers: a package, and where the program is in it. */
const runtimes = [
  ['Node 20.0.0', `node-${platform}@20.0.0`, `node-${platform}/bin/node`],
  ['Node 24.21.0', `node-${platform}@24.21.0`, `node-${platform}/bin/node`],
] as const;

const FRAMEWORKS = ['fastify@5.12.8', 'hono@4.13.19', '@hono/node-server@2.1.9'];

/** The program; undefined without network. */
async function programOf(spec: string, path: string): Promise<string | undefined> {
  const packages = await npmPackages([spec]);
  return packages === undefined ? undefined : join(packages, 'node_modules', path);
}

/** A clock that goes as far wrong as a file says, at any moment. */
const CLOCK = `
  import { readFileSync } from 'node:fs';
  const real = Date;
  const now = () => real.now() + Number(readFileSync(process.env.CLOCK, 'utf8'));
  globalThis.Date = class extends real {
    constructor(...args) { args.length === 0 ? super(now()) : super(...args); }
    static now() { return now(); }
  };`;

let project = '';

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'devcert-servers-'));
  afterAll(() => {
    rmSync(project, { recursive: true, force: true });
  });
  await installPacked(project);
  writeFileSync(join(project, 'clock.mjs'), CLOCK);
});

/** A home whose CA no store trusts: what the guide's servers begin with. */
async function withAuthority() {
  const made = freshHome();
  const { status } = await made.run(['localhost']);
  expect(status).toBe(0);
  return made;
}

/** Starts a server of the guide in a project and a home of its own. */
async function start(program: string, text: string, more: string[] = []) {
  const { env: base, state, home } = await withAuthority();
  const port = await freePort();
  const cwd = join(project, String(port));
  mkdirSync(cwd);
  writeFileSync(join(cwd, 'server.mjs'), text.replaceAll('8443', String(port)));
  const clock = join(cwd, 'clock');
  writeFileSync(clock, '0');
  const env = { ...base, HOME: home, DEVCERT_HOME: state, CLOCK: clock };
  const server = await startProgram(port, program, [...more, 'server.mjs'], { cwd, env });
  const command = join(project, 'node_modules/devcert-local/dist/bin/devcert.cjs');
  const devcert = (...args: string[]) => run(process.execPath, [command, ...args], { cwd, env });
  return {
    ...server,
    port,
    cwd,
    devcert,
    clock,
    root: () => readFileSync(join(state, 'root.pem')),
  };
}

/** The certificate that a client of this name gets. */
function certificate(port: number, servername = 'localhost') {
  return new Promise<{ names: string | undefined; end: number }>((resolve, reject) => {
    const options = { host: 'localhost', port, servername, rejectUnauthorized: false };
    const client = connect(options, () => {
      const { subjectaltname, valid_to } = client.getPeerCertificate();
      resolve({ names: subjectaltname, end: Date.parse(valid_to) });
      client.destroy();
    }).on('error', reject);
  });
}

const namesAt = async (port: number) => (await certificate(port)).names;

describe.for(runtimes)('%s', ([name, spec, path]) => {
  test('sniCallback(): the server of the guide', async (context) => {
    const program = await programOf(spec, path);
    if (!needs(program !== undefined, `${name} from npm`)) return context.skip();
    const { port, root } = await start(program ?? '', snippet('sniCallback('));
    expect(await visit(port, { ca: root() })).toEqual({ page: 'hello\n' });
    expect(await visit(port, {})).toEqual({
      error: expect.stringMatching(/^(UNABLE_TO_|SELF_SIGNED)/) as string,
    });
    expect(await certificate(port, 'APP.test')).toMatchObject({ names: 'DNS:app.test' });
    expect(await certificate(port, 'a.app.test')).toMatchObject({ names: 'DNS:*.app.test' });
    const own = { names: 'DNS:localhost, IP Address:127.0.0.1' };
    for (const hostile of ['', 'other.test', '*.app.test', 'a\n.app.test', '-.app.test'])
      expect(await certificate(port, hostile)).toMatchObject(own);
    // Many at once, of names that nobody is to get; fewer than wait to be accepted (511), or a busy machine resets some.
    const many = Array.from({ length: 400 }, (_, index) => certificate(port, `n${index}.test`));
    for (const it of await Promise.all(many)) expect(it).toMatchObject(own);
    expect(await visit(port, { ca: root() })).toEqual({ page: 'hello\n' });
  });

  test('watch(): the server of the guide, over a change, a sleep and a jump', async (context) => {
    const program = await programOf(spec, path);
    if (!needs(program !== undefined, `${name} from npm`)) return context.skip();
    const { port, devcert, root, clock, pid } = await start(program ?? '', snippet('watch('), [
      '--import',
      pathToFileURL(join(project, 'clock.mjs')).href,
    ]);
    expect(await visit(port, { ca: root() })).toEqual({ page: 'hello\n' });
    const first = await certificate(port);
    expect((await devcert('localhost', 'api.test')).status).toBe(0);
    await expect.poll(() => namesAt(port)).toBe('DNS:localhost, DNS:api.test');
    expect(await visit(port, { ca: root() })).toEqual({ page: 'hello\n' });
    process.kill(pid, 'SIGSTOP');
    writeFileSync(clock, String(730 * DAY_MS));
    process.kill(pid, 'SIGCONT');
    const end = async () => (await certificate(port)).end;
    await expect.poll(end).toBeGreaterThan(first.end + 700 * DAY_MS);
  });
});

test('watch() takes what Fastify and Hono give for their server', async (context) => {
  const packages = await npmPackages(FRAMEWORKS);
  if (!needs(packages !== undefined, 'packages from npm')) return context.skip();
  const { resolve } = createRequire(join(packages ?? '', 'package.json'));
  const url = (name: string) => JSON.stringify(pathToFileURL(resolve(name)));
  const second = await freePort();
  const text = `
    import { createServer } from 'node:https';
    import { ensure, watch } from 'devcert-local';
    import Fastify from ${url('fastify')};
    import { serve } from ${url('@hono/node-server')};
    const pair = await ensure({ names: ['localhost'] });
    const hono = serve({
      ...{ fetch: () => new Response('hello'), createServer, serverOptions: pair },
      ...{ port: ${second}, hostname: 'localhost' },
    });
    const app = Fastify({ https: pair });
    await watch([app.server, hono]);
    await app.listen({ port: 8443, host: 'localhost' });`;
  const { port, devcert, root } = await start(process.execPath, text);
  expect(await visit(second, { ca: root() })).toEqual({ page: 'hello' });
  expect((await devcert('localhost', 'api.test')).status).toBe(0);
  for (const it of [port, second]) {
    await expect.poll(() => namesAt(it)).toBe('DNS:localhost, DNS:api.test');
  }
});

test('a program that only watches comes to its end', async () => {
  const { env, home, state } = await withAuthority();
  const file = join(project, 'ends.mjs');
  const text = snippet('watch(').replace(/server\.listen.*\n/, '');
  expect(text).not.toBe(snippet('watch('));
  writeFileSync(file, text);
  const ended = await run(process.execPath, [file], {
    cwd: project,
    env: { ...env, HOME: home, DEVCERT_HOME: state },
    timeoutMs: 30_000,
  });
  expect(ended).toEqual({ status: 0, output: '' });
});

describe('Bun', () => {
  const spec = `@oven/bun-${platform.replace('arm64', 'aarch64')}`;
  const bun = () => programOf(`${spec}@1.4.5`, `${spec}/bin/bun`);
  const http2 = (text: string) =>
    text
      .replace("createServer } from 'node:https'", "createSecureServer } from 'node:http2'")
      .replaceAll('createServer(', 'createSecureServer(');

  test('both serve node:http2', async (context) => {
    const program = await bun();
    if (!needs(program !== undefined, 'Bun from npm')) return context.skip();
    const names = await start(program ?? '', http2(snippet('sniCallback(')));
    expect(await certificate(names.port, 'a.app.test')).toMatchObject({ names: 'DNS:*.app.test' });
    expect(await certificate(names.port, 'other.test')).toMatchObject({
      names: 'DNS:localhost, IP Address:127.0.0.1',
    });
    const { port, devcert } = await start(program ?? '', http2(snippet('watch(')));
    expect(await certificate(port)).toMatchObject({ names: 'DNS:localhost' });
    expect((await devcert('localhost', 'api.test')).status).toBe(0);
    await expect.poll(() => namesAt(port)).toBe('DNS:localhost, DNS:api.test');
  });

  test('watch() refuses its node:https', async (context) => {
    const program = await bun();
    if (!needs(program !== undefined, 'Bun from npm')) return context.skip();
    await expect(start(program ?? '', snippet('watch('))).rejects.toThrow(
      'not one with setSecureContext()',
    );
  });
});
