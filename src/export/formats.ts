/** A key with its chain, or certificates to trust, in every format that `devcert export` knows. No files. */
import { X509Certificate } from 'node:crypto';
import { DevcertError, say, type Text, worded } from '../errors.ts';
import { encodePrivateKey } from '../keys.ts';
import type { KeyEntry, TrustedCertificate } from '../keystore/entries.ts';
import { encodeJksKeyStore, encodeJksTrustStore } from '../keystore/jks.ts';
import {
  encodePkcs12KeyStore,
  encodePkcs12TrustStore,
  type Pkcs12Options,
} from '../keystore/pkcs12.ts';
import { encodeEncryptedKey, pkcs8Of } from '../keystore/encrypted-key.ts';
import { MIN_JKS_PASSWORD, MIN_PEM_PASSWORD } from '../policy.ts';

/** How an export is written, apart from its format. */
export interface FormatOptions {
  /** Triple DES and SHA-1 in a PKCS#12. */
  readonly legacy?: boolean;
  /** `pem`: the key as encrypted PKCS#8. */
  readonly encrypt?: boolean;
}

/** One file that a format makes, under the name that it always has. */
export interface FormatFile {
  readonly name: string;
  /** What is in it, for people. */
  readonly what: string;
  /** It holds a private key: 0600. */
  readonly secret: boolean;
}

/** A format of files that are made of a key with its chain, or of certificates to trust. */
export interface Format<Source> {
  /** What `--format` takes. */
  readonly name: string;
  readonly files: readonly FormatFile[];
  /**
   * Refuses a password that the format, or a usual program that opens it, cannot have; absent where it takes none.
   *
   * @throws DevcertError `password`; `refused` for a PKCS#12 trust store that no usual Java opens.
   */
  readonly checkPassword?: (password: string, use: PasswordUse) => void;
  /** The contents of `files`. The password is empty for none. */
  readonly encode: (
    source: Source,
    protection: Pkcs12Options,
    now: Date,
  ) => readonly [Buffer, ...Buffer[]];
}

/** What a password is to protect. */
export interface PasswordUse {
  readonly options: FormatOptions;
  /** Write it all the same. */
  readonly force: boolean;
}

/** What `--format` takes for a key and its certificate. */
export const keyFormats: readonly Format<KeyEntry>[] = [
  {
    name: 'p12',
    files: [{ name: 'keystore.p12', what: 'key and chain', secret: true }],
    checkPassword: () => undefined,
    encode: (entry, protection) => [encodePkcs12KeyStore(entry, protection)],
  },
  {
    name: 'jks',
    files: [{ name: 'keystore.jks', what: 'key and chain', secret: true }],
    checkPassword: checkJksPassword,
    encode: (entry, { password }, now) => [encodeJksKeyStore(entry, password, now)],
  },
  {
    name: 'pem',
    files: [
      { name: 'cert.pem', what: 'certificate and chain', secret: false },
      { name: 'key.pem', what: 'private key', secret: true },
    ],
    encode: (entry) => [chainPem(entry), keyPem(entry)],
  },
  {
    name: 'der',
    files: [
      { name: 'cert.der', what: 'certificate alone', secret: false },
      { name: 'key.der', what: 'private key, PKCS#8', secret: true },
    ],
    encode: ({ certificates: [leaf], key }) => [leaf ?? Buffer.alloc(0), pkcs8Of(key)],
  },
  {
    name: 'combined',
    files: [{ name: 'combined.pem', what: 'certificate, chain and key', secret: true }],
    encode: (entry) => [Buffer.concat([chainPem(entry), keyPem(entry)])],
  },
  {
    name: 'fullchain',
    files: [{ name: 'fullchain.pem', what: 'certificate and chain', secret: false }],
    encode: (entry) => [chainPem(entry)],
  },
];

/** `pem` with `encrypt`. */
export const encryptedPem: Format<KeyEntry> = {
  name: 'pem',
  files: [{ name: 'key-encrypted.pem', what: 'private key, encrypted', secret: true }],
  checkPassword(password) {
    if (password.length < MIN_PEM_PASSWORD)
      throw tooShort('an encrypted PEM key', MIN_PEM_PASSWORD, 'OpenSSL');
  },
  encode: ({ key }, { password }) => [Buffer.from(encodeEncryptedKey(key, password))],
};

/** What `--format` takes with `--trust`. */
export const trustFormats: readonly Format<readonly TrustedCertificate[]>[] = [
  {
    name: 'pem',
    files: [trustFile('truststore.pem')],
    encode: (trusted) => [pemOf(trusted.map(({ certificate }) => certificate))],
  },
  {
    name: 'p12',
    files: [trustFile('truststore.p12')],
    checkPassword(password, { options, force }) {
      if (force || !isLostOnJava(password)) return;
      throw new DevcertError(
        'refused',
        `${javaRefuses(options)} a trust store with this password`,
        {
          hint: say`take one of plain ASCII letters, ${{ format: 'jks' }}, or write it all the same: ${{ force: true }}`,
        },
      );
    },
    // Without a password in plain text: so Java opens it without one, too.
    encode: (trusted, protection) => [
      encodePkcs12TrustStore(trusted, protection.password === '' ? undefined : protection),
    ],
  },
  {
    name: 'jks',
    files: [trustFile('truststore.jks')],
    checkPassword: checkJksPassword,
    encode: (trusted, { password }, now) => [encodeJksTrustStore(trusted, password, now)],
  },
  {
    name: 'der',
    files: [trustFile('ca.der')],
    encode: ([root]) => [root?.certificate ?? Buffer.alloc(0)],
  },
];

/** What a user of this password should know, one line each. */
export function passwordNotes(
  { format, options }: { readonly format: { readonly name: string } } & PasswordUse,
  password: string,
): string[] {
  if (format.name !== 'p12' || !isLostOnJava(password)) return [];
  const opens = `${javaRefuses(options)} it with this password, which is not all ASCII`;
  return [worded`${opens}: ${{ format: 'jks' }} is opened by all`];
}

/**
 * True if no Java before 25 opens a PKCS#12 with it: measured with 11, 17, 21 and 25, whose PBEKey takes printable
 * ASCII alone. With `legacy` 25 does not either.
 */
export function isLostOnJava(password: string): boolean {
  return /[^ -~]/.test(password);
}

function javaRefuses({ legacy }: FormatOptions): string {
  return legacy === true ? 'no Java opens' : 'no Java before 25 opens';
}

function checkJksPassword(password: string): void {
  if (password.length < MIN_JKS_PASSWORD)
    throw tooShort('a JKS', MIN_JKS_PASSWORD, 'keytool', say`, or write ${{ format: 'p12' }}`);
}

function tooShort(what: string, least: number, reader: string, instead: Text = ''): DevcertError {
  const message = `the password of ${what} has at least ${least} characters, or ${reader} does not take it`;
  return new DevcertError('password', message, { hint: ['give a longer one', instead] });
}

function trustFile(name: string): FormatFile {
  return { name, what: 'the root, for clients', secret: false };
}

function chainPem({ certificates }: KeyEntry): Buffer {
  return pemOf(certificates);
}

function keyPem({ key }: KeyEntry): Buffer {
  return Buffer.from(encodePrivateKey(key));
}

function pemOf(certificates: readonly Buffer[]): Buffer {
  return Buffer.from(certificates.map((der) => new X509Certificate(der).toString()).join(''));
}
