/**
 * From a plain connection to the point where TLS begins, by protocol: PostgreSQL (55.2.10 of its manual), MySQL
 * and MariaDB, SMTP (RFC 3207), IMAP (RFC 9051 6.2.1), LDAP (RFC 4511 4.14).
 */
import type { Socket } from 'node:net';
import { DevcertError, isError, printable } from '../errors.ts';
import { fieldsOf, readElement, TAG } from '../x509/asn1.ts';
import { MAX_GREETING_BYTES } from '../policy.ts';

/** Protocols that begin in the clear. */
export const startTlsProtocols = ['postgres', 'mysql', 'smtp', 'imap', 'ldap'] as const;
export type StartTls = (typeof startTlsProtocols)[number];

/** The protocol that a port is known for, if it begins in the clear. */
export function startTlsOfPort(port: number): StartTls | undefined {
  return ports[port];
}

const ports: Readonly<Record<number, StartTls>> = {
  25: 'smtp',
  587: 'smtp',
  143: 'imap',
  389: 'ldap',
  3306: 'mysql',
  5432: 'postgres',
};

/** Why TLS does not begin. */
export interface NoStart {
  /** `other-protocol`: it speaks something else. `not-offered`: it speaks the protocol, without TLS. */
  readonly code: 'other-protocol' | 'not-offered' | 'no-answer' | 'closed' | 'injected';
  /** What the server said, on one line, or what is wrong; without a full stop. */
  readonly detail: string;
}

/**
 * Asks the server to begin with TLS.
 *
 * @returns undefined if the next byte is TLS's; no byte after the server's go-ahead was read then.
 */
export async function startTls(
  socket: Socket,
  protocol: StartTls,
  timeoutMs: number,
): Promise<NoStart | undefined> {
  const talk = new Talk(socket, timeoutMs);
  try {
    await dialogues[protocol](talk);
    // Who adds to the go-ahead in the clear has it taken for what came by TLS (CVE-2021-23222, CVE-2011-0411).
    if (talk.rest() > 0)
      throw new Ended('injected', 'it sent more in the clear after saying that TLS begins');
    return undefined;
  } catch (error) {
    if (error instanceof Ended) return { code: error.code, detail: error.message };
    if (error instanceof DevcertError || isError(error, 'RangeError'))
      return { code: 'other-protocol', detail: 'its answer cannot be read' };
    throw error;
  } finally {
    talk.end();
  }
}

/** Each ends where TLS begins; an {@link Ended} if it does not. */
const dialogues: Readonly<Record<StartTls, (talk: Talk) => Promise<void>>> = {
  async postgres(talk) {
    talk.send(Buffer.from('0000000804d2162f', 'hex')); // SSLRequest
    const answer = (await talk.take(1)).toString('latin1');
    if (answer === 'N') throw new Ended('not-offered', 'it answers that it has no TLS');
    if (answer !== 'S') throw new Ended('other-protocol', 'it does not answer as PostgreSQL does');
  },

  async mysql(talk) {
    const header = await talk.take(4);
    const greeting = await talk.take(header.readUIntLE(0, 3));
    if (greeting[0] === 0xff)
      throw new Ended('not-offered', line(greeting.subarray(3).toString('latin1')));
    const end = greeting.indexOf(0, 1);
    if (greeting[0] !== 10 || end === -1)
      throw new Ended('other-protocol', 'it does not greet as MySQL does');
    // After the version: thread id (4), 8 bytes of a nonce, a zero, and capabilities.
    const capabilities = greeting.readUInt16LE(end + 14);
    if ((capabilities & CLIENT_SSL) === 0)
      throw new Ended('not-offered', 'it does not say that it has TLS');
    const request = Buffer.alloc(4 + 32);
    request.writeUIntLE(32, 0, 3);
    request[3] = ((header[3] ?? 0) + 1) & 0xff;
    request.writeUInt32LE(CLIENT_PROTOCOL_41 | CLIENT_SSL | CLIENT_SECURE_CONNECTION, 4);
    request.writeUInt32LE(1 << 24, 8); // longest packet
    request[12] = 45; // utf8mb4
    talk.send(request);
  },

  async smtp(talk) {
    const greeting = await talk.reply();
    if (!greeting.startsWith('220'))
      throw new Ended('other-protocol', `it greets with "${line(greeting)}"`);
    talk.send('EHLO localhost\r\n');
    const features = await talk.reply();
    if (!/^250[ -]STARTTLS\s*$/im.test(features))
      throw new Ended('not-offered', 'STARTTLS is not among what it offers');
    talk.send('STARTTLS\r\n');
    const answer = await talk.reply();
    if (!answer.startsWith('220')) throw new Ended('not-offered', line(answer));
  },

  async imap(talk) {
    const greeting = await talk.line();
    if (!/^\* (?:OK|PREAUTH)\b/i.test(greeting))
      throw new Ended('other-protocol', `it greets with "${line(greeting)}"`);
    talk.send('a STARTTLS\r\n');
    for (;;) {
      const answer = await talk.line();
      if (/^a OK\b/i.test(answer)) return;
      if (/^a /i.test(answer)) throw new Ended('not-offered', line(answer));
    }
  },

  async ldap(talk) {
    const name = Buffer.from('1.3.6.1.4.1.1466.20037');
    talk.send(
      Buffer.concat([Buffer.from('301d02010177188016', 'hex'), name]), // ExtendedRequest
    );
    const start = await talk.take(2);
    const lengthBytes = (start[1] ?? 0) > 0x80 ? (start[1] ?? 0) & 0x7f : 0;
    if (start[0] !== 0x30 || lengthBytes > 4)
      throw new Ended('other-protocol', 'it does not answer as LDAP does');
    const more = await talk.take(lengthBytes);
    const length = lengthBytes === 0 ? (start[1] ?? 0) : more.readUIntBE(0, lengthBytes);
    const message = fieldsOf(
      readElement(Buffer.concat([start, more, await talk.take(length)]), { ber: true }),
    );
    message.next();
    const response = fieldsOf(message.next(), EXTENDED_RESPONSE);
    const result = response.next().content;
    if (result.length === 1 && result[0] === 0) return;
    response.next();
    const text = response.next(TAG.octetString).content.toString('latin1');
    throw new Ended('not-offered', text === '' ? `result ${result.toString('hex')}` : line(text));
  },
};

