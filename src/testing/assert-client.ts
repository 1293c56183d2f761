/** Does a client look at certificates? It is pointed at servers of which one is good and each other broken in one way. */
import { AssertionError } from 'node:assert';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { checked, optionsOf, type Spec, textsOf, wrongType } from '../api/arguments.ts';
import { isObject, oneLine } from '../errors.ts';
import { inTime } from '../in-time.ts';
import { SERVER_TIMEOUT_MS } from '../policy.ts';
import { createTestCa } from './ca.ts';
import { alwaysRefused, type BrokenKind, kindOf } from './kinds.ts';
import type { TestCa, TestLeaf, TestNames } from './types.ts';

/** The server that a client is to connect to. It listens on 127.0.0.1 for as long as the client is at work. */
export interface ClientTarget {
  /** `https://localhost:12345`; any page of it is a short text. */
  readonly url: string;
  /** The first of the names. */
  readonly host: string;
  readonly port: number;
  /** PEM of the root that the client has to trust. */
  readonly ca: string;
  /** What is wrong with the certificate; `good`: nothing. */
  readonly kind: 'good' | BrokenKind;
}

export interface AssertClientOptions {
  /** Whose root the client trusts already; a new one if left out, which it gets as `ca` of its target. */
  readonly ca?: TestCa;
  /** Of the servers; all have to lead to this machine. `localhost` if left out. */
  readonly names?: TestNames;
  /** What it has to refuse; left out: all but `weak-key`, `weak-signature` and `revoked`, of which clients think differently. */
  readonly kinds?: readonly BrokenKind[];
  /** It has to show a certificate of the same CA when the server asks for one. */
  readonly showsCertificate?: boolean;
  /** For each server; 10 000 if left out. */
  readonly timeoutMs?: number;
}

/** How the client took one of the servers. */
export interface ClientOutcome {
  readonly kind: 'good' | BrokenKind;
  readonly outcome: 'accepted' | 'refused';
  /** What it threw. */
  readonly error?: unknown;
}

const spec: Spec<Pick<AssertClientOptions, 'showsCertificate' | 'timeoutMs'>> = {
  ...{ showsCertificate: 'boolean', timeoutMs: 'number' },
};

/**
 * Has a client connect to a good server, which it has to accept, and to broken ones, each of which it has to refuse
 * before it sends a request.
 *
 * @param connect resolves if it was served, and rejects if not. It has to trust `ca`.
 * @returns how it took each of them, the good one first.
 * @throws AssertionError of `node:assert` if it takes what it should refuse, refuses the good one, never connects, or
 *   does not end in time.
 * @throws DevcertError `usage`, `invalid-name` for arguments that cannot be meant.
 */
export async function assertClient(
  connect: (target: ClientTarget) => unknown,
  options: AssertClientOptions = {},
): Promise<ClientOutcome[]> {
  if (typeof connect !== 'function') throw wrongType('the client', 'a function');
  const {
    ca = createTestCa(),
    names = 'localhost',
    kinds = alwaysRefused,
    ...plain
  } = optionsOf(options);
  const { showsCertificate = false, timeoutMs = SERVER_TIMEOUT_MS } = checked(plain, spec);
  const wanted = textsOf(kinds, '"kinds"').map(kindOf);
  const visits: Visit[] = [];
  for (const kind of ['good', ...wanted] as const) {
    const leaf = kind === 'good' ? ca.leaf(names) : ca.broken(kind, names);
    visits.push(await visit(connect, kind, leaf, { ca, names, showsCertificate, timeoutMs }));
  }
  const wrong = visits.flatMap((it) => objection(it, showsCertificate) ?? []);
  if (wrong.length > 0)
    throw new AssertionError({
      message: `the client does not look at certificates as it should:\n${wrong.map((it) => `  ${it}`).join('\n')}`,
      actual: visits.map(({ kind, outcome }) => `${kind}: ${outcome}`),
      expected: visits.map(({ kind }) => `${kind}: ${kind === 'good' ? 'accepted' : 'refused'}`),
      operator: 'assertClient',
    });
  return visits.map(({ kind, outcome, error }) =>
    outcome === 'accepted' ? { kind, outcome } : { kind, outcome: 'refused', error },
  );
}

