/** An SSH agent that does what a test wants, good or bad, written apart from the one that speaks to it. */
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { generateKey } from '../../src/keys.ts';
import type { SshAgent } from '../../src/signer/ssh-agent.ts';
import { temporaryFolder } from './host.ts';

export interface DoubleKey {
  readonly blob: Buffer;
  readonly comment: string;
  /** None for kinds that are listed only. */
  readonly key?: KeyObject;
  /** Kept for some hosts, as `ssh-add -h` does it. */
  readonly forHosts?: boolean;
}

export interface DoubleOptions {
  readonly keys?: readonly DoubleKey[];
  /** Milliseconds before it answers a request to sign. */
  readonly delayMs?: number;
  /** Answers these bytes to everything, or to what it is given, instead. Undefined: as an agent does. */
  readonly answer?: (request: Buffer) => Buffer | 'hang' | 'close' | undefined;
  /** The key that it really signs with. */
  readonly signsWith?: KeyObject;
  readonly refuses?: boolean;
  readonly locked?: boolean;
}

export interface DoubleAgent {
  /** Path of its socket, or name of its pipe. */
  readonly path: string;
  /** What to hand to the code. */
  readonly agent: SshAgent;
  /** The type of every request that came, in order. */
  readonly requests: number[];
  /** What was to be signed, in order. */
  readonly signed: Buffer[];
  /** Closes all connections that there are. */
  readonly drop: () => void;
}

export const string = (content: Buffer | string): Buffer => {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/** Listens for as long as the test runs. */
export async function doubleAgent(
  options: DoubleOptions = {},
  more: Partial<SshAgent> = {},
): Promise<DoubleAgent> {
  const { keys = [] } = options;
  const name = 'devcert-agent-' + process.hrtime.bigint().toString(36);
  const path =
    process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(temporaryFolder(), 'agent');
  const requests: number[] = [];
  const signed: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let received = Buffer.alloc(0);
    let isBound = false;
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      while (received.length >= 4 && received.length >= 4 + received.readUInt32BE()) {
        const end = 4 + received.readUInt32BE();
        const request = received.subarray(4, end);
        received = received.subarray(end);
        requests.push(request[0] ?? 0);
        const special = options.answer?.(request);
        if (special === 'hang') return;
        if (special === 'close') socket.destroy();
        else if (special !== undefined) socket.write(special);
        else if (request[0] === 27) {
          isBound = !options.locked && isSessionBind(request);
          socket.write(string(Buffer.of(isBound ? 6 : 5)));
        } else void respond(request, isBound).then((answer) => socket.write(string(answer)));
      }
    });
  });
  const respond = async (request: Buffer, isBound: boolean): Promise<Buffer> => {
    const shown = options.locked ? [] : keys.filter(({ forHosts }) => !(isBound && forHosts));
    if (request[0] === 11) {
      const count = Buffer.alloc(4);
      count.writeUInt32BE(shown.length);
      const list = shown.flatMap(({ blob, comment }) => [string(blob), string(comment)]);
      return Buffer.concat([Buffer.of(12), count, ...list]);
    }
    const [blob, toBeSigned] = strings(request.subarray(1));
    const found = keys.find((it) => it.blob.equals(blob ?? Buffer.alloc(0)));
    await sleep(options.delayMs ?? 0);
    if (found?.key === undefined || options.refuses || options.locked || found.forHosts)
      return Buffer.of(5);
    signed.push(toBeSigned ?? Buffer.alloc(0));
    return signResponse(options.signsWith ?? found.key, toBeSigned ?? Buffer.alloc(0));
  };
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const drop = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    drop();
    server.close();
  });
  const { platform } = process;
  const machine = { env: { SSH_AUTH_SOCK: path }, platform, uid: process.geteuid?.() };
  return { path, agent: { machine, ...more }, requests, signed, drop };
}

/** A key on P-256 as an agent has it. */
export function agentKey(comment = 'devcert', key = generateKey('p256')): DoubleKey {
  return { blob: blobOf(key), comment, key };
}

/** One of a kind that is listed only. */
export function otherKey(type: string, comment = type): DoubleKey {
  return { blob: Buffer.concat([string(type), string(Buffer.alloc(32, 7))]), comment };
}

export function blobOf(key: KeyObject): Buffer {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return Buffer.concat([
    ...['ecdsa-sha2-nistp256', 'nistp256', spki.subarray(-65)].map((it) => string(it)),
  ]);
}

/** An answer with a signature, without its length. */
export function signResponse(key: KeyObject, toBeSigned: Buffer): Buffer {
  const raw = sign('sha256', toBeSigned, { key, dsaEncoding: 'ieee-p1363' });
  const numbers = [raw.subarray(0, 32), raw.subarray(32)].map((it) => string(positive(it)));
  const signature = [string('ecdsa-sha2-nistp256'), string(Buffer.concat(numbers))];
  return Buffer.concat([Buffer.of(14), string(Buffer.concat(signature))]);
}

/** RFC 4251 5: no zeros in front, but one where the number would look negative. */
function positive(number: Buffer): Buffer {
  const magnitude = number.subarray(number.findIndex((byte) => byte !== 0));
  return (magnitude[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), magnitude]) : magnitude;
}

function strings(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at + 4 <= bytes.length;) {
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) break;
    found.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return found;
}

/** As OpenSSH checks it: the host's key signed the session's identifier. */
function isSessionBind(request: Buffer): boolean {
  const [name, blob, session, signature] = strings(request.subarray(1, -1));
  if (name?.toString() !== 'session-bind@openssh.com' || blob === undefined) return false;
  const [, , point = Buffer.alloc(0)] = strings(blob);
  const [, numbers = Buffer.alloc(0)] = strings(signature ?? Buffer.alloc(0));
  const raw = strings(numbers).map((it) => Buffer.concat([Buffer.alloc(33 - it.length), it]));
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((it) => it.toString('base64url'));
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' });
  const value = Buffer.concat(raw.map((it) => it.subarray(1)));
  return verify('sha256', session ?? Buffer.alloc(0), { key, dsaEncoding: 'ieee-p1363' }, value);
}
