/** Where a verification can go wrong, and how each of that is called. */
import { EXIT } from '../errors.ts';

/** The steps of a verification, in their order. Of a file those after `certificates` alone. */
export type StepName =
  | 'connection'
  | 'hello'
  | 'certificates'
  | 'key'
  | 'chain'
  | 'dates'
  | 'purpose'
  | 'name'
  | 'client-certificate';

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
