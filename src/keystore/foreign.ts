/** What else may be in a file of keys and certificates: named, so that nobody has to guess, and not read. */
import { DevcertError, orUndefined } from '../errors.ts';
import { type Element, fieldsOf, readFirst, TAG } from '../x509/asn1.ts';
import { decodeOid } from '../x509/asn1-values.ts';
import { tagsOf } from './kinds.ts';
import { PBES2 } from './oids.ts';
import type { PemBlock } from './pem.ts';

/** One thing that is named and passed over. */
export interface Foreign {
  readonly kind:
    | 'openssh-private-key'
    | 'openssh-public-key'
    | 'putty-key'
    | 'pgp'
    | 'pem-block'
    | 'secret-key'
    | 'damaged'
    | 'damaged-entry';
  /**
   * For `pem-block`, `pgp` and `damaged` the label, for `secret-key` and `damaged-entry` (a certificate in a key store) the alias, for the others the algorithm, as it stands in the file; undefined where
   * that cannot be seen.
   */
  readonly detail?: string;
  /** True for a private key under a password, false for one that lies open; undefined for everything else. */
  readonly encrypted?: boolean;
  /** Why a damaged one cannot be read; undefined for everything else. */
  readonly reason?: { readonly message: string; readonly hint?: string };
}

/** A PEM block that is none of those that are read. */
export function foreignBlock({ label, der }: PemBlock): Foreign {
  if (label === 'OPENSSH PRIVATE KEY') return openSshKey(der);
  return { kind: label.startsWith('PGP ') ? 'pgp' : 'pem-block', detail: label };
}

/** Keys that stand in a text by themselves, not as PEM: one line for each kind. */
export function foreignLines(text: string): Foreign[] {
  const kinds = new Map<string, Foreign>();
  for (const [, algorithm = ''] of text.matchAll(sshLine))
    kinds.set(algorithm, { kind: 'openssh-public-key', detail: algorithm });
  if (/^---- BEGIN SSH2 PUBLIC KEY ----/m.test(text))
    kinds.set('ssh2', { kind: 'openssh-public-key' });
  const [, algorithm = ''] = /^PuTTY-User-Key-File-\d: (\S{1,64})/m.exec(text) ?? [];
  if (algorithm !== '') {
    const encrypted = !/^Encryption: none\r?$/m.test(text);
    kinds.set('putty', { kind: 'putty-key', detail: algorithm, encrypted });
  }
  return [...kinds.values()];
}

/** The error for a file that says what it is and is nothing that devcert reads; undefined for one that does not. */
export function foreignFile(bytes: Buffer): DevcertError | undefined {
  const found = files.find(({ is }) => is(bytes));
  if (found === undefined) return undefined;
  return new DevcertError('invalid-input', `cannot read ${found.what}`, { hint: found.hint });
}

/** The error for a file that holds nothing but these. */
export function onlyForeign(others: readonly Foreign[]): DevcertError {
  const [first] = others;
  const hint = hints[first?.kind ?? 'pem-block'];
  if (first?.kind === 'openssh-private-key') {
    // ssh-keygen leaves the others as they are.
    const isConvertible = /^(?:ssh-rsa|ecdsa-)/.test(first.detail ?? 'ssh-rsa');
    return new DevcertError('invalid-input', 'cannot read a private key in the format of OpenSSH', {
      hint: isConvertible ? hint : 'OpenSSH converts RSA and ECDSA keys only: make a new key',
    });
  }
  const labels = [...new Set(others.map(({ kind, detail }) => detail ?? kind))].slice(0, 5);
  return new DevcertError(
    'invalid-input',
    `cannot find a certificate, key or key store in the file, only ${labels.map((it) => `"${it}"`).join(', ')}`,
    { hint },
  );
}

const AGAIN = 'ask for the file again where it came from';

const hints: Readonly<Record<Foreign['kind'], string>> = {
  'openssh-private-key': 'convert a copy of it: ssh-keygen -p -m PKCS8 -f FILE',
  'openssh-public-key': 'convert it: ssh-keygen -e -m PKCS8 -f FILE',
  'putty-key':
    'convert it: puttygen FILE -O private-openssh -o KEY, then ssh-keygen -p -m PKCS8 -f KEY',
  pgp: 'OpenPGP has keys and certificates of its own: gpg --show-keys FILE',
  'pem-block': 'give a PEM, DER, PKCS#7, PKCS#12 or JKS file',
  'secret-key': 'it belongs to no certificate: keytool -list -v -keystore FILE shows it',
  damaged: AGAIN,
  'damaged-entry': AGAIN,
};

const sshLine =
  /^(?:\S+ )?((?:ssh-(?:rsa|dss|ed25519|ed448)|ecdsa-sha2-[\w-]{1,32}|sk-[\w-]{1,32})(?:-cert-v01)?(?:@openssh\.com)?) AAAA/gm;

