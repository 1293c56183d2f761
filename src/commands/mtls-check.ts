/** `devcert mtls check`: does a server let the right client in, and every wrong one not? */
import { X509Certificate } from 'node:crypto';
import { join, resolve } from 'node:path';
import { loadAuthority } from '../authority/folder.ts';
import { DevcertError, say, worded } from '../errors.ts';
import { readIfThere } from '../disk/files.ts';
import { admission, type HandshakeOptions, tryHandshake, type Ending } from '../mtls/handshake.ts';
import { assertNoLinks, clientRequest, type MtlsSet, partyFiles, readSet } from '../mtls/set.ts';
import { byAnotherAuthority, type ClientIdentity, madeWrong } from '../mtls/invalid-clients.ts';
import { parseName } from '../names/names.ts';
import { endpointText } from '../tls/connect.ts';
import { type Roots, rootsInFile } from '../verify/roots.ts';
import { notServer, serverIn, startTlsOf } from '../verify/target.ts';
import { verdict } from '../verify/verdict.ts';
import { type Context, contextOf, identity } from './context.ts';
import { worldOf } from './verify.ts';

export interface MtlsCheckOptions {
  /** The set's folder; the current one by default. */
  readonly dir?: string;
  /** Which client; the first one by default. */
  readonly as?: string;
  /** False: the server does not speak HTTP, so nothing is sent. */
  readonly http?: boolean;
  /** How TLS begins; `none`: at once. Told by the port if left out. Nothing is sent then either. */
  readonly starttls?: string;
  /** For each connection; 5 s by default, 1 s without HTTP. */
  readonly timeoutMs?: number;
}

export interface MtlsLine {
  readonly version: 'TLS 1.2' | 'TLS 1.3';
  /** What was tried: `no certificate`. */
  readonly what: string;
  readonly expected: 'let in' | 'refused' | 'trusted';
  readonly got: 'let in' | 'refused' | 'trusted' | 'not trusted' | 'unclear' | 'not offered';
  readonly reason: string;
  readonly ok: boolean;
}

export interface MtlsCheckResult {
  readonly server: string;
  readonly client: string;
  readonly lines: readonly MtlsLine[];
  /** Authorities that the server says it takes; undefined if it does not tell. */
  readonly accepted: readonly string[] | undefined;
  /** Attempts that could not be made, and why. */
  readonly notes: readonly string[];
  /** True if every line is as expected. */
  readonly ok: boolean;
}

const versions = [
  ['TLSv1.3', 'TLS 1.3'],
  ['TLSv1.2', 'TLS 1.2'],
] as const;

/**
 * Runs the handshakes. Makes no authority and writes nothing.
 *
 * @param address `HOST:PORT`, or an https URL.
 * @throws DevcertError `usage`, `file` for a set that is not whole, `command` if nothing listens there.
 */
export async function mtlsCheck(
  context: Context,
  address: string,
  options: MtlsCheckOptions = {},
): Promise<MtlsCheckResult> {
  const server = serverOf(address, options);
  const { host, port, startTls } = server;
  const folder = resolve(context.cwd, options.dir ?? '.');
  const set = requireSet(folder);
  const client = set.clients.find(({ name }) => name === (options.as ?? set.clients[0]?.name));
  if (client === undefined)
    throw new DevcertError('usage', `the set has no client "${options.as ?? ''}"`, {
      hint: { as: set.clients.map(({ name }) => name).join(' | ') },
    });
  const files = partyFiles(folder, client.name);
  const right = { certPem: readText(files.certFile), keyPem: readText(files.keyFile) };
  const notes: string[] = [];
  const wrong = await wrongIdentities(context, set, client, right, notes);
  const http = options.http !== false && startTls === undefined;
  const base = { ...server, http, timeoutMs: options.timeoutMs ?? (http ? 5000 : 1000) };
  const judgeServer = serverJudge(context, host, rootsInFile(files.trustFile, folder));
  const lines: MtlsLine[] = [];
  let accepted: MtlsCheckResult['accepted'];
  for (const [version, label] of versions) {
    const first = await tryHandshake({ ...base, version, identity: right });
    accepted ??= first.flight.request?.authorities;
    const problem = first.kind === 'version' ? undefined : await judgeServer(first);
    lines.push(...(await checkVersion({ ...base, version }, label, [first, problem], wrong)));
  }
  const where = endpointText(host, port);
  if (lines.every(({ got }) => got === 'not offered'))
    throw new DevcertError('command', `${where} speaks neither TLS 1.3 nor TLS 1.2`, {
      hint: 'is it the HTTPS port of the server?',
    });
  return {
    server: where,
    client: client.name,
    lines,
    accepted,
    notes,
    ok: lines.every(({ ok }) => ok),
  };
}

