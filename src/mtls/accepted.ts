/**
 * The authorities whose certificates a server says it takes: browsers choose from this list. Node does not
 * tell, but until TLS 1.2 it goes over the wire in the clear.
 */
import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { DevcertError } from '../errors.ts';
import { fieldsOf, readElement } from '../x509/asn1.ts';
import { decodeOid, decodeText } from '../x509/asn1-values.ts';
import { oidName } from '../x509/oids.ts';
import { type HandshakeOptions, tryHandshake } from './handshake.ts';

/**
 * Subjects of the authorities, as text; undefined if the server asks for no certificate, or does not
 * speak TLS 1.2.
 */
export async function acceptedAuthorities(
  options: HandshakeOptions,
): Promise<string[] | undefined> {
  const seen: Buffer[] = [];
  await tryHandshake({ ...options, version: 'TLSv1.2' }, (socket) => tap(socket, seen));
  return readCertificateRequest(Buffer.concat(seen));
}

const HANDSHAKE = 22;
const CERTIFICATE_REQUEST = 13;

/**
 * The authorities in the CertificateRequest among a server's first records (RFC 5246 6.2.1, 7.4.4);
 * undefined if there is none that can be read.
 */
export function readCertificateRequest(records: Buffer): string[] | undefined {
  const messages: Buffer[] = [];
  for (let at = 0; at + 5 <= records.length && records[at] === HANDSHAKE;) {
    const length = records.readUInt16BE(at + 3);
    messages.push(records.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  const handshake = Buffer.concat(messages);
  for (let at = 0; at + 4 <= handshake.length;) {
    const length = handshake.readUIntBE(at + 1, 3);
    const body = handshake.subarray(at + 4, at + 4 + length);
    if (handshake[at] === CERTIFICATE_REQUEST) return authoritiesIn(body);
    at += 4 + length;
  }
  return undefined;
}

function authoritiesIn(body: Buffer): string[] | undefined {
  try {
    let at = 1 + body.readUInt8(0); // certificate_types
    at += 2 + body.readUInt16BE(at); // supported_signature_algorithms
    const end = at + 2 + body.readUInt16BE(at);
    const names: string[] = [];
    for (at += 2; at < end;) {
      const length = body.readUInt16BE(at);
      names.push(nameText(body.subarray(at + 2, at + 2 + length)));
      at += 2 + length;
    }
    return names;
  } catch (error) {
    // Whatever a server sends is no reason to fail: there is just nothing to show.
    if (error instanceof RangeError || error instanceof DevcertError) return undefined;
    throw error;
  }
}

function nameText(der: Buffer): string {
  const parts: string[] = [];
  for (const relative of readElement(der).children())
    for (const attribute of relative.children()) {
      const fields = fieldsOf(attribute);
      const type = oidName(decodeOid(fields.next()));
      parts.push(`${short[type] ?? type}=${decodeText(fields.next())}`);
    }
  return parts.join(', ');
}

const short: Readonly<Record<string, string>> = {
  commonName: 'CN',
  organization: 'O',
  organizationalUnit: 'OU',
  country: 'C',
};

/** The socket, with a copy of all that comes from the server. */
function tap(socket: Socket, seen: Buffer[]): Socket {
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
    seen.push(bytes);
    if (!stream.push(bytes)) socket.pause();
  });
  socket.on('end', () => stream.push(null));
  socket.on('close', () => stream.destroy());
  return stream as unknown as Socket;
}
