/** Reading keys and certificates from whatever file they are in. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { DevcertError } from '../errors.ts';
import { publicKeyDer } from '../keys.ts';
import { readElement, readFirst } from '../x509/asn1.ts';
import { type KeyStoreEntry, pairEntries, parseCertificate } from './entries.ts';
import { jksKindOf, readJks } from './jks-read.ts';
import { WorkLimit } from './pbe.ts';
import { decodePem, isPem, type PemBlock } from './pem.ts';
import { readPkcs12 } from './pkcs12-read.ts';
import { readPkcs7 } from './pkcs7.ts';
import { decryptPemKey, decryptPrivateKey } from './pkcs8.ts';
import { decodePrivateKey } from './private-key.ts';

/** A file that was read. */
export interface KeyStore {
  readonly format: 'pem' | 'der' | 'pkcs12' | 'jks' | 'pkcs7';
  /** Keys with their chains first, except in a JKS, which has its own order; never empty for PEM. */
  readonly entries: readonly KeyStoreEntry[];
  /** True if a MAC or digest under the password vouches for the contents. */
  readonly isVerified: boolean;
  /** Labels of PEM blocks that were passed over, such as `DH PARAMETERS`. */
  readonly ignored: readonly string[];
}

/**
 * What is in a file: PEM of every usual kind, DER of one certificate, key or CSR, PKCS#7, PKCS#12 or
 * JKS, recognized by its contents.
 *
 * Without a password, keys that need one come out as `encrypted-key`, and a PKCS#12 that needs one
 * is a `password` error. A wrong one is a `password` error in every format; everything else that
 * cannot be read is `invalid-input`. Takes seconds at most, whatever the file asks for.
 */
export function readKeyStore(bytes: Buffer, options: { password?: string } = {}): KeyStore {
  const { password } = options;
  switch (jksKindOf(bytes)) {
    case 'jks':
      return { format: 'jks', ...readJks(bytes, password), ignored: [] };
    case 'jceks':
      throw new DevcertError('invalid-input', 'cannot read a JCEKS key store', {
        hint: 'convert it: keytool -importkeystore -srckeystore FILE -srcstoretype JCEKS -destkeystore store.p12 -deststoretype PKCS12',
      });
    case undefined:
  }
  const kind = kindOfDer(bytes);
  if (kind === 'pkcs12') return { format: 'pkcs12', ...readPkcs12(bytes, password), ignored: [] };
  if (kind === undefined && isPem(bytes)) return readPem(bytes, password);
  const contents = new Contents(password);
  contents.add(kind, bytes);
  const format = kind === 'pkcs7' ? 'pkcs7' : 'der';
  return { format, entries: contents.entries(), isVerified: false, ignored: [] };
}

type DerKind =
  'certificate' | 'csr' | 'pkcs8' | 'encrypted' | 'pkcs1' | 'sec1' | 'spki' | 'pkcs7' | 'pkcs12';

/** What PEM blocks hold, by their labels. */
const labels: Readonly<Record<string, DerKind>> = {
  CERTIFICATE: 'certificate',
  'X509 CERTIFICATE': 'certificate',
  'TRUSTED CERTIFICATE': 'certificate',
  'CERTIFICATE REQUEST': 'csr',
  'NEW CERTIFICATE REQUEST': 'csr',
  'PRIVATE KEY': 'pkcs8',
  'ENCRYPTED PRIVATE KEY': 'encrypted',
  'RSA PRIVATE KEY': 'pkcs1',
  'EC PRIVATE KEY': 'sec1',
  'PUBLIC KEY': 'spki',
  PKCS7: 'pkcs7',
  'PKCS #7 SIGNED DATA': 'pkcs7',
  CMS: 'pkcs7',
};

