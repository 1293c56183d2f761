/** Reading keys and certificates from whatever file they are in. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { DevcertError, orUndefined } from '../errors.ts';
import { publicKeyDer } from '../keys.ts';
import { readElement, readFirst, unreadable } from '../x509/asn1.ts';
import { otherPublicKind } from '../x509/key-kinds.ts';
import {
  keyOrKind,
  type KeyStoreEntry,
  type LooseCertificate,
  type LooseKey,
  pairEntries,
  parseCertificate,
} from './entries.ts';
import { type Foreign, foreignBlock, foreignFile, foreignLines, onlyForeign } from './foreign.ts';
import { jksKindOf, readJks } from './jks-read.ts';
import { type DerKind, kindOfDer, kindOfLabel } from './kinds.ts';
import { WorkLimit } from './pbes2.ts';
import type { Passwords } from './passwords.ts';
import { type Damaged, decodePem, decodeText, isPem, type PemBlock, raise } from './pem.ts';
import { passwordForms } from './pkcs12-kdf.ts';
import { readPkcs12 } from './pkcs12-read.ts';
import { readPkcs7 } from './pkcs7.ts';
import { decodeDsaKey, decryptPemKey, decryptPrivateKey } from './pkcs8.ts';
import { decodePrivateKey } from './private-key.ts';

/** A file that was read. */
export interface KeyStore {
  readonly format: 'pem' | 'der' | 'pkcs12' | 'jks' | 'pkcs7';
  /** Keys with their chains first, except in a JKS, which has its own order. */
  readonly entries: readonly KeyStoreEntry[];
  /** True if a MAC or digest under the password vouches for the contents. */
  readonly isVerified: boolean;
  /** What is named and passed over, such as the PEM block `DH PARAMETERS`. */
  readonly others: readonly Foreign[];
  /** How many bytes come after the end of what is not PEM. */
  readonly trailing: number;
}

export interface ReadOptions extends Passwords {
  /**
   * For people who look at a file: also takes one of {@link Foreign} things alone, which says nothing to most,
   * and counts a damaged part of PEM among these if there is something besides it.
   */
  readonly foreign?: boolean;
}

/**
 * What is in a file: PEM of every usual kind, DER of certificates, CRLs, a key or CSR, PKCS#7, PKCS#12 or
 * JKS, told by its contents. Bytes after the end of DER, PKCS#12 and JKS are passed over, as by OpenSSL and Java.
 *
 * Without a password, keys that need one come out as `encrypted-key`, and a PKCS#12 that needs one
 * is a `password` error. A wrong one is a `password` error in every format; everything else that
 * cannot be read is `invalid-input`. Takes seconds at most, whatever the file asks for.
 */
export function readKeyStore(bytes: Buffer, options: ReadOptions = {}): KeyStore {
  switch (jksKindOf(bytes)) {
    case 'jks':
      return withDamages(options, 'damaged-entry', [], (damaged) => ({
        ...{ format: 'jks', others: [] },
        ...readJks(bytes, options, damaged),
      }));
    case 'jceks':
      throw new DevcertError('invalid-input', 'cannot read a JCEKS key store', {
        hint: 'convert it: keytool -importkeystore -srckeystore FILE -srcstoretype JCEKS -destkeystore store.p12 -deststoretype PKCS12',
      });
    case undefined:
  }
  const pkcs12 = findPkcs12(bytes);
  if (pkcs12 !== undefined) {
    const { der, trailing } = pkcs12;
    return withDamages(options, 'damaged-entry', [], (damaged) => ({
      ...{ format: 'pkcs12', trailing },
      ...readPkcs12(der, options, damaged),
    }));
  }
  const found = kindOfDer(bytes);
  if (found !== undefined) return readDer(bytes, options);
  const text = isPem(bytes) ? decodeText(bytes) : undefined;
  const lines = foreignLines(text ?? bytes.toString('latin1'));
  if (text !== undefined || lines.length > 0) return readPem(text ?? '', lines, options);
  throw foreignFile(bytes) ?? unknownFormat();
}

