/** What clients that trust the CA say of each broken certificate: measured by `test/real/testing-clients.test.ts`. */
import type { BrokenKind } from './kinds.ts';

/** Debian 12's curl 7.88 (OpenSSL 3.0) and GnuTLS 3.7, Node 20, Chromium. */
export const clients = ['curl', 'Node', 'GnuTLS', 'Chromium'] as const;
export type Client = (typeof clients)[number];

/** A part of what each says; undefined: it takes it. */
export const said: Readonly<Record<BrokenKind, Readonly<Record<Client, string | undefined>>>> = {
  expired: {
    curl: 'certificate has expired',
    Node: 'CERT_HAS_EXPIRED',
    GnuTLS: 'expired certificate',
    Chromium: 'ERR_CERT_DATE_INVALID',
  },
  'not-yet-valid': {
    curl: 'certificate is not yet valid',
    Node: 'CERT_NOT_YET_VALID',
    GnuTLS: 'not yet valid certificate',
    Chromium: 'ERR_CERT_DATE_INVALID',
  },
  'wrong-name': {
    curl: 'no alternative certificate subject name matches',
    Node: 'ERR_TLS_CERT_ALTNAME_INVALID',
    GnuTLS: 'name in the certificate does not match',
    Chromium: 'ERR_CERT_COMMON_NAME_INVALID',
  },
  'self-signed': {
    curl: 'self-signed certificate',
    Node: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    GnuTLS: 'issuer is unknown',
    Chromium: 'ERR_CERT_AUTHORITY_INVALID',
  },
  'unknown-authority': {
    curl: 'unable to get local issuer certificate',
    Node: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    GnuTLS: 'issuer is unknown',
    Chromium: 'ERR_CERT_AUTHORITY_INVALID',
  },
  'missing-issuer': {
    curl: 'unable to get local issuer certificate',
    Node: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    GnuTLS: 'issuer is unknown',
    Chromium: 'ERR_CERT_AUTHORITY_INVALID',
  },
  'wrong-purpose': {
    curl: 'unsuitable certificate purpose',
    Node: 'INVALID_PURPOSE',
    GnuTLS: 'does not match the intended purpose',
    Chromium: 'ERR_CERT_INVALID',
  },
  'weak-key': {
    curl: 'certificate key too weak',
    Node: undefined,
    GnuTLS: undefined,
    Chromium: undefined,
  },
  'weak-signature': {
    curl: 'signature digest algorithm too weak',
    Node: 'UNSPECIFIED',
    GnuTLS: 'insecure algorithm',
    Chromium: 'ERR_CERT_INVALID',
  },
  revoked: {
    curl: 'certificate revoked',
    Node: 'CERT_REVOKED',
    GnuTLS: undefined,
    Chromium: undefined,
  },
};

/** A row for each kind, as Markdown. */
export function saidTable(kinds: readonly BrokenKind[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    row(['', ...clients]),
    row(['---', ...clients.map(() => '---')]),
    ...kinds.map((kind) =>
      row([`\`${kind}\``, ...clients.map((client) => said[kind][client] ?? 'takes it')]),
    ),
  ].join('\n');
}
