/**
 * Password-based encryption and authentication of key stores: PBES2 and PBMAC1 (RFC 8018), and the
 * key derivation and ciphers of PKCS#12 itself (RFC 7292 appendices B and C). All primitives are
 * `node:crypto`'s, except RC2, which it no longer has.
 */
import { createCipheriv, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Element, type Fields, fieldsOf, TAG, unreadable } from '../x509/asn1.ts';
import { decodeOctets, decodeOid, decodeSmallInteger } from '../x509/asn1-values.ts';
import { integer, nullValue, octetString, oid, sequence } from '../x509/der.ts';
import { OID, PBES2 } from './oids.ts';
import {
  decryptCbc,
  decryptPbes2,
  type Encrypted,
  type Hash,
  hashLengths,
  readPbkdf2,
  readPrf,
  readSalt,
  unsupported,
  type WorkLimit,
} from './pbes2.ts';
import { derivePkcs12, IV_ID, KEY_ID, MAC_ID, type Password, passwordForms } from './pkcs12-kdf.ts';
import { decryptRc2Cbc } from './rc2.ts';

/** pbeWithSHAAnd3-KeyTripleDES-CBC with an 8-byte salt: for programs that read nothing newer. */
export function encryptTripleDes(data: Buffer, password: string, iterations: number): Encrypted {
  const salt = randomBytes(8);
  const derive = (id: number, length: number) =>
    derivePkcs12('sha1', passwordForms(password)[0], { salt, iterations, id, length });
  const cipher = createCipheriv('des-ede3-cbc', derive(KEY_ID, 24), derive(IV_ID, 8));
  return {
    algorithm: sequence(
      oid(OID.pbeSha1TripleDes),
      sequence(octetString(salt), integer(iterations)),
    ),
    data: Buffer.concat([cipher.update(data), cipher.final()]),
  };
}

/**
 * The plain bytes, or undefined if the password is wrong. A wrong one passes once in some 200 times:
 * the caller must be able to tell by the content. Throws `invalid-input` for what is damaged,
 * unknown, or asks for too much work.
 *
 * @param algorithm an AlgorithmIdentifier of PBES2 or of RFC 7292 appendix C.
 */
export function decryptPbe(
  algorithm: Element,
  data: Buffer,
  password: Password,
  limit: WorkLimit,
): Buffer | undefined {
  const fields = fieldsOf(algorithm);
  const scheme = decodeOid(fields.next(TAG.oid));
  if (scheme === PBES2.pbes2)
    return decryptPbes2(fieldsOf(fields.next()), data, password.utf8, limit);
  const old = pkcs12Schemes[scheme];
  if (old === undefined) throw unsupported('encryption', scheme);
  const parameters = fieldsOf(fields.next());
  const salt = readSalt(parameters.next());
  const iterations = decodeSmallInteger(parameters.next());
  limit.spend(OLD_SCHEME_COST * iterations);
  const derive = (id: number, length: number) =>
    derivePkcs12('sha1', password, { salt, iterations, id, length });
  const key = derive(KEY_ID, old.keyLength);
  const iv = derive(IV_ID, 8);
  if (old.name.startsWith('RC2')) return decryptRc2Cbc(key, iv, data);
  // A key of two thirds has its first part again as its third.
  const whole = old.keyLength === 16 ? Buffer.concat([key, key.subarray(0, 8)]) : key;
  return decryptCbc('des-ede3-cbc', whole, iv, data);
}

/** The MAC of a key store: the DER of MacData (RFC 7292 section 4) over `content`. */
export function encodeMac(
  content: Buffer,
  password: string,
  options: { hash: 'sha1' | 'sha256'; saltLength: number; iterations: number },
): Buffer {
  const { hash, iterations } = options;
  const salt = randomBytes(options.saltLength);
  const [form] = passwordForms(password);
  const length = hashLengths[hash];
  const key = derivePkcs12(hash, form, { salt, iterations, id: MAC_ID, length });
  const digest = createHmac(hash, key).update(content).digest();
  return sequence(
    sequence(sequence(oid(OID[hash]), nullValue()), octetString(digest)),
    octetString(salt),
    integer(iterations),
  );
}

/**
 * True if the MAC fits content and password; PBMAC1 (RFC 9579), too.
 *
 * @param mac a MacData. Throws `invalid-input` as {@link decryptPbe} does.
 */
export function isMacValid(
  mac: Element,
  content: Buffer,
  password: Password,
  limit: WorkLimit,
): boolean {
  const fields = fieldsOf(mac);
  const digestInfo = fieldsOf(fields.next());
  const algorithm = fieldsOf(digestInfo.next());
  const expected = decodeOctets(digestInfo.next());
  const salt = readSalt(fields.next());
  const iterations = fields.tag === undefined ? 1 : decodeSmallInteger(fields.next());
  fields.end();
  const id = decodeOid(algorithm.next());
  if (id === OID.pbmac1)
    return isPbmac1Valid(fieldsOf(algorithm.next()), content, expected, password, limit);
  const hash = hashes[id];
  if (hash === undefined) throw unsupported('hash', id);
  limit.spend(PKCS12_COST * iterations);
  const length = hashLengths[hash];
  const key = derivePkcs12(hash, password, { salt, iterations, id: MAC_ID, length });
  return isEqual(createHmac(hash, key).update(content).digest(), expected);
}

// An iteration of PKCS#12's derivation, a call for each hash, takes about twice one of PBKDF2.
const PKCS12_COST = 2;
/** Key and initialization vector take three rounds of it. */
const OLD_SCHEME_COST = 3 * PKCS12_COST;

/** By their OIDs. */
export const hashes: Readonly<Record<string, Hash>> = {
  [OID.sha1]: 'sha1',
  [OID.sha224]: 'sha224',
  [OID.sha256]: 'sha256',
  [OID.sha384]: 'sha384',
  [OID.sha512]: 'sha512',
};

/** What RFC 7292 appendix C defines, by their OIDs. */
export const pkcs12Schemes: Readonly<
  Record<string, { readonly name: string; readonly keyLength: number }>
> = {
  [OID.pbeSha1TripleDes]: { name: '3DES', keyLength: 24 },
  [OID.pbeSha1TwoKeyTripleDes]: { name: '3DES-112', keyLength: 16 },
  [OID.pbeSha1Rc2Of128]: { name: 'RC2-128', keyLength: 16 },
  [OID.pbeSha1Rc2Of40]: { name: 'RC2-40', keyLength: 5 },
};

function isPbmac1Valid(
  parameters: Fields,
  content: Buffer,
  expected: Buffer,
  password: Password,
  limit: WorkLimit,
): boolean {
  const { salt, iterations, keyLength, hash } = readPbkdf2(parameters.next(), limit);
  const macHash = readPrf(fieldsOf(parameters.next()));
  // RFC 9579 sections 5 and 9: the length is there, and a short key would be guessed.
  if (keyLength === undefined || keyLength < 20) throw unreadable('a MAC key that is too short');
  const key = pbkdf2Sync(password.utf8, salt, iterations, keyLength, hash);
  return isEqual(createHmac(macHash, key).update(content).digest(), expected);
}

function isEqual(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