/** openssh-key-v1: strings with their lengths: cipher, derivation, its options; a count; the public keys. */
function openSshKey(bytes: Buffer): Foreign {
  const kind = 'openssh-private-key';
  let at = OPENSSH_MAGIC.length;
  if (!bytes.subarray(0, at).equals(OPENSSH_MAGIC)) return { kind };
  const take = (length: number) => bytes.subarray(at, (at += length));
  const next = () => {
    const length = take(4);
    return take(length.length === 4 ? Math.min(length.readUInt32BE(0), bytes.length) : 0);
  };
  const cipher = next().toString('latin1');
  next();
  next();
  take(8); // how many keys, and the length of the first public one
  const algorithm = next().toString('latin1');
  const detail = /^[\w.@-]{1,64}$/.test(algorithm) ? { detail: algorithm } : {};
  return { kind, ...detail, encrypted: cipher !== 'none' };
}

const OPENSSH_MAGIC = Buffer.from('openssh-key-v1\0');

const BOUNCY_CASTLE =
  'convert it: keytool -importkeystore -srckeystore FILE -srcstoretype TYPE -destkeystore store.p12 -deststoretype PKCS12 -providerpath bcprov.jar -provider org.bouncycastle.jce.provider.BouncyCastleProvider';

const files: readonly { what: string; hint: string; is: (bytes: Buffer) => boolean }[] = [
  {
    what: 'a BKS key store, which is of Bouncy Castle and old Android',
    hint: BOUNCY_CASTLE.replace('TYPE', 'BKS'),
    is: (bytes) => isSalted(bytes) && isBksEntry(bytes.subarray(SALTED_HEAD)),
  },
  {
    what: 'a UBER key store, which is of Bouncy Castle',
    hint: BOUNCY_CASTLE.replace('TYPE', 'UBER'),
    is: isSalted,
  },
  {
    what: 'a BCFKS key store, which is of Bouncy Castle',
    hint: BOUNCY_CASTLE.replace('TYPE', 'BCFKS'),
    is: isBcfks,
  },
  {
    what: 'a database: SQLite, as NSS (cert9.db, key4.db) has its certificates and keys in',
    hint: 'list and export them: certutil -L -d sql:FOLDER, pk12util -o store.p12 -n NAME -d sql:FOLDER',
    is: (bytes) => bytes.subarray(0, 15).equals(Buffer.from('SQLite format 3')),
  },
  {
    what: 'a keychain of macOS',
    hint: 'export what is in it: security export -k FILE -f pemseq -o certificates.pem',
    is: (bytes) => bytes.subarray(0, 4).equals(Buffer.from('kych')),
  },
  {
    what: 'a serialized certificate store of Windows (SST)',
    hint: 'convert it: certutil -split -dump FILE writes each certificate into a file',
    is: (bytes) => bytes.subarray(0, 8).equals(Buffer.from('\0\0\0\0CERT')),
  },
  {
    what: 'a private key in the format PVK of Windows',
    hint: 'convert it: openssl rsa -inform PVK -in FILE -out key.pem',
    is: (bytes) => bytes.subarray(0, 4).equals(Buffer.from('1ef1b5b0', 'hex')),
  },
  {
    what: 'a key in the format MSBLOB of Windows',
    hint: 'convert it: openssl rsa -inform MSBLOB -in FILE -out key.pem, with -pubin for a public one',
    // PUBLICKEYBLOB or PRIVATEKEYBLOB, version 2, for key exchange or signing with RSA.
    is: (bytes) => /^0[67]02000000(?:a4|24)0000/.test(bytes.toString('hex', 0, 8)),
  },
  {
    what: 'keys of OpenPGP, which has certificates of its own',
    hint: 'look at them: gpg --show-keys FILE',
    is: isPgp,
  },
  {
    what: 'a JSON Web Key',
    hint: 'convert it to PEM: step crypto jwk, or crypto.createPrivateKey({ format: "jwk" }) of Node',
    is: (bytes) => /^\s*\{/.test(head(bytes)) && /"kty"\s*:/.test(head(bytes)),
  },
  {
    what: 'a revocation list of OpenSSH (KRL)',
    hint: 'look at it: ssh-keygen -Q -l -f FILE',
    is: (bytes) => bytes.subarray(0, 8).equals(Buffer.from('SSHKRL\n\0')),
  },
  {
    what: 'a query for a timestamp (RFC 3161)',
    hint: 'look at it: openssl ts -query -in FILE -text',
    is: (bytes) => tagsAt(bytes).startsWith('02 30') && tagsAt(bytes, 1) === '30 04',
  },
  {
    what: 'a timestamp (RFC 3161)',
    hint: 'look at it: openssl ts -reply -in FILE -text',
    is: (bytes) => tagsAt(bytes) === '30 30' && tagsAt(bytes, 1) === '06 a0',
  },
  {
    what: 'a request to an OCSP responder',
    hint: 'look at it: openssl ocsp -reqin FILE -req_text',
    is: isOcspRequest,
  },
  {
    what: 'an answer of an OCSP responder',
    hint: 'look at it: openssl ocsp -respin FILE -resp_text -noverify',
    is: (bytes) => /^0a(?: a0)?$/.test(tagsAt(bytes)),
  },
  {
    what: 'a request by SPKAC, as old browsers made them',
    hint: 'look at it: openssl spkac -in FILE',
    is: (bytes) =>
      /^\s*SPKAC\s*=/m.test(head(bytes)) ||
      (tagsAt(bytes) === '30 30 03' && tagsAt(bytes, 0) === '30 16'),
  },
  {
    what: 'a signed mail (S/MIME)',
    hint: 'take out the certificate of its sender: openssl cms -verify -noverify -in FILE -signer certificate.pem -out text',
    is: (bytes) =>
      /^content-type:[^:]*(?:pkcs7-signature|smime-type="?(?:signed-data|certs-only))/im.test(
        head(bytes),
      ),
  },
  {
    what: 'an encrypted mail (S/MIME)',
    hint: 'decrypt it first: openssl cms -decrypt -in FILE -recip CERTIFICATE -inkey KEY',
    is: (bytes) => /^content-type:[^:]*pkcs7-mime/im.test(head(bytes)),
  },
  {
    what: 'Base64 without the lines of PEM around it',
    hint: 'decode it first: base64 -d FILE',
    is: (bytes) => /^(?:MI[I-L]|LS0tLS1CRUdJTi)[A-Za-z0-9+/=\s]+$/.test(head(bytes)),
  },
];

function head(bytes: Buffer): string {
  return bytes.toString('latin1', 0, 4096);
}

const SALT_BYTES = 20;
/** Version, length of the salt, the salt, a count of iterations: how both of Bouncy Castle's own formats begin. */
const SALTED_HEAD = 12 + SALT_BYTES;

function isSalted(bytes: Buffer): boolean {
  if (bytes.length <= SALTED_HEAD) return false;
  const version = bytes.readUInt32BE(0);
  const iterations = bytes.readUInt32BE(SALTED_HEAD - 4);
  const isCount = iterations >= 1 && iterations <= 1_000_000;
  return (version === 1 || version === 2) && bytes.readUInt32BE(4) === SALT_BYTES && isCount;
}

/** The kind of an entry, one to four, and the length of its alias; or the end. What UBER has there is encrypted. */
function isBksEntry([kind = 0, high = 0, low = 0, first = 0]: Buffer): boolean {
  return kind === 0 || (kind <= 4 && high === 0 && (low === 0 || first >= 0x20));
}

/** ObjectStore: data encrypted under PBES2, and what vouches for it. */
function isBcfks(bytes: Buffer): boolean {
  const type = orUndefined(() => {
    const store = fieldsOf(readFirst(bytes));
    const data = fieldsOf(store.next(TAG.sequence));
    store.next(TAG.sequence);
    return decodeOid(fieldsOf(data.next(TAG.sequence)).next());
  });
  return type === PBES2.pbes2;
}

/** RFC 6960 4.1.1: a list of certificates, each by two hashes and a serial number, with an optional version and requestor before it. */
function isOcspRequest(bytes: Buffer): boolean {
  const [before] = /^(?:a0 ?)?(?:a1 ?)?(?=30)/.exec(tagsAt(bytes, 0)) ?? [];
  if (before === undefined || !/^30(?: a0)?$/.test(tagsAt(bytes))) return false;
  return tagsAt(bytes, 0, before.length / 3, 0, 0) === '30 04 04 02';
}

/** The tags of the values in a value, in hex, down a path of places; empty if there is no such one. */
function tagsAt(bytes: Buffer, ...path: readonly number[]): string {
  const tags = orUndefined(() => {
    let element: Element | undefined = readFirst(bytes, { ber: true });
    for (const place of path) element = element && [...element.children()][place];
    return element && tagsOf(element);
  });
  return tags ?? '';
}

/** A packet of a public or secret key, RFC 9580 4.2: old form with a length of one or two bytes, or new form. */
function isPgp(bytes: Buffer): boolean {
  const [tag = 0] = bytes;
  const isOld = [0x94, 0x95, 0x98, 0x99].includes(tag);
  if (!isOld && tag !== 0xc5 && tag !== 0xc6) return false;
  // The version of the key comes behind the length.
  const lengthBytes = isOld ? 1 + (tag & 1) : (bytes[1] ?? 0) < 192 ? 1 : 2;
  return [3, 4, 5, 6].includes(bytes[1 + lengthBytes] ?? 0);
}
