/** Chains judged side by side: by clients that we did not write, and by `inspect` (issue: no problem told where all agree, none kept quiet). */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { beforeAll, describe, expect, test } from 'vitest';
import { inspectFile } from '../../src/inspect/file.ts';
import { trustIn } from '../forgeries/browsers.ts';
import { findProgram, NO_TRUST, run } from '../helpers/run.ts';
import { needs } from '../helpers/require.ts';
import { chains, type Client, CLIENTS, keyPemOf, pemOf, rootDer } from '../inspect/chains.ts';

const folder = mkdtempSync(join(tmpdir(), 'devcert-judge-'));
const ca = join(folder, 'root.pem');
const files = chains.map((_, index) => join(folder, `chain-${index}.pem`));
/** Whom each client refuses: by the chain's place. */
const refused = new Map<Client, Set<number>>();
const whys = new Map<string, string>();

beforeAll(async () => {
  writeFileSync(ca, pemOf([rootDer]));
  for (const [index, { chain }] of chains.entries()) {
    writeFileSync(files[index] ?? '', pemOf(chain));
    writeFileSync(join(folder, `leaf-${index}.pem`), pemOf(chain.slice(0, 1)));
    writeFileSync(join(folder, `above-${index}.pem`), pemOf(chain.slice(1)));
  }
  refused.set('openssl', await byOpenssl());
  if (findProgram('go') !== undefined) refused.set('go', await byGo());
  const servers = await Promise.all(chains.map(serve));
  try {
    const ports = servers.map((it) => (it.address() as AddressInfo).port);
    refused.set('node', await byNode(ports));
    if (findProgram('gnutls-cli') !== undefined) refused.set('gnutls', await byGnutls(ports));
    if (findProgram('chromium') !== undefined) refused.set('chromium', await byChromium(ports));
  } finally {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  }
});

describe('clients and inspect', () => {
  test.each(chains.map((it, index) => [it.title, it, index] as const))(
    'agree on %s',
    (_, { codes, refusedBy, why }, index) => {
      const asked = CLIENTS.filter((it) => needs(refused.has(it), it));
      const measured = asked.filter((it) => refused.get(it)?.has(index) === true);
      const reasons = measured.map((it) => `${it}: ${whys.get(`${it} ${index}`) ?? ''}`);
      expect({ refusedBy: measured, reasons }).toEqual({
        refusedBy: refusedBy.filter((it) => asked.includes(it)),
        reasons,
      });
      // A problem is told exactly where somebody refuses; everything else has its reason in the table.
      if (why === undefined) expect(codes.length > 0).toBe(refusedBy.length > 0);
    },
  );
});

test('of the roots that Debian ships only expired ones are told', (context) => {
  const file = '/etc/ssl/certs/ca-certificates.crt';
  if (!needs(existsSync(file), 'ca-certificates')) return context.skip();
  const now = new Date();
  const { certificates, problems, notes } = inspectFile(
    { file, bytes: readFileSync(file) },
    { now, authorities: [] },
  );
  expect(certificates.length).toBeGreaterThan(100);
  const expired = certificates.flatMap(({ notAfter }, index) =>
    notAfter !== undefined && notAfter < now ? [index] : [],
  );
  expect(problems.map(({ code, certificate }) => ({ code, certificate }))).toEqual(
    expired.map((certificate) => ({ code: 'expired', certificate })),
  );
  expect(notes).toEqual([]);
});

function note(client: Client, index: number, why: string): number {
  whys.set(`${client} ${index}`, why.trim().replace(/\s+/g, ' ').slice(0, 200));
  return index;
}

async function byOpenssl(): Promise<Set<number>> {
  const places: number[] = [];
  for (const [index, { host }] of chains.entries()) {
    const asked = /^[0-9.]+$/.test(host) ? '-verify_ip' : '-verify_hostname';
    const { status, output } = await run('openssl', [
      ...['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', ca, asked, host],
      ...['-untrusted', join(folder, `above-${index}.pem`), join(folder, `leaf-${index}.pem`)],
    ]);
    if (status !== 0) places.push(note('openssl', index, output));
  }
  return new Set(places);
}