async function checkVersion(
  base: Omit<HandshakeOptions, 'identity'>,
  version: MtlsLine['version'],
  [first, problem]: readonly [Ending, string | undefined],
  wrong: readonly (readonly [string, ClientIdentity | undefined])[],
): Promise<MtlsLine[]> {
  const line = (
    what: string,
    expected: MtlsLine['expected'],
    got: MtlsLine['got'],
    reason: string,
  ): MtlsLine => ({
    ...{ version, what, expected, got, reason },
    ok: got === expected || got === 'not offered',
  });
  if (first.kind === 'version') return [line('right certificate', 'let in', 'not offered', '')];
  const got = admission(first, base.http);
  const isUnclear = got === 'unclear' && base.http;
  const why = isUnclear ? worded`${first.detail}; not HTTP? ${{ http: false }}` : first.detail;
  const trusts = problem === undefined ? 'trusted' : 'not trusted';
  const lines = [
    line("server's certificate", 'trusted', trusts, problem ?? ''),
    line('right certificate', 'let in', got, why),
  ];
  for (const [what, identity] of wrong) {
    const ending = await tryHandshake({ ...base, identity });
    // A server that closes without a word has refused, if it answers the right certificate.
    const silent = ending.kind === 'closed' && got === 'let in';
    const verdict = silent ? 'refused' : admission(ending, base.http);
    lines.push(line(what, 'refused', verdict, ending.detail));
  }
  return lines;
}

/** What is wrong with the certificates that a server sent, by the judgement of `verify`. */
function serverJudge(context: Context, host: string, roots: Roots) {
  return async ({ flight }: Ending): Promise<string | undefined> => {
    const { isVerified, problems } = await verdict({
      ...{ target: host, sent: flight.certificates ?? [], roots },
      ...{ name: parseName(host), purpose: 'server', at: context.host.now() },
      world: (systemTrusts) => worldOf(context, roots, systemTrusts),
      systemRoots: () => Promise.resolve([]),
    });
    return isVerified ? undefined : (problems[0]?.message ?? 'not verified');
  };
}

/** Each with what it is called; undefined: none is sent. */
async function wrongIdentities(
  context: Context,
  set: MtlsSet,
  client: MtlsSet['clients'][number],
  right: ClientIdentity,
  notes: string[],
): Promise<(readonly [string, ClientIdentity | undefined])[]> {
  const now = context.host.now();
  const wrong: [string, ClientIdentity | undefined][] = [['no certificate', undefined]];
  try {
    const authority = await loadAuthority(contextOf(context, set.clientCa).folder);
    const request = clientRequest(client);
    const like = { certificate: new X509Certificate(right.certPem), names: request.names };
    const other = await byAnotherAuthority(authority, request, identity(context), now);
    wrong.push(['of another CA', other]);
    const { keys } = context;
    wrong.push(
      ['for servers only', await madeWrong('for servers only', authority, like, now, keys)],
      ['expired', await madeWrong('expired', authority, like, now, keys)],
    );
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    notes.push(`tried without wrong certificates that the client CA makes: ${error.message}`);
  }
  return wrong;
}

/** @throws DevcertError `usage` if there is no set, `file` if a part of it is a link. */
export function requireSet(folder: string): MtlsSet {
  const set = readSet(folder);
  if (set !== undefined) assertNoLinks(folder, set);
  if (set !== undefined) return set;
  throw new DevcertError('usage', `there is no set for mutual TLS in "${folder}"`, {
    hint: say`name its folder: ${{ dir: 'DIR' }}; or make one: ${{ command: 'mtls', names: 'NAME', client: 'web' }}`,
  });
}

function readText(file: string): string {
  const text = readIfThere(file)?.toString();
  if (text !== undefined) return text;
  throw new DevcertError('file', `"${file}" is missing`, {
    hint: say`bring the set up to date: ${{ command: 'mtls', names: 'NAME', out: `"${join(file, '../..')}"` }}`,
  });
}

function serverOf(address: string, { starttls }: MtlsCheckOptions) {
  const example = { command: 'mtls check', names: 'localhost:8443', dir: 'DIR' } as const;
  const server = serverIn(address, example);
  if (server === undefined) throw notServer(address, example);
  return startTlsOf(server, starttls);
}
