/**
 * What a server sent in its handshake, read from the bytes themselves: Node tells the certificates that it
 * could link, each once, and not those that came. Until TLS 1.2 they are in the clear (RFC 5246); in TLS 1.3
 * (RFC 8446) they are opened with the secret that the client of the same connection has. Pure.
 */
import { DevcertError, isError } from '../errors.ts';
import { nameText } from '../x509/distinguished-name.ts';
import { readElement } from '../x509/asn1.ts';
import { recordOpener } from './record-key.ts';

/** What came from the server until its Finished. */
export interface ServerFlight {
  /** DER of each, in the order sent; undefined if no Certificate message came that can be read. */
  readonly certificates: readonly Buffer[] | undefined;
  /** Undefined: it asks for no certificate of the client. */
  readonly request: CertificateRequest | undefined;
  /** True if a ServerKeyExchange came, which is signed by the certificate's key (until TLS 1.2). */
  readonly isKeySigned: boolean;
  /** Number of a fatal alert in the clear (RFC 8446 6). */
  readonly alert: number | undefined;
  /** False if the first bytes are no TLS at all. */
  readonly isTls: boolean;
}

/** What a server says of the certificates that it takes. */
interface CertificateRequest {
  /** Subjects of authorities, as text that may hold any character; none: it does not say. */
  readonly authorities: readonly string[];
}

/**
 * @param received the server's first bytes.
 * @param secret of the connection, as `SSLKEYLOGFILE` has it for `SERVER_HANDSHAKE_TRAFFIC_SECRET`; undefined
 *   until TLS 1.2.
 */
export function readFlight(received: Buffer, secret?: Buffer): ServerFlight {
  const { handshake, alert } = messagesIn(received, secret);
  let certificates: readonly Buffer[] | undefined;
  let request: CertificateRequest | undefined;
  const isNew = secret !== undefined;
  for (const { type, body } of handshake)
    try {
      if (type === CERTIFICATE)
        certificates ??= isNew ? certificates13(body) : certificates12(body);
      if (type === CERTIFICATE_REQUEST)
        request ??= { authorities: isNew ? request13(body) : request12(body) };
    } catch (error) {
      // Whatever a server sends is no reason to fail: there is just nothing to show.
      if (!(isError(error, 'RangeError') || error instanceof DevcertError)) throw error;
      if (type === CERTIFICATE_REQUEST) request ??= { authorities: [] };
    }
  const [first] = received;
  const isTls = first === undefined || (TLS_TYPES.includes(first) && (received[1] ?? 3) === 3);
  const isKeySigned = handshake.some(({ type }) => type === SERVER_KEY_EXCHANGE);
  return { certificates, request, isKeySigned, alert, isTls };
}

const CHANGE_CIPHER = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const APPLICATION = 23;
const TLS_TYPES: readonly number[] = [CHANGE_CIPHER, ALERT, HANDSHAKE, APPLICATION];
const SERVER_HELLO = 2;
const CERTIFICATE = 11;
const SERVER_KEY_EXCHANGE = 12;
const CERTIFICATE_REQUEST = 13;
const FATAL = 2;

interface Message {
  readonly type: number;
  readonly body: Buffer;
}

/** Handshake messages of the records (RFC 5246 6.2.1), until what is encrypted for somebody else. */
function messagesIn(received: Buffer, secret: Buffer | undefined) {
  let joined: Buffer = Buffer.alloc(0);
  let alert: number | undefined;
  let open: ((record: Buffer) => { type: number; content: Buffer } | undefined) | undefined;
  for (let at = 0; at + 5 <= received.length;) {
    const type = received[at];
    const end = at + 5 + received.readUInt16BE(at + 3);
    if (end > received.length) break;
    const record = received.subarray(at, end);
    at = end;
    if (type === HANDSHAKE) joined = Buffer.concat([joined, record.subarray(5)]);
    else if (type === ALERT && record.length === 7) {
      if (record[5] === FATAL) alert = record[6];
    } else if (type === APPLICATION && secret !== undefined) {
      open ??= recordOpener(secret, cipherSuiteIn(joined));
      const opened = open?.(record);
      if (opened?.type !== HANDSHAKE) break;
      joined = Buffer.concat([joined, opened.content]);
      // In TLS 1.2 the server's Finished and all after it is encrypted.
    } else if (!(type === CHANGE_CIPHER && secret !== undefined)) break;
  }
  return { handshake: [...split(joined)], alert };
}

function* split(handshake: Buffer): Generator<Message> {
  for (let at = 0; at + 4 <= handshake.length;) {
    const length = handshake.readUIntBE(at + 1, 3);
    if (at + 4 + length > handshake.length) return;
    yield { type: handshake[at] ?? 0, body: handshake.subarray(at + 4, at + 4 + length) };
    at += 4 + length;
  }
}

/** Of the last ServerHello: one before it may have asked for another try (RFC 8446 4.1.4). */
function cipherSuiteIn(handshake: Buffer): number {
  const hello = [...split(handshake)].findLast(({ type }) => type === SERVER_HELLO)?.body;
  const sessionLength = hello?.[34] ?? 0; // after version and random
  return hello !== undefined && hello.length >= 37 + sessionLength
    ? hello.readUInt16BE(35 + sessionLength)
    : 0;
}

/** RFC 5246 7.4.2. */
function certificates12(body: Buffer): Buffer[] {
  return [...vectors(vector(body, 0, 3), 3)];
}

/** RFC 8446 4.4.2: each certificate is followed by its extensions. */
function certificates13(body: Buffer): Buffer[] {
  const context = vector(body, 0, 1);
  const list = vector(body, 1 + context.length, 3);
  return [...vectors(list, 3, 2)];
}

/** RFC 5246 7.4.4. */
function request12(body: Buffer): string[] {
  let at = 1 + body.readUInt8(0); // certificate_types
  at += 2 + body.readUInt16BE(at); // supported_signature_algorithms
  return [...vectors(vector(body, at, 2), 2)].map(authorityText);
}

const CERTIFICATE_AUTHORITIES = 47;

/** RFC 8446 4.3.2. */
function request13(body: Buffer): string[] {
  const extensions = vector(body, 1 + body.readUInt8(0), 2);
  for (let at = 0; at < extensions.length;) {
    const value = vector(extensions, at + 2, 2);
    if (extensions.readUInt16BE(at) === CERTIFICATE_AUTHORITIES)
      return [...vectors(vector(value, 0, 2), 2)].map(authorityText);
    at += 4 + value.length;
  }
  return [];
}

function authorityText(der: Buffer): string {
  return nameText(readElement(der));
}

/** The members of a list, each with its length in `size` bytes and followed by one of `skipped`, which is passed over. */
function* vectors(list: Buffer, size: number, skipped = 0): Generator<Buffer> {
  for (let at = 0; at < list.length;) {
    const member = vector(list, at, size);
    yield member;
    at += size + member.length;
    if (skipped > 0) at += skipped + vector(list, at, skipped).length;
  }
}

/** @throws RangeError if it is longer than what holds it. */
function vector(bytes: Buffer, at: number, size: number): Buffer {
  const start = at + size;
  const end = start + bytes.readUIntBE(at, size);
  if (end > bytes.length) throw new RangeError('a vector that ends too early');
  return bytes.subarray(start, end);
}
