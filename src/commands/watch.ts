/** A server that runs on with the pair of files as it is now, which is renewed when its time comes. */
import { X509Certificate } from 'node:crypto';
import { type OutputOptions, outputPaths } from '../certificate/output.ts';
import { readPair } from '../certificate/pair.ts';
import { hasDaysEnough } from '../certificate/reusable.ts';
import { stampOf } from '../disk/files.ts';
import { asError, DevcertError } from '../errors.ts';
import { encodePrivateKey } from '../keys.ts';
import { RENEWAL_RETRY_MS, WATCH_MS } from '../policy.ts';
import { readNames } from '../x509/read.ts';
import type { Context } from './context.ts';
import { renewFile } from './renew-due.ts';

/** A server of `node:https`, `node:http2` or `node:tls`. */
export interface WatchedServer {
  setSecureContext(options: object): void;
  once(event: 'close', listener: () => void): unknown;
  removeListener(event: 'close', listener: () => void): unknown;
}

/** Which pair: that of `.devcert` in the current folder if it says nothing. */
export interface WatchOptions extends Omit<OutputOptions, 'out'> {
  /** Folder of `cert.pem` and `key.pem`. */
  readonly dir?: string;
  /** False: only take what is in the files, and renew nothing. True by default. */
  readonly renew?: boolean;
}

/** A pair that the servers were given. */
export interface LoadedPair {
  /** Absolute paths. */
  readonly certFile: string;
  readonly keyFile: string;
  readonly names: readonly string[];
  readonly notAfter: Date;
}

/** Who is told what happens. */
export interface WatchEvents {
  loaded(pair: LoadedPair): void;
  /** The servers go on with the pair that they have. The same failure is told once. */
  failed(error: Error): void;
}

export interface Watcher {
  /** Stops it; resolves when nothing of it is under way. The servers go on with what they have. */
  close(): Promise<void>;
}

/**
 * Gives servers the pair in the files, now and each time when it has changed, and renews it when it is due,
 * as `renew` does. Looked at by the clock of the machine every two seconds, which keeps no process running; it
 * ends by itself when all servers are closed.
 *
 * @param open the machine, for one renewal: whoever made a slip, or was away, is asked again by the next one.
 * @throws DevcertError `file`, `invalid-input`, `password` if there is no pair to begin with.
 */
export async function watch(
  context: Pick<Context, 'host' | 'cwd'>,
  servers: readonly WatchedServer[],
  { renew = true, dir, ...files }: WatchOptions,
  events: WatchEvents,
  open: () => Promise<Context>,
): Promise<Watcher> {
  const { host, cwd } = context;
  const { certFile, keyFile } = outputPaths(
    { ...(dir === undefined ? {} : { out: dir }), ...files },
    cwd,
  );
  let certificate: X509Certificate;
  /** Of the files that were loaded, or told to be no pair. */
  let known = '';
  /** Of files that were no pair at the last look: perhaps half of a change was done. */
  let doubtful = '';
  let told = '';
  let failedAt = -Infinity;
  let isClosed = false;

  const tell = (error: unknown) => {
    const it = asError(error);
    if (it.message !== told) events.failed(it);
    told = it.message;
  };

  const load = (stamp: string) => {
    const pair = readPair(certFile, keyFile);
    const [leaf, ...issuers] = pair.certificates.map((der) => new X509Certificate(der));
    if (leaf === undefined) throw new TypeError('a pair without a certificate');
    const cert = [leaf, ...issuers].join('');
    const key = encodePrivateKey(pair.key);
    [certificate, known, told, failedAt] = [leaf, stamp, '', -Infinity];
    for (const server of servers)
      try {
        server.setSecureContext({ ...settingsOf(server), cert, key });
      } catch (error) {
        tell(error); // the others are to have it all the same
      }
    const [names, notAfter] = [readNames(leaf.raw), new Date(leaf.validTo)];
    events.loaded({ certFile, keyFile, names, notAfter });
  };

  const stamps = () => [certFile, keyFile].map(stampOf).join(';');

  const look = () => {
    const stamp = stamps();
    if (stamp === known || isClosed) return;
    try {
      load(stamp);
    } catch (error) {
      if (stamp !== doubtful) doubtful = stamp;
      else {
        known = stamp;
        tell(notTaken(error));
      }
    }
  };

  const renewDue = async () => {
    const now = host.now();
    // By the absolute difference: the clock may have been set back since.
    if (Math.abs(now.getTime() - failedAt) < RENEWAL_RETRY_MS) return;
    if (!renew || isClosed || hasDaysEnough(certificate, now)) return;
    failedAt = now.getTime();
    try {
      const results = await renewFile(await open(), certFile);
      if (results.length === 0)
        throw new DevcertError('refused', `"${certFile}" is due, and devcert did not issue it`);
      look();
      // The pair itself, or what was exported of it.
      const left = results.filter(({ reason }) => reason !== undefined);
      const words = left.map(({ files, reason }) => `"${files.join()}" is not renewed: ${reason}`);
      if (words.length > 0) throw new DevcertError('refused', words.join('; '));
    } catch (error) {
      tell(error);
    }
  };

  const notTaken = (error: unknown) => {
    if (!(error instanceof DevcertError)) return error;
    const { code, message, hint } = error;
    return new DevcertError(code, `"${certFile}" is not taken: ${message}`, { hint, cause: error });
  };

  load(stamps());
  let running: Promise<void> | undefined;
  const tick = () => {
    look();
    running ??= renewDue().finally(() => (running = undefined));
    return running;
  };
  const timer = setInterval(() => void tick(), WATCH_MS).unref();
  let left = servers.length;
  const onClose = () => {
    if (--left === 0) stop();
  };
  const stop = () => {
    isClosed = true;
    clearInterval(timer);
    for (const server of servers) server.removeListener('close', onClose);
  };
  for (const server of servers) server.once('close', onClose);
  await tick();
  return {
    close: async () => {
      stop();
      await running;
    },
  };
}

/**
 * What a server was made with, which it keeps as its properties: `setSecureContext()` sets all that it is not
 * given to the default. One that asks for clients' certificates would take those of any public CA from then on.
 */
function settingsOf(server: object): object {
  return Object.fromEntries(
    SETTINGS.map((name) => [name, Reflect.get(server, name) as unknown] as const).filter(
      ([, value]) => value !== undefined,
    ),
  );
}

/** Of tls.createSecureContext(), without those that say the pair. */
const SETTINGS = [
  ...['ca', 'crl', 'ciphers', 'sigalgs', 'ecdhCurve', 'dhparam', 'minVersion', 'maxVersion'],
  ...['secureProtocol', 'secureOptions', 'honorCipherOrder', 'clientCertEngine'],
  ...['sessionIdContext', 'sessionTimeout', 'ticketKeys'],
];
