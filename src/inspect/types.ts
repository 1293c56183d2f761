/** What `inspect` tells of files. Data: `--json` prints it as it is. */
import type { Foreign } from '../keystore/foreign.ts';
import type { Pkcs12Protection } from '../keystore/pkcs12-protection.ts';
import type { CrlDetails } from '../x509/crl.ts';
import type { CertificateDetails, KeyDetails } from '../x509/details.ts';
import type { Finding, FindingCode } from '../x509/finding.ts';
import type { GeneralName } from '../x509/general-names.ts';

/** What a file is, by what it holds. */
export type FileKind =
  | 'certificate'
  | 'chain'
  | 'certificates'
  | 'key'
  | 'public-key'
  | 'key-and-certificate'
  | 'key-store'
  | 'trust-store'
  | 'csr'
  | 'crl'
  | 'other'
  | 'empty';

/** What may be wrong with a file, beside what is wrong with its certificates ({@link FindingCode}). */
export type FileProblemCode =
  | 'damaged'
  | 'weak-key'
  | 'weak-signature'
  | 'wrong-signature'
  | 'key-mismatch'
  | 'key-readable'
  | 'key-in-trust-store'
  | 'old-encryption'
  | 'no-mac'
  | 'not-for-java'
  | 'not-granted';

export type ProblemCode = FindingCode | FileProblemCode;

/** A problem of a file in words. Texts may hold any character. */
export interface FileProblem {
  readonly code: FileProblemCode;
  readonly severity: 'error' | 'warning';
  /** What is wrong, without a full stop. */
  readonly message: string;
  /** What to do: a command to type, or a few words. */
  readonly hint: string;
  /** Which certificate, by its place in `certificates`; undefined: the file. */
  readonly certificate?: number;
}

/** One thing that is wrong: with a certificate or a chain as data, with the file in words. */
export type Problem = Finding | FileProblem;

export interface InspectedCertificate extends CertificateDetails {
  /** Floor of the days until `notAfter`; negative once expired; undefined if that cannot be read. */
  readonly daysLeft?: number;
  /** The name of its entry in a PKCS#12 or JKS. */
  readonly alias?: string;
  /** True if the store marks it as trusted (PKCS#12, JKS). */
  readonly trusted?: boolean;
  /** The authority of this machine that issued it, or whose root or issuer it is. */
  readonly devcert?: { readonly authority: string; readonly as: 'leaf' | 'issuer' | 'root' };
}

export interface InspectedKey extends KeyDetails {
  readonly alias?: string;
  /** True for one that could not be opened for want of a password; then its type is `encrypted`. */
  readonly encrypted: boolean;
  /** True if the password of the store it is in does not open it: it has another one. */
  readonly hasOwnPassword?: true;
  /** Place in `certificates` of the certificate it belongs to. */
  readonly certificate?: number;
}

export interface InspectedCsr {
  readonly subject: string;
  readonly names: readonly GeneralName[];
  readonly key: KeyDetails;
  readonly signature: string;
  /** Its maker has the private key. */
  readonly isSignatureValid: boolean;
  /** What it asks for that `devcert sign` would not give, one line each. */
  readonly dropped: readonly string[];
}

/** How the certificates of a chain follow each other. Places are those in `certificates`. */
export interface InspectedChain {
  /** Leaf first, each signed by the next. */
  readonly order: readonly number[];
  readonly isInOrder: boolean;
  /** True if the last one is a root. */
  readonly endsWithRoot: boolean;
  /** Of whom the last one is, if not of itself. */
  readonly issuer?: string;
}

export interface InspectedFile {
  /** As it was named; `-` for standard input. */
  readonly file: string;
  readonly format: 'pem' | 'der' | 'pkcs12' | 'jks' | 'pkcs7';
  readonly kind: FileKind;
  /** True if something in it needs a password that was not given. */
  readonly isLocked: boolean;
  /** True if a MAC or digest under the password vouches for it. */
  readonly isVerified: boolean;
  /** True if a private key in it opens without a password. */
  readonly hasOpenKey: boolean;
  /** PKCS#12 only. */
  readonly protection?: Pkcs12Protection;
  /** In the order of the file, as far as the format has one. */
  readonly certificates: readonly InspectedCertificate[];
  readonly chain?: InspectedChain;
  /** Private keys. */
  readonly keys: readonly InspectedKey[];
  readonly publicKeys: readonly KeyDetails[];
  readonly csrs: readonly InspectedCsr[];
  /** Lists of revoked certificates. */
  readonly crls: readonly CrlDetails[];
  /** What is in it besides: named, not looked into. */
  readonly others: readonly Foreign[];
  /** How many bytes come after the end of DER, PKCS#12 or JKS. */
  readonly trailing: number;
  /** Errors first. */
  readonly problems: readonly Problem[];
  /** What only those refuse that ask for the letter of RFC 5280. */
  readonly notes: readonly Finding[];
}

/** What several files have to do with each other. */
export interface Relation {
  readonly kind: 'key-of' | 'not-key-of' | 'signed-by' | 'csr-of';
  /** The key's, the leaf's, or the CSR's file. */
  readonly file: string;
  /** The certificate's, the issuer's, or the key's file. */
  readonly other: string;
}
