/**
 * Servers of this user on this machine that still send a certificate which has been replaced on the disk: they
 * have read it when they were started. Asked only where something was replaced, at loopback addresses alone.
 */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { listeningPorts, type ListeningPort } from '../../platform/listening.ts';
import { type CertificateEntry, findEntries } from '../ledger/ledger.ts';
import { connectTo } from '../tls/connect.ts';
import { shakeHands } from '../tls/handshake.ts';
import { type Context } from './context.ts';

/** A server that sends what is not in its file any more. */
export interface ServedOld {
  readonly port: number;
  /** The program, where the system tells it. */
  readonly process: { readonly name: string; readonly pid: number } | undefined;
}

/** A server that is there answers a handshake in some milliseconds; one that is busy building takes longer. */
const ANSWER_MS = 1000;
/** Handshakes in all: a machine has a handful of ports, and few certificates were just replaced. */
const MOST = 200;

/**
 * @param entries of the ledger, as they count now.
 * @returns by the absolute path of the certificate's file; none for what no server sends.
 */
export async function findServedOld(
  context: Context,
  entries: readonly CertificateEntry[],
): Promise<ReadonlyMap<string, readonly ServedOld[]>> {
  const replaced = replacedBy(context, entries);
  const found = new Map<string, ServedOld[]>();
  if (replaced.length === 0) return found;
  const ports = await listeningPorts(context.host);
  // First one question to each port: most speak no TLS.
  const [first, ...others] = [...new Set(replaced.flatMap(({ names }) => names))];
  if (first === undefined) return found;
  const answers = await ask(ports.map((port) => ({ port, name: first })));
  const speaking = ports.filter((port) => answers.some((it) => it.port === port));
  const more = speaking.flatMap((port) => others.map((name) => ({ port, name })));
  answers.push(...(await ask(more)));
  for (const { certFile, old } of replaced) {
    const servers = ports.filter((port) =>
      answers.some((it) => it.port === port && old.has(it.sha256)),
    );
    if (servers.length > 0)
      found.set(
        certFile,
        servers.map(({ port, process }) => ({ port, process })),
      );
  }
  return found;
}

interface Replaced {
  readonly certFile: string;
  /** What a client asks for; the wildcard of a name is filled in. */
  readonly names: readonly string[];
  /** SHA-256 of the certificates that were in the file before. */
  readonly old: ReadonlySet<string>;
}

function replacedBy(context: Context, entries: readonly CertificateEntry[]): Replaced[] {
  const servers = entries.filter(({ certificate }) => certificate.usages.includes('serverAuth'));
  if (servers.length === 0) return [];
  const files = servers.map(({ certificate: { certFile } }) => certFile);
  const history = findEntries(context.stateFolder, files);
  return servers.flatMap(({ certificate: { certFile, names, sha256 } }) => {
    const earlier = history.flatMap(({ certificate }) =>
      certificate?.certFile === certFile && certificate.sha256 !== sha256 ? [certificate] : [],
    );
    const asked = [...names, ...earlier.flatMap((it) => it.names)].map((name) =>
      name.replace(/^\*\./, 'www.'),
    );
    return earlier.length === 0
      ? []
      : [{ certFile, names: [...new Set(asked)], old: new Set(earlier.map((it) => it.sha256)) }];
  });
}

interface Question {
  readonly port: ListeningPort;
  readonly name: string;
}

/** The leaf that each port sends for a name, of those that answer in time. */
async function ask(questions: readonly Question[]) {
  const answers = await Promise.all(
    questions.slice(0, MOST).map(async ({ port, name }) => {
      for (const address of port.addresses) {
        const socket = await connectTo({
          host: address,
          port: port.port,
          timeoutMs: ANSWER_MS,
        });
        if ('code' in socket) continue;
        const asked = isIP(name) === 0 ? name : 'localhost';
        const { flight } = await shakeHands({ socket, name: asked }, ANSWER_MS);
        const [leaf] = flight.certificates ?? [];
        return leaf === undefined
          ? []
          : [{ port, sha256: createHash('sha256').update(leaf).digest('hex') }];
      }
      return [];
    }),
  );
  return answers.flat();
}
