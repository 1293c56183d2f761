/** A socket with a copy of the first bytes that come from the server: what was really sent. */
import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { MAX_FLIGHT_BYTES } from '../policy.ts';

/** The stream to do TLS on, and what came so far. */
export interface Recording {
  readonly stream: Socket;
  /** The first bytes from the server; {@link MAX_FLIGHT_BYTES} at most. */
  readonly received: () => Buffer;
}

/** Records a connected socket, which nobody else reads from now on. */
export function record(socket: Socket): Recording {
  const seen: Buffer[] = [];
  let length = 0;
  const stream = new Duplex({
    read: () => {
      socket.resume();
    },
    write: (bytes: Buffer, _encoding, done) => {
      socket.write(bytes, done);
    },
    final: (done) => {
      socket.end(done);
    },
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (bytes: Buffer) => {
    if (length < MAX_FLIGHT_BYTES) {
      const part = bytes.subarray(0, MAX_FLIGHT_BYTES - length);
      seen.push(part);
      length += part.length;
    }
    if (!stream.push(bytes)) socket.pause();
  });
  socket.on('end', () => stream.push(null));
  socket.on('close', () => stream.destroy());
  return { stream: stream as unknown as Socket, received: () => Buffer.concat(seen) };
}
