/** Certificates for servers that run in this process, as functions. */
import type { SniCallback, SniOptions } from '../commands/sni.ts';
import type { LoadedPair, WatchedServer, Watcher, WatchOptions } from '../commands/watch.ts';
import { isObject } from '../errors.ts';
import { checked, listenerOf, type Spec, textsOf, wrongType } from './arguments.ts';
import { type Listener, migrated, quietContext } from './composition.ts';

/** Is told what happens while a server runs. All are optional; what they throw is passed over. */
export interface ServerListener extends Pick<Listener, 'password' | 'progress'> {
  /** What went wrong, or whom the server refused: the server runs on. The message may hold what a client sent. */
  failed?(error: Error): void;
}

/** The same of files that are watched. */
export interface WatchListener extends ServerListener {
  /** The servers were given this pair. */
  loaded?(pair: LoadedPair): void;
}

const sniSpec: Spec<Omit<SniOptions, 'allow'>> = {
  ...{ ca: 'text', key: 'text', days: 'days', secureContext: 'object' },
};

/**
 * A callback that makes certificates in memory when clients ask for their names:
 * `https.createServer({ ...(await certificateFor()), SNICallback: await sniCallback({ allow: '*.app.test' }) })`.
 * For names that are not allowed, and for what is no host name, none is made: those clients, and such as send no
 * name because they open an address, get the server's own certificate; from a server that has none, an alert
 * (`handshake_failure`).
 *
 * Each certificate is kept until it is due, at most 500 of them, those that were used last; one is made for
 * all who wait for it. They have one key, made now. The authority is made now if there is none yet, never by a handshake; once it is
 * replaced, certificates come from its successor. Writes nothing else, and touches no trust store.
 *
 * @param listener its `password` opens the authority's key, now; `failed` is told of every client that is
 *   refused.
 * @throws DevcertError `refused` for an authority that is sealed or whose key is in an SSH agent, which may
 *   want a touch, and for a CA that would have to be made in a production build; `password` for one whose key nobody opens; `usage`, `invalid-name`, `outside-constraints`,
 *   `file`, `invalid-authority`, `no-authority`, `expired`, `busy`.
 */
export async function sniCallback(
  options: SniOptions,
  listener: ServerListener = {},
): Promise<SniCallback> {
  const { sniCallback } = await import('../commands/sni.ts');
  const rest = checked<Omit<SniOptions, 'allow'>>(options, sniSpec);
  const { allow } = options;
  const wanted = {
    ...rest,
    allow: typeof allow === 'function' ? allow : textsOf(allow, '"allow"'),
  };
  const here = await quietContext(listener, rest.ca);
  return sniCallback(here, wanted, safely(listener.failed?.bind(listener)));
}

/**
 * Has running servers take the pair in files when it changes, without a new start: `await watch(server)`. When
 * the pair is due it is renewed, as {@link renew} does, with what was exported of it; after a sleep or a jump of
 * the clock two seconds later. Connections that are open stay, and so do the other options of the server.
 *
 * The files are looked at every two seconds; that keeps no process running, and ends when the servers are closed. A
 * certificate is never used with a key that is not its own. What fails is told to `failed`, once, and the
 * servers go on with what they have; a renewal is tried again after an hour.
 *
 * @param servers one or more, of `node:https`, `node:http2` or `node:tls`.
 * @param options the pair of {@link ensure} and {@link issue} by default, or where another one is.
 * @throws DevcertError `usage`; `file`, `invalid-input` or `password` if there is no pair to begin with.
 */
export async function watch(
  servers: WatchedServer | readonly WatchedServer[],
  options: WatchOptions = {},
  listener: WatchListener = {},
): Promise<Watcher> {
  const { watch } = await import('../commands/watch.ts');
  const wanted = checked(options, {
    ...{ dir: 'text', certFile: 'text', keyFile: 'text', renew: 'boolean' },
  });
  const all = serversOf(servers);
  const failed = safely(listenerOf(listener).failed?.bind(listener));
  const loaded = safely(listener.loaded?.bind(listener));
  const open = () => quietContext(listener, undefined, migrated);
  return watch(await open(), all, wanted, { failed, loaded }, open);
}

/** A function of the program's: nothing of ours is to fail by it, least of all a handshake. */
function safely<T>(call: ((it: T) => void) | undefined): (it: T) => void {
  return (it) => {
    try {
      call?.(it);
    } catch {
      // There is nobody else to tell.
    }
  };
}

function serversOf(value: unknown): readonly WatchedServer[] {
  const all: unknown[] = Array.isArray(value) ? value : [value];
  const isServer = (it: unknown): it is WatchedServer =>
    isObject(it) && typeof it.setSecureContext === 'function';
  if (all.length > 0 && all.every(isServer)) return all;
  throw wrongType(
    'the server',
    'one with setSecureContext(), of node:https, node:http2 or node:tls',
  );
}