/**
 * A file whose damaged parts are named among the `others` for people who look; for everybody else they are an error,
 * as is a file of nothing else.
 */
function withDamages(
  { foreign }: ReadOptions,
  kind: 'damaged' | 'damaged-entry',
  others: Foreign[],
  read: (damaged: Damaged) => KeyStore,
): KeyStore {
  const errors: DevcertError[] = [];
  const found = read((detail, error) => {
    if (foreign !== true || error.code === 'password') throw error;
    const { message, hint } = error;
    others.push({ kind, detail, reason: { message, hint } });
    errors.push(error);
  });
  const all = [...found.others, ...others];
  const [first] = errors;
  if (first !== undefined && found.entries.length === 0 && all.length === errors.length)
    throw first;
  return { ...found, others: all };
}

/** The PKCS#12 that a file is, alone or as its only PEM block, and how many bytes follow it; undefined for others. */
export function findPkcs12(bytes: Buffer): { der: Buffer; trailing: number } | undefined {
  const found = kindOfDer(bytes);
  if (found?.kind === 'pkcs12')
    return { der: found.der, trailing: bytes.length - found.der.length };
  if (found !== undefined || !isPem(bytes) || !bytes.includes('BEGIN PKCS12')) return undefined;
  let damaged = 0;
  const blocks = decodePem(bytes, () => damaged++);
  const [block] = blocks;
  return block?.label === 'PKCS12' && blocks.length + damaged === 1
    ? { der: block.der, trailing: 0 }
    : undefined;
}

// One value after the other, as `cat a.der b.der` makes it, and Java reads it.
function readDer(bytes: Buffer, { password }: ReadOptions): KeyStore {
  const contents = new Contents(password, raise);
  let rest = bytes;
  let format: KeyStore['format'] = 'der';
  for (let next = kindOfDer(rest); next !== undefined; next = kindOfDer(rest)) {
    const isFirst = rest.length === bytes.length;
    if (!isFirst && next.kind !== 'certificate' && next.kind !== 'crl') break;
    contents.add(next.kind, next.der);
    if (contents.size > MAX_VALUES) throw unreadable(`more than ${MAX_VALUES} certificates`);
    if (isFirst && next.kind === 'pkcs7') format = 'pkcs7';
    rest = rest.subarray(next.der.length);
  }
  const entries = contents.entries();
  return { format, entries, isVerified: false, others: [], trailing: rest.length };
}

/** As many as PEM blocks are read. */
const MAX_VALUES = 1000;

function readPem(text: string, lines: readonly Foreign[], options: ReadOptions): KeyStore {
  const named: Foreign[] = [...lines];
  const found = withDamages(options, 'damaged', named, (damaged) => {
    const contents = new Contents(options.password, damaged);
    for (const block of decodePem(text, damaged)) {
      const kind = kindOfLabel(block.label);
      if (kind === undefined || kind === 'pkcs12') named.push(foreignBlock(block));
      // Other labels with this header would lead OpenSSL to work that nothing limits.
      else if (block.headers.has('DEK-Info') && ['pkcs1', 'sec1', 'dsa'].includes(kind))
        contents.addEncryptedPem(block);
      else contents.add(kind, block.der, block.label);
    }
    const entries = contents.entries();
    return { format: 'pem', entries, isVerified: false, others: [], trailing: 0 };
  });
  const { entries, others } = found;
  if (entries.length === 0 && others.length === 0) throw unknownFormat();
  if (entries.length === 0 && options.foreign !== true) throw onlyForeign(others);
  return found;
}

/** Collects the single keys and certificates of a file until they can be paired. */
class Contents {
  readonly #password: string | undefined;
  readonly #limit = new WorkLimit();
  readonly #keys: LooseKey[] = [];
  readonly #certificates: LooseCertificate[] = [];
  readonly #others: KeyStoreEntry[] = [];
  readonly #damaged: Damaged;

