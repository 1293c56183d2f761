/** Reading PKCS#12 (RFC 7292), as OpenSSL, Java, NSS, Windows, macOS and Go write it. */
import { DevcertError } from '../errors.ts';
import {
  contextTagOf,
  type Element,
  fieldsOf,
  readElement,
  TAG,
  unreadable,
  unwrap,
} from '../x509/asn1.ts';
import { decodeOctets, decodeOid, decodeSmallInteger, decodeText } from '../x509/asn1-values.ts';
import { keyOrKind, type KeyStoreEntry, type LooseKey, pairEntries, parseEach } from './entries.ts';
import type { Foreign } from './foreign.ts';
import { OID } from './oids.ts';
import { decryptPbe, isMacValid } from './pbe.ts';
import { WorkLimit } from './pbes2.ts';
import { type Password, passwordForms } from './pkcs12-kdf.ts';
import { missingPassword, type Passwords, wrongPassword } from './passwords.ts';
import type { Damaged } from './pem.ts';
import { decryptPrivateKey } from './pkcs8.ts';
import { decodePrivateKey } from './private-key.ts';

/** More keys and certificates than this are refused. */
const MAX_BAGS = 1000;

/**
 * The entries of a PKCS#12 file, DER or BER. The MAC is checked before anything is decrypted. Where it vouches
 * for the password, keys that no password opens come out as `encrypted-key`: Java lets each have its own.
 *
 * @param passwords without that of the store, the empty one is tried.
 * @returns `isVerified`: false if the file has no MAC, so that nothing vouches for its contents.
 * Throws `password` for a wrong or missing one, `invalid-input` for everything else.
 */
export function readPkcs12(
  bytes: Buffer,
  { password, keyPassword }: Passwords,
  damaged: Damaged,
): { entries: KeyStoreEntry[]; isVerified: boolean; others: Foreign[] } {
  const file = fieldsOf(readElement(bytes, { ber: true }));
  const version = decodeSmallInteger(file.next());
  if (version !== 3) throw unreadable(`version ${version} of PKCS#12`);
  const safe = readContent(file.next());
  if (safe.type !== OID.data)
    throw new DevcertError('invalid-input', 'cannot read a PKCS#12 file that is signed by a key', {
      hint: 'write it again with a password',
    });
  const content = decodeOctets(safe.value());
  const mac = file.optional(TAG.sequence);
  file.end();
  const limit = new WorkLimit();
  const forms = passwordForms(password ?? '');
  const form =
    mac === undefined ? forms[0] : forms.find((it) => isMacValid(mac, content, it, limit));
  if (form === undefined) throw refusal(password);
  const own = keyPassword === undefined ? [] : passwordForms(keyPassword);
  const opening = { password: form, own, limit, isVerified: mac !== undefined };
  const found: Found = {
    keys: [],
    locked: [],
    certificates: [],
    others: [],
    bags: 0,
    isOwnRight: false,
  };
  try {
    for (const part of sequenceOf(readElement(content, { ber: true })))
      readSafe(readContent(part), opening, found);
  } catch (error) {
    const isRefused = error instanceof DevcertError && error.code === 'password';
    throw isRefused && password === undefined ? refusal(password) : error;
  }
  if (keyPassword !== undefined && found.locked.length > 0 && !found.isOwnRight)
    throw wrongPassword('private key');
  const certificates = parseEach(found.certificates, damaged);
  const entries = [...pairEntries(found.keys, certificates), ...found.locked];
  return { entries, isVerified: opening.isVerified, others: found.others };
}

interface Opening {
  readonly password: Password;
  /** Of keys that the other one does not open, in its forms. */
  readonly own: readonly Password[];
  readonly limit: WorkLimit;
  readonly isVerified: boolean;
}

interface Found {
  readonly keys: LooseKey[];
  readonly locked: KeyStoreEntry[];
  readonly certificates: { der: Buffer; alias?: string; trusted: boolean }[];
  readonly others: Foreign[];
  bags: number;
  /** True once the password of keys has opened one. */
  isOwnRight: boolean;
}

function refusal(password: string | undefined): DevcertError {
  return password === undefined ? missingPassword('the key store') : wrongPassword('key store');
}

/** A ContentInfo (RFC 2315 section 7): its type, dotted, and what it holds. */
export function readContent(element: Element): { type: string; value: () => Element } {
  const fields = fieldsOf(element);
  const type = decodeOid(fields.next());
  const value = fields.optional(contextTagOf(0, true));
  fields.end();
  return {
    type,
    value: () => {
      if (value === undefined) throw unreadable('a content without a value');
      return unwrap(value);
    },
  };
}

