/** What clients that trust the CA say of each broken certificate: measured by `test/real/testing-clients.test.ts`. */
import type { BrokenKind } from './kinds.ts';

/** Debian 12's curl 7.88 (OpenSSL 3.0) and GnuTLS 3.7, Node 20, Chromium. */
export const clients = ['curl', 'Node', 'GnuTLS', 'Chromium'] as const;
export type Client = (typeof clients)[number];

/** A part of what each says; what is missing it takes. */
export const said: Readonly<Record<Client, Readonly<Partial<Record<BrokenKind, string>>>>> = {
  curl: {
    expired: 'certificate has expired',
    'not-yet-valid': 'certificate is not yet valid',
    'wrong-name': 'no alternative certificate subject name matches',
    'self-signed': 'self-signed certificate',
    'unknown-authority': 'unable to get local issuer certificate',
    'missing-issuer': 'unable to get local issuer certificate',
    'wrong-purpose': 'unsuitable certificate purpose',
    'weak-key': 'certificate key too weak',
    'weak-signature': 'signature digest algorithm too weak',
    revoked: 'certificate revoked',
  },
  Node: {
    expired: 'CERT_HAS_EXPIRED',
    'not-yet-valid': 'CERT_NOT_YET_VALID',
    'wrong-name': 'ERR_TLS_CERT_ALTNAME_INVALID',
    'self-signed': 'DEPTH_ZERO_SELF_SIGNED_CERT',
    'unknown-authority': 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'missing-issuer': 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'wrong-purpose': 'INVALID_PURPOSE',
    'weak-signature': 'UNSPECIFIED',
    revoked: 'CERT_REVOKED',
  },
  GnuTLS: {
    expired: 'expired certificate',
    'not-yet-valid': 'not yet valid certificate',
    'wrong-name': 'name in the certificate does not match',
    'self-signed': 'issuer is unknown',
    'unknown-authority': 'issuer is unknown',
    'missing-issuer': 'issuer is unknown',
    'wrong-purpose': 'does not match the intended purpose',
    'weak-signature': 'insecure algorithm',
  },
  Chromium: {
    expired: 'ERR_CERT_DATE_INVALID',
    'not-yet-valid': 'ERR_CERT_DATE_INVALID',
    'wrong-name': 'ERR_CERT_COMMON_NAME_INVALID',
    'self-signed': 'ERR_CERT_AUTHORITY_INVALID',
    'unknown-authority': 'ERR_CERT_AUTHORITY_INVALID',
    'missing-issuer': 'ERR_CERT_AUTHORITY_INVALID',
    'wrong-purpose': 'ERR_CERT_INVALID',
    'weak-signature': 'ERR_CERT_INVALID',
  },
};
