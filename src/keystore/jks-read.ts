/** Reading JKS, version 2. */
import { type KeyObject, timingSafeEqual } from 'node:crypto';
import { DevcertError } from '../errors.ts';
import { fieldsOf, readElement, TAG, unreadable } from '../x509/asn1.ts';
import { decodeOctets, decodeOid } from '../x509/asn1-values.ts';
import { type KeyStoreEntry, parseCertificate } from './entries.ts';
import {
  CERTIFICATE_ENTRY,
  DIGEST_LENGTH,
  digestOf,
  JCEKS_MAGIC,
  JKS_MAGIC,
  KEY_ENTRY,
  unprotectKey,
} from './jks-format.ts';
import { OID } from './oids.ts';
import { wrongPassword } from './pkcs8.ts';
import { decodePrivateKey } from './private-key.ts';

/** `JKS`, or `JCEKS` (its cousin with secret keys, not supported), by the first four bytes. */
export function jksKindOf(bytes: Buffer): 'jks' | 'jceks' | undefined {
  const magic = bytes.length < 4 ? 0 : bytes.readUInt32BE(0);
  return magic === JKS_MAGIC ? 'jks' : magic === JCEKS_MAGIC ? 'jceks' : undefined;
}

/**
 * The entries of a JKS file. Its digest is checked before anything is believed.
 *
 * @param password undefined reads the certificates unverified and leaves keys encrypted, as Java does.
 * Throws `password` for a wrong one, `invalid-input` for everything else.
 */
export function readJks(
  bytes: Buffer,
  password: string | undefined,
): { entries: KeyStoreEntry[]; isVerified: boolean } {
  const body = bytes.subarray(0, Math.max(0, bytes.length - DIGEST_LENGTH));
  const digest = bytes.subarray(body.length);
  if (digest.length !== DIGEST_LENGTH) throw unreadable('a JKS file that ends too early');
  if (password !== undefined && !timingSafeEqual(digestOf(body, password), digest))
    throw wrongPassword('key store');
  const cursor = new Cursor(body);
  cursor.uint32(); // the magic number
  const version = cursor.uint32();
  if (version !== 2)
    throw new DevcertError('invalid-input', `cannot read version ${version} of JKS`, {
      hint: 'convert it: keytool -importkeystore -srckeystore FILE -destkeystore store.p12 -deststoretype PKCS12',
    });
  const entries: KeyStoreEntry[] = [];
  const count = cursor.uint32();
  if (count > MAX_ENTRIES) throw unreadable(`more than ${MAX_ENTRIES} JKS entries`);
  for (let i = 0; i < count; i++) entries.push(readEntry(cursor, password));
  cursor.end();
  return { entries, isVerified: password !== undefined };
}

/** Larger stores and longer chains are refused. */
const MAX_ENTRIES = 10_000;
const MAX_CHAIN = 100;

function readEntry(cursor: Cursor, password: string | undefined): KeyStoreEntry {
  const kind = cursor.uint32();
  // Characters outside the basic plane come out as replacement characters: they are only shown.
  const alias = cursor.text();
  cursor.take(8); // the date of the entry
  if (kind === CERTIFICATE_ENTRY)
    return { kind: 'certificate', alias, certificates: [readCertificate(cursor)], trusted: true };
  if (kind !== KEY_ENTRY) throw unreadable(`a JKS entry of kind ${kind}`);
  const encrypted = cursor.take(cursor.uint32());
  const length = cursor.uint32();
  if (length > MAX_CHAIN) throw unreadable(`a chain of more than ${MAX_CHAIN} certificates`);
  const certificates = Array.from({ length }, () => readCertificate(cursor));
  if (password === undefined) return { kind: 'encrypted-key', alias, certificates };
  return { kind: 'key', alias, key: readKey(encrypted, password), certificates };
}

function readCertificate(cursor: Cursor): Buffer {
  const type = cursor.text();
  if (type !== 'X.509') throw unreadable('a certificate that is not X.509');
  return parseCertificate(cursor.take(cursor.uint32())).raw;
}

function readKey(encrypted: Buffer, password: string): KeyObject {
  const fields = fieldsOf(readElement(encrypted));
  const protector = decodeOid(fieldsOf(fields.next(TAG.sequence)).next());
  if (protector !== OID.jksKeyProtector)
    throw unreadable(`a key under the unknown protection "${protector}"`);
  const plain = unprotectKey(decodeOctets(fields.next()), password);
  fields.end();
  if (plain === undefined) throw wrongPassword('private key');
  return decodePrivateKey(plain, 'pkcs8');
}

/** Reads on from byte to byte and never past the end. */
class Cursor {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  take(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw unreadable('a JKS file that ends too early');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  uint32(): number {
    return this.take(4).readUInt32BE(0);
  }

  text(): string {
    return this.take(this.take(2).readUInt16BE(0)).toString('utf8');
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw unreadable('bytes after the last JKS entry');
  }
}
