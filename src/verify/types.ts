/** What `verify` tells. Data: `--json` prints it as it is. Texts may hold any character. */
import type { StartTls } from '../tls/starttls.ts';
import type { CertificateDetails } from '../x509/details.ts';
import type { StepName, VerifyCode } from './codes.ts';

export type { ConnectionCode, StepName, VerifyCode } from './codes.ts';

/** One thing that is wrong, and its cure. */
export interface VerifyProblem {
  readonly code: VerifyCode;
  /** `error`: not verified. `warning`: verified, and some clients will refuse it all the same. */
  readonly severity: 'error' | 'warning';
  readonly step: StepName;
  /** The cause, without a full stop. */
  readonly message: string;
  /** The cure: a command to type, or the server's setting. */
  readonly fix: string;
  /** Which of the certificates as sent, by its place. */
  readonly certificate?: number;
}

/** One step as it went. */
export interface VerifyStep {
  readonly step: StepName;
  readonly state: 'ok' | 'failed' | 'warning' | 'skipped';
  /** What was seen, in words. */
  readonly text: string;
}

/** A certificate as it was sent. */
export type SentCertificate = Pick<
  CertificateDetails,
  'subject' | 'issuer' | 'names' | 'notBefore' | 'notAfter' | 'sha256'
>;

export interface VerifyResult {
  /** As it was typed. */
  readonly target: string;
  /** Undefined for a file. */
  readonly server?: {
    readonly host: string;
    readonly port: number;
    /** The address that was connected to. */
    readonly address?: string;
    readonly startTls?: StartTls;
    /** `TLSv1.3`; undefined without a handshake. */
    readonly version?: string;
    readonly cipher?: string;
    readonly alpn?: string;
    readonly clientCertificate?: {
      readonly required: boolean;
      /** Of whom, as far as the server says. */
      readonly authorities: readonly string[];
    };
  };
  /** The name that was asked for; undefined: none. */
  readonly name?: string;
  readonly purpose: 'server' | 'client';
  readonly at: Date;
  /** `devcert`, `system`, or the path of a file. */
  readonly roots: string;
  /** In the order sent, each as often as it was. */
  readonly certificates: readonly SentCertificate[];
  /** SHA-256 of each on the way from the leaf to the root; undefined: there is none. */
  readonly path?: readonly string[];
  readonly steps: readonly VerifyStep[];
  /** Errors first. */
  readonly problems: readonly VerifyProblem[];
  readonly isVerified: boolean;
  /** 0 verified; 1 not; 4 not trusted; 5 expired; 6 weak, revoked or outside the constraints. */
  readonly exitCode: number;
}