// https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__capabilities__flags.html
const CLIENT_PROTOCOL_41 = 0x200;
const CLIENT_SSL = 0x800;
const CLIENT_SECURE_CONNECTION = 0x8000;

/** [APPLICATION 24] of RFC 4511 4.12, constructed. */
const EXTENDED_RESPONSE = 0x78;

/** The end of a dialogue before its time. */
class Ended extends Error {
  readonly code: NoStart['code'];
  constructor(code: NoStart['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Reads a few bytes or lines from a socket, all of them within one time limit. */
class Talk {
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  #bytes: Buffer = Buffer.alloc(0);
  #total = 0;
  #ended: Ended | undefined;
  #wake: () => void = () => undefined;

  readonly #onData = (bytes: Buffer) => {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    this.#total += bytes.length;
    if (this.#total > MAX_GREETING_BYTES)
      this.#stop(new Ended('other-protocol', 'it sends without end'));
    this.#wake();
  };
  readonly #onClose = () => {
    this.#stop(new Ended('closed', 'it closed the connection'));
  };

  constructor(socket: Socket, timeoutMs: number) {
    this.#socket = socket;
    this.#timer = setTimeout(() => {
      this.#stop(new Ended('no-answer', `no answer in ${timeoutMs / 1000} s`));
    }, timeoutMs);
    socket.on('data', this.#onData).on('end', this.#onClose).on('close', this.#onClose);
  }

  send(data: Buffer | string): void {
    this.#socket.write(data);
  }

  async take(count: number): Promise<Buffer> {
    if (count > MAX_GREETING_BYTES) throw new Ended('other-protocol', 'its answer is too long');
    await this.#until(() => this.#bytes.length >= count);
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  async line(): Promise<string> {
    await this.#until(() => this.#bytes.includes(10));
    return (await this.take(this.#bytes.indexOf(10) + 1)).toString('latin1').trimEnd();
  }

  /** Lines of SMTP up to the last one of a reply. */
  async reply(): Promise<string> {
    const lines: string[] = [];
    do lines.push(await this.line());
    while (/^\d{3}-/.test(lines.at(-1) ?? ''));
    return lines.join('\n');
  }

  rest(): number {
    return this.#bytes.length;
  }

  /** Leaves the socket as it was, paused. */
  end(): void {
    clearTimeout(this.#timer);
    this.#socket.pause();
    this.#socket.off('data', this.#onData).off('end', this.#onClose).off('close', this.#onClose);
  }

  async #until(isThere: () => boolean): Promise<void> {
    for (;;) {
      const ended = this.#ended;
      // What came before the end still counts; of what never ends nothing does.
      if (ended !== undefined && (ended.code !== 'closed' || !isThere())) throw ended;
      if (isThere()) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #stop(why: Ended): void {
    this.#ended ??= why;
    this.#wake();
  }
}

function line(text: string): string {
  return printable(text.split('\n')[0] ?? '').slice(0, 100);
}
