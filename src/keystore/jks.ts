/**
 * Writing JKS, Java's own key store until 8, version 2. Obsolete: its keys are held by a SHA-1 keystream. It
 * is written for programs that take nothing else; Java itself has read PKCS#12 since 2006.
 */
import { nullValue, oid, sequence } from '../x509/der.ts';
import { checkAliases, checkKeyEntry, type KeyEntry, type TrustedCertificate } from './entries.ts';
import { CERTIFICATE_ENTRY, digestOf, JKS_MAGIC, KEY_ENTRY, protectKey } from './jks-format.ts';
import { OID } from './oids.ts';
import { encodeEncryptedPrivateKeyInfo, pkcs8Of } from './encrypted-key.ts';

/**
 * A JKS file of one private key and its chain.
 *
 * @param password of the store and of the key; keytool wants six characters or more.
 * @param now the date the entry carries.
 */
export function encodeJksKeyStore(entry: KeyEntry, password: string, now: Date): Buffer {
  checkKeyEntry(entry);
  const key = encodeEncryptedPrivateKeyInfo({
    algorithm: sequence(oid(OID.jksKeyProtector), nullValue()),
    data: protectKey(pkcs8Of(entry.key), password),
  });
  const chain = entry.certificates.map(certificateBytes);
  const contents = [uint32(key.length), key, uint32(chain.length), ...chain];
  return encodeStore([encodeEntry(KEY_ENTRY, entry.alias, now, contents)], password);
}

/** A JKS file of certificates that a JVM trusts. @param now the date the entries carry. */
export function encodeJksTrustStore(
  certificates: readonly TrustedCertificate[],
  password: string,
  now: Date,
): Buffer {
  checkAliases(certificates);
  const entries = certificates.map(({ certificate, alias }) =>
    encodeEntry(CERTIFICATE_ENTRY, alias, now, [certificateBytes(certificate)]),
  );
  return encodeStore(entries, password);
}

function encodeEntry(kind: number, alias: string, now: Date, contents: readonly Buffer[]): Buffer {
  // Java looks for lower-case aliases only.
  const head = [uint32(kind), modifiedUtf8(alias.toLowerCase()), date(now)];
  return Buffer.concat([...head, ...contents]);
}

function encodeStore(entries: readonly Buffer[], password: string): Buffer {
  const head = [uint32(JKS_MAGIC), uint32(2), uint32(entries.length)];
  const body = Buffer.concat([...head, ...entries]);
  return Buffer.concat([body, digestOf(body, password)]);
}

function certificateBytes(certificate: Buffer): Buffer {
  return Buffer.concat([modifiedUtf8('X.509'), uint32(certificate.length), certificate]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function date(value: Date): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value.getTime()));
  return bytes;
}

// Java's DataOutput.writeUTF: each UTF-16 unit by itself, and no zero byte.
function modifiedUtf8(text: string): Buffer {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0 && unit < 0x80) bytes.push(unit);
    else if (unit < 0x800) bytes.push(0xc0 | (unit >> 6), 0x80 | (unit & 0x3f));
    else bytes.push(0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f));
  }
  if (bytes.length > 0xffff) throw new RangeError('an alias has at most 65535 bytes');
  return Buffer.from([bytes.length >> 8, bytes.length & 0xff, ...bytes]);
}
