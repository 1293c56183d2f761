/** Reading JKS, version 2. */
import { timingSafeEqual } from 'node:crypto';
import { DevcertError } from '../errors.ts';
import { fieldsOf, readElement, TAG, unreadable } from '../x509/asn1.ts';
import { decodeOctets, decodeOid } from '../x509/asn1-values.ts';
import { keyOrKind, type KeyStoreEntry, parseEach } from './entries.ts';
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
import { type Passwords, wrongPassword } from './passwords.ts';
import type { Damaged } from './pem.ts';
import { decodePrivateKey } from './private-key.ts';

/** `JKS`, or `JCEKS` (its cousin with secret keys, not supported), by the first four bytes. */
export function jksKindOf(bytes: Buffer): 'jks' | 'jceks' | undefined {
  const magic = bytes.length < 4 ? 0 : bytes.readUInt32BE(0);
  return magic === JKS_MAGIC ? 'jks' : magic === JCEKS_MAGIC ? 'jceks' : undefined;
}

/**
 * The entries of a JKS file, and how many bytes come after it, which Java passes over. Its digest is checked
 * before anything is believed. Keys that no password opens come out as `encrypted-key`.
 *
 * @param passwords without that of the store, certificates are read unverified, as Java does.
 * Throws `password` for a wrong one, `invalid-input` for everything else.
 */
export function readJks(
  bytes: Buffer,
  { password, keyPassword }: Passwords,
  damaged: Damaged,
): { entries: KeyStoreEntry[]; isVerified: boolean; trailing: number } {
  const cursor = new Cursor(bytes);
  cursor.uint32(); // the magic number
  const version = cursor.uint32();
  if (version !== 2)
    throw new DevcertError('invalid-input', `cannot read version ${version} of JKS`, {
      hint: 'convert it: keytool -importkeystore -srckeystore FILE -destkeystore store.p12 -deststoretype PKCS12',
    });
  const count = cursor.uint32();
  if (count > MAX_ENTRIES) throw unreadable(`more than ${MAX_ENTRIES} JKS entries`);
  const raw = Array.from({ length: count }, () => readRawEntry(cursor));
  const body = bytes.subarray(0, cursor.at);
  const digest = cursor.take(DIGEST_LENGTH);
  if (password !== undefined && !timingSafeEqual(digestOf(body, password), digest))
    throw wrongPassword('key store');
  const tried = [password, keyPassword].filter((it) => it !== undefined);
  const entries = raw.flatMap((entry) => entriesOf(entry, tried, password !== undefined, damaged));
  // One that opens some of them is right, though others have still another one.
  const isLocked = entries.some(({ kind }) => kind === 'encrypted-key');
  const own = raw.map(({ encrypted }) => encrypted).filter((it) => it !== undefined);
  if (keyPassword !== undefined && isLocked && !own.some((it) => openKey(it, [keyPassword])))
    throw wrongPassword('private key');
  return { entries, isVerified: password !== undefined, trailing: bytes.length - cursor.at };
}

/** Larger stores and longer chains are refused. */
const MAX_ENTRIES = 10_000;
const MAX_CHAIN = 100;

/** An entry whose certificates and key nobody has looked at. */
interface RawEntry {
  readonly alias: string;
  readonly encrypted?: Buffer;
  readonly certificates: readonly Buffer[];
}

function readRawEntry(cursor: Cursor): RawEntry {
  const kind = cursor.uint32();
  const alias = cursor.text();
  cursor.take(8); // the date of the entry
  if (kind === CERTIFICATE_ENTRY) return { alias, certificates: [readCertificate(cursor)] };
  if (kind !== KEY_ENTRY) throw unreadable(`a JKS entry of kind ${kind}`);
  const encrypted = cursor.take(cursor.uint32());
  const length = cursor.uint32();
  if (length > MAX_CHAIN) throw unreadable(`a chain of more than ${MAX_CHAIN} certificates`);
  return { alias, encrypted, certificates: Array.from({ length }, () => readCertificate(cursor)) };
}

function readCertificate(cursor: Cursor): Buffer {
  const type = cursor.text();
  if (type !== 'X.509') throw unreadable('a certificate that is not X.509');
  return cursor.take(cursor.uint32());
}

/** One entry, and what stands behind a damaged certificate of its chain; none if that is all it has. */
function entriesOf(
  { alias, encrypted, certificates: raw }: RawEntry,
  passwords: readonly string[],
  isOpen: boolean,
  damaged: Damaged,
): KeyStoreEntry[] {
  const read = parseEach(
    raw.map((der) => ({ alias, der })),
    damaged,
  );
  const broken = raw.findIndex((der) => !read.some((it) => it.der === der));
  const certificates = broken === -1 ? raw : raw.slice(0, broken);
  const loose = read.slice(certificates.length).map(({ der }) => ({
    ...{ kind: 'certificate' as const, alias, certificates: [der] },
  }));
  if (encrypted !== undefined)
    return [keyEntryOf({ alias, encrypted, certificates }, passwords, isOpen), ...loose];
  return certificates.length === 0
    ? []
    : [{ kind: 'certificate', alias, certificates, trusted: true }];
}

function keyEntryOf(
  { alias, encrypted, certificates }: Required<RawEntry>,
  passwords: readonly string[],
  isOpen: boolean,
): KeyStoreEntry {
  const plain = passwords.length === 0 ? undefined : openKey(encrypted, passwords);
  if (plain === undefined) {
    const own = isOpen ? ({ hasOwnPassword: true } as const) : {};
    return { kind: 'encrypted-key', alias, certificates, ...own };
  }
  const found = keyOrKind(() => decodePrivateKey(plain, 'pkcs8'));
  return { kind: 'key' in found ? 'key' : 'other-key', alias, ...found, certificates };
}

/** The PKCS#8 of a key; undefined if none of the passwords opens it. */
function openKey(encrypted: Buffer, passwords: readonly string[]): Buffer | undefined {
  const fields = fieldsOf(readElement(encrypted));
  const protector = decodeOid(fieldsOf(fields.next(TAG.sequence)).next());
  if (protector !== OID.jksKeyProtector)
    throw unreadable(`a key under the unknown protection "${protector}"`);
  const data = decodeOctets(fields.next());
  fields.end();
  for (const password of passwords) {
    const plain = unprotectKey(data, password);
    if (plain !== undefined) return plain;
  }
  return undefined;
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

  /** How many bytes were read. */
  get at(): number {
    return this.#at;
  }

  text(): string {
    return modifiedUtf8(this.take(this.take(2).readUInt16BE(0)));
  }
}

/** Java's DataInput.readUTF: a zero in two bytes, and each half of a surrogate pair in three of its own. */
function modifiedUtf8(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(/[\xe0-\xef][\x80-\xbf]{2}|[\xc0-\xdf][\x80-\xbf]|[\x80-\xff]/g, (group) => {
      const [first = 0, second, third] = Buffer.from(group, 'latin1');
      if (second === undefined) return '\ufffd';
      if (third === undefined) return String.fromCharCode(((first & 0x1f) << 6) | (second & 0x3f));
      return String.fromCharCode(((first & 0xf) << 12) | ((second & 0x3f) << 6) | (third & 0x3f));
    });
}
