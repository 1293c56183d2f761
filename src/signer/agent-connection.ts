/** Talking to an SSH agent (RFC 9987): one request, one answer, within a time limit. */
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { isAbsolute } from 'node:path';
import type { Host } from '../../platform/types.ts';
import { DevcertError, systemCode } from '../errors.ts';
import { MAX_AGENT_BYTES } from '../policy.ts';
import { damagedAnswer, uint32 } from './ssh-wire.ts';

/** Where OpenSSH's agent listens on Windows. */
const PIPES = '\\\\.\\pipe\\';
const WINDOWS_PIPE = `${PIPES}openssh-ssh-agent`;

/**
 * The socket (on Windows the named pipe) of the user's agent.
 *
 * @throws DevcertError `agent` if there is none, `refused` for one of another user: its owner would have the key.
 */
export function agentSocket({
  env,
  platform,
  uid,
}: Pick<Host, 'env' | 'platform' | 'uid'>): string {
  const path = env.SSH_AUTH_SOCK ?? '';
  // Git for Windows brings an agent of its own, whose sockets are known to its programs alone.
  if (platform === 'win32') return path.startsWith(PIPES) ? path : WINDOWS_PIPE;
  if (path === '')
    throw new DevcertError('agent', 'there is no SSH agent: SSH_AUTH_SOCK is not set', {
      hint: 'start one: eval "$(ssh-agent)"',
    });
  if (!isAbsolute(path)) throw noSocket(`SSH_AUTH_SOCK is not an absolute path: "${path}"`);
  assertOwnSocket(path, uid);
  return path;
}

function noSocket(message: string): DevcertError {
  return new DevcertError('agent', message, { hint: 'start an agent: eval "$(ssh-agent)"' });
}

function assertOwnSocket(path: string, uid: number | undefined): void {
  let there;
  try {
    there = statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw unreachable(path, systemCode(error) ?? '');
  }
  if (there === undefined) throw unreachable(path, 'ENOENT');
  if (!there.isSocket()) throw noSocket(`SSH_AUTH_SOCK leads to no socket: "${path}"`);
  // Of root, who can do everything anyway: the socket that a container was given.
  if (uid === undefined || there.uid === uid || there.uid === 0) return;
  throw new DevcertError('refused', `the SSH agent at "${path}" belongs to another user`, {
    hint: 'use one of your own: eval "$(ssh-agent)"',
  });
}

/**
 * Sends one request after the other over one connection.
 *
 * @param timeoutMs for all of them.
 * @returns the answers, from their type on.
 * @throws DevcertError `agent`.
 */
export function converse(
  path: string,
  requests: readonly Buffer[],
  timeoutMs: number,
): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const answers: Buffer[] = [];
    let received = Buffer.alloc(0);
    const socket = connect({ path });
    const end = (error?: Error) => {
      clearTimeout(timer);
      socket.destroy();
      if (error === undefined) resolve(answers);
      else reject(error);
    };
    const timer = setTimeout(() => {
      end(
        new DevcertError('agent', `the SSH agent did not answer in ${timeoutMs / 1000} seconds`, {
          hint: 'answer its question or touch the key when you run the same command again',
        }),
      );
    }, timeoutMs);
    const next = () => {
      const request = requests[answers.length];
      if (request === undefined) end();
      else socket.write(Buffer.concat([uint32(request.length), request]));
    };
    socket.once('connect', next);
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      if (received.length < 4) return;
      const length = received.readUInt32BE();
      // Nothing comes that was not asked for.
      if (length === 0 || length > MAX_AGENT_BYTES || received.length > 4 + length) {
        end(damagedAnswer());
        return;
      }
      if (received.length < 4 + length) return;
      answers.push(received.subarray(4));
      received = Buffer.alloc(0);
      next();
    });
    socket.once('error', (error) => {
      end(unreachable(path, systemCode(error) ?? error.message));
    });
    socket.once('close', () => {
      end(
        new DevcertError('agent', 'the SSH agent closed the connection without an answer', {
          hint: 'it serves the user alone who started it: start one of your own: eval "$(ssh-agent)"',
        }),
      );
    });
  });
}

function unreachable(path: string, code: string): DevcertError {
  const reasons: Record<string, string> = {
    ENOENT: 'it is not there any more',
    ENOTDIR: 'it is not there any more',
    ECONNREFUSED: 'nothing listens there any more',
    EACCES: 'it is closed to you',
    EPERM: 'it is closed to you',
  };
  const start = path.startsWith(PIPES) ? 'Start-Service ssh-agent' : 'eval "$(ssh-agent)"';
  return new DevcertError(
    'agent',
    `cannot reach the SSH agent at "${path}": ${reasons[code] ?? code}`,
    { hint: `start one, and add the key to it: ${start}; ssh-add FILE` },
  );
}
