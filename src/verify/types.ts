/** What `verify` tells. Data: `--json` prints it as it is. Texts may hold any character. */
import { EXIT } from '../errors.ts';
import type { StartTls } from '../tls/starttls.ts';
import type { GeneralName } from '../x509/general-names.ts';

/** The steps of a verification, in their order. Of a file those after `certificates` alone. */
export const steps = [
  'connection',
  'hello',
  'certificates',
  'key',
  'chain',
  'dates',
  'purpose',
  'name',
  'client-certificate',
] as const;
export type StepName = (typeof steps)[number];

/** Where a code belongs. */
interface Place {
  /** The step that it goes wrong in, unless a problem says another; the chain's if left out. */
  readonly step?: StepName;
  /** The exit code of the command; 1 if left out. */
  readonly exit?: number;
}

/** What keeps TLS from coming about. */
export type ConnectionCode = keyof typeof connectionCodes;

const connectionCodes = {
  'name-unknown': { step: 'connection' },
  'nothing-listens': { step: 'connection' },
  unreachable: { step: 'connection' },
  'no-answer': { step: 'connection' },
  closed: { step: 'hello' },
  http: { step: 'hello' },
  'not-tls': { step: 'hello' },
  'starttls-refused': { step: 'hello' },
  'starttls-injected': { step: 'hello' },
  'tls-too-old': { step: 'hello' },
  'tls-weak': { step: 'hello' },
  'tls-refused': { step: 'hello' },
  'name-refused': { step: 'hello' },
  'client-certificate-required': { step: 'client-certificate' },
  'wrong-key': { step: 'key' },
} as const satisfies Readonly<Record<string, Place>>;

const chainCodes = {
  'no-certificate': { step: 'certificates' },
  damaged: {},
  'missing-issuer': { exit: EXIT.notTrusted },
  'chain-order': {},
  'unknown-authority': { exit: EXIT.notTrusted },
  'self-signed': { exit: EXIT.notTrusted },
  'old-authority': { exit: EXIT.notTrusted },
  'other-authority': { exit: EXIT.notTrusted },
  'other-devcert': { exit: EXIT.notTrusted },
  mkcert: { exit: EXIT.notTrusted },
  'test-authority': { exit: EXIT.notTrusted },
  proxy: { exit: EXIT.notTrusted },
  'system-authority': { exit: EXIT.notTrusted },
  'not-an-authority': {},
  'wrong-signature': {},
  'weak-key': { exit: EXIT.refused },
  'weak-signature': { exit: EXIT.refused },
  'outside-constraints': { exit: EXIT.refused },
  'critical-extension': {},
  'against-rfc5280': {},
  revoked: { exit: EXIT.refused },
  'revocation-unknown': {},
  expired: { step: 'dates', exit: EXIT.expired },
  'not-yet-valid': { step: 'dates' },
  'wrong-purpose': { step: 'purpose' },
  'wrong-name': { step: 'name' },
  'no-names': { step: 'name' },
} as const satisfies Readonly<Record<string, Place>>;

/** What is wrong, in one word that stays. */
export type VerifyCode = ConnectionCode | keyof typeof chainCodes;

/** Every code with its place. */
export const verifyCodes: Readonly<Record<VerifyCode, Place>> = {
  ...connectionCodes,
  ...chainCodes,
};

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
export interface SentCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly names: readonly GeneralName[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly sha256: string;
}

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
