/** Is a server trusted, or refused for the reason that a test expects; and whom does it let in itself? */
import { AssertionError } from 'node:assert';
import { X509Certificate } from 'node:crypto';
import { checked, optionsOf, type Spec, wrongType } from '../api/arguments.ts';
import { DevcertError } from '../errors.ts';
import { readKeyStore } from '../keystore/read.ts';
import { admission, type Ending, tryHandshake } from '../mtls/handshake.ts';
import { parseName } from '../names/names.ts';
import { SERVER_TIMEOUT_MS } from '../policy.ts';
import { endpointText } from '../tls/connect.ts';
import type { StartTls } from '../tls/starttls.ts';
import { contact } from '../verify/contact.ts';
import { startTlsOf } from '../verify/target.ts';
import type { VerifyCode, VerifyResult } from '../verify/types.ts';
import { verdict } from '../verify/verdict.ts';
import { type ServerTarget, targetOf } from './target.ts';
import type { TestCa, TestLeaf } from './types.ts';

export interface AssertServerOptions {
  /** Whom the client trusts: a CA, or the PEM of roots. */
  readonly ca: Pick<TestCa, 'cert'> | string;
  /** The name to ask for, in SNI and in the certificate; that of the target if left out, `localhost` for a port or a server. */
  readonly name?: string;
  /**
   * Why the server has to be refused, all of it; left out: it has to be trusted. The codes are those of
   * `devcert verify`.
   */
  readonly refused?: VerifyCode | readonly VerifyCode[];
  /** PEM of lists of revoked certificates, as `ca.crl`; left out: revocation is not looked at. */
  readonly crl?: string | readonly string[];
  /** When the certificates have to be valid; now if left out. */
  readonly at?: Date;
  /**
   * Client certificates that the server has to let in. With this or `refuses` it has to refuse clients without any, too.
   * It is asked by HTTP/1.1: one of HTTP/2 needs `allowHTTP1`.
   */
  readonly accepts?: readonly Pick<TestLeaf, 'key' | 'cert'>[];
  /** Client certificates that the server has to refuse. */
  readonly refuses?: readonly Pick<TestLeaf, 'key' | 'cert'>[];
  /** With `accepts` or `refuses`: it lets clients in that have none, too. */
  readonly optional?: boolean;
  /** False: it does not speak HTTP, so a connection that stays open was let in. */
  readonly http?: boolean;
  /** How TLS begins there; `none`: at once. Told by the port if left out. */
  readonly starttls?: StartTls | 'none';
  /** For each step; 10 000 if left out. */
  readonly timeoutMs?: number;
}

const spec: Spec<Omit<AssertServerOptions, 'at' | 'ca' | 'accepts' | 'refuses'>> = {
  ...{ name: 'text', refused: 'list', crl: 'list', optional: 'boolean', http: 'boolean' },
  ...{ starttls: 'text', timeoutMs: 'number' },
};

/**
 * Connects to a server and asserts that a strict client which trusts `ca` trusts it, or refuses it for exactly the
 * reason in `refused`; and with `accepts` and `refuses`, whom the server lets in by TLS 1.3 and 1.2. Starts nothing
 * and changes nothing in this process.
 *
 * @returns all that was found.
 * @throws AssertionError of `node:assert`, with the codes as `actual` and `expected`.
 * @throws DevcertError `usage`, `invalid-name`, `invalid-input` for arguments that cannot be meant.
 */
export async function assertServer(
  target: ServerTarget,
  options: AssertServerOptions,
): Promise<VerifyResult> {
  const { at, ca, accepts, refuses, ...plain } = optionsOf(options);
  const { refused = [], crl, timeoutMs = SERVER_TIMEOUT_MS, ...rest } = checked(plain, spec);
  const found = targetOf(target);
  const server = startTlsOf(found.server, rest.starttls);
  const name = parseName(rest.name ?? found.name);
  const touched = await contact(server, name.value, timeoutMs);
  const result = await verdict({
    target: endpointText(server.host, server.port),
    ...{ server, contact: touched, name, purpose: 'server', at: at ?? new Date() },
    sent: touched.shaken?.flight.certificates ?? [],
    roots: { label: 'the CA of the test', certificates: rootsOf(ca) },
    crls: crl === undefined ? undefined : crlsIn(crl),
    // Nothing of this machine's is asked.
    world: () => ({
      ...{ known: [], retired: [], isIssuedHere: () => false, systemTrusts: false },
      asked: { label: 'the CA of the test', ca: 'test' },
    }),
    systemRoots: () => Promise.resolve([]),
  });
  judge(result, refused as readonly VerifyCode[]);
  if (accepts !== undefined || refuses !== undefined) {
    const http = rest.http !== false && server.startTls === undefined;
    await judgeAdmission(
      {
        ...server,
        name: name.value,
        http,
        timeoutMs: http ? timeoutMs : Math.min(timeoutMs, 1000),
      },
      [
        ...(accepts ?? []).map((identity, index) =>
          client(`accepts[${index}]`, 'let in', identity),
        ),
        ...(refuses ?? []).map((identity, index) =>
          client(`refuses[${index}]`, 'refused', identity),
        ),
        client('no certificate', rest.optional === true ? 'let in' : 'refused', undefined),
      ],
    );
  }
  return result;
}

