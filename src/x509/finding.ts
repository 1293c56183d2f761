/** What is wrong with a certificate or a chain, as data: `src/cli` has the words. */

/** Stable: scripts rely on them. Which clients refuse what stands in `test/inspect/lints.ts`. */
export type FindingCode =
  // Dates
  | 'expired'
  | 'expires-soon'
  | 'not-yet-valid'
  | 'too-long'
  // Form
  | 'damaged'
  | 'duplicate-extension'
  | 'critical-unknown'
  | 'extensions-version'
  | 'negative-serial'
  | 'signature-mismatch'
  | 'empty-subject'
  | 'no-key-identifier'
  | 'strict-form'
  // Keys and signatures
  | 'weak-key'
  | 'unusual-key'
  | 'weak-signature'
  | 'wrong-signature'
  // What it is for
  | 'self-signed'
  | 'authority-as-leaf'
  | 'no-server-purpose'
  | 'no-client-purpose'
  | 'any-purpose'
  | 'key-usage'
  | 'signs-others'
  // Names
  | 'no-names'
  | 'bad-name'
  | 'wildcard'
  | 'underscore'
  | 'name-mismatch'
  // The chain
  | 'outside-constraints'
  | 'common-name-outside'
  | 'outlives-issuer'
  | 'issuer-not-authority'
  | 'issuer-key-usage'
  | 'issuer-purpose'
  | 'issuer-name'
  | 'path-length'
  | 'key-identifier'
  | 'same-serial'
  | 'chain-order'
  | 'chain-incomplete'
  | 'chain-root'
  | 'chain-unrelated';

/** One thing that was found. */
export interface Finding {
  readonly code: FindingCode;
  /**
   * `error`: some or all programs refuse it. `warning`: few do, or soon will. `note`: only who asks for the
   * letter of RFC 5280 does, as Python from 3.13 on and OpenSSL's `-x509_strict`.
   */
  readonly severity: 'error' | 'warning' | 'note';
  /** Which certificate, by its place in the list that was judged; undefined: all of them. */
  readonly certificate?: number;
  /** What the words need: names, dates, numbers. Texts may hold any character. */
  readonly what: Readonly<Record<string, string | number>>;
}

/** A finding, wherever it was found. @param what left out for one that needs no more words. */
export function finding(
  severity: Finding['severity'],
  code: FindingCode,
  what: Finding['what'] = {},
): Finding {
  return { code, severity, what };
}

/** The finding, about this certificate of a list. */
export function at(certificate: number, found: Finding): Finding {
  return { ...found, certificate };
}

/** Errors before warnings, otherwise in their order; notes left out. */
export function errorsFirst<T extends { readonly severity: string }>(found: readonly T[]): T[] {
  return ['error', 'warning'].flatMap((it) => found.filter(({ severity }) => severity === it));
}
