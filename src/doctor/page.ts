/** A page on a scratch port with a fresh certificate of the authority, for programs that are to open it. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificateFor, type ServerCertificate } from '../commands/certificate.ts';
import type { Context } from '../commands/context.ts';
import { withFileError } from '../disk/filesystem.ts';

export interface Page {
  readonly port: number;
  /** What programs asked for: the first part of each path. */
  readonly seen: ReadonlySet<string>;
  /** True if one has broken a handshake off, as one does that does not trust the certificate. */
  readonly refused: () => boolean;
}

/**
 * For `localhost`. Nobody is asked for a passphrase: without keys an authority that has one signs nothing.
 *
 * @throws DevcertError if it cannot sign.
 */
export function scratchCertificate(context: Context): Promise<ServerCertificate> {
  return certificateFor({ ...context, keys: undefined }, ['localhost'], { days: 1 });
}

/** Calls with a page on a free port of 127.0.0.1, and of ::1 where there is one: `localhost` may be either. */
export async function withPage<T>(
  { cert, key }: ServerCertificate,
  work: (page: Page) => Promise<T>,
): Promise<T> {
  const { createServer } = await import('node:https');
  const seen = new Set<string>();
  let refused = false;
  const start = () => {
    const server = createServer({ cert, key }, ({ url = '' }, response) => {
      seen.add(url.split('/')[1] ?? '');
      response.end('hello\n');
    });
    server.on('tlsClientError', () => (refused = true));
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
  try {
    return await work({ port, seen, refused: () => refused });
  } finally {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  }
}

function listen(server: Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
}

/** Calls with a folder for what a program writes, which goes when it has ended. @throws DevcertError `file`. */
export async function inScratch<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = withFileError('make', join(tmpdir(), 'devcert-doctor-…'), () =>
    mkdtempSync(join(tmpdir(), 'devcert-doctor-')),
  );
  try {
    return await work(folder);
  } finally {
    try {
      // Helpers of a browser may still be writing.
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    } catch {
      // The system clears it up with all else that is temporary.
    }
  }
}