/** @throws AssertionError unless the errors are those that were expected, all of them and no other. */
function judge(result: VerifyResult, expected: readonly VerifyCode[]): void {
  const { target, problems, name = '' } = result;
  const errors = problems.filter(({ severity }) => severity === 'error');
  // What a weak certificate does to the handshake of a newer OpenSSL follows from it.
  const actual = [...new Set(errors.map(({ code }) => code))].filter(
    (code) => code !== 'tls-weak' || !expected.some((it) => it.startsWith('weak-')),
  );
  const isSame = actual.length === expected.length && actual.every((it) => expected.includes(it));
  if (isSame && (expected.length > 0 || result.isVerified)) return;
  const said = errors.map(({ code, message }) => `  ${code}: ${message}`);
  const wanted = expected.length === 0 ? 'be trusted' : `be refused as ${expected.join(', ')}`;
  const got = said.length === 0 ? ' but it is trusted' : `, but it is refused:\n${said.join('\n')}`;
  throw new AssertionError({
    message: `${target} as "${name}" should ${wanted}${got}`,
    ...{ actual, expected, operator: 'assertServer' },
  });
}

interface Client {
  readonly what: string;
  readonly expected: 'let in' | 'refused';
  readonly identity: { readonly certPem: string; readonly keyPem: string } | undefined;
}

function client(
  what: string,
  expected: Client['expected'],
  identity: Pick<TestLeaf, 'key' | 'cert'> | undefined,
): Client {
  if (identity === undefined) return { what, expected, identity };
  const { key, cert } = identity;
  if (typeof key !== 'string' || typeof cert !== 'string')
    throw wrongType(what, 'an object with "key" and "cert" in PEM');
  const { issuer, subject } = new X509Certificate(cert);
  const title = `${what} (${oneLine(subject)}; by ${oneLine(issuer)})`;
  return { what: title, expected, identity: { certPem: cert, keyPem: key } };
}

/** @throws AssertionError unless each is let in or refused as it should, by each version that the server speaks. */
async function judgeAdmission(
  base: Omit<Parameters<typeof tryHandshake>[0], 'version' | 'identity'>,
  clients: readonly Client[],
): Promise<void> {
  const wrong: string[] = [];
  const [actual, expected]: [string[], string[]] = [[], []];
  for (const version of ['TLSv1.3', 'TLSv1.2'] as const)
    for (const { what, expected: wanted, identity } of clients) {
      const ending = await tryHandshake({ ...base, version, identity });
      if (ending.kind === 'version') break;
      const got = admissionOf(ending, base.http);
      const title = `${version.replace('TLSv', 'TLS ')}, ${what}`;
      actual.push(`${title}: ${got}`);
      expected.push(`${title}: ${wanted}`);
      if (got !== wanted)
        wrong.push(`  ${title}: should be ${wanted}, is ${got} (${ending.detail})`);
    }
  if (wrong.length === 0 && actual.length > 0) return;
  const { host, port } = base;
  throw new AssertionError({
    message: `${endpointText(host, port)} does not let in the clients that it should, and no others:\n${wrong.join('\n')}`,
    ...{ actual, expected, operator: 'assertServer' },
  });
}

/** Who closes without a word has refused: it did not answer. */
function admissionOf(ending: Ending, http: boolean): string {
  return ending.kind === 'closed' ? 'refused' : admission(ending, http);
}

function rootsOf(ca: AssertServerOptions['ca']): X509Certificate[] {
  const pem: unknown = typeof ca === 'object' ? ca.cert : ca;
  if (typeof pem !== 'string') throw wrongType('"ca"', 'a CA of this library, or PEM');
  const roots = readKeyStore(Buffer.from(pem)).entries.flatMap(({ certificates }) =>
    certificates.map((der) => new X509Certificate(der)),
  );
  if (roots.length > 0) return roots;
  throw new DevcertError('invalid-input', 'there is no certificate in "ca"', {
    hint: 'pass the PEM itself, not the path of a file',
  });
}

function crlsIn(pem: readonly string[]): Buffer[] {
  return readKeyStore(Buffer.from(pem.join(''))).entries.flatMap(({ crl }) => crl ?? []);
}

function oneLine(name: string): string {
  return name.split('\n').join(', ');
}
