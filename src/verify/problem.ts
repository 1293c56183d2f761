/** Problems of a verification. Pure. */
import { formatText, type Text } from '../errors.ts';
import type { StepName, VerifyCode, VerifyProblem } from './types.ts';

/** The step in which each of them goes wrong, unless it is said; all others are the chain's. */
const codesOf: Partial<Record<StepName, readonly VerifyCode[]>> = {
  connection: ['name-unknown', 'nothing-listens', 'unreachable', 'no-answer'],
  hello: [
    ...(['closed', 'http', 'not-tls', 'starttls-refused', 'starttls-injected'] as const),
    ...(['tls-too-old', 'tls-weak', 'tls-refused', 'name-refused'] as const),
  ],
  certificates: ['no-certificate'],
  key: ['wrong-key'],
  dates: ['expired', 'not-yet-valid'],
  purpose: ['wrong-purpose'],
  name: ['wrong-name', 'no-names'],
  'client-certificate': ['client-certificate-required'],
};

/** One thing that is wrong, with its cure in words: an error of its own step, unless more is said. */
export function problem(
  code: VerifyCode,
  message: string,
  fix: Text,
  more: Partial<Pick<VerifyProblem, 'severity' | 'step' | 'certificate'>> = {},
): VerifyProblem {
  const [step = 'chain'] = (Object.keys(codesOf) as StepName[]).filter((it) =>
    codesOf[it]?.includes(code),
  );
  return { code, severity: 'error', step, message, fix: formatText(fix), ...more };
}

/** Names in a command that is to be typed: it has to be whole. */
export const MOST_NAMES = 12;
