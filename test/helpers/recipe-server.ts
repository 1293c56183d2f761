/** Real servers that run on what `devcert recipe` prints, and clients that should get in or not. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, createPrivateKey } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { withLock } from '../../src/disk/lock.ts';
import { encodePkcs12KeyStore, encodePkcs12TrustStore } from '../../src/keystore/pkcs12.ts';
import { decodePem } from '../../src/keystore/pem.ts';
import { freshHome, type Home } from './cli.ts';
import { untilListens } from './ports.ts';
import { run } from './run.ts';

export { freePort } from './ports.ts';

/** A name that has to be quoted in every language. */
const PROJECT = "ada's shop & cö";
export const PASSWORDS = { KEYSTORE_PASSWORD: 'key pass 1', TRUSTSTORE_PASSWORD: 'trust pass 2' };

interface Identity {
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export interface Parties {
  readonly home: Home;
  /** The project folder; its certificate is in `.devcert`. */
  readonly folder: string;
  /** Where the recipe is asked for, if that is another folder. */
  readonly project?: string;
  readonly ca: Buffer;
  readonly wrongCa: Buffer;
  readonly client: Identity;
  readonly strangers: Readonly<Record<string, Identity>>;
}

/** A server's certificate in every format, a client's, and those of clients that are to stay out. */
export async function makeParties(): Promise<Parties> {
  const home = freshHome();
  const folder = join(home.project, PROJECT);
  mkdirSync(folder);
  const issue = async (out: string, args: readonly string[], state = home.state) => {
    const ran = await home.run([...args, '--out', out], {
      cwd: folder,
      env: { DEVCERT_HOME: state },
    });
    if (ran.status !== 0) throw new Error(ran.stderr);
    const read = (file: string) => readFileSync(join(folder, out, file));
    return { cert: read('cert.pem'), key: read('key.pem'), ca: read('ca.pem') };
  };
  const server = await issue('.devcert', ['localhost', '127.0.0.1']);
  const client = await issue('client', ['--client', 'ada@example.test']);
  const wrong = await issue('wrong', ['--client', 'ada@example.test'], join(home.home, 'other'));
  const ders = (pem: Buffer) => decodePem(pem).map(({ der }) => der);
  writeFileSync(
    join(folder, '.devcert/keystore.p12'),
    encodePkcs12KeyStore(
      { key: createPrivateKey(server.key), certificates: ders(server.cert), alias: 'localhost' },
      { password: PASSWORDS.KEYSTORE_PASSWORD },
    ),
  );
  writeFileSync(
    join(folder, '.devcert/truststore.p12'),
    encodePkcs12TrustStore(
      ders(server.ca).map((certificate) => ({ certificate, alias: 'devcert' })),
      { password: PASSWORDS.TRUSTSTORE_PASSWORD },
    ),
  );
  return {
    home,
    folder,
    ca: server.ca,
    wrongCa: wrong.ca,
    client,
    strangers: {
      none: {},
      'of another CA': wrong,
      'for servers only': await issue('second', ['localhost']),
    },
  };
}

/** The blocks of a recipe as the command prints them, for a port of the test's own. */
export async function printRecipe(
  { home, folder, project = folder }: Parties,
  name: string,
  port: number,
  clientCerts: boolean,
  dir = '.devcert',
): Promise<{ title: string; text: string }[]> {
  const ran = await home.run(
    ['recipe', name, '--json', '--dir', dir, ...(clientCerts ? ['--client-certs'] : [])],
    { cwd: project },
  );
  if (ran.status !== 0) throw new Error(ran.stderr);
  for (const password of Object.values(PASSWORDS)) expect(ran.stdout).not.toContain(password);
  const { blocks } = JSON.parse(ran.stdout) as { blocks: { title: string; text: string }[] };
  expect(blocks[0]?.text).toContain('8443');
  return blocks.map(({ title, text }) => ({ title, text: text.replaceAll('8443', String(port)) }));
}

/** The server's files once more, in a project that has the packages; its folder's name has to be quoted, too. */
export function withCertificate(parties: Parties, project: string): Parties & { dir: string } {
  const dir = "ada's tls & cö";
  cpSync(join(parties.folder, '.devcert'), join(project, dir), { recursive: true });
  return { ...parties, project, dir };
}

/** Starts a server and waits until it listens; it is killed when the test ends. */
export async function startProgram(
  port: number,
  file: string,
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string> },
): Promise<{ output: () => string; pid: number }> {
  const child: ChildProcess = spawn(file, args, {
    cwd: options.cwd,
    // Without UTF-8 a JVM opens no file with an umlaut in its path.
    env: { ...process.env, LC_ALL: 'C.UTF-8', ...PASSWORDS, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // some are several processes: the group is ended
  });
  let output = '';
  child.stdout?.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr?.on('data', (data: Buffer) => (output += data.toString()));
  const ended = new Promise<void>((resolve) => child.on('close', resolve));
  onTestFinished(async () => {
    try {
      process.kill(-(child.pid ?? 0), 'SIGKILL');
    } catch {
      // it has ended already
    }
    await ended;
  });
  await untilListens(port, child, () => output);
  return { output: () => output, pid: child.pid ?? 0 };
}

/** The page, or why there is none; `ca` undefined trusts the public roots. */
export function visit(
  port: number,
  options: Identity & { ca?: Buffer },
  host = 'localhost',
): Promise<{ page: string } | { error: string }> {
  return new Promise((resolve) => {
    const asked = request(
      `https://${host}:${String(port)}/`,
      { ...options, agent: false, timeout: 20_000, headers: { accept: 'text/html' } },
      (response) => {
        let page = '';
        response.on('data', (data: Buffer) => (page += data.toString()));
        response.on('error', ({ message }) => {
          resolve({ error: message });
        });
        response.on('end', () => {
          resolve(response.statusCode === 200 ? { page } : { error: String(response.statusCode) });
        });
      },
    );
    asked.on('timeout', () => asked.destroy(new Error('timeout')));
    asked.on('error', (error: NodeJS.ErrnoException) => {
      resolve({ error: error.code ?? error.message });
    });
    asked.end();
  });
}

/** Who trusts our root gets the page, nobody else; with client certificates, only who shows the right one. */
export async function expectServed(port: number, parties: Parties, clientCerts: boolean) {
  const { ca, wrongCa, client, strangers } = parties;
  const welcome = { ca, ...(clientCerts ? { cert: client.cert, key: client.key } : {}) };
  expect(await visit(port, welcome)).toEqual({ page: expect.stringContaining('hello') as string });
  for (const trusted of [undefined, wrongCa])
    expect(await visit(port, { ...welcome, ca: trusted })).toEqual({
      error: expect.stringMatching(/^(UNABLE_TO_\w+|SELF_SIGNED_CERT_IN_CHAIN)$/) as string,
    });
  if (!clientCerts) return;
  for (const [who, { cert, key }] of Object.entries(strangers))
    expect({ who, ...(await visit(port, { ca, cert, key })) }).toEqual({
      who,
      error: expect.stringMatching(/ALERT|ECONNRESET|EPIPE|EPROTO|SSL|socket/i) as string,
    });
  // Refused because of what they are, not because the server is gone.
  expect(await visit(port, welcome)).toEqual({ page: expect.stringContaining('hello') as string });
}

/**
 * A folder with what `fill` puts there, kept between runs below the system's temporary folder.
 *
 * @param key changes whenever the contents would.
 * @returns undefined if it could not be filled, nor once more: there is no network.
 */
export async function cached(
  key: string,
  fill: (folder: string) => Promise<{ status: number; output: string }>,
): Promise<string | undefined> {
  const folder = join(tmpdir(), `devcert-test-cache-${key}`);
  const done = join(folder, '.done');
  if (existsSync(done)) return folder;
  // Another test file may want the same, and be at it.
  const locks = join(tmpdir(), 'devcert-test-cache-locks');
  mkdirSync(locks, { recursive: true, mode: 0o700 });
  const file = createHash('sha256').update(key).digest('hex');
  return withLock(
    locks,
    async () => {
      for (let attempt = 1; !existsSync(done); attempt++) {
        rmSync(folder, { recursive: true, force: true });
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        const { status, output } = await fill(folder);
        if (status === 0) writeFileSync(done, '');
        else console.warn(output.slice(-2000));
        if (status !== 0 && attempt === FILL_ATTEMPTS) return undefined;
      }
      return folder;
    },
    { file, waitMs: 600_000 },
  );
}

/** A registry may be busy for a moment. */
const FILL_ATTEMPTS = 2;

/** Packages from npm, in a folder of their own; undefined without network. */
export function npmPackages(packages: readonly string[]): Promise<string | undefined> {
  return cached(packages.join('-').replace(/[^\w.@-]/g, '_'), (folder) =>
    run('npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', ...packages], {
      // What the system trusts, also where a company's proxy stands in between.
      env: { NODE_OPTIONS: '--use-openssl-ca' },
      timeoutMs: 240_000,
    }),
  );
}