interface Visit {
  readonly kind: ClientTarget['kind'];
  readonly outcome: 'accepted' | 'refused' | 'not in time';
  readonly error?: unknown;
  /** Connections that came, and requests by them. */
  readonly connections: number;
  readonly requests: number;
  /** Of a certificate that the client showed: why it will not do; empty for a good one. */
  readonly shown: string | undefined;
}

async function visit(
  connect: (target: ClientTarget) => unknown,
  kind: ClientTarget['kind'],
  leaf: TestLeaf,
  { ca, names, showsCertificate, timeoutMs }: Required<Omit<AssertClientOptions, 'kinds'>>,
): Promise<Visit> {
  const seen = { connections: 0, requests: 0, shown: undefined as string | undefined };
  const sockets = new Set<Duplex>();
  const server = createServer(
    {
      ...{ key: leaf.key, cert: leaf.cert },
      // Newer OpenSSL serves no weak certificates otherwise.
      ...(kind.startsWith('weak-') ? { ciphers: 'DEFAULT@SECLEVEL=0' } : {}),
      ...(showsCertificate ? { requestCert: true, rejectUnauthorized: false, ca: ca.cert } : {}),
    },
    ({ socket }, response) => {
      seen.requests += 1;
      if (showsCertificate)
        seen.shown =
          'authorized' in socket && socket.authorized === true
            ? ''
            : String('authorizationError' in socket ? socket.authorizationError : undefined);
      response.end('a server of a test\n');
    },
  );
  server.on('connection', (socket) => {
    seen.connections += 1;
    sockets.add(socket.on('error', () => undefined));
  });
  server.on('tlsClientError', () => undefined); // refused by the client: what is asked for
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  try {
    const { port } = server.address() as AddressInfo;
    const [host = 'localhost'] = textsOf(names, '"names"');
    const url = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
    const client = outcomeOf(() => connect({ url, host, port, ca: ca.cert, kind }));
    const ended = await inTime<Ended>(client, timeoutMs, () => ({ outcome: 'not in time' }));
    return { kind, ...ended, ...seen };
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

type Ended = Pick<Visit, 'outcome' | 'error'>;

async function outcomeOf(connect: () => unknown): Promise<Ended> {
  try {
    await connect();
    return { outcome: 'accepted' };
  } catch (error) {
    return { outcome: 'refused', error };
  }
}

/** What is wrong with how the client took a server; undefined: nothing. */
function objection(
  { kind, outcome, error, connections, requests, shown }: Visit,
  showsCertificate: boolean,
): string | undefined {
  const is = `${kind === 'good' ? 'the good one' : `"${kind}"`}:`;
  const said = wordsOf(error);
  if (outcome === 'not in time') return `${is} it does not end in time`;
  if (connections === 0)
    return `${is} it never connects${error === undefined ? '' : ` (${oneLine(said, 200)})`}`;
  if (kind !== 'good') {
    if (outcome === 'accepted') return `${is} it takes it`;
    return requests > 0 ? `${is} it refuses it only after sending a request` : undefined;
  }
  if (outcome === 'refused') return `${is} it refuses it (${oneLine(said, 200)})`;
  if (!showsCertificate || shown === '') return undefined;
  return shown === undefined
    ? `${is} it sends no HTTP request, so the certificate that it shows is not known`
    : `${is} it shows no certificate of the CA (${shown})`;
}

/** With its cause: that of `fetch()` says `fetch failed` and no more. */
function wordsOf(error: unknown, depth = 0): string {
  if (!isObject(error) || !('message' in error)) return String(error);
  const { message, cause } = error;
  return `${String(message)}${cause === undefined || depth > 3 ? '' : `: ${wordsOf(cause, depth + 1)}`}`;
}