function readPem(bytes: Buffer, password: string | undefined): KeyStore {
  const contents = new Contents(password);
  const ignored: string[] = [];
  for (const block of decodePem(bytes)) {
    const kind = labels[block.label];
    if (block.label === 'OPENSSH PRIVATE KEY')
      throw new DevcertError(
        'invalid-input',
        'cannot read a private key in the format of OpenSSH',
        {
          hint: 'convert a copy of it: ssh-keygen -p -m PKCS8 -f FILE',
        },
      );
    if (kind === undefined) ignored.push(block.label);
    // Other labels with this header would lead OpenSSL to work that nothing limits.
    else if (block.headers.has('DEK-Info') && (kind === 'pkcs1' || kind === 'sec1'))
      contents.addEncryptedPem(block);
    // OpenSSL's own form: a certificate, and after it what it is trusted for.
    else if (block.label === 'TRUSTED CERTIFICATE') contents.add(kind, readFirst(block.der).raw);
    else contents.add(kind, block.der);
  }
  const entries = contents.entries();
  if (entries.length === 0) throw unknownFormat();
  return { format: 'pem', entries, isVerified: false, ignored };
}

/** Collects the single keys and certificates of a file until they can be paired. */
class Contents {
  readonly #password: string | undefined;
  readonly #limit = new WorkLimit();
  readonly #keys: { key: KeyObject }[] = [];
  readonly #certificates: { der: Buffer }[] = [];
  readonly #others: KeyStoreEntry[] = [];

  constructor(password: string | undefined) {
    this.#password = password;
  }

  add(kind: DerKind | undefined, der: Buffer): void {
    switch (kind) {
      case 'certificate':
        this.#certificates.push({ der });
        break;
      case 'csr':
        readElement(der);
        this.#others.push({ kind: 'csr', certificates: [], csr: der });
        break;
      case 'pkcs8':
      case 'pkcs1':
      case 'sec1':
        this.#keys.push({ key: decodePrivateKey(der, kind) });
        break;
      case 'encrypted':
        this.#addEncrypted((password) => decryptPrivateKey(der, password, this.#limit));
        break;
      case 'spki':
        this.#others.push({ kind: 'public-key', certificates: [], key: decodePublicKey(der) });
        break;
      case 'pkcs7':
        for (const certificate of readPkcs7(der)) this.#certificates.push({ der: certificate });
        break;
      case 'pkcs12':
      case undefined:
        throw unknownFormat();
    }
  }

  addEncryptedPem(block: PemBlock): void {
    this.#addEncrypted((password) => decryptPemKey(block, password));
  }

  entries(): KeyStoreEntry[] {
    return [...pairEntries(this.#keys, this.#certificates), ...this.#others];
  }

  #addEncrypted(decrypt: (password: string) => KeyObject): void {
    if (this.#password === undefined)
      this.#others.push({ kind: 'encrypted-key', certificates: [] });
    else this.#keys.push({ key: decrypt(this.#password) });
  }
}

function decodePublicKey(der: Buffer): KeyObject {
  readElement(der);
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    publicKeyDer(key); // RSA-PSS with bad parameters is read, and cannot be written
    return key;
  } catch (error) {
    throw new DevcertError('invalid-input', 'cannot read the public key: it is damaged', {
      hint: 'ask for the file again where it came from',
      cause: error,
    });
  }
}

// By the tags of its first values; no two kinds begin alike, except certificates and CSRs.
function kindOfDer(bytes: Buffer): DerKind | undefined {
  try {
    const tags: string[] = [];
    for (const { tag } of readElement(bytes, { ber: true }).children())
      if (tags.push(tag.toString(16).padStart(2, '0')) === 3) break;
    const start = tags.join(' ');
    if (start === '30 30 03') return isCertificate(bytes) ? 'certificate' : 'csr';
    return starts.find(([tags]) => start.startsWith(tags))?.[1];
  } catch (error) {
    if (error instanceof DevcertError) return undefined;
    throw error;
  }
}

// The longer one of two that begin alike comes first.
const starts: readonly (readonly [string, DerKind])[] = [
  ['02 30 04', 'pkcs8'],
  ['02 30', 'pkcs12'],
  ['02 02 02', 'pkcs1'],
  ['02 04', 'sec1'],
  ['06 a0', 'pkcs7'],
  ['30 03', 'spki'],
  ['30 04', 'encrypted'],
];

function isCertificate(der: Buffer): boolean {
  try {
    parseCertificate(der);
    return true;
  } catch {
    // Then it is taken for a CSR, whose reader will say what is wrong with it.
    return false;
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
