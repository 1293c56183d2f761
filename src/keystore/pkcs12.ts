/**
 * Writing PKCS#12 (RFC 7292). Measured over some fifteen readers, two forms are read by all of those
 * that are current, and one by those that are not: nothing else is written.
 */
import { createHash } from 'node:crypto';
import { bmpString, contextTag, integer, octetString, oid, sequence, set } from '../x509/der.ts';
import { checkAliases, checkKeyEntry, type KeyEntry, type TrustedCertificate } from './entries.ts';
import { OID } from './oids.ts';
import { encodeMac, encryptTripleDes } from './pbe.ts';
import { type Encrypted, encryptPbes2 } from './pbes2.ts';
import { encodeEncryptedPrivateKeyInfo, pkcs8Of } from './encrypted-key.ts';
import { LEGACY_ITERATIONS, PKCS12_ITERATIONS } from '../policy.ts';

/** How the contents are protected. */
export interface Pkcs12Options {
  /**
   * Printable ASCII is what every program takes: OpenSSL, NSS, GnuTLS and Node open any other, too,
   * but Java 17 opens none of it, and Java 25 only in the modern form. An empty one is no protection;
   * it is written as a password of no characters (two zero bytes), as OpenSSL and NSS do.
   */
  readonly password: string;
  /**
   * Triple DES and SHA-1 instead of AES-256 and SHA-256: for the macOS keychain, iOS before 16 and
   * Windows before 10 1709 and Server 2019, which read nothing newer. Default false.
   */
  readonly legacy?: boolean;
}

/** A PKCS#12 file (DER) of one private key and its chain, all encrypted. */
export function encodePkcs12KeyStore(entry: KeyEntry, options: Pkcs12Options): Buffer {
  checkKeyEntry(entry);
  const [leaf = Buffer.alloc(0), ...issuers] = entry.certificates;
  // What ties key and leaf together; the hash is OpenSSL's custom, not a matter of security.
  const keyId = createHash('sha1').update(leaf).digest();
  const attributes = set(
    attribute(OID.friendlyName, bmpString(entry.alias)),
    attribute(OID.localKeyId, octetString(keyId)),
  );
  const certificates = [
    certificateBag(leaf, attributes),
    ...issuers.map((issuer) => certificateBag(issuer)),
  ];
  const encryptedKey = encrypt(pkcs8Of(entry.key), options);
  const keyBag = bag(OID.shroudedKeyBag, encodeEncryptedPrivateKeyInfo(encryptedKey), attributes);
  const contents = [
    encryptedContent(encrypt(sequence(...certificates), options)),
    plainContent(sequence(keyBag)),
  ];
  return pfx(sequence(...contents), options);
}

/**
 * A PKCS#12 file (DER) of certificates that a JVM trusts: each marked with Oracle's attribute,
 * without which Java finds an empty store.
 *
 * @param options protection; undefined writes the certificates in plain text without a MAC, which a
 * JVM opens with any password and with none, and NSS, GnuTLS and Node 20 not at all.
 */
export function encodePkcs12TrustStore(
  certificates: readonly TrustedCertificate[],
  options: Pkcs12Options | undefined,
): Buffer {
  checkAliases(certificates);
  const bags = certificates.map(({ certificate, alias }) =>
    certificateBag(
      certificate,
      set(
        attribute(OID.friendlyName, bmpString(alias)),
        attribute(OID.trustedKeyUsage, oid(OID.anyExtendedKeyUsage)),
      ),
    ),
  );
  const content =
    options === undefined
      ? plainContent(sequence(...bags))
      : encryptedContent(encrypt(sequence(...bags), options));
  return pfx(sequence(content), options);
}

function encrypt(plain: Buffer, { password, legacy = false }: Pkcs12Options): Encrypted {
  return legacy
    ? encryptTripleDes(plain, password, LEGACY_ITERATIONS)
    : encryptPbes2(plain, password, PKCS12_ITERATIONS);
}

// RFC 7292 section 4.
function pfx(authenticatedSafe: Buffer, options: Pkcs12Options | undefined): Buffer {
  const mac =
    options === undefined
      ? undefined
      : encodeMac(
          authenticatedSafe,
          options.password,
          options.legacy === true
            ? { hash: 'sha1', saltLength: 8, iterations: LEGACY_ITERATIONS }
            : { hash: 'sha256', saltLength: 16, iterations: PKCS12_ITERATIONS },
        );
  return sequence(integer(3), plainContent(authenticatedSafe), mac);
}

function plainContent(content: Buffer): Buffer {
  return sequence(oid(OID.data), contextTag(0, true, octetString(content)));
}

// RFC 2315 section 13.
function encryptedContent({ algorithm, data }: Encrypted): Buffer {
  const info = sequence(oid(OID.data), algorithm, contextTag(0, false, data));
  return sequence(oid(OID.encryptedData), contextTag(0, true, sequence(integer(0), info)));
}

function certificateBag(certificate: Buffer, attributes?: Buffer): Buffer {
  const value = contextTag(0, true, octetString(certificate));
  return bag(OID.certBag, sequence(oid(OID.x509Certificate), value), attributes);
}

function bag(type: string, value: Buffer, attributes?: Buffer): Buffer {
  return sequence(oid(type), contextTag(0, true, value), attributes);
}

function attribute(type: string, value: Buffer): Buffer {
  return sequence(oid(type), set(value));
}
