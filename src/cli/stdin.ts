/** Standard input as a file: what `-` stands for. */
import { readSync } from 'node:fs';
import { DevcertError, systemCode } from '../errors.ts';

const STDIN = 0;

/**
 * All of standard input.
 *
 * @throws DevcertError `invalid-input` for more than `maxBytes`.
 */
export function readStdin(maxBytes: number): Buffer {
  const chunks: Buffer[] = [];
  for (let total = 0; ;) {
    const chunk = Buffer.allocUnsafe(65_536);
    const length = readChunk(chunk);
    if (length === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, length));
    total += length;
    if (total > maxBytes)
      throw new DevcertError('invalid-input', `standard input is longer than ${maxBytes} bytes`, {
        hint: 'see what it is, or give the file itself',
      });
  }
}

/** Reads some bytes. @returns how many; 0 at the end. */
export function readChunk(chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(STDIN, chunk);
    } catch (error) {
      const code = systemCode(error);
      // Windows calls the end of a pipe an error; a closed descriptor holds nothing either.
      if (code === 'EOF' || code === 'EBADF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
