/** Servers configured by a recipe and nothing else, and clients that trust our root alone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished } from 'vitest';
import { freshHome, type Home } from './cli.ts';
import { untilListens } from './ports.ts';
import { run } from './run.ts';
import type { RecipeInput } from '../../src/recipes/recipe.ts';

export { freePort } from './ports.ts';

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export interface Kitchen {
  /** Where the recipe is asked for; its name has a space, a quote and a letter beyond ASCII. */
  readonly project: string;
  /** Serves whoever trusts `ca`: names localhost. */
  readonly server: Pair;
  readonly ca: string;
  /** A client of our authority: CN ada@example.test. */
  readonly client: Pair;
  /** Root and client of somebody else's devcert. */
  readonly otherCa: string;
  readonly otherClient: Pair;
  /** Standard output of `devcert recipe …`: the file. */
  recipe(...args: string[]): Promise<string>;
  /** A block of the recipe by the beginning of its title. */
  block(title: string, ...args: string[]): Promise<string>;
}

/** Two authorities with a server and clients of theirs, for one test file. */
export async function createKitchen(): Promise<Kitchen> {
  const folder = mkdtempSync(join(tmpdir(), 'devcert-recipe-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  chmodSync(folder, 0o755); // servers become users of their own
  const home = freshHome(join(folder, 'home'));
  const other = freshHome(join(folder, 'other'));
  const project = join(home.project, "Ada's tls ä");
  mkdirSync(project);
  await must(home, project, ['localhost']);
  await must(home, project, ['--client', 'ada@example.test', '--out', 'client']);
  await must(other, other.project, ['localhost']);
  await must(other, other.project, ['--client', 'ada@example.test', '--out', 'client']);
  const pair = (dir: string) => ({ cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem') });
  return {
    project,
    server: pair(join(project, '.devcert')),
    ca: join(project, '.devcert/ca.pem'),
    client: pair(join(project, 'client')),
    otherCa: join(other.project, '.devcert/ca.pem'),
    otherClient: pair(join(other.project, 'client')),
    recipe: (...args) => must(home, project, ['recipe', ...args]),
    block: async (title, ...args) => {
      const { blocks } = JSON.parse(await must(home, project, ['recipe', ...args, '--json'])) as {
        blocks: { title: string; text: string }[];
      };
      const block = blocks.find((block) => block.title.startsWith(title));
      if (block === undefined) throw new Error(`no block "${title}"`);
      return block.text;
    },
  };
}

async function must(home: Home, cwd: string, args: readonly string[]): Promise<string> {
  const ran = await home.run(args, { cwd });
  if (ran.status !== 0) throw new Error(`devcert ${args.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
}

/** A folder for a server's own files that its own user may enter, removed with the test. */
export function serverFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'devcert-server-'));
  chmodSync(folder, 0o755);
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Where proxies lead: says hello, and who the proxy says the client is. */
export async function startUpstream(): Promise<number> {
  const server = createHttpServer(({ headers }, response) => {
    const { 'x-forwarded-proto': proto, 'x-client-subject': subject } = headers;
    response.end(`hello over ${String(proto)} ${String(subject)}\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

export function write(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Starts a server, waits until it listens, and ends it and all its children with the test. */
export async function startProgram(
  file: string,
  args: readonly string[],
  port: number,
  options: { cwd?: string; env?: Record<string, string>; uid?: number; gid?: number } = {},
): Promise<void> {
  const child = spawn(file, args, {
    cwd: options.cwd ?? tmpdir(),
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.gid ?? options.uid }),
  });
  onTestFinished(() => end(child));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()));
  child.on('error', (error) => (output += error.message));
  await untilListens(port, child, () => output);
}

/** Ends the whole group: some servers are several processes. */
async function end(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  const closed = new Promise((resolve) => child.once('exit', resolve));
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    return; // it has ended already
  }
  if (child.exitCode === null && child.signalCode === null) await closed;
}

function curl(ca: string, port: number, pair?: Pair, extra: readonly string[] = []) {
  const identity = pair === undefined ? [] : ['--cert', pair.cert, '--key', pair.key];
  const url = `https://localhost:${port}/`;
  return run('curl', ['-sSf', '-m', '20', '--cacert', ca, ...identity, ...extra, url]);
}

/** In with our root; out (curl 60: not trusted) with another root, or under a name that it is not. */
export async function expectHttps({ ca, otherCa }: Kitchen, port: number): Promise<void> {
  expect(await curl(ca, port)).toMatchObject({
    status: 0,
    output: expect.stringMatching(/^hello/) as string,
  });
  expect((await curl(otherCa, port)).status).toBe(60);
  const wrong = ['--resolve', `api.test:${port}:127.0.0.1`, `https://api.test:${port}/`];
  // Caddy has nothing for a name that it does not serve.
  expect((await curl(ca, port, undefined, wrong)).output).toMatch(
    /no alternative certificate|tlsv1 alert internal error/,
  );
}

/** In with a certificate of our authority for clients, and that alone; gives what the page says. */
export async function expectMutualHttps(kitchen: Kitchen, port: number): Promise<string> {
  const { ca, otherCa, client, otherClient, server } = kitchen;
  for (const version of [['--tls-max', '1.2'], ['--tlsv1.3']]) {
    const right = await curl(ca, port, client, version);
    expect(right).toMatchObject({ status: 0, output: expect.stringMatching(/^hello/) as string });
    for (const wrong of [undefined, otherClient, server]) {
      const { status, output } = await curl(ca, port, wrong, version);
      expect([wrong, status]).not.toEqual([wrong, 0]);
      expect(output).not.toMatch(/^hello/m);
    }
  }
  expect((await curl(otherCa, port, client)).status).toBe(60);
  return (await curl(ca, port, client)).output;
}

/** What a recipe is given, with every file in one folder. */
export function recipeInput(dir: string, clientCerts = false, windows = false): RecipeInput {
  return {
    dir,
    cert: `${dir}/cert.pem`,
    key: `${dir}/key.pem`,
    ca: `${dir}/ca.pem`,
    trust: `${dir}/trust.pem`,
    keystore: `${dir}/keystore.p12`,
    truststore: `${dir}/truststore.p12`,
    names: ['localhost', 'api.test', '::1'],
    clientCerts,
    windows,
  };
}
