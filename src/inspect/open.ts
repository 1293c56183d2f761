/** A file opened as far as it goes: with its password, or without one what is visible. Pure. */
import { DevcertError, orUndefined } from '../errors.ts';
import type { KeyStoreEntry } from '../keystore/entries.ts';
import { decodePem, passOver } from '../keystore/pem.ts';
import {
  type Pkcs12Protection,
  readVisible,
  type VisiblePkcs12,
} from '../keystore/pkcs12-protection.ts';
import { findPkcs12, type KeyStore, readKeyStore } from '../keystore/read.ts';
import { readFirst } from '../x509/asn1.ts';

export interface InspectInput {
  /** As it was named; `-` for standard input. */
  readonly file: string;
  readonly bytes: Buffer;
  readonly password?: string;
  /** Of keys in a store that the other one does not open. */
  readonly keyPassword?: string;
}

export interface Opened extends Pick<VisiblePkcs12, 'openCertificates'> {
  readonly store: KeyStore;
  /** Of a PKCS#12. */
  readonly protection?: Pkcs12Protection;
  readonly isLocked: boolean;
}

/** @throws DevcertError `invalid-input` for what cannot be read, `password` for a wrong one. */
export function openFile({ bytes, ...passwords }: InspectInput): Opened {
  const pkcs12 = findPkcs12(bytes);
  try {
    const store = readKeyStore(bytes, { ...passwords, foreign: true });
    const isLocked = store.entries.some(({ kind }) => kind === 'encrypted-key');
    if (pkcs12 === undefined) return { store, isLocked, openCertificates: [] };
    return { store, isLocked, ...readVisible(pkcs12.der) };
  } catch (error) {
    const isLocked =
      error instanceof DevcertError &&
      error.code === 'password' &&
      passwords.password === undefined;
    if (!isLocked || pkcs12 === undefined) throw error;
    // Only a PKCS#12 file says nothing at all without its password.
    const { der, trailing } = pkcs12;
    const visible = readVisible(der);
    const nothing = { entries: [], others: visible.secrets, isVerified: false };
    return { ...visible, store: { format: 'pkcs12', ...nothing, trailing }, isLocked };
  }
}

/** What opens without a password, opens for everybody who can read the file. */
export function hasOpenKey(
  { bytes, password, keyPassword }: InspectInput,
  { store, protection }: Opened,
): boolean {
  if (protection?.keys.some(({ name }) => name === 'none') === true) return true;
  // A MAC or digest under this password is none under an empty one, and finding out takes seconds.
  if (password !== undefined && password !== '' && store.isVerified) return false;
  const isOpened = password !== undefined || keyPassword !== undefined;
  const { entries } = isOpened ? openWithout(bytes, store) : store;
  return entries.some(isKey) || store.others.some(({ encrypted }) => encrypted === false);
}

function isKey({ kind }: KeyStoreEntry): boolean {
  return kind === 'key' || kind === 'other-key';
}

function openWithout(bytes: Buffer, store: KeyStore): Pick<KeyStore, 'entries'> {
  if (!store.entries.some(isKey)) return store;
  return orUndefined(() => readKeyStore(bytes, { foreign: true })) ?? { entries: [] };
}

/** DER of every certificate, each once, in the order of the file. */
export function certificatesOf({ store, openCertificates }: Opened, bytes: Buffer): Buffer[] {
  const { format, entries } = store;
  const found =
    format === 'pem' && entries.every(({ kind }) => kind !== 'csr')
      ? pemCertificates(bytes, entries)
      : entries.flatMap(({ certificates }) => certificates);
  const all = entries.length === 0 ? openCertificates : found;
  return [...new Map(all.map((der) => [der.toString('latin1'), der])).values()];
}

// Pairing with keys has lost the order, which counts for what a server sends.
function pemCertificates(bytes: Buffer, entries: readonly KeyStoreEntry[]): Buffer[] {
  const paired = entries.flatMap(({ certificates }) => certificates);
  const places = new Map<string, number>();
  for (const [index, { label, der }] of decodePem(bytes, passOver).entries())
    if (label.includes('CERTIFICATE') && !label.includes('REQUEST')) {
      // OpenSSL's own form has more behind the certificate.
      const isLonger = label === 'TRUSTED CERTIFICATE';
      const own = (isLonger ? orUndefined(() => readFirst(der).raw) : undefined) ?? der;
      if (!places.has(own.toString('latin1'))) places.set(own.toString('latin1'), index);
    }
  // Those of a PKCS#7 block have no place of their own, and stay where they are: at the end.
  const place = (der: Buffer) => places.get(der.toString('latin1')) ?? Infinity;
  return [...paired].sort((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)));
}