  constructor(password: string | undefined, damaged: Damaged) {
    this.#password = password;
    this.#damaged = damaged;
  }

  get size(): number {
    return this.#keys.length + this.#certificates.length + this.#others.length;
  }

  /** @param label of PEM: what it is called if it is damaged. */
  add(kind: DerKind, der: Buffer, label: string = kind): void {
    this.#attempt(label, () => {
      this.#add(kind, der, label);
    });
  }

  addEncryptedPem(block: PemBlock): void {
    this.#attempt(block.label, () => {
      this.#addEncrypted((password) => decryptPemKey(block, password));
    });
  }

  entries(): KeyStoreEntry[] {
    return [...pairEntries(this.#keys, this.#certificates), ...this.#others];
  }

  #attempt(label: string, add: () => void): void {
    orUndefined(add, (error) => {
      this.#damaged(label, error);
    });
  }

  #add(kind: DerKind, raw: Buffer, label: string): void {
    // OpenSSL's own form: a certificate, and after it what it is trusted for.
    const der = label === 'TRUSTED CERTIFICATE' ? readFirst(raw).raw : raw;
    switch (kind) {
      case 'certificate':
        this.#certificates.push({ x509: parseCertificate(der) });
        break;
      case 'csr':
      case 'crl':
        readElement(der);
        this.#others.push({ kind, certificates: [], [kind]: der });
        break;
      case 'dsa':
        this.#keys.push(keyOrKind(() => decodeDsaKey(der)));
        break;
      case 'pkcs8':
      case 'pkcs1':
      case 'sec1':
        this.#keys.push(keyOrKind(() => decodePrivateKey(der, kind)));
        break;
      case 'encrypted':
        this.#addEncrypted((password) =>
          decryptPrivateKey(readElement(der), passwordForms(password)[0], this.#limit),
        );
        break;
      case 'spki':
      case 'pkcs1-public':
        this.#others.push({ kind: 'public-key', certificates: [], ...decodePublicKey(der, kind) });
        break;
      case 'pkcs7':
        this.#addPkcs7(der);
        break;
      case 'pkcs12':
        throw unknownFormat();
    }
  }

  #addPkcs7(der: Buffer): void {
    const { certificates, crls } = readPkcs7(der);
    for (const certificate of certificates) this.add('certificate', certificate, 'CERTIFICATE');
    for (const crl of crls) this.add('crl', crl);
  }

  #addEncrypted(decrypt: (password: string) => KeyObject): void {
    const password = this.#password;
    if (password === undefined) this.#others.push({ kind: 'encrypted-key', certificates: [] });
    else this.#keys.push(keyOrKind(() => decrypt(password)));
  }
}

function decodePublicKey(
  der: Buffer,
  kind: 'spki' | 'pkcs1-public',
): { key: KeyObject } | { keyType: string; publicKeyInfo: Buffer } {
  readElement(der);
  const keyType = kind === 'spki' ? otherPublicKind(der) : undefined;
  if (keyType !== undefined) return { keyType, publicKeyInfo: der };
  try {
    const type = kind === 'spki' ? 'spki' : 'pkcs1';
    const key = createPublicKey({ key: der, format: 'der', type });
    publicKeyDer(key); // RSA-PSS with bad parameters is read, and cannot be written
    return { key };
  } catch (error) {
    throw new DevcertError('invalid-input', 'cannot read the public key: it is damaged', {
      hint: 'ask for the file again where it came from',
      cause: error,
    });
  }
}

function unknownFormat(): DevcertError {
  return new DevcertError(
    'invalid-input',
    'cannot find a certificate, key or key store in the file',
    {
      hint: 'give a PEM, DER, PKCS#7, PKCS#12 or JKS file',
    },
  );
}
