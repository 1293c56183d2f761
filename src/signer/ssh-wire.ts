/** SSH's data types (RFC 4251 5). What is read comes from another program: nothing in it is taken on trust. */
import { DevcertError } from '../errors.ts';

/** A number of 32 bits. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Bytes with their length in front. */
export function sshString(content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([uint32(bytes.length), bytes]);
}

/** Reads one value after the other. Each method throws DevcertError `agent` where it is not there whole. */
export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  byte(): number {
    return this.#take(1).readUInt8();
  }

  uint32(): number {
    return this.#take(4).readUInt32BE();
  }

  string(): Buffer {
    return this.#take(this.uint32());
  }

  text(): string {
    return this.string().toString();
  }

  /** The bytes of a positive number, big-endian. */
  positive(): Buffer {
    const bytes = this.string();
    if (((bytes[0] ?? 0x80) & 0x80) !== 0) throw damagedAnswer();
    return bytes;
  }

  /** Nothing comes after this. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw damagedAnswer();
  }

  #take(length: number): Buffer {
    const from = this.#at;
    if (length > this.#bytes.length - from) throw damagedAnswer();
    this.#at += length;
    return this.#bytes.subarray(from, this.#at);
  }
}

/** For bytes that no SSH agent sends. */
export function damagedAnswer(): DevcertError {
  return new DevcertError('agent', 'what answers as the SSH agent does not speak its language', {
    hint: 'see whether SSH_AUTH_SOCK leads to an SSH agent: ssh-add -l',
  });
}