function readSafe(
  { type, value }: ReturnType<typeof readContent>,
  opening: Opening,
  found: Found,
): void {
  if (type === OID.data) {
    readBags(decodeOctets(value()), opening, found);
    return;
  }
  if (type !== OID.encryptedData)
    throw new DevcertError('invalid-input', 'cannot read a PKCS#12 file encrypted for a key', {
      hint: 'write it again with a password',
    });
  const fields = fieldsOf(value());
  decodeSmallInteger(fields.next());
  const info = fieldsOf(fields.next());
  decodeOid(info.next());
  const algorithm = info.next(TAG.sequence);
  const data = decodeOctets(info.next(), contextTagOf(0, false));
  const plain = decryptPbe(algorithm, data, opening.password, opening.limit);
  if (plain === undefined) throw wrongPassword('key store');
  try {
    readBags(plain, opening, found);
  } catch (error) {
    // Without a MAC, a wrong password that passed the padding by chance is seen here first.
    const isNoise =
      !opening.isVerified && error instanceof DevcertError && error.code === 'invalid-input';
    throw isNoise ? wrongPassword('key store', error) : error;
  }
}

// SafeContents, RFC 7292 section 4.2; those inside each other in a list instead of by recursion.
function readBags(contents: Buffer, opening: Opening, found: Found): void {
  const nested = [readElement(contents, { ber: true })];
  for (let next = nested.pop(); next !== undefined; next = nested.pop())
    for (const element of sequenceOf(next)) {
      found.bags++;
      if (found.bags > MAX_BAGS) throw unreadable(`more than ${MAX_BAGS} keys and certificates`);
      const fields = fieldsOf(element);
      const type = decodeOid(fields.next());
      const value = unwrap(fields.next(contextTagOf(0, true)));
      const attributes = readAttributes(fields.optional(TAG.set));
      fields.end();
      const { alias } = attributes;
      if (type === OID.keyBag)
        found.keys.push({ ...keyOrKind(() => decodePrivateKey(value.raw, 'pkcs8')), alias });
      else if (type === OID.shroudedKeyBag) {
        const key = openKey(value, opening, found);
        if (key !== undefined) found.keys.push({ ...key, alias });
        else
          found.locked.push({
            kind: 'encrypted-key',
            alias,
            hasOwnPassword: true,
            certificates: [],
          });
      } else if (type === OID.certBag) {
        const der = readCertificate(value);
        if (der !== undefined) found.certificates.push({ der, trusted: attributes.trusted, alias });
      } else if (type === OID.safeContentsBag) nested.push(value);
      else if (type === OID.secretBag) found.others.push({ kind: 'secret-key', detail: alias });
      // What is left are CRLs, which devcert has no use for.
    }
}

/** The key; undefined if no password opens it and the store's is known to be right. */
function openKey(
  value: Element,
  { password, own, limit, isVerified }: Opening,
  found: Found,
): ReturnType<typeof keyOrKind> | undefined {
  for (const form of [password, ...own])
    try {
      const key = keyOrKind(() => decryptPrivateKey(value, form, limit));
      if (form !== password) found.isOwnRight = true;
      return key;
    } catch (error) {
      if (!(error instanceof DevcertError) || error.code !== 'password') throw error;
    }
  if (!isVerified) throw wrongPassword('private key');
  return undefined;
}

function sequenceOf(element: Element): Iterable<Element> {
  if (element.tag !== TAG.sequence) throw unreadable('something else than a SEQUENCE');
  return element.children();
}

/** DER of the certificate in a CertBag; undefined for the other kind (SDSI), which was never used. */
export function readCertificate(element: Element): Buffer | undefined {
  const fields = fieldsOf(element);
  if (decodeOid(fields.next()) !== OID.x509Certificate) return undefined;
  return decodeOctets(unwrap(fields.next(contextTagOf(0, true))));
}

function readAttributes(set: Element | undefined): { alias?: string; trusted: boolean } {
  let alias: string | undefined;
  let trusted = false;
  for (const attribute of set?.children() ?? []) {
    const fields = fieldsOf(attribute);
    const type = decodeOid(fields.next());
    if (type === OID.friendlyName) {
      const [value] = fields.next(TAG.set).children();
      if (value !== undefined) alias = decodeText(value);
    }
    if (type === OID.trustedKeyUsage) trusted = true;
  }
  return alias === undefined ? { trusted } : { alias, trusted };
}
