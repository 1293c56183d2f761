/** `devcert inspect HOST:PORT`: what a server sends, in place of a file. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { DevcertError } from '../errors.ts';
import { encodePem } from '../keystore/pem.ts';
import { SERVER_TIMEOUT_MS } from '../policy.ts';
import { serverIn, type Server } from '../verify/target.ts';
import type { Context } from './context.ts';
import type { InspectSource } from './inspect.ts';

/**
 * The sources, with what servers send in place of `HOST:PORT` and URLs. A file of that name comes first.
 *
 * @throws DevcertError `command` for a server that sends no certificate, `usage`.
 */
export async function withServers(
  { cwd }: Context,
  sources: readonly InspectSource[],
): Promise<InspectSource[]> {
  const all: InspectSource[] = [];
  for (const source of sources) {
    const name = typeof source === 'string' && !existsSync(resolve(cwd, source)) ? source : '';
    const server = serverIn(name, { command: 'inspect', names: 'localhost:8443' });
    all.push(server === undefined ? source : { name, bytes: await sentBy(server) });
  }
  return all;
}

async function sentBy(server: Server): Promise<Buffer> {
  // Files are looked into without Node's network.
  const { contact } = await import('../verify/contact.ts');
  const { shaken, problem } = await contact(server, server.host, SERVER_TIMEOUT_MS);
  const certificates = shaken?.flight.certificates ?? [];
  if (certificates.length > 0)
    return Buffer.from(certificates.map((der) => encodePem('CERTIFICATE', der)).join(''));
  throw new DevcertError('command', problem?.message ?? 'the server sent no certificate', {
    hint: problem?.fix ?? 'look into its log',
  });
}
