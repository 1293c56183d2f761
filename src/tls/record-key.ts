/** Opens the records of a TLS 1.3 handshake (RFC 8446 5.2, 7.3) with the secret of the connection's own client. */
import { createDecipheriv, createHmac } from 'node:crypto';

/** A record's content and its real type; undefined if it does not open. */
export type RecordOpener = (
  record: Buffer,
) => { readonly type: number; readonly content: Buffer } | undefined;

/** Of the suites that Node's OpenSSL has on; undefined for another one. Records must come in order. */
export function recordOpener(secret: Buffer, suite: number): RecordOpener | undefined {
  const cipher = ciphers[suite];
  if (cipher === undefined) return undefined;
  const { name, hash, keyLength } = cipher;
  const key = expandLabel(hash, secret, 'key', keyLength);
  const iv = expandLabel(hash, secret, 'iv', 12);
  let sequence = 0n;
  return (record) => {
    const nonce = Buffer.from(iv);
    nonce.writeBigUInt64BE(nonce.readBigUInt64BE(4) ^ sequence++, 4);
    const options = { authTagLength: TAG };
    const decipher =
      name === 'chacha20-poly1305'
        ? createDecipheriv(name, key, nonce, options)
        : createDecipheriv(name, key, nonce, options);
    if (record.length < 5 + TAG + 1) return undefined;
    decipher.setAAD(record.subarray(0, 5), { plaintextLength: record.length - 5 - TAG });
    decipher.setAuthTag(record.subarray(-TAG));
    try {
      const inner = Buffer.concat([decipher.update(record.subarray(5, -TAG)), decipher.final()]);
      // Zeros are padding, and the byte before them the type (5.4).
      const last = inner.findLastIndex((byte) => byte !== 0);
      return last === -1 ? undefined : { type: inner[last] ?? 0, content: inner.subarray(0, last) };
    } catch {
      return undefined; // by another key: the server's Finished was before it
    }
  };
}

const TAG = 16;
const ciphers: Readonly<
  Record<
    number,
    {
      readonly name: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305';
      readonly hash: 'sha256' | 'sha384';
      readonly keyLength: 16 | 32;
    }
  >
> = {
  0x1301: { name: 'aes-128-gcm', hash: 'sha256', keyLength: 16 },
  0x1302: { name: 'aes-256-gcm', hash: 'sha384', keyLength: 32 },
  0x1303: { name: 'chacha20-poly1305', hash: 'sha256', keyLength: 32 },
};

/** HKDF-Expand-Label (7.1) without context, of at most one block of the hash. */
function expandLabel(hash: string, secret: Buffer, label: string, length: number): Buffer {
  const full = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([
    Buffer.from([0, length, full.length]),
    full,
    Buffer.from([0]), // no context
    Buffer.from([1]), // first block
  ]);
  return createHmac(hash, secret).update(info).digest().subarray(0, length);
}