async function byGo(): Promise<Set<number>> {
  const pairs = chains.flatMap(({ host }, index) => [host, files[index] ?? '']);
  const { output } = await run(
    'go',
    ['run', join(import.meta.dirname, 'judges/verify.go'), ca, ...pairs],
    { env: { ...NO_TRUST, GOFLAGS: '-mod=mod', GOCACHE: join(folder, 'go') }, timeoutMs: 240_000 },
  );
  const lines = output.trim().split('\n');
  if (lines.length !== chains.length) throw new Error(`go: ${output.slice(0, 500)}`);
  return new Set(lines.flatMap((line, index) => (line === 'ok' ? [] : [note('go', index, line)])));
}

async function serve(chain: (typeof chains)[number]): Promise<Server> {
  // A server that takes anything: the clients are to judge.
  const ciphers = 'DEFAULT:@SECLEVEL=0';
  const options = { cert: pemOf(chain.chain), key: keyPemOf(chain), ciphers };
  const server = createServer(options, (_, response) => {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('connection', 'close');
    response.end('hello');
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function byNode(ports: readonly number[]): Promise<Set<number>> {
  const places = await Promise.all(
    chains.map(async ({ host }, index) => {
      const why = await new Promise<string | undefined>((resolve) => {
        const servername = /^[0-9.]+$/.test(host) ? {} : { servername: host };
        const port = ports[index] ?? 0;
        const socket = connect({ host, lookup, port, ca: pemOf([rootDer]), ...servername }, () => {
          socket.end();
          resolve(undefined);
        });
        socket.on('error', (error: Error) => {
          resolve(error.message);
        });
      });
      return why === undefined ? [] : [note('node', index, why)];
    }),
  );
  return new Set(places.flat());
}

/** Every host is here. */
function lookup(
  _host: string,
  options: { all?: boolean },
  done: (
    error: null,
    address: string | { address: string; family: number }[],
    family?: number,
  ) => void,
): void {
  if (options.all === true) done(null, [{ address: '127.0.0.1', family: 4 }]);
  else done(null, '127.0.0.1', 4);
}

async function byGnutls(ports: readonly number[]): Promise<Set<number>> {
  const places: number[] = [];
  for (const [index, { host }] of chains.entries()) {
    const { status, output } = await run('gnutls-cli', [
      ...['--port', String(ports[index]), '--x509cafile', ca, '--verify-hostname', host],
      ...['--no-ocsp', '127.0.0.1'],
    ]);
    const ok = status === 0 || output.includes('Status: The certificate is trusted');
    if (!ok) places.push(note('gnutls', index, /\*\*\*.*|Status:.*/.exec(output)?.[0] ?? output));
  }
  return new Set(places);
}

/** One Chromium, whose page, of a server beside these, fetches every host and reports. */
async function byChromium(ports: readonly number[]): Promise<Set<number>> {
  const home = mkdtempSync(join(folder, 'chromium-'));
  await trustIn(join(home, '.pki/nssdb'), ca);
  const urls = chains.map(({ host }, index) => `https://${host}:${ports[index] ?? 0}/`);
  const page = `<!doctype html><script>(async () => {
    const reached = [];
    for (const [index, url] of ${JSON.stringify(urls)}.entries())
      await fetch(url, { mode: 'no-cors' }).then(() => reached.push(index), () => undefined);
    await fetch('/', { method: 'POST', body: JSON.stringify(reached) });
  })();</script>`;
  let report: (reached: number[]) => void = () => undefined;
  const reported = new Promise<number[]>((resolve) => (report = resolve));
  const server = createPlainServer((request, response) => {
    let body = '';
    request.on('data', (data: Buffer) => (body += data.toString()));
    request.on('end', () => {
      response.setHeader('content-type', 'text/html').end(page);
      if (request.method === 'POST') report(JSON.parse(body) as number[]);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const child = spawn(
    'chromium',
    [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ...[`--user-data-dir=${join(home, 'data')}`, '--host-resolver-rules=MAP * 127.0.0.1', url],
    ],
    {
      env: { PATH: process.env.PATH ?? '', HOME: home },
      stdio: 'ignore',
      detached: true, // it is several processes: the group is ended
    },
  );
  const ended = new Promise((resolve) => child.on('exit', resolve));
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error('chromium reports nothing'));
      }, 120_000);
    });
    const reached = new Set(await Promise.race([reported, late]));
    return new Set(chains.flatMap((_, index) => (reached.has(index) ? [] : [index])));
  } finally {
    clearTimeout(timer);
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await ended;
    server.closeAllConnections();
    server.close();
  }
}
