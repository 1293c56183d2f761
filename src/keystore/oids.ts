/** Object identifiers of key stores and password-based encryption. */

/** Of PBES2 alone, as a CA's own key needs them. */
export const PBES2 = {
  // RFC 8018 appendix A
  pbkdf2: '1.2.840.113549.1.5.12',
  pbes2: '1.2.840.113549.1.5.13',
  // Ciphers: RFC 8018 appendix B.2, RFC 3565 section 4.1
  tripleDesCbc: '1.2.840.113549.3.7',
  aes128Cbc: '2.16.840.1.101.3.4.1.2',
  aes192Cbc: '2.16.840.1.101.3.4.1.22',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
  // HMAC: RFC 8018 appendix B.1
  hmacSha1: '1.2.840.113549.2.7',
  hmacSha224: '1.2.840.113549.2.8',
  hmacSha256: '1.2.840.113549.2.9',
  hmacSha384: '1.2.840.113549.2.10',
  hmacSha512: '1.2.840.113549.2.11',
} as const;

export const OID = {
  // Content types, RFC 2315 section 14
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  envelopedData: '1.2.840.113549.1.7.3',
  digestedData: '1.2.840.113549.1.7.5',
  encryptedData: '1.2.840.113549.1.7.6',
  // RFC 5083 2.1
  authEnvelopedData: '1.2.840.113549.1.9.16.1.23',
  // PKCS#12 bags, RFC 7292 appendix D
  keyBag: '1.2.840.113549.1.12.10.1.1',
  shroudedKeyBag: '1.2.840.113549.1.12.10.1.2',
  certBag: '1.2.840.113549.1.12.10.1.3',
  secretBag: '1.2.840.113549.1.12.10.1.5',
  safeContentsBag: '1.2.840.113549.1.12.10.1.6',
  x509Certificate: '1.2.840.113549.1.9.22.1',
  // Bag attributes, RFC 2985 5.5; the last one is Oracle's: only certificates that carry it are
  // trusted by a JVM
  friendlyName: '1.2.840.113549.1.9.20',
  localKeyId: '1.2.840.113549.1.9.21',
  trustedKeyUsage: '2.16.840.1.113894.746875.1.1',
  anyExtendedKeyUsage: '2.5.29.37.0',
  // Password-based encryption: RFC 7292 appendix C, RFC 8018 appendix A
  pbeSha1TripleDes: '1.2.840.113549.1.12.1.3',
  pbeSha1TwoKeyTripleDes: '1.2.840.113549.1.12.1.4',
  pbeSha1Rc2Of128: '1.2.840.113549.1.12.1.5',
  pbeSha1Rc2Of40: '1.2.840.113549.1.12.1.6',
  pbmac1: '1.2.840.113549.1.5.14',
  // Hashes: RFC 8017 appendix B.1
  sha1: '1.3.14.3.2.26',
  sha224: '2.16.840.1.101.3.4.2.4',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
  // Sun's protection of keys in a JKS
  jksKeyProtector: '1.3.6.1.4.1.42.2.17.1.1',
} as const;
