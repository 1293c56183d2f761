/** Real handshakes: each program that is found here opens a page with a fresh certificate, as it trusts by itself. */
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { CommandResult, Host } from '../../platform/types.ts';
import { certificateFor, type ServerCertificate } from '../commands/certificate.ts';
import { DevcertError, EXIT, printable, type Text } from '../errors.ts';
import { type Client, clients } from './clients.ts';
import { finding, type Finding } from './finding.ts';
import type { Check, Machine } from './machine.ts';
import { storeFindings } from './stores.ts';
import { isInTheWay } from './variables.ts';

/** Each alone takes a second at most; they start at the same time. What is slower must not hide the others. */
const CLIENT_MS = 5000;

export const handshakesCheck: Check = {
  id: 'handshakes',
  about: 'programs that open a page',
  async run(machine) {
    const { context, root } = machine;
    if (root === undefined) return [];
    let certificate: ServerCertificate;
    try {
      // Nobody is asked for a passphrase here: without keys such an authority signs nothing.
      certificate = await certificateFor({ ...context, keys: undefined }, ['localhost'], {
        days: 1,
      });
    } catch (error) {
      if (!(error instanceof DevcertError)) throw error;
      const why: Text = `no program was tried, as nothing was signed for it: ${error.message}`;
      return [finding('handshakes', 'note', why, { command: 'status' })];
    }
    const page = await serve(certificate);
    try {
      const here = clients.flatMap((client) => {
        const file = context.host.find(client.program);
        return file === undefined ? [] : [{ client, file }];
      });
      const tried = await Promise.all(
        here.map(async ({ client, file }) => {
          const result = await open(client, file, page.port, context.host);
          return page.seen.has(client.program) ? [] : judge(client, file, result, machine);
        }),
      );
      return tried.flat();
    } finally {
      page.close();
    }
  },
};

interface Page {
  readonly port: number;
  /** What programs asked for: the first part of each path. */
  readonly seen: ReadonlySet<string>;
  close(): void;
}

/** On a free port of 127.0.0.1, and of ::1 where there is one: `localhost` may be either. */
async function serve({ cert, key }: ServerCertificate): Promise<Page> {
  const { createServer } = await import('node:https');
  const seen = new Set<string>();
  const start = () => {
    const server = createServer({ cert, key }, ({ url = '' }, response) => {
      seen.add(url.split('/')[1] ?? '');
      response.end('hello\n');
    });
    server.on('tlsClientError', () => undefined); // refused by the program: it says why itself
    return server;
  };
  const first = start();
  await listen(first, '127.0.0.1', 0);
  const { port } = first.address() as AddressInfo;
  const second = start();
  const servers = await listen(second, '::1', port).then(
    () => [first, second],
    () => [first], // no IPv6 here
  );
  const close = () => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  };
  return { port, seen, close };
}

function listen(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
}

/** With the user's own environment, but that a proxy is not asked for this machine. */
function open(client: Client, file: string, port: number, host: Host): Promise<CommandResult> {
  const url = `https://localhost:${port}/${client.program}`;
  return host.run({
    file,
    args: client.args(url),
    env: { NO_PROXY: 'localhost', no_proxy: 'localhost', GIT_TERMINAL_PROMPT: '0' },
    timeoutMs: CLIENT_MS,
  });
}

async function judge(
  client: Client,
  file: string,
  { stdout, stderr, failure }: CommandResult,
  { context, root, stores }: Machine,
): Promise<readonly Finding[]> {
  const { name, program, trusts, variables } = client;
  const said = `${stderr}\n${stdout}`.trim();
  const why = said.split('\n').find((it) => DISTRUST.test(it));
  if (why === undefined) {
    const last = failure === 'timeout' ? 'it took too long' : (said.split('\n').at(-1) ?? '');
    return [
      finding(
        'handshakes',
        'note',
        `${name} (${file}) could not be tried: ${printable(last)}`,
        `see what it says itself: ${program} --version`,
      ),
    ];
  }
  // What is told already is the cause: of all that fails because of it nothing more is said.
  if (root !== undefined && variables.some((it) => isInTheWay(it, context, root))) return [];
  const { reports } = await stores;
  const own = reports.filter(({ kind }) => kind === trusts);
  if (own.length > 0 && storeFindings(own, context.ca).some((it) => it.exitCode !== EXIT.done))
    return [];
  return [
    finding(
      'handshakes',
      trusts === 'own' ? 'note' : 'trust',
      `${name} (${file}) does not trust the root by itself: ${printable(why.trim()).slice(0, 160)}`,
      { command: 'run', ca: context.ca, names: ['--', program] },
    ),
  ];
}

/** How they say that they do not trust a certificate. */
const DISTRUST =
  /certificate|\bcert\b|CERT_|SSLHandshake|PKIX|self.signed|UnknownIssuer|unknown.?(?:issuer|ca)\b/i;
