/** A key with its chain, or certificates to trust, in every format that `devcert export` knows. No files. */
import { X509Certificate } from 'node:crypto';
import { DevcertError, say, type Text, worded } from '../errors.ts';
import { encodePrivateKey } from '../keys.ts';
import type { KeyEntry, TrustedCertificate } from '../keystore/entries.ts';
import { encodeJksKeyStore, encodeJksTrustStore } from '../keystore/jks.ts';
import { encodePkcs12KeyStore, encodePkcs12TrustStore } from '../keystore/pkcs12.ts';
import { encodeEncryptedKey, pkcs8Of } from '../keystore/encrypted-key.ts';
import { MIN_JKS_PASSWORD, MIN_PEM_PASSWORD } from '../policy.ts';

/** What `--format` takes for a key and its certificate. */
export const keyFormats = ['p12', 'jks', 'pem', 'der', 'combined', 'fullchain'] as const;
export type KeyFormat = (typeof keyFormats)[number];

/** What `--format` takes with `--trust`. */
export const trustFormats = ['pem', 'p12', 'jks', 'der'] as const;
export type TrustFormat = (typeof trustFormats)[number];

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

/** True if the format takes a password. */
export function needsPassword(format: KeyFormat | TrustFormat, options: FormatOptions): boolean {
  return format === 'p12' || format === 'jks' || (format === 'pem' && options.encrypt === true);
}

/** The files of a format, in the order of {@link encodeKeyFormat}. */
export function keyFiles(format: KeyFormat, options: FormatOptions): readonly FormatFile[] {
  if (format === 'pem' && options.encrypt === true)
    return [{ name: 'key-encrypted.pem', what: 'private key, encrypted', secret: true }];
  return filesOf[format];
}

/** The file of a trust store, which holds so many certificates. */
export function trustFile(format: TrustFormat, count: number): FormatFile {
  return {
    name: format === 'der' ? 'ca.der' : `truststore.${format}`,
    what: count === 1 ? 'the root, for clients' : `${count} roots, for clients`,
    secret: false,
  };
}

/**
 * The contents of a format's files, for a key and its chain.
 *
 * @param password empty for none; looked at where {@link needsPassword} says so.
 */
export function encodeKeyFormat(
  format: KeyFormat,
  entry: KeyEntry,
  password: string,
  options: FormatOptions,
  now: Date,
): readonly [Buffer, ...Buffer[]] {
  const chain = () => Buffer.from(entry.certificates.map(pemOf).join(''));
  const key = () => Buffer.from(encodePrivateKey(entry.key));
  switch (format) {
    case 'p12':
      return [encodePkcs12KeyStore(entry, { password, ...options })];
    case 'jks':
      return [encodeJksKeyStore(entry, password, now)];
    case 'pem':
      if (options.encrypt === true) return [Buffer.from(encodeEncryptedKey(entry.key, password))];
      return [chain(), key()];
    case 'der':
      return [entry.certificates[0] ?? Buffer.alloc(0), pkcs8Of(entry.key)];
    case 'combined':
      return [Buffer.concat([chain(), key()])];
    case 'fullchain':
      return [chain()];
  }
}

/** The contents of a trust store. Parameters as for {@link encodeKeyFormat}. */
export function encodeTrustFormat(
  format: TrustFormat,
  certificates: readonly TrustedCertificate[],
  password: string,
  options: FormatOptions,
  now: Date,
): Buffer {
  switch (format) {
    case 'pem':
      return Buffer.from(certificates.map(({ certificate }) => pemOf(certificate)).join(''));
    case 'der':
      return certificates[0]?.certificate ?? Buffer.alloc(0);
    case 'jks':
      return encodeJksTrustStore(certificates, password, now);
    case 'p12':
      // Without a password in plain text: so Java opens it without one, too.
      return encodePkcs12TrustStore(
        certificates,
        password === '' ? undefined : { password, ...options },
      );
  }
}

/** What a password is to protect. */
export interface PasswordUse {
  readonly format: KeyFormat | TrustFormat;
  readonly options: FormatOptions;
  readonly trust: boolean;
  /** Write it all the same. */
  readonly force?: boolean;
}

/**
 * Refuses a password that the format, or a usual program that opens it, cannot have.
 *
 * @throws DevcertError `password`; `refused` for a PKCS#12 trust store that no usual Java opens.
 */
export function checkPassword(
  { format, options, trust, force = false }: PasswordUse,
  password: string,
): void {
  if (trust && !force && isLostOnJava(format, password))
    throw new DevcertError('refused', `${javaRefuses(options)} a trust store with this password`, {
      hint: say`take one of plain ASCII letters, ${{ format: 'jks' }}, or write it all the same: ${{ force: true }}`,
    });
  if (format === 'jks' && password.length < MIN_JKS_PASSWORD)
    throw tooShort('a JKS', MIN_JKS_PASSWORD, 'keytool', say`, or write ${{ format: 'p12' }}`);
  if (format === 'pem' && options.encrypt === true && password.length < MIN_PEM_PASSWORD)
    throw tooShort('an encrypted PEM key', MIN_PEM_PASSWORD, 'OpenSSL');
}

/** What a user of this password should know, one line each. */
export function passwordNotes({ format, options }: PasswordUse, password: string): string[] {
  if (!isLostOnJava(format, password)) return [];
  const opens = `${javaRefuses(options)} it with this password, which is not all ASCII`;
  return [worded`${opens}: ${{ format: 'jks' }} is opened by all`];
}

/**
 * True if no Java before 25 opens such a file: measured with 11, 17, 21 and 25, whose PBEKey takes printable ASCII
 * alone. With `legacy` 25 does not either.
 */
export function isLostOnJava(format: KeyFormat | TrustFormat, password: string): boolean {
  return format === 'p12' && /[^ -~]/.test(password);
}

function javaRefuses({ legacy }: FormatOptions): string {
  return legacy === true ? 'no Java opens' : 'no Java before 25 opens';
}

function tooShort(what: string, least: number, reader: string, instead: Text = ''): DevcertError {
  const message = `the password of ${what} has at least ${least} characters, or ${reader} does not take it`;
  return new DevcertError('password', message, { hint: ['give a longer one', instead] });
}

const filesOf: Readonly<Record<KeyFormat, readonly FormatFile[]>> = {
  p12: [{ name: 'keystore.p12', what: 'key and chain', secret: true }],
  jks: [{ name: 'keystore.jks', what: 'key and chain', secret: true }],
  pem: [
    { name: 'cert.pem', what: 'certificate and chain', secret: false },
    { name: 'key.pem', what: 'private key', secret: true },
  ],
  der: [
    { name: 'cert.der', what: 'certificate alone', secret: false },
    { name: 'key.der', what: 'private key, PKCS#8', secret: true },
  ],
  combined: [{ name: 'combined.pem', what: 'certificate, chain and key', secret: true }],
  fullchain: [{ name: 'fullchain.pem', what: 'certificate and chain', secret: false }],
};

function pemOf(certificate: Buffer): string {
  return new X509Certificate(certificate).toString();
}
